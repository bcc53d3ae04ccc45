package authz

import "github.com/pullpass/pullpass/arn"

// match holds a statement against the request and fills in all of the reason that depends on it. The grant is noGrant
// unless the statement matches and names principals.
func (e *evaluation) match(s *statement, r *Reason) grant {
	named := noGrant
	if named, r.Cause = e.matchPrincipal(s, r.Type); r.Cause != NoCause {
		return noGrant
	}
	if r.Cause = e.matchAction(s); r.Cause != NoCause {
		return noGrant
	}
	if r.Cause = e.matchResource(s); r.Cause != NoCause {
		return noGrant
	}
	for i := range s.conditions {
		result, missing := s.conditions[i].eval(&e.req.Context)
		if result == fails || result == odd && s.allow {
			r.Cause, r.Condition, r.KeyMissing = ByCondition, i, missing
			return noGrant
		}
	}
	r.Matched = true
	return named
}

func (e *evaluation) matchPrincipal(s *statement, t PolicyType) (grant, Cause) {
	switch {
	case s.principal != nil:
		named := s.principal.match(&e.req.Principal)
		if named == noGrant {
			return noGrant, ByPrincipal
		}
		return named, NoCause
	case s.notPrincipal != nil:
		if s.notPrincipal.exempts(&e.req.Principal, e.bounded) {
			return noGrant, ByNotPrincipal
		}
	case s.allow && (t == Resource || t == Trust):
		// Such a policy must say whom it allows.
		return noGrant, ByPrincipal
	}
	return noGrant, NoCause
}

func (e *evaluation) matchAction(s *statement) Cause {
	if len(s.notAction) > 0 {
		if anyMatches(s.notAction, e.action) {
			return ByNotAction
		}
		return NoCause
	}
	if !anyMatches(s.action, e.action) {
		return ByAction
	}
	return NoCause
}

func anyMatches(patterns []arn.Pattern, s string) bool {
	for i := range patterns {
		if patterns[i].Match(s) {
			return true
		}
	}
	return false
}

// matchResource lets a statement without either element match: the policies that may leave them out are attached to the
// one resource that they concern.
func (e *evaluation) matchResource(s *statement) Cause {
	if len(s.resource) > 0 {
		if found, _ := e.resourceIn(s.resource); !found {
			return ByResource
		}
	}
	if len(s.notResource) > 0 {
		// A variable without a value matches no resource, so that it exempts none. An invalid one leaves open what is exempt,
		// which must not let a request through.
		if found, unclear := e.resourceIn(s.notResource); found || unclear && s.allow {
			return ByNotResource
		}
	}
	return NoCause
}

func (e *evaluation) resourceIn(templates []template) (found, unclear bool) {
	for i := range templates {
		p, r := templates[i].resolve(&e.req.Context)
		if r == resolved && p.MatchResource(e.req.Resource) {
			return true, unclear
		}
		unclear = unclear || r == invalid
	}
	return false, unclear
}
