// Package simulation decides IAM cases that are written as JSON lines.
package simulation

import "encoding/json"

// A Case is one line: a request with all the policies that concern it, under a name of the writer's choice.
type Case struct {
	ID         string     `json:"id"`
	Simulation Simulation `json:"simulation"`
}

// A Simulation has the shape in which @cloud-copilot/iam-simulate takes its input, so that the same line can be put to both.
type Simulation struct {
	Request Request `json:"request"`
	// IdentityPolicies are attached to the user and its groups, or to the session's role.
	IdentityPolicies []NamedPolicy `json:"identityPolicies"`
	// ResourcePolicy is that of the resource; for sts:AssumeRole on a role it is the role's trust policy.
	ResourcePolicy json.RawMessage `json:"resourcePolicy,omitempty"`
	SessionPolicy  json.RawMessage `json:"sessionPolicy,omitempty"`
	// PermissionBoundaryPolicies has one entry at most, because a user or role has one boundary at most.
	PermissionBoundaryPolicies []NamedPolicy `json:"permissionBoundaryPolicies,omitempty"`
	// ServiceControlPolicies has one entry a level, the organization's root first, the account last. None means that the
	// principal's account is bound by none: it is in no organization, or is its management account.
	ServiceControlPolicies []OrgPolicies `json:"serviceControlPolicies"`
	// ResourceControlPolicies does the same for the account that owns the resource. RCPFullAWSAccess is part of every level
	// and need not be written.
	ResourceControlPolicies []OrgPolicies `json:"resourceControlPolicies"`
}

// A Request is what is asked.
type Request struct {
	Principal Principal `json:"principal"`
	Action    string    `json:"action"`
	Resource  Resource  `json:"resource"`
	// ContextVariables holds the condition keys. Nothing is filled in: what the case does not give, the request has not.
	ContextVariables map[string]Values `json:"contextVariables"`
}

// A Resource is what the action is done to, and whose it is.
type Resource struct {
	Resource  string `json:"resource"` // an ARN, or "*"
	AccountID string `json:"accountId"`
}

// A NamedPolicy is a policy document with the name that results give it.
type NamedPolicy struct {
	Name   string          `json:"name"`
	Policy json.RawMessage `json:"policy"`
}

// OrgPolicies are the policies of one level of an organization.
type OrgPolicies struct {
	OrgIdentifier string        `json:"orgIdentifier"`
	Policies      []NamedPolicy `json:"policies"`
}

// A Principal is an ARN as GetCallerIdentity prints it, a service's name, or Anonymous, which is written
// {"type": "Anonymous"}.
type Principal string

// Anonymous is the principal of a request without a signature.
const Anonymous Principal = "anonymous"

// Values are the values of a condition key: a string, or a list of strings for a key with several.
type Values []string
