package authz

import (
	"strings"

	"github.com/pullpass/pullpass/iampolicy"
)

// A condition is one test of a Condition block with its values read.
type condition struct {
	operator iampolicy.Operator
	negated  bool
	key      string // in lower case
	values   []operand
}

func compileCondition(c iampolicy.Condition, variables bool) condition {
	out := condition{
		operator: c.Operator,
		negated:  c.Operator.Test.Negated(),
		key:      strings.ToLower(c.Key),
	}
	for _, v := range c.Values {
		out.values = append(out.values, compileOperand(kindOf(c.Operator.Test), v, variables))
	}
	return out
}

// A verdict is how a comparison came out. odd means that it could not be made: a value is not of the operator's type, or
// a negated operator meets an invalid variable. Such a statement must not be what lets a request through, so that an odd
// condition counts as met in a Deny statement and as not met in an Allow statement.
type verdict uint8

const (
	fails verdict = iota
	holds
	odd
)

func verdictOf(b bool) verdict {
	if b {
		return holds
	}
	return fails
}

// eval tests the condition. missing says that the request has no value for the key.
func (c *condition) eval(ctx *Context) (result verdict, missing bool) {
	values := ctx.values[c.key]
	missing = len(values) == 0
	if c.operator.Test == iampolicy.Null {
		return c.evalNull(missing), missing
	}
	if missing && c.operator.IfExists && c.operator.Qualifier != iampolicy.ForAnyValue {
		return holds, true
	}
	switch c.operator.Qualifier {
	case iampolicy.Single:
	case iampolicy.ForAllValues:
		return c.forAll(values, ctx), missing
	case iampolicy.ForAnyValue:
		return c.forAny(values, ctx), missing
	}
	if missing {
		// "If the key that you specify in a policy condition is not present in the request context, the values do not match"
		// (reference_policies_elements_condition_operators.html), which for a negated operator is what it asks for.
		return verdictOf(c.negated), true
	}
	return c.single(values, ctx), false
}

// evalNull: "true" asks that the key is missing, "false" that it is there.
func (c *condition) evalNull(missing bool) verdict {
	for _, v := range c.values {
		if (v.template.text == "true") == missing {
			return holds
		}
	}
	return fails
}

// single tests a key that should have one value. With several, which AWS leaves undefined, a positive operator wants one
// of them to pass and a negated one all of them.
func (c *condition) single(values []string, ctx *Context) verdict {
	if c.negated {
		return c.all(values, ctx)
	}
	return c.some(values, ctx)
}

// forAll also "returns true if there are no context keys in the request, or if the context key value resolves to a null
// dataset, such as an empty string" (reference_policies_condition-single-vs-multi-valued-context-keys.html).
func (c *condition) forAll(values []string, ctx *Context) verdict {
	if null(values) {
		return holds
	}
	return c.all(values, ctx)
}

// forAny returns false for the same, even with IfExists: a test of any value has no value to ask whether it exists. AWS's
// page has no word on the two together; an administrator saw AWS decide so (https://repost.aws/questions/QU9HFmDzP0QGuU-fd7rS6B7w).
func (c *condition) forAny(values []string, ctx *Context) verdict {
	if null(values) {
		return fails
	}
	return c.some(values, ctx)
}

func null(values []string) bool {
	for _, v := range values {
		if v != "" {
			return false
		}
	}
	return true
}

func (c *condition) all(values []string, ctx *Context) verdict {
	result := holds
	for _, v := range values {
		switch c.test(v, ctx) {
		case fails:
			return fails
		case odd:
			result = odd
		case holds:
		}
	}
	return result
}

func (c *condition) some(values []string, ctx *Context) verdict {
	result := fails
	for _, v := range values {
		switch c.test(v, ctx) {
		case holds:
			return holds
		case odd:
			result = odd
		case fails:
		}
	}
	return result
}

// test compares one value of the request with those of the policy: a positive operator wants one that compares, a
// negated one wants none that does.
func (c *condition) test(value string, ctx *Context) verdict {
	result := fails
	for i := range c.values {
		switch c.compare(&c.values[i], value, ctx) {
		case holds:
			return verdictOf(!c.negated)
		case odd:
			result = odd
		case fails:
		}
	}
	if result == fails {
		return verdictOf(c.negated)
	}
	return odd
}
