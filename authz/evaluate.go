package authz

import "strings"

// Evaluate decides req by p. It looks at every statement of every policy that binds the request, never stopping early,
// so that the reasons are whole. It is safe for concurrent use.
func Evaluate(req *Request, p *Policies) Decision {
	if req == nil || p == nil {
		return Decision{}
	}
	if req.Principal.serviceLinked() {
		unguarded := *p
		unguarded.SCPs, unguarded.RCPs = nil, nil
		p = &unguarded
	}
	e := evaluation{req: req, action: strings.ToLower(req.Action), reasons: make([]Reason, 0, p.statements())}
	e.bounded = e.bound() && p.Boundary != nil
	e.collect(p)
	d := Decision{Reasons: e.reasons}
	if d.BlockedBy = e.denied(); d.BlockedBy != NoPolicy {
		d.Outcome = ExplicitDeny
	} else if d.BlockedBy = e.withheld(p); d.BlockedBy == NoPolicy {
		d.Outcome = Allow
	}
	return d
}

// statements returns how many reasons there can be.
func (p *Policies) statements() int {
	n := p.Resource.len() + p.Boundary.len() + total(p.Identity) + total(p.Session)
	for _, level := range p.SCPs {
		n += total(level)
	}
	for _, level := range p.RCPs {
		n += total(level)
	}
	return n
}

func (p *Policy) len() int {
	if p == nil {
		return 0
	}
	return len(p.statements)
}

func total(policies []*Policy) (n int) {
	for _, p := range policies {
		n += p.len()
	}
	return n
}

// An evaluation is the state of one decision.
type evaluation struct {
	req     *Request
	action  string // in lower case
	bounded bool   // the caller has a permissions boundary
	reasons []Reason
	denies  [Session + 1]bool // by type
	allows  [Session + 1]bool
	named   grant // how closely the statements of the resource's policy that allow name the caller
}

func (e *evaluation) collect(p *Policies) {
	e.levels(RCP, p.RCPs)
	if e.bound() {
		e.levels(SCP, p.SCPs)
	}
	e.named = e.policy(p.resourceType(), p.Resource)
	if !e.bound() {
		return
	}
	for _, policy := range p.Identity {
		e.policy(Identity, policy)
	}
	e.policy(Boundary, p.Boundary)
	for _, policy := range p.Session {
		e.policy(Session, policy)
	}
}

// bound reports whether the caller belongs to an account, whose policies then bind it. Services and anonymous callers
// have none.
func (e *evaluation) bound() bool {
	return e.req.Principal.Kind != Service && e.req.Principal.Kind != Anonymous
}

func (p *Policies) resourceType() PolicyType {
	if p.Trust {
		return Trust
	}
	return Resource
}

// levels evaluates the policies of an organization: each level must allow on its own
// (https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_scps_evaluation.html).
func (e *evaluation) levels(t PolicyType, levels [][]*Policy) {
	everyLevel := true
	for _, level := range levels {
		e.allows[t] = false
		for _, policy := range level {
			e.policy(t, policy)
		}
		everyLevel = everyLevel && e.allows[t]
	}
	e.allows[t] = everyLevel
}

// policy evaluates the statements of one policy, and returns the closest grant of those that allow.
func (e *evaluation) policy(t PolicyType, p *Policy) grant {
	best := noGrant
	if p == nil {
		return best
	}
	for i := range p.statements {
		s := &p.statements[i]
		e.reasons = append(e.reasons, Reason{Policy: p, Statement: i, Type: t})
		r := &e.reasons[len(e.reasons)-1]
		named := e.match(s, r)
		switch {
		case !r.Matched:
		case s.allow:
			e.allows[t] = true
			best = max(best, named)
		default:
			e.denies[t] = true
		}
	}
	return best
}

// denied returns the first type of which a statement denies: "an explicit deny in any of these policies overrides the
// allow".
func (e *evaluation) denied() PolicyType {
	for t := RCP; t <= Session; t++ {
		if e.denies[t] {
			return t
		}
	}
	return NoPolicy
}

// withheld returns the first type that had to allow and did not, NoPolicy if the request is allowed.
func (e *evaluation) withheld(p *Policies) PolicyType {
	switch {
	case !e.allows[RCP]:
		return RCP
	case e.bound() && !e.allows[SCP]:
		return SCP
	case e.named == noGrant && (p.Trust || !e.bound() || e.crossAccount()):
		return p.resourceType()
	case !e.bound() || e.named == direct && !e.crossAccount():
		return NoPolicy
	}
	// Across accounts both sides must allow (reference_policies_evaluation-logic-cross-account.html); inside one account a
	// policy that names more than the account as a whole stands in for the identity's. A root user needs no permission.
	identified := e.allows[Identity] || e.req.Principal.Kind == AccountRoot
	if !identified && (e.named <= delegated || e.crossAccount()) {
		return Identity
	}
	if p.Boundary != nil && !e.allows[Boundary] {
		return Boundary
	}
	// A session of a role need not be limited; that of a federated user has no rights but those of its session policies.
	if (len(p.Session) > 0 || e.req.Principal.Kind == FederatedUser) && !e.allows[Session] {
		return Session
	}
	return NoPolicy
}

func (e *evaluation) crossAccount() bool {
	return e.req.ResourceAccount != "" && e.req.ResourceAccount != e.req.Principal.Account
}
