package settled

import (
	"slices"
	"strings"

	"github.com/pullpass/pullpass/iampolicy"
	"github.com/pullpass/pullpass/test/oracle/cases"
)

// literalVariables writes the dollar sign of what is no variable as a special character, which the oracle takes literally.
func literalVariables(c *cases.Case) *cases.Case {
	literal := func(s string) string { return strings.ReplaceAll(s, "${", "${$}{") }
	return edit(c, func(slot cases.Slot, s *iampolicy.Statement) bool {
		if slot.Document.Variables() {
			return false
		}
		resource, notResource := mapValues(&s.Resource, literal), mapValues(&s.NotResource, literal)
		conditions := mapConditions(s, func(_ iampolicy.Condition, v string) string { return literal(v) })
		return resource || notResource || conditions
	})
}

// plainCharacters writes the special characters plainly where the operator gives them no other meaning.
func plainCharacters(c *cases.Case) *cases.Case {
	plain := strings.NewReplacer("${*}", "*", "${?}", "?", "${$}", "$")
	return edit(c, func(_ cases.Slot, s *iampolicy.Statement) bool {
		return mapConditions(s, func(condition iampolicy.Condition, v string) string {
			switch condition.Operator.Test {
			case iampolicy.StringEquals, iampolicy.StringNotEquals, iampolicy.StringEqualsIgnoreCase,
				iampolicy.StringNotEqualsIgnoreCase:
				return plain.Replace(v)
			default:
				return v
			}
		})
	})
}

// resolvedNames puts the value in the place of a variable whose colon the oracle takes for the end of the resource's type:
// one that comes before any slash or colon of the resource.
func resolvedNames(c *cases.Case) *cases.Case {
	resolve := func(s string) string {
		parts := strings.SplitN(s, ":", 6)
		if len(parts) < 6 || strings.HasPrefix(s, "arn:aws:s3:::") {
			return s
		}
		resource := parts[5]
		for _, v := range variables(resource) {
			if text, ok := v.value(c); ok && !v.special && !strings.ContainsAny(resource[:v.start], "/:") {
				return strings.Join(parts[:5], ":") + ":" + resource[:v.start] + escaped(text) + resource[v.end:]
			}
		}
		return s
	}
	return edit(c, func(_ cases.Slot, s *iampolicy.Statement) bool {
		resource, notResource := mapValues(&s.Resource, resolve), mapValues(&s.NotResource, resolve)
		return resource || notResource
	})
}

// nothing is the ARN of a resource that no case asks for.
const nothing = "arn:aws:s3:::no-such-bucket/no-such-object"

// emptyExemptions puts a resource that nobody asks for in the place of one that matches nothing.
func emptyExemptions(c *cases.Case) *cases.Case {
	return edit(c, func(slot cases.Slot, s *iampolicy.Statement) bool {
		return slot.Document.Variables() && mapValues(&s.NotResource, func(v string) string {
			if valueless(c, v) {
				return nothing
			}
			return v
		})
	})
}

// unlikeVariables puts an ARN that no request has in the place of a value that nothing is equal to.
func unlikeVariables(c *cases.Case) *cases.Case {
	return edit(c, func(slot cases.Slot, s *iampolicy.Statement) bool {
		return slot.Document.Variables() && mapConditions(s, func(condition iampolicy.Condition, v string) string {
			if condition.Operator.Test.Negated() && valueless(c, v) {
				return nothing
			}
			return v
		})
	})
}

// emptyValues takes away each variable whose value is the empty string.
func emptyValues(c *cases.Case) *cases.Case {
	shorten := func(s string) string {
		for _, v := range slices.Backward(variables(s)) {
			if values := c.Value(v.key); !v.special && len(values) == 1 && values[0] == "" {
				s = s[:v.start] + s[v.end:]
			}
		}
		return s
	}
	return edit(c, func(slot cases.Slot, s *iampolicy.Statement) bool {
		if !slot.Document.Variables() {
			return false
		}
		resource, notResource := mapValues(&s.Resource, shorten), mapValues(&s.NotResource, shorten)
		conditions := mapConditions(s, func(_ iampolicy.Condition, v string) string { return shorten(v) })
		return resource || notResource || conditions
	})
}
