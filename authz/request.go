// Package authz makes the decision of AWS Identity and Access Management: may this principal do that.
//
// The rules are those of "Policy evaluation logic" and the pages below it in the IAM User Guide
// (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html). Page names in comments are
// relative to that guide. The package knows no clock, no accounts and no services: it decides by what it is given alone.
// Two rules are therefore left to its callers: an organization's management account is bound by no SCP or RCP (pass
// none), and sts:GetCallerIdentity needs no permission (do not ask).
package authz

import (
	"strings"

	"github.com/pullpass/pullpass/arn"
)

// A PrincipalKind says what sort of caller a principal is.
type PrincipalKind int

// The kinds of principals. The zero kind is the one that has no rights of its own.
const (
	Anonymous     PrincipalKind = iota
	AccountRoot                 // the root user of an account
	User                        // an IAM user
	RoleSession                 // a session of a role
	FederatedUser               // a session that an IAM user got from GetFederationToken
	Service                     // an AWS service acting for itself
)

// A Principal is the caller of a request.
type Principal struct {
	Kind    PrincipalKind
	Account arn.AccountID
	// ARN is the caller as GetCallerIdentity prints it: of the user, of the assumed-role or federated-user session, or of
	// the account's root.
	ARN string
	// RoleARN is where a session's rights come from: the role, with its path, or for a federated user the IAM user.
	RoleARN string
	// ID is the unique id of the user (AIDA…), or for a session that of the role (AROA…) or user it stems from.
	ID      string
	Service string // for services: the name, such as ec2.amazonaws.com
}

// A Context holds the condition keys of a request and their values. Names of keys do not differ by case. The zero Context
// is empty and ready to use; copies share their entries.
type Context struct {
	values map[string][]string
}

// Set gives a key its values, in place of those it had. A key without values counts as missing.
func (c *Context) Set(key string, values ...string) {
	if c.values == nil {
		c.values = make(map[string][]string)
	}
	c.values[strings.ToLower(key)] = values
}

// Get returns the values of a key, none if it is missing.
func (c *Context) Get(key string) []string {
	if c == nil {
		return nil
	}
	return c.values[strings.ToLower(key)]
}

// A Request asks whether Principal may do Action to Resource.
type Request struct {
	Principal Principal
	Action    string // service:Name; case does not matter
	Resource  string // an ARN, or "*" for an action that concerns no single resource
	// ResourceAccount owns the resource. Empty means the principal's own account.
	ResourceAccount arn.AccountID
	Context         Context
}

// Policies are all the policies that concern a request.
type Policies struct {
	// Identity holds what is attached to the user and its groups, or to the session's role.
	Identity []*Policy
	// Resource is the policy of the resource, nil if it has none.
	Resource *Policy
	// Trust says that Resource is the trust policy of a role, which must always allow, inside one account too.
	Trust bool
	// Boundary is the permissions boundary of the user or role, nil if there is none.
	Boundary *Policy
	// Session holds the policies passed when the session was made. Without any, a role's session is not limited, and a
	// federated user's session has no rights.
	Session []*Policy
	// SCPs holds one list for each level above the principal: the organization's root, the units on the way down, the
	// account. Each level must allow. Nil means no organization, or its management account.
	SCPs [][]*Policy
	// RCPs does the same for the account that owns the resource.
	RCPs [][]*Policy
}
