package settled

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/pullpass/pullpass/iampolicy"
	"github.com/pullpass/pullpass/test/oracle/cases"
)

// ranges writes single addresses as ranges of one, and the range of all IPv4 addresses as its halves.
func ranges(c *cases.Case) *cases.Case {
	return edit(c, func(_ cases.Slot, s *iampolicy.Statement) bool {
		conditions, changed := slices.Clone(s.Conditions), false
		for i := range conditions {
			condition := &conditions[i]
			if t := condition.Operator.Test; t != iampolicy.IPAddress && t != iampolicy.NotIPAddress {
				continue
			}
			var values []string
			for _, v := range condition.Values {
				values = append(values, asRanges(v)...)
			}
			changed = changed || !slices.Equal(values, condition.Values)
			condition.Values = values
		}
		s.Conditions = conditions
		return changed
	})
}

func asRanges(v string) []string {
	switch {
	case v == "0.0.0.0/0":
		return []string{"0.0.0.0/1", "128.0.0.0/1"}
	case strings.Contains(v, "/"):
		return []string{v}
	case strings.Contains(v, ":"):
		return []string{v + "/128"}
	}
	return []string{v + "/32"}
}

// calendarDates writes seconds since 1970 as a date, in conditions and in the keys that they test.
func calendarDates(c *cases.Case) *cases.Case {
	tested := make(map[string]bool)
	changed := edit(c, func(_ cases.Slot, s *iampolicy.Statement) bool {
		return mapConditions(s, func(condition iampolicy.Condition, v string) string {
			if !strings.HasPrefix(condition.Operator.Test.String(), "Date") {
				return v
			}
			tested[strings.ToLower(condition.Key)] = true
			return calendar(v)
		})
	})
	out := changed
	for name, values := range c.Context {
		if !tested[strings.ToLower(name)] || len(values) != 1 || calendar(values[0]) == values[0] {
			continue
		}
		if out == nil {
			out = c
		}
		out = out.Clone()
		out.Context[name] = []string{calendar(values[0])}
	}
	return out
}

func calendar(v string) string {
	seconds, err := strconv.ParseInt(v, 10, 64)
	if err != nil || len(v) < 5 { // four digits are a year
		return v
	}
	return time.Unix(seconds, 0).UTC().Format(time.RFC3339)
}

// setOperators adds the set operator by which authz compares, where the request has the key.
func setOperators(c *cases.Case) *cases.Case {
	return edit(c, func(_ cases.Slot, s *iampolicy.Statement) bool {
		conditions, changed := slices.Clone(s.Conditions), false
		for i := range conditions {
			o := &conditions[i].Operator
			if o.Qualifier != iampolicy.Single || o.Test == iampolicy.Null || !cases.Multivalued(conditions[i].Key) ||
				len(c.Value(conditions[i].Key)) == 0 {
				continue
			}
			changed, o.Qualifier = true, iampolicy.ForAnyValue
			if o.Test.Negated() {
				o.Qualifier = iampolicy.ForAllValues
			}
		}
		s.Conditions = conditions
		return changed
	})
}

// onlyValues puts the only value in the place of a variable whose key may have several. Where the key does have several,
// it says what authz makes of them: a text that matches nothing, and that in an Allow makes a negation void.
func onlyValues(c *cases.Case) *cases.Case {
	one := func(s string) string {
		for _, v := range slices.Backward(variables(s)) {
			if values := c.Value(v.key); !v.special && cases.Multivalued(v.key) && len(values) == 1 {
				s = s[:v.start] + escaped(values[0]) + s[v.end:]
			}
		}
		return s
	}
	return edit(c, func(slot cases.Slot, s *iampolicy.Statement) bool {
		if !slot.Document.Variables() {
			return false
		}
		resource, notResource := mapValues(&s.Resource, one), mapValues(&s.NotResource, one)
		conditions := mapConditions(s, func(_ iampolicy.Condition, v string) string { return one(v) })
		return voidSeveral(c, s) || resource || notResource || conditions
	})
}

func voidSeveral(c *cases.Case, s *iampolicy.Statement) bool {
	void := false // whether the statement can match no more
	none := func(negated bool) func(string) string {
		return func(text string) string {
			if !slices.ContainsFunc(variables(text), func(v variable) bool { return !v.special && len(c.Value(v.key)) > 1 }) {
				return text
			}
			void = void || negated && s.Effect == iampolicy.Allow
			return nothing
		}
	}
	resource, notResource := mapValues(&s.Resource, none(false)), mapValues(&s.NotResource, none(true))
	conditions := mapConditions(s, func(condition iampolicy.Condition, v string) string {
		return none(condition.Operator.Test.Negated())(v)
	})
	if void {
		s.Action, s.NotAction = []string{noAction}, nil
	}
	return resource || notResource || conditions
}

// escaped writes the characters of a text that are special in a pattern so that they stand for themselves.
func escaped(text string) string {
	return strings.NewReplacer("*", "${*}", "?", "${?}", "$", "${$}").Replace(text)
}

// nullSets takes away a ForAllValues that is true, and with a ForAnyValue that is false the statement's use.
func nullSets(c *cases.Case) *cases.Case {
	return edit(c, func(_ cases.Slot, s *iampolicy.Statement) bool {
		var kept []iampolicy.Condition
		for _, condition := range s.Conditions {
			values := c.Value(condition.Key)
			null := len(values) > 0 && condition.Operator.Test != iampolicy.Null &&
				!slices.ContainsFunc(values, func(v string) bool { return v != "" })
			if !null || condition.Operator.Qualifier == iampolicy.Single {
				kept = append(kept, condition)
			} else if condition.Operator.Qualifier == iampolicy.ForAnyValue {
				s.Action, s.NotAction = []string{noAction}, nil
			}
		}
		changed := len(kept) < len(s.Conditions)
		s.Conditions = kept
		return changed
	})
}
