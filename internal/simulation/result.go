package simulation

import (
	"github.com/pullpass/pullpass/authz"
	"github.com/pullpass/pullpass/iampolicy"
)

// An Outcome is what became of a case, in the words of @cloud-copilot/iam-simulate.
type Outcome string

// The outcomes. Undecided is for a case with a mistake in it.
const (
	Allowed          Outcome = "Allowed"
	ExplicitlyDenied Outcome = "ExplicitlyDenied"
	ImplicitlyDenied Outcome = "ImplicitlyDenied"
	Undecided        Outcome = "error"
)

// A PolicyType names the part that a policy plays, in the words of @cloud-copilot/iam-simulate where it has one.
type PolicyType string

// The types, in the order in which AWS evaluates them. The trust policy of a role is its resource policy.
const (
	TypeRCP      PolicyType = "rcp"
	TypeSCP      PolicyType = "scp"
	TypeResource PolicyType = "resource"
	TypeIdentity PolicyType = "identity"
	TypeBoundary PolicyType = "pb"
	TypeSession  PolicyType = "session"
)

// A Result is the answer to a Case.
type Result struct {
	ID       string  `json:"id"`
	Decision Outcome `json:"decision"`
	// BlockedBy is the first type of policy, in AWS's order, that denies or withholds; empty if the request is allowed.
	BlockedBy PolicyType `json:"blockedBy,omitempty"`
	// Statements are those that decided: the ones that allow an allowed request, the ones that deny a denied one. Where
	// nothing denies, they are those of the blocking type that would have allowed, with what kept them from it.
	Statements []Statement `json:"statements"`
	// Error says what is wrong with a case that is Undecided.
	Error string `json:"error,omitempty"`
}

// A Statement is one that had its part in a decision.
type Statement struct {
	Type PolicyType `json:"type"`
	// OrgIdentifier is the level of the organization that the policy of an SCP or RCP stands at.
	OrgIdentifier string           `json:"orgIdentifier,omitempty"`
	Policy        string           `json:"policy,omitempty"` // the policy's name, which a resource or session policy has none of
	Sid           string           `json:"sid,omitempty"`
	Index         int              `json:"index"` // within the policy, from 0
	Effect        iampolicy.Effect `json:"effect"`
	Matched       bool             `json:"matched"`
	// Reason says why a statement that did not match did not.
	Reason string `json:"reason,omitempty"`
}

// Run decides a case.
func Run(c Case) Result {
	compiled, err := Compile(c.Simulation)
	if err != nil {
		return undecided(c.ID, err)
	}
	return compiled.explain(c.ID, compiled.Decide())
}

func undecided(id string, err error) Result {
	return Result{ID: id, Decision: Undecided, Statements: []Statement{}, Error: err.Error()}
}

func (c *Compiled) explain(id string, d authz.Decision) Result {
	r := Result{ID: id, BlockedBy: typeOf(d.BlockedBy), Statements: []Statement{}}
	decides := func(authz.Reason) bool { return false }
	switch d.Outcome {
	case authz.Allow:
		r.Decision = Allowed
		decides = func(r authz.Reason) bool { return r.Matched && r.Effect() == iampolicy.Allow }
	case authz.ExplicitDeny:
		r.Decision = ExplicitlyDenied
		decides = func(r authz.Reason) bool { return r.Matched && r.Effect() == iampolicy.Deny }
	case authz.ImplicitDeny:
		r.Decision = ImplicitlyDenied
		decides = func(r authz.Reason) bool {
			return !r.Matched && r.Effect() == iampolicy.Allow && r.Type == d.BlockedBy
		}
	}
	for _, reason := range d.Reasons {
		if decides(reason) && reason.Policy != c.implied {
			r.Statements = append(r.Statements, c.statement(reason))
		}
	}
	return r
}

func (c *Compiled) statement(r authz.Reason) Statement {
	s := Statement{
		Type: typeOf(r.Type), OrgIdentifier: c.levels[r.Policy], Policy: r.Policy.Name(),
		Sid: r.Source().Sid, Index: r.Statement, Effect: r.Effect(), Matched: r.Matched,
	}
	if !r.Matched {
		s.Reason = r.String()
	}
	return s
}

func typeOf(t authz.PolicyType) PolicyType {
	switch t {
	case authz.NoPolicy:
	case authz.RCP:
		return TypeRCP
	case authz.SCP:
		return TypeSCP
	case authz.Resource, authz.Trust:
		return TypeResource
	case authz.Identity:
		return TypeIdentity
	case authz.Boundary:
		return TypeBoundary
	case authz.Session:
		return TypeSession
	}
	return ""
}
