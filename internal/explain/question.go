package explain

import (
	"slices"

	"github.com/pullpass/pullpass/arn"
	"github.com/pullpass/pullpass/authz"
	"github.com/pullpass/pullpass/iampolicy"
)

// A question asks of what was read whether a principal may do something to a resource. What was not read counts as
// allowing, so that what blocks is known to block.
type question struct {
	// actor is who acts, or the role of the session that acts.
	actor            *Entity
	principal        authz.Principal
	action, resource string
	owner            arn.AccountID
	context          authz.Context
	// target is the resource's policy, nil where it was not read or there is none; trust says that it is that of a role.
	target *Document
	trust  bool
	// hypothetical says that nobody made the call.
	hypothetical bool
	// documents leads from compiled policies back to what they were compiled from.
	documents map[*authz.Policy]*Document
}

// A blocker is one type of policies that keeps a request from being allowed.
type blocker struct {
	by       authz.PolicyType
	explicit bool
	// reasons are what the statements of this type say.
	reasons []authz.Reason
}

// blockers returns everything that keeps the request from being allowed, in the order of the decision. Evaluate names the
// first; each is then taken away, until nothing is left.
func (q *question) blockers() []blocker {
	policies := q.policies()
	request := q.request()
	var found []blocker
	for range 2 * int(authz.Session) { // Each type blocks twice at most: by a deny, and by no allow.
		d := authz.Evaluate(&request, &policies)
		if d.Allowed() {
			break
		}
		b := blocker{by: d.BlockedBy, explicit: d.Outcome == authz.ExplicitDeny}
		for _, reason := range d.Reasons {
			if reason.Type == b.by {
				b.reasons = append(b.reasons, reason)
			}
		}
		found = append(found, b)
		q.disarm(&policies, b)
	}
	return found
}

func (q *question) request() authz.Request {
	return authz.Request{
		Principal: q.principal, Action: q.action, Resource: q.resource, ResourceAccount: q.owner, Context: q.context,
	}
}

func (q *question) policies() authz.Policies {
	q.documents = map[*authz.Policy]*Document{}
	p := authz.Policies{Trust: q.trust, Identity: []*authz.Policy{}}
	for _, d := range q.actor.Identity {
		if compiled := q.compile(d); compiled != nil {
			p.Identity = append(p.Identity, compiled)
		}
	}
	if !q.actor.Exists {
		p.Identity = append(p.Identity, passing(q.principal.Account, authz.Identity))
	}
	if q.actor.Boundary != nil {
		p.Boundary = q.compile(q.actor.Boundary)
	}
	if q.target != nil {
		p.Resource = q.compile(q.target)
	}
	if p.Resource == nil && (q.trust || q.owner != q.principal.Account) {
		p.Resource = passing(q.principal.Account, q.targetType())
	}
	return p
}

func (q *question) targetType() authz.PolicyType {
	if q.trust {
		return authz.Trust
	}
	return authz.Resource
}

// compile returns nil for a document that was not understood.
func (q *question) compile(d *Document) *authz.Policy {
	if d.Parsed == nil {
		return nil
	}
	compiled, err := authz.Compile(d.Parsed)
	if err != nil {
		return nil
	}
	q.documents[compiled] = d
	return compiled
}

// passing is a policy that keeps nobody of an account from anything, and stands in for no other policy.
func passing(account arn.AccountID, t authz.PolicyType) *authz.Policy {
	s := iampolicy.Statement{Effect: iampolicy.Allow, Action: []string{"*"}}
	if t == authz.Trust || t == authz.Resource {
		s.Principal = &iampolicy.Principals{AWS: []string{arn.Root(account).String()}}
	}
	if t != authz.Trust {
		s.Resource = []string{"*"}
	}
	compiled, err := authz.Compile(&iampolicy.Document{Version: iampolicy.Version2012, Statements: []iampolicy.Statement{s}})
	if err != nil {
		return &authz.Policy{} // It allows nothing, which a test would notice.
	}
	return compiled
}

// disarm takes a blocker out of the policies: of denies the statements, else everything of its type.
func (q *question) disarm(p *authz.Policies, b blocker) {
	change := func(policy *authz.Policy) *authz.Policy { return policy }
	if b.explicit {
		change = func(policy *authz.Policy) *authz.Policy { return q.withoutDenies(policy, b) }
	}
	switch b.by {
	case authz.Identity:
		if !b.explicit {
			p.Identity = append(slices.Clone(p.Identity), passing(q.principal.Account, b.by))
			return
		}
		for i := range p.Identity {
			p.Identity[i] = change(p.Identity[i])
		}
	case authz.Trust, authz.Resource:
		if p.Resource = change(p.Resource); !b.explicit {
			p.Resource = passing(q.principal.Account, b.by)
		}
	case authz.Boundary:
		if p.Boundary = change(p.Boundary); !b.explicit {
			p.Boundary = nil
		}
	case authz.NoPolicy, authz.SCP, authz.RCP, authz.Session:
		p.SCPs, p.RCPs, p.Session = nil, nil, nil
	}
}

// withoutDenies returns a policy whose denying statements match nothing any more. The others keep their places.
func (q *question) withoutDenies(policy *authz.Policy, b blocker) *authz.Policy {
	changed := *policy.Document()
	changed.Statements = slices.Clone(changed.Statements)
	for _, reason := range b.reasons {
		if reason.Policy == policy && reason.Matched && reason.Effect() == iampolicy.Deny {
			changed.Statements[reason.Statement].Action = []string{"none:None"}
			changed.Statements[reason.Statement].NotAction = nil
		}
	}
	compiled, err := authz.Compile(&changed)
	if err != nil {
		return policy
	}
	q.documents[compiled] = q.documents[policy]
	return compiled
}
