// Package shrink makes a case as small as it can be.
package shrink

import (
	"context"
	"maps"
	"slices"

	"github.com/pullpass/pullpass/iampolicy"
	"github.com/pullpass/pullpass/test/oracle/cases"
)

// A Test tells for each case whether it still shows what is looked for.
type Test func(context.Context, []*cases.Case) ([]bool, error)

// Smallest takes from c whatever can be taken from it without failing the test, until nothing more can. The case that it
// returns passes the test if c does.
func Smallest(ctx context.Context, c *cases.Case, test Test) (*cases.Case, error) {
	for {
		candidates := smaller(c)
		if len(candidates) == 0 {
			return c, nil
		}
		passed, err := test(ctx, candidates)
		if err != nil {
			return nil, err
		}
		i := slices.Index(passed, true)
		if i < 0 {
			return c, nil
		}
		c = candidates[i]
	}
}

// smaller returns the cases that are one step simpler, those that lose most first. No step is the reverse of another.
func smaller(c *cases.Case) []*cases.Case {
	var out []*cases.Case
	for i := range c.SCPs {
		less := c.Clone()
		less.SCPs = slices.Delete(less.SCPs, i, i+1)
		out = append(out, less)
	}
	for i := range c.RCPs {
		less := c.Clone()
		less.RCPs = slices.Delete(less.RCPs, i, i+1)
		out = append(out, less)
	}
	for _, slot := range c.Slots() {
		out = append(out, slot.Put(c, nil))
	}
	for _, slot := range c.Slots() {
		for _, d := range documents(c, slot.Document) {
			out = append(out, slot.Put(c, d))
		}
	}
	return append(out, contexts(c)...)
}

// contexts takes away a condition key, or values of one.
func contexts(c *cases.Case) []*cases.Case {
	var out []*cases.Case
	for _, name := range slices.Sorted(maps.Keys(c.Context)) {
		less := c.Clone()
		delete(less.Context, name)
		out = append(out, less)
	}
	for _, name := range slices.Sorted(maps.Keys(c.Context)) {
		for _, values := range without(c.Context[name]) {
			less := c.Clone()
			less.Context[name] = values
			out = append(out, less)
		}
	}
	return out
}

// without returns the lists that lack one of the values, none for a list of one.
func without(values []string) [][]string {
	if len(values) < 2 {
		return nil
	}
	var out [][]string
	for i := range values {
		out = append(out, slices.Delete(slices.Clone(values), i, i+1))
	}
	return out
}

func documents(c *cases.Case, d *iampolicy.Document) []*iampolicy.Document {
	var out []*iampolicy.Document
	add := func(change func(*iampolicy.Document)) {
		less := *d
		less.Statements = slices.Clone(d.Statements)
		change(&less)
		out = append(out, &less)
	}
	for i := range d.Statements {
		if len(d.Statements) > 1 {
			add(func(d *iampolicy.Document) { d.Statements = slices.Delete(d.Statements, i, i+1) })
		}
	}
	for i := range d.Statements {
		for _, s := range statements(c, d.Statements[i]) {
			add(func(d *iampolicy.Document) { d.Statements[i] = s })
		}
	}
	if d.Version != iampolicy.Version2012 {
		add(func(d *iampolicy.Document) { d.Version = iampolicy.Version2012 })
	}
	return out
}

func statements(c *cases.Case, s iampolicy.Statement) []iampolicy.Statement {
	var out []iampolicy.Statement
	add := func(change func(*iampolicy.Statement)) {
		less := s
		change(&less)
		out = append(out, less)
	}
	for i := range s.Conditions {
		add(func(s *iampolicy.Statement) { s.Conditions = slices.Delete(slices.Clone(s.Conditions), i, i+1) })
	}
	elements(c, s, add)
	for i, condition := range s.Conditions {
		for _, simpler := range conditions(condition) {
			add(func(s *iampolicy.Statement) {
				s.Conditions = slices.Clone(s.Conditions)
				s.Conditions[i] = simpler
			})
		}
	}
	for _, p := range principals(s.Principal) {
		add(func(s *iampolicy.Statement) { s.Principal = p })
	}
	for _, p := range principals(s.NotPrincipal) {
		add(func(s *iampolicy.Statement) { s.NotPrincipal = p })
	}
	return out
}

// elements makes the actions and resources plain: all of them, then the very one that is asked for, then fewer.
func elements(c *cases.Case, s iampolicy.Statement, add func(func(*iampolicy.Statement))) {
	for _, e := range []struct {
		values, negated []string
		exact           string
		set             func(s *iampolicy.Statement, values, negated []string)
	}{
		{s.Action, s.NotAction, c.Action, func(s *iampolicy.Statement, values, negated []string) { s.Action, s.NotAction = values, negated }},
		{s.Resource, s.NotResource, c.Resource, func(s *iampolicy.Statement, values, negated []string) { s.Resource, s.NotResource = values, negated }},
	} {
		if len(e.values)+len(e.negated) == 0 {
			continue
		}
		plain := len(e.values) == 1 && (e.values[0] == "*" || e.values[0] == e.exact)
		if !plain {
			add(func(s *iampolicy.Statement) { e.set(s, []string{"*"}, nil) })
			add(func(s *iampolicy.Statement) { e.set(s, []string{e.exact}, nil) })
		}
		for _, values := range without(e.values) {
			add(func(s *iampolicy.Statement) { e.set(s, values, nil) })
		}
		for _, values := range without(e.negated) {
			add(func(s *iampolicy.Statement) { e.set(s, nil, values) })
		}
	}
}

func conditions(c iampolicy.Condition) []iampolicy.Condition {
	var out []iampolicy.Condition
	for _, values := range without(c.Values) {
		less := c
		less.Values = values
		out = append(out, less)
	}
	if c.Operator.IfExists {
		less := c
		less.Operator.IfExists = false
		out = append(out, less)
	}
	if c.Operator.Qualifier != iampolicy.Single {
		less := c
		less.Operator.Qualifier = iampolicy.Single
		out = append(out, less)
	}
	return out
}

func principals(p *iampolicy.Principals) []*iampolicy.Principals {
	if p == nil || p.Everyone || len(p.AWS)+len(p.Service)+len(p.Federated) < 2 {
		return nil
	}
	var out []*iampolicy.Principals
	for i := range p.AWS {
		less := *p
		less.AWS = slices.Delete(slices.Clone(p.AWS), i, i+1)
		out = append(out, &less)
	}
	for i := range p.Service {
		less := *p
		less.Service = slices.Delete(slices.Clone(p.Service), i, i+1)
		out = append(out, &less)
	}
	for i := range p.Federated {
		less := *p
		less.Federated = slices.Delete(slices.Clone(p.Federated), i, i+1)
		out = append(out, &less)
	}
	return out
}
