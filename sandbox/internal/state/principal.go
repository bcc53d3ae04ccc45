package state

import (
	"slices"
	"strings"
	"time"

	"github.com/pullpass/pullpass/arn"
	"github.com/pullpass/pullpass/internal/awsid"
)

// Entity is what users and roles have in common.
type Entity struct {
	Account arn.AccountID
	Kind    string // "user" or "role", as in the ARN
	Path    string
	Name    string
	ID      awsid.UniqueID
	Created time.Time
	// Attached are managed policies, in the order in which they were attached.
	Attached []arn.ARN
	// Inline are the policies that belong to this entity alone, by name.
	Inline map[string]*Document
	// Boundary is the managed policy that serves as permissions boundary, zero for none.
	Boundary arn.ARN
	Tags     Tags
}

// ARN returns the entity's ARN, path included.
func (e *Entity) ARN() arn.ARN { return arn.IAM(e.Account, e.Kind, e.Path, e.Name) }

// Attach attaches a managed policy and reports whether that changed anything.
func (e *Entity) Attach(policy arn.ARN) bool {
	if slices.Contains(e.Attached, policy) {
		return false
	}
	e.Attached = append(e.Attached, policy)
	return true
}

// Detach takes a managed policy away and reports whether it was attached.
func (e *Entity) Detach(policy arn.ARN) bool {
	before := len(e.Attached)
	e.Attached = slices.DeleteFunc(e.Attached, func(a arn.ARN) bool { return a == policy })
	return len(e.Attached) < before
}

// User is an IAM user.
type User struct {
	Entity
	Keys []*AccessKey
	// MFA are the user's virtual MFA devices.
	MFA []MFADevice
	// Seeded marks a user that the sandbox began with, beside the administrator.
	Seeded bool `json:",omitempty"`
}

// MFADevice is a virtual MFA device (RFC 6238: 6 digits, 30 seconds, HMAC-SHA-1).
type MFADevice struct {
	Serial arn.ARN
	Seed   []byte
}

// Role is an IAM role.
type Role struct {
	Entity
	Description string
	// Trust is the role's AssumeRolePolicyDocument, its user and role principals as unique ids.
	Trust      *Document
	MaxSession time.Duration
	LastUsed   LastUse
}

// Policy is a managed policy.
type Policy struct {
	// Account is empty for a policy that AWS manages.
	Account     arn.AccountID
	Path, Name  string
	ID          awsid.UniqueID
	Description string
	Created     time.Time
	Updated     time.Time
	// Versions are in the order of creation; at most five, and Default is the id of one of them.
	Versions []*PolicyVersion
	Default  string
	// Minted is how many versions there have ever been: version ids are never used again.
	Minted int
	Tags   Tags
}

// PolicyVersion is one version of a managed policy.
type PolicyVersion struct {
	ID       string // "v1"
	Document *Document
	Created  time.Time
}

// ARN returns the policy's ARN, path included.
func (p *Policy) ARN() arn.ARN {
	if p.Account == "" {
		return arn.ARN{Partition: "aws", Service: "iam", Account: "aws", Resource: "policy" + p.Path + p.Name}
	}
	return arn.IAM(p.Account, "policy", p.Path, p.Name)
}

// Version returns the version with that id, or nil.
func (p *Policy) Version(id string) *PolicyVersion {
	for _, version := range p.Versions {
		if version.ID == id {
			return version
		}
	}
	return nil
}

// Document returns the document of the default version.
func (p *Policy) Document() *Document { return p.Version(p.Default).Document }

// AccessKey is a long-lived key of a user.
type AccessKey struct {
	ID       awsid.AccessKeyID
	Secret   string
	Active   bool
	Created  time.Time
	LastUsed LastUse
}

// Tags are the tags of one thing. Keys are unique without regard to case and keep the case in which they were last set
// (https://docs.aws.amazon.com/IAM/latest/UserGuide/id_tags.html).
type Tags map[string]Tag

// Tag is one tag.
type Tag struct{ Key, Value string }

// Set adds a tag or replaces the one with that key.
func (t *Tags) Set(key, value string) {
	if *t == nil {
		*t = Tags{}
	}
	(*t)[strings.ToLower(key)] = Tag{key, value}
}

// Delete removes the tag with that key, if there is one.
func (t Tags) Delete(key string) { delete(t, strings.ToLower(key)) }

// List returns the tags in the order of their keys.
func (t Tags) List() []Tag { return Sorted(t) }
