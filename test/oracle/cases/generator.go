package cases

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/pullpass/pullpass/iampolicy"
)

// Make returns case number n of a seed. The same two numbers always make the same case.
func Make(seed, n uint64) *Case {
	m := &maker{Rand: rand.New(rand.NewPCG(seed, n))}
	m.c = &Case{ID: fmt.Sprintf("%d-%d", seed, n), Context: make(map[string][]string)}
	m.request()
	m.policies()
	return m.c
}

// A maker makes one case: first the request, then policies that are aimed at it, so that most of their elements either
// match or only just do not.
type maker struct {
	*rand.Rand
	c      *Case
	action action
	keys   []key // all that the request may hold, those of its principal included
}

// chance is true that many times of a hundred.
func (m *maker) chance(percent int) bool { return m.IntN(100) < percent }

func pick[T any](m *maker, list []T) T { return list[m.IntN(len(list))] }

func (m *maker) request() {
	m.action = pick(m, actions())
	m.c.Action = m.action.name
	m.c.Principal = pick(m, principals())
	m.c.Owner = m.owner()
	m.c.Resource = "*"
	if len(m.action.resources) > 0 {
		m.c.Resource = strings.NewReplacer("REGION", pick(m, []string{"us-west-2", "us-west-2", "eu-central-1"}), "ACCOUNT", m.c.Owner).
			Replace(pick(m, m.action.resources))
	}
	m.c.Trust = m.c.Action == "sts:AssumeRole"
	m.context()
}

// owner picks the account of the resource, more often than not the caller's own.
func (m *maker) owner() string {
	if m.c.Principal.Account != "" && (m.chance(55) || len(m.action.resources) == 0) {
		return m.c.Principal.Account
	}
	return pick(m, accounts())
}

func (m *maker) context() {
	m.keys = slices.Concat(m.action.keys, globals())
	for name, values := range m.c.Principal.identity() {
		m.c.Context[name] = values
	}
	for _, k := range identityKeys() {
		if values, ok := m.c.Context[k.name]; ok {
			k.values = values
		}
		m.keys = append(m.keys, k)
	}
	if m.c.Principal.Account != "" {
		for _, k := range callers() {
			m.keys = append(m.keys, k)
			m.supply(k, 45)
		}
	}
	for _, k := range m.action.keys {
		m.supply(k, 60)
	}
	for _, k := range globals() {
		m.supply(k, 30)
	}
}

// supply puts a key into the request, sometimes. A key of several values has one to three, or now and then an empty one.
func (m *maker) supply(k key, percent int) {
	if !m.chance(percent) {
		return
	}
	values := []string{pick(m, k.values)}
	for k.kind == strs && m.chance(40) && len(values) < 3 {
		values = append(values, pick(m, k.values))
	}
	if k.kind == strs && m.chance(3) {
		values = []string{""}
	}
	name := k.name
	if m.chance(5) {
		name = m.otherCase(name)
	}
	m.c.Context[name] = values
}

// Value returns the values of a key of the request.
func (c *Case) Value(name string) []string {
	for key, values := range c.Context {
		if strings.EqualFold(key, name) {
			return values
		}
	}
	return nil
}

func (m *maker) policies() {
	switch m.c.Principal.Form {
	case Service, Anonymous:
		// Neither belongs to an account, whose policies would bind it.
	case Root:
		m.c.SCPs = m.scps()
	case User, Role, Federated:
		m.identitySide()
	}
	if m.c.Trust || m.chance(m.resourcePolicyChance()) {
		m.c.ResourcePolicy = m.resourcePolicy()
	}
	m.c.RCPs = m.rcps()
}

func (m *maker) resourcePolicyChance() int {
	switch {
	case !m.action.policy:
		return 5
	case m.c.Owner == m.c.Principal.Account:
		return 60
	}
	return 92
}

func (m *maker) identitySide() {
	for n := 1 + m.IntN(2); n > 0; n-- {
		m.c.Identity = append(m.c.Identity, m.document(iampolicy.Identity, m.attached))
	}
	if m.chance(8) {
		m.c.Identity = nil
	}
	if m.c.Principal.Form != Federated && m.chance(25) {
		m.c.Boundary = m.document(iampolicy.Boundary, m.attached)
	}
	if m.c.Principal.Form == Role && m.chance(35) || m.c.Principal.Form == Federated && m.chance(85) {
		m.c.Session = m.document(iampolicy.Session, m.attached)
	}
	m.c.SCPs = m.scps()
}

// allowAll is what a root user has and what FullAWSAccess is: every action on every resource.
func allowAll() *iampolicy.Document {
	return &iampolicy.Document{Version: iampolicy.Version2012, Statements: []iampolicy.Statement{
		{Effect: iampolicy.Allow, Action: []string{"*"}, Resource: []string{"*"}},
	}}
}

// scps makes no level at all for an account without an organization and for a management account, which no SCP binds.
func (m *maker) scps() [][]*iampolicy.Document {
	if m.chance(55) {
		return nil
	}
	out := make([][]*iampolicy.Document, 1+m.IntN(3))
	for i := range out {
		if m.chance(75) {
			out[i] = append(out[i], allowAll())
		}
		if m.chance(45) {
			out[i] = append(out[i], m.document(iampolicy.SCP, m.attached))
		}
	}
	return out
}

// rcps makes levels that hold customers' statements alone; both engines add RCPFullAWSAccess to each.
func (m *maker) rcps() [][]*iampolicy.Document {
	if m.chance(65) {
		return nil
	}
	out := make([][]*iampolicy.Document, 1+m.IntN(2))
	for i := range out {
		if m.chance(60) {
			d := m.document(iampolicy.RCP, m.control)
			d.Version = iampolicy.Version2012 // an RCP must have it
			out[i] = append(out[i], d)
		}
	}
	return out
}

func (m *maker) resourcePolicy() *iampolicy.Document {
	if m.c.Trust {
		return m.document(iampolicy.Trust, m.trust)
	}
	return m.document(iampolicy.Resource, m.onResource)
}

func (m *maker) document(kind iampolicy.Kind, statement func(iampolicy.Effect) iampolicy.Statement) *iampolicy.Document {
	d := &iampolicy.Document{Kind: kind, Version: iampolicy.Version2012}
	if m.chance(8) {
		d.Version = pick(m, []string{iampolicy.Version2008, ""})
	}
	for n := 1 + m.IntN(3); n > 0; n-- {
		effect := iampolicy.Allow
		if kind == iampolicy.RCP || m.chance(15) {
			effect = iampolicy.Deny
		}
		d.Statements = append(d.Statements, statement(effect))
	}
	return d
}
