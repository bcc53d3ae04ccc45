package settled

import (
	"slices"
	"strings"

	"github.com/pullpass/pullpass/iampolicy"
	"github.com/pullpass/pullpass/test/oracle/cases"
)

// edit returns the case with each statement replaced by what change makes of it, nil if it changes none.
func edit(c *cases.Case, change func(cases.Slot, *iampolicy.Statement) bool) *cases.Case {
	changed := false
	for _, slot := range c.Slots() {
		d := *slot.Document
		d.Statements = slices.Clone(d.Statements)
		touched := false
		for i := range d.Statements {
			if change(slot, &d.Statements[i]) {
				touched = true
			}
		}
		if touched {
			c, changed = slot.Put(c, &d), true
		}
	}
	if !changed {
		return nil
	}
	return c
}

// mapValues replaces the values, and reports whether any became another.
func mapValues(values *[]string, change func(string) string) bool {
	out := make([]string, len(*values))
	for i, v := range *values {
		out[i] = change(v)
	}
	if slices.Equal(out, *values) {
		return false
	}
	*values = out
	return true
}

// mapConditions does the same for the values of each condition, which it may ask about.
func mapConditions(s *iampolicy.Statement, change func(iampolicy.Condition, string) string) bool {
	conditions, changed := slices.Clone(s.Conditions), false
	for i := range conditions {
		if mapValues(&conditions[i].Values, func(v string) string { return change(conditions[i], v) }) {
			changed = true
		}
	}
	if changed {
		s.Conditions = conditions
	}
	return changed
}

// A variable is a `${…}` of a policy, found by its own few lines: what authz reads must not be judged by authz.
type variable struct {
	start, end  int // in the text
	key         string
	fallback    string
	hasFallback bool
	special     bool // ${*}, ${?} or ${$}
}

func variables(s string) []variable {
	var out []variable
	for from := 0; ; {
		start := strings.Index(s[from:], "${")
		if start < 0 {
			return out
		}
		start += from
		end := strings.IndexByte(s[start:], '}')
		if end < 0 {
			return out
		}
		end += start + 1
		v := variable{start: start, end: end}
		inner := s[start+2 : end-1]
		v.special = inner == "*" || inner == "?" || inner == "$"
		v.key, v.fallback, v.hasFallback = strings.Cut(inner, ", ")
		v.fallback = strings.Trim(v.fallback, "'")
		out = append(out, v)
		from = end
	}
}

// value returns what the variable stands for in the case; ok is false where that is nothing.
func (v variable) value(c *cases.Case) (text string, ok bool) {
	values := c.Value(v.key)
	switch {
	case len(values) == 1:
		return values[0], true
	case len(values) == 0 && v.hasFallback:
		return v.fallback, true
	}
	return "", false
}

// valueless reports whether s holds a variable whose key the request lacks and that has no default.
func valueless(c *cases.Case, s string) bool {
	return slices.ContainsFunc(variables(s), func(v variable) bool {
		return !v.special && !v.hasFallback && len(c.Value(v.key)) == 0
	})
}
