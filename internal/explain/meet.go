package explain

import (
	"fmt"
	"slices"
	"strings"

	"github.com/pullpass/pullpass/arn"
	"github.com/pullpass/pullpass/authz"
	"github.com/pullpass/pullpass/iampolicy"
)

// A meeting changes a statement so that a request meets it, towards what the share wants where the document is the share's.
type meeting struct {
	*question
	*edit
	place *place
	by    authz.PolicyType
	path  string
	// wanted is the share's text of the document, nil where it is not the share's.
	wanted *iampolicy.Document
	// did says what is changed; stuck, what nobody here knows how to change.
	did, stuck []string
}

// meet changes the nearest statement so that the request meets it; nil where no change of it can.
func (e *Evidence) meet(q *question, p *place, t authz.PolicyType) *Fix {
	m := &meeting{question: q, edit: newEdit(p.document), place: p, by: t, wanted: e.wantedDocument(p.document)}
	m.path = m.statement(p.index)
	for _, d := range p.differences {
		m.one(d)
	}
	text := fmt.Sprintf("in %s, %s", p.where(t), strings.Join(slices.Concat(m.did, m.stuck), ", and "))
	if len(m.ops) == 0 && len(m.stuck) > 0 {
		return &Fix{Account: q.accountOf(t), Text: text}
	}
	return e.edited(m.edit, q.accountOf(t), text)
}

// wantedDocument is the share's own text of a document.
func (e *Evidence) wantedDocument(d *Document) *iampolicy.Document {
	if e.Wanted == nil {
		return nil
	}
	if d.Kind == Trust && e.Wanted.Role != nil && d.Holder == e.Wanted.Role.ARN() {
		return e.Wanted.Role.Trust
	}
	for _, p := range slices.Concat(e.Wanted.RolePolicies, e.Wanted.UserPolicies) {
		if d.ARN != "" && p.ARN().String() == d.ARN {
			return p.Document
		}
	}
	return nil
}

func (m *meeting) one(d difference) {
	miss := m.miss(m.place, d, m.by)
	switch d.cause {
	case authz.ByPrincipal:
		m.meetPrincipal(miss)
	case authz.ByAction:
		m.include(m.path+"/Action", m.action)
		m.did = append(m.did, fmt.Sprintf("add %s to Action", m.action))
	case authz.ByResource:
		m.meetResource(miss)
	case authz.ByCondition:
		m.meetCondition(m.place.statement.Conditions[d.condition])
	case authz.NoCause, authz.ByNotPrincipal, authz.ByNotAction, authz.ByNotResource:
	}
}

func (m *meeting) meetPrincipal(miss Miss) {
	path := m.path + "/Principal/AWS"
	name := m.principalARN()
	if miss.Kind == PrincipalRecreated {
		m.swap(path, miss.Expected, name)
		m.did = append(m.did, fmt.Sprintf("put %s in the place of %s in Principal", name, miss.Expected))
		return
	}
	if m.wanted != nil {
		for _, s := range m.wanted.Statements {
			if s.Principal != nil && len(s.Principal.AWS) == 1 && namesAccount(s.Principal.AWS[0], m.principal.Account) {
				name = s.Principal.AWS[0]
			}
		}
	}
	if _, isText := m.at(m.path + "/Principal").(string); isText {
		return
	}
	m.include(path, name)
	m.did = append(m.did, fmt.Sprintf("add %s to Principal", name))
}

func namesAccount(principal string, account arn.AccountID) bool {
	return principal == string(account) || principal == arn.Root(account).String()
}

func (m *meeting) meetResource(miss Miss) {
	old, better := m.betterResource(miss)
	if old == "" || m.wanted == nil {
		m.include(m.path+"/Resource", better)
		m.did = append(m.did, fmt.Sprintf("add %s to Resource", better))
		return
	}
	m.swap(m.path+"/Resource", old, better)
	m.did = append(m.did, fmt.Sprintf("put %s in the place of %s in Resource", better, old))
}

// betterResource returns what a Resource should have been, and what stands in its place; nothing stands there where it is to
// be added.
func (m *meeting) betterResource(miss Miss) (old, better string) {
	wanted, err := arn.Parse(m.resource)
	if err != nil {
		return "", m.resource
	}
	for _, pattern := range m.place.statement.Resource {
		corrected := moved(pattern, wanted)
		if corrected != pattern && arn.NewPattern(corrected).MatchResource(m.resource) {
			return pattern, corrected
		}
	}
	if miss.Kind == RolePath {
		return miss.Expected, m.resource
	}
	return "", m.broad()
}

// broad is the resource as a statement should have it: all repositories of a registry rather than the one that was tried.
func (q *question) broad() string {
	if name, err := arn.Parse(q.resource); err == nil && name.Kind() == "repository" {
		return arn.Repository(name.Region, name.Account, "*").String()
	}
	return q.resource
}

// meetCondition gives a condition the value that the share wants, else the one that the request has. One that the share
// does not have, or that is about what the request lacks, goes; without a share, one whose value nobody here knows stays.
func (m *meeting) meetCondition(c iampolicy.Condition) {
	path := m.condition(m.path, c)
	found := m.context.Get(c.Key)
	values := m.wantedValues(c)
	switch {
	case len(values) > 0:
		m.setCondition(path, c, values)
	case m.wanted == nil && m.unknown(c.Key):
		m.stuck = append(m.stuck, fmt.Sprintf("let the condition %s %s (%s) hold for the caller, or take it out", c.Operator, c.Key,
			strings.Join(c.Values, " or ")))
	case m.wanted == nil && len(found) == 1 && !c.Operator.Test.Negated() && c.Operator.Test != iampolicy.Null:
		m.setCondition(path, c, append(slices.Clone(c.Values), found[0])) // Whom it lets in now it goes on letting in.
	default:
		m.drop(m.path, path)
		m.did = append(m.did, fmt.Sprintf("take out the condition %s %s (%s)", c.Operator, c.Key, strings.Join(c.Values, " or ")))
	}
}

func (m *meeting) setCondition(path string, c iampolicy.Condition, values []string) {
	if len(values) == 1 {
		m.do("replace", path, values[0])
	} else {
		m.do("replace", path, values)
	}
	m.did = append(m.did, fmt.Sprintf("let %s %s be %s in place of %s", c.Operator, c.Key, strings.Join(values, " or "),
		strings.Join(c.Values, " or ")))
}

// wantedValues are the share's values of the same condition.
func (m *meeting) wantedValues(c iampolicy.Condition) []string {
	if m.wanted == nil {
		return nil
	}
	for _, s := range m.wanted.Statements {
		for _, w := range s.Conditions {
			if w.Operator == c.Operator && strings.EqualFold(w.Key, c.Key) {
				return w.Values
			}
		}
	}
	return nil
}
