package authz

import (
	"fmt"
	"strings"

	"github.com/pullpass/pullpass/iampolicy"
)

// An Outcome is what a decision comes to. The zero Outcome denies.
type Outcome int

// The outcomes.
const (
	ImplicitDeny Outcome = iota // something that had to allow did not
	ExplicitDeny                // a statement denies
	Allow
)

// String returns the outcome's name.
func (o Outcome) String() string {
	switch o {
	case ImplicitDeny:
		return "implicit deny"
	case ExplicitDeny:
		return "explicit deny"
	case Allow:
		return "allow"
	}
	return "unknown outcome"
}

// A PolicyType is the part that a policy plays in a decision. The types are in the order in which AWS evaluates them
// (reference_policies_evaluation-logic_policy-eval-denyallow.html).
type PolicyType uint8

// The types of policies.
const (
	NoPolicy PolicyType = iota
	RCP
	SCP
	Resource
	Trust
	Identity
	Boundary
	Session
)

// String names the type as AWS's messages do.
func (t PolicyType) String() string {
	switch t {
	case NoPolicy:
		return "no policy"
	case RCP:
		return "resource control policy"
	case SCP:
		return "service control policy"
	case Resource:
		return "resource-based policy"
	case Trust:
		return "role trust policy"
	case Identity:
		return "identity-based policy"
	case Boundary:
		return "permissions boundary"
	case Session:
		return "session policy"
	}
	return "unknown policy type"
}

// A Decision is the answer to a Request.
type Decision struct {
	Outcome Outcome
	// BlockedBy is the first type, in AWS's order, that denies or withholds; NoPolicy if the request is allowed.
	BlockedBy PolicyType
	// Reasons has an entry for every statement of every policy, in the order of the types and of the policies given.
	Reasons []Reason
}

// Allowed reports whether the request may go on.
func (d Decision) Allowed() bool { return d.Outcome == Allow }

// A Cause is the element that kept a statement from matching a request.
type Cause uint8

// The causes, in the order in which elements are looked at.
const (
	NoCause Cause = iota
	ByPrincipal
	ByNotPrincipal
	ByAction
	ByNotAction
	ByResource
	ByNotResource
	ByCondition
)

// A Reason tells what one statement had to say about a request.
type Reason struct {
	Policy    *Policy
	Statement int // index into the policy's document
	Type      PolicyType
	Matched   bool
	// Cause is what kept the statement from matching, NoCause if it matched.
	Cause Cause
	// Condition is the index of the condition that failed where the Cause is ByCondition.
	Condition int
	// KeyMissing says that the request lacks the key of that condition.
	KeyMissing bool
}

// Source returns the statement as it stands in its document.
func (r Reason) Source() *iampolicy.Statement { return &r.Policy.document.Statements[r.Statement] }

// Effect returns the statement's effect.
func (r Reason) Effect() iampolicy.Effect { return r.Source().Effect }

// String says it for people: `statement 1 (ECRRead, line 4) of the identity-based policy "x" would allow: Resource does
// not match`.
func (r Reason) String() string {
	s := r.Source()
	var b strings.Builder
	fmt.Fprintf(&b, "statement %d", r.Statement+1)
	var notes []string
	if s.Sid != "" {
		notes = append(notes, s.Sid)
	}
	if s.Line > 0 {
		notes = append(notes, fmt.Sprintf("line %d", s.Line))
	}
	if len(notes) > 0 {
		fmt.Fprintf(&b, " (%s)", strings.Join(notes, ", "))
	}
	fmt.Fprintf(&b, " of the %s", r.Type)
	if r.Policy.name != "" {
		fmt.Fprintf(&b, " %q", r.Policy.name)
	}
	verb := strings.ToLower(string(s.Effect))
	if r.Matched {
		return fmt.Sprintf("%s %s it", b.String(), map[string]string{"allow": "allows", "deny": "denies"}[verb])
	}
	return fmt.Sprintf("%s would %s: %s", b.String(), verb, r.why(s))
}

func (r Reason) why(s *iampolicy.Statement) string {
	switch r.Cause {
	case NoCause:
	case ByPrincipal:
		return "Principal does not name the caller"
	case ByNotPrincipal:
		return "NotPrincipal exempts the caller"
	case ByAction:
		return "Action does not hold the action"
	case ByNotAction:
		return "NotAction exempts the action"
	case ByResource:
		return "Resource does not hold the resource"
	case ByNotResource:
		return "NotResource exempts the resource"
	case ByCondition:
		c := s.Conditions[r.Condition]
		if r.KeyMissing {
			return fmt.Sprintf("the request has no %s, which %s wants", c.Key, c.Operator)
		}
		return fmt.Sprintf("the request's %s fails %s", c.Key, c.Operator)
	}
	return "it does not match"
}
