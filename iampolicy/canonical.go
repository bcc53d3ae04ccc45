package iampolicy

import (
	"bytes"
	"slices"
	"strings"

	"github.com/pullpass/pullpass/arn"
)

// Canonical prints the document in a form that is the same for all documents that mean the same: statements, values and
// conditions sorted, duplicates dropped, actions and condition keys in lower case, the version spelled out, an account's
// id written as its root ARN, "Principal": {"AWS": "*"} written as "*" (reference_policies_elements_principal.html has the
// two as equivalent). Sid and Id are kept: messages and logs name them. The result is for comparison: print JSON instead.
func (d *Document) Canonical() []byte {
	var w writer
	w.open('{')
	version := d.Version
	if version == "" {
		version = Version2008
	}
	w.field("Version", version)
	w.field("Id", d.ID)
	w.name("Statement")
	w.open('[')
	for _, s := range d.canonicalStatements() {
		w.comma()
		w.WriteString(s)
	}
	w.WriteString("]}")
	return w.Bytes()
}

// Equal reports whether a and b say the same; see Canonical.
func Equal(a, b *Document) bool {
	return bytes.Equal(a.Canonical(), b.Canonical())
}

func (d *Document) canonicalStatements() []string {
	out := make([]string, len(d.Statements))
	for i, s := range d.Statements {
		s.Principal = s.Principal.canonical()
		s.NotPrincipal = s.NotPrincipal.canonical()
		s.Action = sorted(lower(s.Action))
		s.NotAction = sorted(lower(s.NotAction))
		s.Resource = sorted(s.Resource)
		s.NotResource = sorted(s.NotResource)
		s.Conditions = canonicalConditions(s.Conditions)
		var w writer
		w.statement(&s)
		out[i] = w.String()
	}
	return sorted(out)
}

func (p *Principals) canonical() *Principals {
	if p == nil {
		return nil
	}
	if p.everyone() {
		return &Principals{Everyone: true}
	}
	aws := slices.Clone(p.AWS)
	for i, principal := range aws {
		if account, err := arn.ParseAccountID(principal); err == nil {
			aws[i] = arn.Root(account).String()
		}
	}
	return &Principals{
		AWS:           sorted(aws),
		Service:       sorted(p.Service),
		Federated:     sorted(p.Federated),
		CanonicalUser: sorted(p.CanonicalUser),
	}
}

func canonicalConditions(conditions []Condition) []Condition {
	out := slices.Clone(conditions)
	for i := range out {
		out[i].Key = strings.ToLower(out[i].Key)
		out[i].Values = sorted(out[i].Values)
	}
	slices.SortFunc(out, func(a, b Condition) int {
		if c := strings.Compare(a.Operator.String(), b.Operator.String()); c != 0 {
			return c
		}
		return strings.Compare(a.Key, b.Key)
	})
	return out
}

// sorted returns a sorted copy without duplicates.
func sorted(values []string) []string {
	out := slices.Clone(values)
	slices.Sort(out)
	return slices.Compact(out)
}

func lower(values []string) []string {
	out := make([]string, len(values))
	for i, v := range values {
		out[i] = strings.ToLower(v)
	}
	return out
}
