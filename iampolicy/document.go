// Package iampolicy reads, prints or compares IAM policy documents.
//
// The rules are those of "Grammar of the IAM JSON policy language"
// (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html) and of the pages on each element.
// Page names in comments are relative to that guide.
package iampolicy

import "slices"

// A Kind says where a policy is attached, which decides what its statements may hold.
type Kind int

// The kinds of policies. Session and Boundary policies follow the rules of Identity policies.
const (
	Identity Kind = iota
	Resource
	Trust // the trust policy of a role (AssumeRolePolicyDocument)
	SCP   // a service control policy of an organization
	RCP   // a resource control policy of an organization
	Session
	Boundary
)

// String names the kind as messages do.
func (k Kind) String() string {
	switch k {
	case Identity:
		return "identity-based policy"
	case Resource:
		return "resource-based policy"
	case Trust:
		return "role trust policy"
	case SCP:
		return "service control policy"
	case RCP:
		return "resource control policy"
	case Session:
		return "session policy"
	case Boundary:
		return "permissions boundary"
	}
	return "policy"
}

// The versions of the policy language. A document without one has Version2008, in which `${` has no meaning
// (reference_policies_elements_version.html).
const (
	Version2008 = "2008-10-17"
	Version2012 = "2012-10-17"
)

// An Effect says what a statement does when it matches.
type Effect string

// The two effects; case matters.
const (
	Allow Effect = "Allow"
	Deny  Effect = "Deny"
)

// A Document is one policy. Where the language takes a list or a single value, the document always holds a list.
type Document struct {
	Kind       Kind
	Version    string // empty where the source has none
	ID         string
	Statements []Statement
}

// Variables reports whether the document's version gives `${…}` a meaning.
func (d *Document) Variables() bool { return d.Version == Version2012 }

// A Statement is one rule. Of each pair X and NotX at most one is set; an element that is absent is nil.
type Statement struct {
	Sid          string
	Effect       Effect
	Principal    *Principals
	NotPrincipal *Principals
	Action       []string
	NotAction    []string
	Resource     []string
	NotResource  []string
	Conditions   []Condition
	Line         int // where the statement begins in the source, from 1; 0 if it was not parsed
}

// Principals are the callers that a statement names.
type Principals struct {
	Everyone bool     // "Principal": "*"
	AWS      []string // "*", an account id, an ARN, or the unique id of a user or role
	Service  []string // a service's name, such as ec2.amazonaws.com
	// Federated holds identity providers: ARNs of SAML or OIDC providers, or web domains.
	Federated     []string
	CanonicalUser []string // ids that S3 uses
}

// A Condition is one test: the request's values of Key, compared by Operator with any of Values. Numbers and booleans of
// the source are held as written.
type Condition struct {
	Operator Operator
	Key      string
	Values   []string
}

// MapPrincipals returns a copy of d in which each AWS principal, of Principal and NotPrincipal elements alike, is what f
// returns for it. IAM itself does so: it stores a user or role in a trust policy under its unique id.
func (d *Document) MapPrincipals(f func(string) string) *Document {
	mapped := *d
	mapped.Statements = slices.Clone(d.Statements)
	for i := range mapped.Statements {
		s := &mapped.Statements[i]
		s.Principal = s.Principal.mapAWS(f)
		s.NotPrincipal = s.NotPrincipal.mapAWS(f)
	}
	return &mapped
}

func (p *Principals) mapAWS(f func(string) string) *Principals {
	if p == nil {
		return nil
	}
	mapped := *p
	mapped.AWS = slices.Clone(p.AWS)
	for i, principal := range mapped.AWS {
		mapped.AWS[i] = f(principal)
	}
	return &mapped
}
