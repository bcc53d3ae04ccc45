package main

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"github.com/pullpass/pullpass/iampolicy"
	"github.com/pullpass/pullpass/test/oracle/cases"
	"github.com/pullpass/pullpass/test/oracle/compare"
)

// coverage counts the compared cases in which something occurs, by what it is.
type coverage map[feature]int

// A feature is something that a case may have.
type feature struct{ group, name string }

// The groups, in the order in which they are printed.
const (
	byOperator  = "operators"
	byTest      = "tests of a key that the request lacks"
	byElement   = "elements"
	byPolicy    = "policy types"
	byCaller    = "callers"
	byNamed     = "principals in policies"
	byAction    = "actions"
	byDecision  = "decisions"
	bySituation = "situations"
)

func (v coverage) count(o compare.Opinion) {
	found := make(map[feature]bool)
	for _, f := range features(o.Case) {
		found[f] = true
	}
	found[feature{byDecision, string(o.Ours.Decision)}] = true
	for f := range found {
		v[f]++
	}
}

func features(c *cases.Case) []feature {
	out := []feature{{byCaller, caller(c.Principal)}, {byAction, c.Action}, {bySituation, situation(c)}}
	for _, s := range c.Slots() {
		out = append(out, feature{byPolicy, s.Type}, feature{byElement, "Version " + version(s.Document)})
		for _, statement := range s.Document.Statements {
			out = append(out, feature{byElement, "Effect " + string(statement.Effect)})
			out = append(out, elements(statement)...)
			out = append(out, named(statement)...)
			out = append(out, conditions(c, statement)...)
		}
	}
	return append(out, organization(c)...)
}

func caller(p cases.Principal) string {
	if strings.Contains(p.Source, ":role/aws-service-role/") {
		return string(p.Form) + " of a service-linked role"
	}
	return string(p.Form)
}

func situation(c *cases.Case) string {
	switch {
	case c.Principal.Account == "":
		return "a caller without an account"
	case c.Principal.Account == c.Owner:
		return "one account"
	}
	return "two accounts"
}

func organization(c *cases.Case) []feature {
	return []feature{
		{bySituation, fmt.Sprintf("%d levels of SCPs", len(c.SCPs))},
		{bySituation, fmt.Sprintf("%d levels of RCPs", len(c.RCPs))},
	}
}

func version(d *iampolicy.Document) string {
	if d.Version == "" {
		return "left out"
	}
	return d.Version
}

func elements(s iampolicy.Statement) []feature {
	var out []feature
	for name, values := range map[string][]string{
		"Action": s.Action, "NotAction": s.NotAction, "Resource": s.Resource, "NotResource": s.NotResource,
	} {
		if len(values) == 0 {
			continue
		}
		out = append(out, feature{byElement, name})
		for _, v := range values {
			out = append(out, patterns(name, v)...)
		}
	}
	if s.Principal != nil {
		out = append(out, feature{byElement, "Principal"})
	}
	if s.NotPrincipal != nil {
		out = append(out, feature{byElement, "NotPrincipal"})
	}
	if len(s.Conditions) > 0 {
		out = append(out, feature{byElement, "Condition"})
	}
	return out
}

func patterns(element, v string) []feature {
	var out []feature
	plain := strings.NewReplacer("${*}", "", "${?}", "").Replace(v)
	for name, found := range map[string]bool{
		"*": v == "*", "an asterisk": v != "*" && strings.Contains(plain, "*"), "several asterisks": strings.Count(plain, "*") > 1,
		"a question mark": strings.Contains(plain, "?"), "a variable": strings.Contains(plain, "${"),
		"a variable with a default": strings.Contains(plain, ", '"), "${*}, ${?} or ${$}": plain != v || strings.Contains(v, "${$}"),
	} {
		if found {
			out = append(out, feature{byElement, element + " with " + name})
		}
	}
	return out
}

func named(s iampolicy.Statement) []feature {
	var out []feature
	for element, p := range map[string]*iampolicy.Principals{"Principal": s.Principal, "NotPrincipal": s.NotPrincipal} {
		if p == nil {
			continue
		}
		forms := make([]string, 0, len(p.AWS)+3)
		if p.Everyone {
			forms = append(forms, "*")
		}
		for _, name := range p.AWS {
			forms = append(forms, nameForm(name))
		}
		if len(p.Service) > 0 {
			forms = append(forms, "a service")
		}
		if len(p.Federated) > 0 {
			forms = append(forms, "an identity provider")
		}
		for _, form := range forms {
			out = append(out, feature{byNamed, element + ": " + form})
		}
	}
	return out
}

func nameForm(name string) string {
	switch {
	case name == "*":
		return `{"AWS": "*"}`
	case strings.HasPrefix(name, "A"):
		return "a unique id"
	case !strings.HasPrefix(name, "arn:"):
		return "an account id"
	}
	for part, form := range map[string]string{
		":root": "the root of an account", ":user/": "a user", ":role/": "a role", ":assumed-role/": "a role session",
		":federated-user/": "a federated user",
	} {
		if strings.Contains(name, part) {
			return form
		}
	}
	return "something else"
}

func conditions(c *cases.Case, s iampolicy.Statement) []feature {
	var out []feature
	for _, condition := range s.Conditions {
		out = append(out, feature{byOperator, condition.Operator.String()})
		if c.Value(condition.Key) == nil {
			out = append(out, feature{byTest, condition.Operator.String()})
		}
		if len(condition.Values) > 1 {
			out = append(out, feature{byElement, "Condition with several values"})
		}
		for _, v := range condition.Values {
			out = append(out, patterns("Condition", v)...)
		}
	}
	return out
}

func (v coverage) print(b *bytes.Buffer) {
	groups := []string{byDecision, bySituation, byCaller, byNamed, byPolicy, byElement, byOperator, byTest, byAction}
	for _, group := range groups {
		counts := make(map[string]int)
		var names []string
		for f, n := range v {
			if f.group == group {
				counts[f.name] = n
				names = append(names, f.name)
			}
		}
		slices.Sort(names)
		fmt.Fprintf(b, "\ncases with %s: %d kinds\n", group, len(names))
		for _, name := range names {
			fmt.Fprintf(b, "%9d  %s\n", counts[name], name)
		}
	}
}
