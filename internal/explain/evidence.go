package explain

import (
	"time"

	"github.com/pullpass/pullpass/arn"
	"github.com/pullpass/pullpass/iampolicy"
	"github.com/pullpass/pullpass/internal/awsid"
	"github.com/pullpass/pullpass/internal/credential"
	"github.com/pullpass/pullpass/internal/lint"
	"github.com/pullpass/pullpass/internal/plan"
	"github.com/pullpass/pullpass/internal/registry"
	"github.com/pullpass/pullpass/internal/share"
	"github.com/pullpass/pullpass/internal/verify"
)

// Evidence is all that was read and tried about one config file.
type Evidence struct {
	Subject Subject
	// Proofs are what was tried on the wire with nothing but the file.
	Proofs verify.Chain
	// Inside are the links of the cluster that uses the file, which were looked at where those of the pull hold.
	Inside []verify.Proof
	// File is the delivered file.
	File File
	// Registry and Artifact are what the file should open.
	Registry registry.Registry
	Artifact registry.Artifact
	// Subscription is what is known about the subscription that opens the registry; nil for nothing.
	Subscription *verify.Subscription
	// Subscriptions are those of the role's account; nil where EKS was not asked.
	Subscriptions *Subscriptions
	// Wanted is what a share says should be there; nil without a share.
	Wanted *Wanted
	// User and Role are the two principals of the chain as they were read; the role is looked for by its name.
	User, Role *Entity
	// Owner is whose IAM says the file's key is; nil where it was not asked.
	Owner *KeyOwner
	// Policies are the managed policies that the share wants, by ARN, as they were read: nil for one that does not exist.
	// One that could not be read is absent.
	Policies map[string]*Document
	// Organizations holds what AWS says about the organization's policies, by what was asked.
	Organizations map[OrganizationQuestion]OrganizationAnswer
	// Now is the time at which it was tried.
	Now time.Time
	// Skew is by how much AWS's clock is ahead of the one here, as its answers were dated.
	Skew time.Duration
}

// File is a config file as far as it could be read. It holds a secret, which no Report repeats.
type File struct {
	// Name is the file's path, or where it was delivered.
	Name   string
	Config credential.Config
	// Missing says that there is none; Err is why one that may be there could not be read.
	Missing bool
	Err     error
	// Findings are what lint says of it.
	Findings []lint.Finding
}

// Wanted is what a share says should be there.
type Wanted struct {
	Share string
	Role  *share.Role
	User  *share.User
	// RolePolicies and UserPolicies are the managed policies that the share attaches to the two.
	RolePolicies, UserPolicies []share.Policy
	// Config is what the file should say; it has no key.
	Config credential.Config
	// Command is the command of this program that makes it so.
	Command string
}

// An Entity is a user or a role as read.
type Entity struct {
	// Asked is the ARN by which it was looked for: name and account count, the path need not be right.
	Asked arn.ARN
	// Err is why it could not be read; nil also where it does not exist.
	Err error
	// Exists is false where AWS says that there is none, or where Err is set.
	Exists bool
	// ARN is its real name, with its path.
	ARN  arn.ARN
	ID   awsid.UniqueID
	Tags map[string]string
	// Trust is the trust policy of a role, nil for users.
	Trust *Document
	// Identity are the policies that are attached to it, to a user's groups, and those that stand in them.
	Identity []*Document
	// Boundary is its permissions boundary, nil for none.
	Boundary *Document
	// Keys are the access keys of a user.
	Keys []plan.Key
	// Gaps are what of it could not be read.
	Gaps []Gap
}

// A KeyOwner is whose an access key is, as far as its account tells.
type KeyOwner struct {
	// User is the name of the user; empty where that is not known.
	User string
	// None says that it is the key of nobody in the account.
	None bool
}

// A Gap is a part of an entity that could not be read.
type Gap struct {
	// Part says which part.
	Part GapPart
	// What names it for people, such as `policy p of user u`.
	What string
	Err  error
}

// A GapPart says what is missing.
type GapPart string

// The parts of an entity.
const (
	GapIdentity GapPart = "identity"
	GapBoundary GapPart = "boundary"
	GapTrust    GapPart = "trust"
	GapKeys     GapPart = "keys"
)

// A Document is a policy as it was read.
type Document struct {
	Policy
	// Holder is the user, role or group that an inline policy, or a trust, belongs to; zero for a managed policy.
	Holder arn.ARN
	// Group is the group by which a user has the policy; zero for a policy of its own.
	Group arn.ARN
	// Text is what AWS holds; Parsed is nil where iampolicy does not read it.
	Text   string
	Parsed *iampolicy.Document
	// Versions are those of a managed policy, as far as they were read.
	Versions []plan.PolicyVersion
	// Tags are those of a managed policy.
	Tags map[string]string
}

// An OrganizationQuestion asks what the service control policies of an account say about an action of one of its
// principals.
type OrganizationQuestion struct {
	Account          arn.AccountID
	Action, Resource string
	// Region is where the call goes, Owner whose the resource is: such policies often ask for them. Each may be empty.
	Region arn.Region
	Owner  arn.AccountID
}

// An OrganizationAnswer is what IAM's simulator says, which knows the service control policies that an account's own
// administrators cannot read. It is no proof: by its manual it leaves out those that have conditions ("Testing IAM policies
// with the IAM policy simulator", IAM User Guide) [doc], by reports it takes them for a deny where it was not given the keys
// (https://github.com/aws/aws-sdk/issues/102) [seen]. Resource control policies it does not know.
type OrganizationAnswer struct {
	// Member is false for an account that no organization's policies bind.
	Member bool
	// Allows says, for a member, that by the simulation the policies allow the action.
	Allows bool
	// Err is why nothing is known.
	Err error
}
