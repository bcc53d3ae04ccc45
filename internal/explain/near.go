package explain

import (
	"slices"
	"strings"

	"github.com/pullpass/pullpass/authz"
	"github.com/pullpass/pullpass/iampolicy"
)

// A difference is one element of a statement that a request does not meet.
type difference struct {
	cause authz.Cause
	// condition is the index of the condition, where the cause is one.
	condition int
}

// A place is a statement of a document with what keeps it from matching a request.
type place struct {
	document    *Document
	index       int
	statement   *iampolicy.Statement
	differences []difference
}

// nearest returns the statement that would allow with the fewest differences, nil where none comes near: one that is about
// another action on another resource is about something else.
func (q *question) nearest(b blocker) *place {
	var best *place
	for _, reason := range b.reasons {
		if reason.Effect() != iampolicy.Allow || reason.Matched || q.documents[reason.Policy] == nil {
			continue
		}
		p := &place{document: q.documents[reason.Policy], index: reason.Statement, statement: reason.Source()}
		p.differences = q.differences(p.document.Parsed.Version, p.statement, b.by)
		if !p.isNear() {
			continue
		}
		if best == nil || p.distance() < best.distance() {
			best = p
		}
	}
	return best
}

// distance counts the differences. A statement about another action is further off than one about another resource: it was
// written for something else.
func (p *place) distance() int {
	if p.differsBy(authz.ByAction) {
		return 2*len(p.differences) + 1
	}
	return 2 * len(p.differences)
}

func (p *place) isNear() bool { return !p.differsBy(authz.ByAction) || !p.differsBy(authz.ByResource) }

func (p *place) differsBy(cause authz.Cause) bool {
	return slices.ContainsFunc(p.differences, func(d difference) bool { return d.cause == cause })
}

// differences asks of each element on its own whether the request meets it.
func (q *question) differences(version string, s *iampolicy.Statement, t authz.PolicyType) []difference {
	var found []difference
	for _, d := range elements(s) {
		if !q.meets(version, relaxed(s, d, t), t) {
			found = append(found, d)
		}
	}
	return found
}

// elements lists what a statement asks for.
func elements(s *iampolicy.Statement) []difference {
	var all []difference
	for _, e := range []struct {
		cause authz.Cause
		given bool
	}{
		{authz.ByPrincipal, s.Principal != nil},
		{authz.ByNotPrincipal, s.NotPrincipal != nil},
		{authz.ByAction, s.Action != nil},
		{authz.ByNotAction, s.NotAction != nil},
		{authz.ByResource, s.Resource != nil},
		{authz.ByNotResource, s.NotResource != nil},
	} {
		if e.given {
			all = append(all, difference{cause: e.cause})
		}
	}
	for i := range s.Conditions {
		all = append(all, difference{authz.ByCondition, i})
	}
	return all
}

// relaxed returns a statement that asks for one element alone.
func relaxed(s *iampolicy.Statement, d difference, t authz.PolicyType) iampolicy.Statement {
	r := iampolicy.Statement{Effect: iampolicy.Allow, Action: []string{"*"}}
	if t == authz.Trust || t == authz.Resource {
		r.Principal = &iampolicy.Principals{Everyone: true}
	}
	if t != authz.Trust {
		r.Resource = []string{"*"}
	}
	switch d.cause {
	case authz.NoCause:
	case authz.ByPrincipal:
		r.Principal = s.Principal
	case authz.ByNotPrincipal:
		r.Principal, r.NotPrincipal = nil, s.NotPrincipal
	case authz.ByAction:
		r.Action = s.Action
	case authz.ByNotAction:
		r.Action, r.NotAction = nil, s.NotAction
	case authz.ByResource:
		r.Resource = s.Resource
	case authz.ByNotResource:
		r.Resource, r.NotResource = nil, s.NotResource
	case authz.ByCondition:
		r.Conditions = []iampolicy.Condition{s.Conditions[d.condition]}
	}
	return r
}

// meets reports whether the request matches a statement.
func (q *question) meets(version string, s iampolicy.Statement, t authz.PolicyType) bool {
	policy, err := authz.Compile(&iampolicy.Document{Version: version, Statements: []iampolicy.Statement{s}})
	if err != nil {
		return false
	}
	p := authz.Policies{Trust: t == authz.Trust}
	if t == authz.Trust || t == authz.Resource {
		p.Resource = policy
	} else {
		p.Identity = []*authz.Policy{policy}
	}
	request := q.request()
	for _, reason := range authz.Evaluate(&request, &p).Reasons {
		if reason.Matched {
			return true
		}
	}
	return false
}

// denier returns the first statement that denies, nil if none does.
func (q *question) denier(b blocker) *place {
	for _, reason := range b.reasons {
		if reason.Matched && reason.Effect() == iampolicy.Deny && q.documents[reason.Policy] != nil {
			return &place{document: q.documents[reason.Policy], index: reason.Statement, statement: reason.Source()}
		}
	}
	return nil
}

// unknowable are the condition keys that a request carries and that nothing we read tells ("AWS global condition context
// keys", IAM User Guide): those of networks, of organizations, of the resource's tags.
func unknowable(key string) bool {
	key = strings.ToLower(key)
	for _, prefix := range []string{
		"aws:principalorg", "aws:resourceorg", "aws:sourceip", "aws:vpcsourceip", "aws:sourcevpc", "aws:useragent", "aws:referer",
		"aws:resourcetag/", "ecr:resourcetag/", "iam:resourcetag/", "aws:ec2instancesource",
	} {
		if strings.HasPrefix(key, prefix) {
			return true
		}
	}
	return false
}

// unknown reports whether a key's value is not known. Of a call that nobody made, that is so of what the caller would choose.
func (q *question) unknown(key string) bool {
	return unknowable(key) || q.hypothetical && len(q.context.Get(key)) == 0 && strings.HasPrefix(strings.ToLower(key), "sts:")
}

// unknownKeys returns the keys of a statement's conditions that decide and are not known.
func (q *question) unknownKeys(p *place) []string {
	var keys []string
	for _, c := range p.statement.Conditions {
		if q.unknown(c.Key) && !slices.Contains(keys, c.Key) {
			keys = append(keys, c.Key)
		}
	}
	return keys
}
