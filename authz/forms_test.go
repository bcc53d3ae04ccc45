package authz_test

import (
	"testing"

	"github.com/pullpass/pullpass/authz"
	"github.com/pullpass/pullpass/iampolicy"
)

// A form is one of the ways to put the same question: its policies written anew, or all that has no order in another
// order. No form may change any decision.
type form struct {
	document func(testing.TB, *iampolicy.Document) *iampolicy.Document
	order    order // of the lists outside the documents: policies of a type, levels of an organization, values of a key
}

// An order returns the index that each place of a list of n takes its item from.
type order func(n int) []int

func written(n int) []int {
	out := make([]int, n)
	for i := range out {
		out[i] = i
	}
	return out
}

func reversed(n int) []int {
	out := make([]int, n)
	for i := range out {
		out[i] = n - 1 - i
	}
	return out
}

func forms() map[string]form {
	return map[string]form{
		"as written": {same, written},
		"printed":    {reparsed((*iampolicy.Document).JSON), written},
		"indented":   {reparsed((*iampolicy.Document).Indented), written},
		"canonical":  {reparsed((*iampolicy.Document).Canonical), written},
		"reversed":   {reordered(reversed), reversed},
	}
}

func (f form) values(v []string) []string                        { return ordered(f.order, v) }
func (f form) policies(p []*authz.Policy) []*authz.Policy        { return ordered(f.order, p) }
func (f form) levels(levels [][]*authz.Policy) [][]*authz.Policy { return ordered(f.order, levels) }

func same(_ testing.TB, d *iampolicy.Document) *iampolicy.Document { return d }

func reparsed(print func(*iampolicy.Document) []byte) func(testing.TB, *iampolicy.Document) *iampolicy.Document {
	return func(t testing.TB, d *iampolicy.Document) *iampolicy.Document {
		t.Helper()
		again, err := iampolicy.Parse(print(d), d.Kind)
		if err != nil {
			t.Fatalf("parsing what was printed: %v in %s", err, print(d))
		}
		return again
	}
}

// reordered takes every list of a document in another order: statements, conditions, their values, actions, resources,
// principals.
func reordered(by order) func(testing.TB, *iampolicy.Document) *iampolicy.Document {
	return func(_ testing.TB, d *iampolicy.Document) *iampolicy.Document {
		out := *d
		out.Statements = ordered(by, d.Statements)
		for i := range out.Statements {
			s := &out.Statements[i]
			s.Principal, s.NotPrincipal = orderedPrincipals(by, s.Principal), orderedPrincipals(by, s.NotPrincipal)
			s.Action, s.NotAction = ordered(by, s.Action), ordered(by, s.NotAction)
			s.Resource, s.NotResource = ordered(by, s.Resource), ordered(by, s.NotResource)
			s.Conditions = ordered(by, s.Conditions)
			for j := range s.Conditions {
				s.Conditions[j].Values = ordered(by, s.Conditions[j].Values)
			}
		}
		return &out
	}
}

func orderedPrincipals(by order, p *iampolicy.Principals) *iampolicy.Principals {
	if p == nil {
		return nil
	}
	return &iampolicy.Principals{
		Everyone:      p.Everyone,
		AWS:           ordered(by, p.AWS),
		Service:       ordered(by, p.Service),
		Federated:     ordered(by, p.Federated),
		CanonicalUser: ordered(by, p.CanonicalUser),
	}
}

// ordered returns a copy of the list in the order: nil stays nil, and the list itself is left alone.
func ordered[T any](by order, list []T) []T {
	if list == nil {
		return nil
	}
	out := make([]T, 0, len(list))
	for _, i := range by(len(list)) {
		out = append(out, list[i])
	}
	return out
}
