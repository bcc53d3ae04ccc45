package authz_test

import (
	"slices"
	"testing"

	"github.com/pullpass/pullpass/authz"
	"github.com/pullpass/pullpass/iampolicy"
)

// A form is one of the ways to put the same question: its policies written anew, or all that has no order in another
// order. No form may change any decision.
type form struct {
	document func(testing.TB, *iampolicy.Document) *iampolicy.Document
	reversed bool // the lists outside the documents: policies of a type, levels of an organization, values of a key
}

func forms() map[string]form {
	return map[string]form{
		"as written": {document: same},
		"printed":    {document: reparsed((*iampolicy.Document).JSON)},
		"indented":   {document: reparsed((*iampolicy.Document).Indented)},
		"canonical":  {document: reparsed((*iampolicy.Document).Canonical)},
		"reversed":   {document: turned, reversed: true},
	}
}

func (f form) values(v []string) []string                        { return turnedIf(f.reversed, v) }
func (f form) policies(p []*authz.Policy) []*authz.Policy        { return turnedIf(f.reversed, p) }
func (f form) levels(levels [][]*authz.Policy) [][]*authz.Policy { return turnedIf(f.reversed, levels) }

func same(_ testing.TB, d *iampolicy.Document) *iampolicy.Document { return d }

func reparsed(print func(*iampolicy.Document) []byte) func(testing.TB, *iampolicy.Document) *iampolicy.Document {
	return func(t testing.TB, d *iampolicy.Document) *iampolicy.Document {
		t.Helper()
		again, err := iampolicy.Parse(print(d), d.Kind)
		if err != nil {
			t.Fatalf("parsing what was printed: %v", err)
		}
		return again
	}
}

// turned reverses every list of a document: statements, conditions, their values, actions, resources, principals.
func turned(_ testing.TB, d *iampolicy.Document) *iampolicy.Document {
	out := *d
	out.Statements = reversed(d.Statements)
	for i := range out.Statements {
		s := &out.Statements[i]
		s.Principal, s.NotPrincipal = turnedPrincipals(s.Principal), turnedPrincipals(s.NotPrincipal)
		s.Action, s.NotAction = reversed(s.Action), reversed(s.NotAction)
		s.Resource, s.NotResource = reversed(s.Resource), reversed(s.NotResource)
		s.Conditions = reversed(s.Conditions)
		for j := range s.Conditions {
			s.Conditions[j].Values = reversed(s.Conditions[j].Values)
		}
	}
	return &out
}

func turnedPrincipals(p *iampolicy.Principals) *iampolicy.Principals {
	if p == nil {
		return nil
	}
	out := *p
	out.AWS, out.Service = reversed(p.AWS), reversed(p.Service)
	out.Federated, out.CanonicalUser = reversed(p.Federated), reversed(p.CanonicalUser)
	return &out
}

func turnedIf[T any](turn bool, list []T) []T {
	if turn {
		return reversed(list)
	}
	return list
}

// reversed returns a reversed copy: nil stays nil, and the list itself is left alone.
func reversed[T any](list []T) []T {
	out := slices.Clone(list)
	slices.Reverse(out)
	return out
}
