package explain

import (
	"fmt"

	"github.com/pullpass/pullpass/arn"
	"github.com/pullpass/pullpass/authz"
)

// blame makes the first blocker the cause, with its fix; the others are near misses behind it. What AWS's sentence blames
// comes first.
func (e *Evidence) blame(q *question, f *finding, blockers []blocker, said sentence) {
	if i := blamedIndex(blockers, said); i > 0 {
		blockers[0], blockers[i] = blockers[i], blockers[0]
	}
	cause := q.causeOf(blockers[0], said)
	f.cause = &cause
	f.fix = e.fix(q, blockers[0], cause, said)
	if f.fix != nil && cause.Account != f.fix.Account {
		cause.Account = f.fix.Account // The statement is as it should be: what it asks of is at fault.
	}
	for i, b := range blockers {
		if i > 0 && b.by == authz.SCP {
			f.nearest = append(f.nearest, q.simulatedMiss())
		}
		f.nearest = append(f.nearest, q.misses(b)...)
	}
}

// simulatedMiss is what IAM's simulator says of the organization, where something else is the cause.
func (q *question) simulatedMiss() Miss {
	where := fmt.Sprintf("the service control policies above account %s", q.principal.Account)
	return Miss{
		Kind: ByScp, Where: where, Expected: "Allow " + q.action, Found: "a deny, by IAM's policy simulator",
		Text: fmt.Sprintf("by IAM's policy simulator %s deny %s, which is no proof: it does not know all conditions", where, q.action),
	}
}

func blamedIndex(blockers []blocker, said sentence) int {
	for i, b := range blockers {
		if b.by == said.blamed {
			return i
		}
	}
	return -1
}

// causeOf says what a blocker is.
func (q *question) causeOf(b blocker, said sentence) Cause {
	switch b.by {
	case authz.SCP, authz.RCP, authz.Session:
		return q.organizationCause(b.by, said)
	case authz.NoPolicy, authz.Resource, authz.Trust, authz.Identity, authz.Boundary:
	}
	cause := Cause{Link: linkOf(q.action), Account: q.accountOf(b.by), Policy: q.policyOf(b.by)}
	if p := q.denier(b); b.explicit && p != nil {
		if deny, is := revocationIn(q.actor, p.document); is {
			return revoked(linkOf(q.action), q.actor, p.document, deny)
		}
		cause.Kind = ExplicitDeny
		if b.by == authz.Boundary {
			cause.Kind = ByBoundary
		}
		cause.Policy, cause.Statement = &p.document.Policy, p.at()
		cause.Text = fmt.Sprintf("In account %s, %s denies %s to %s.", cause.Account, p.where(b.by), q.action, q.actorName())
		return cause
	}
	cause.Missing = true
	cause.Kind = implicitKind(b.by)
	cause.Text = fmt.Sprintf("In account %s, no statement of %s allows %s on %s.", cause.Account, q.holderOf(b.by), q.action, q.resource)
	if p := q.nearest(b); p != nil && len(p.differences) > 0 {
		first := q.miss(p, p.differences[0], b.by)
		cause.Policy, cause.Statement = &p.document.Policy, p.at()
		if b.by != authz.Boundary {
			cause.Kind = first.Kind
		}
		cause.Text = fmt.Sprintf("In account %s, %s would allow %s, but %s.", q.accountOf(b.by), p.where(b.by), q.action, first.Text)
	}
	return cause
}

func implicitKind(t authz.PolicyType) Kind {
	switch t {
	case authz.Trust:
		return TrustMissing
	case authz.Resource:
		return ByRepository
	case authz.Boundary:
		return ByBoundary
	case authz.NoPolicy, authz.RCP, authz.SCP, authz.Identity, authz.Session:
	}
	return ActionMissing
}

// accountOf is the account that a type of policies belongs to.
func (q *question) accountOf(t authz.PolicyType) arn.AccountID {
	if t == authz.Trust || t == authz.Resource || t == authz.RCP {
		return q.owner
	}
	return q.principal.Account
}

// policyOf names the policy that should have allowed: the only one of its type, nil where there are none or several.
func (q *question) policyOf(t authz.PolicyType) *Policy {
	switch t {
	case authz.Trust, authz.Resource:
		if q.target != nil {
			return &q.target.Policy
		}
	case authz.Boundary:
		if q.actor.Boundary != nil {
			return &q.actor.Boundary.Policy
		}
	case authz.Identity:
		if len(q.actor.Identity) == 1 {
			return &q.actor.Identity[0].Policy
		}
	case authz.NoPolicy, authz.RCP, authz.SCP, authz.Session:
	}
	return nil
}

// holderOf names for people what should have allowed.
func (q *question) holderOf(t authz.PolicyType) string {
	switch t {
	case authz.Trust, authz.Resource, authz.Boundary:
		if p := q.policyOf(t); p != nil && t == authz.Boundary {
			return "permissions boundary " + p.ARN
		} else if p != nil && t == authz.Trust {
			return "the " + q.target.words(t)
		}
		return "the " + wordOf(t)
	case authz.Identity:
		if len(q.actor.Identity) == 0 {
			return describe(q.actor.Asked) + ", which has no policy at all,"
		}
	case authz.NoPolicy, authz.RCP, authz.SCP, authz.Session:
	}
	return fmt.Sprintf("the policies of %s", describe(q.actor.Asked))
}

func (q *question) actorName() string { return describe(q.actor.Asked) }

// misses are the differences of the statement that comes nearest to allowing; for a deny, the statement itself.
func (q *question) misses(b blocker) []Miss {
	if p := q.denier(b); b.explicit && p != nil {
		return []Miss{{
			Kind: ExplicitDeny, Where: p.where(b.by), Expected: "no deny", Found: "Deny " + q.action,
			Text: fmt.Sprintf("%s denies %s", p.where(b.by), q.action),
		}}
	}
	p := q.nearest(b)
	if p == nil {
		return nil
	}
	var all []Miss
	for _, d := range p.differences {
		all = append(all, q.miss(p, d, b.by))
	}
	return all
}

// organizationCause is a policy that the account's own administrators cannot read. AWS's sentence may name it.
func (q *question) organizationCause(t authz.PolicyType, said sentence) Cause {
	cause := Cause{Link: linkOf(q.action), Account: q.accountOf(t), Policy: &Policy{ARN: said.policy, Kind: kindOf(t)}, Missing: !said.explicit}
	switch t {
	case authz.RCP:
		cause.Kind = ByRcp
		cause.Text = fmt.Sprintf("A resource control policy of the organization of account %s does not let %s do %s on %s.",
			cause.Account, q.principal.ARN, q.action, q.resource)
	case authz.Session:
		cause.Kind = BySession
		cause.Text = fmt.Sprintf("The session policy of %s does not allow %s.", q.principal.ARN, q.action)
	case authz.NoPolicy, authz.SCP, authz.Resource, authz.Trust, authz.Identity, authz.Boundary:
		cause.Kind = ByScp
		which := "A service control policy"
		if said.policy != "" {
			which = "Service control policy " + said.policy
		}
		cause.Text = fmt.Sprintf("%s of the organization of account %s forbids %s to everybody in it, %s among them.",
			which, cause.Account, q.action, q.actorName())
	}
	return cause
}
