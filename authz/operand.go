package authz

import (
	"bytes"
	"cmp"
	"encoding/base64"
	"net/netip"
	"strings"
	"time"

	"github.com/pullpass/pullpass/iampolicy"
)

// An operand is a value of a condition, read as its operator compares it.
type operand struct {
	template template
	number   float64
	date     time.Time
	prefix   netip.Prefix
	bytes    []byte
	ok       bool // the value is of the operator's type
}

func compileOperand(k operandKind, value string, variables bool) operand {
	var o operand
	var err error
	switch k {
	case texts:
		o.template = newTemplate(value, variables)
	case numbers:
		o.number, err = iampolicy.ParseNumber(value)
	case dates:
		o.date, err = iampolicy.ParseDate(value)
	case addresses:
		o.prefix, err = iampolicy.ParsePrefix(value)
	case blobs:
		o.bytes, err = base64.StdEncoding.DecodeString(value)
	case booleans:
		o.template = newTemplate(strings.ToLower(value), variables)
	}
	o.ok = err == nil
	return o
}

// An operandKind is what a family of operators compares.
type operandKind int

const (
	texts operandKind = iota
	numbers
	dates
	addresses
	blobs
	booleans
)

func kindOf(t iampolicy.Test) operandKind {
	switch t {
	case iampolicy.NumericEquals, iampolicy.NumericNotEquals, iampolicy.NumericLessThan, iampolicy.NumericLessThanEquals,
		iampolicy.NumericGreaterThan, iampolicy.NumericGreaterThanEquals:
		return numbers
	case iampolicy.DateEquals, iampolicy.DateNotEquals, iampolicy.DateLessThan, iampolicy.DateLessThanEquals,
		iampolicy.DateGreaterThan, iampolicy.DateGreaterThanEquals:
		return dates
	case iampolicy.IPAddress, iampolicy.NotIPAddress:
		return addresses
	case iampolicy.BinaryEquals:
		return blobs
	case iampolicy.Bool, iampolicy.Null:
		return booleans
	case iampolicy.StringEquals, iampolicy.StringNotEquals, iampolicy.StringEqualsIgnoreCase,
		iampolicy.StringNotEqualsIgnoreCase, iampolicy.StringLike, iampolicy.StringNotLike, iampolicy.ARNEquals,
		iampolicy.ARNLike, iampolicy.ARNNotEquals, iampolicy.ARNNotLike:
	}
	return texts
}

// compare makes the positive comparison of one pair; a negated operator is turned round by test.
func (c *condition) compare(o *operand, value string, ctx *Context) verdict {
	if !o.ok {
		return odd
	}
	switch kindOf(c.operator.Test) {
	case texts:
		return c.compareText(o, value, ctx)
	case numbers:
		n, err := iampolicy.ParseNumber(value)
		return c.ordered(cmp.Compare(n, o.number), err)
	case dates:
		d, err := iampolicy.ParseDate(value)
		return c.ordered(d.Compare(o.date), err)
	case addresses:
		addr, err := iampolicy.ParseAddress(value)
		return equal(o.prefix.Contains(addr), err)
	case blobs:
		b, err := base64.StdEncoding.DecodeString(value)
		return equal(bytes.Equal(b, o.bytes), err)
	case booleans:
		text, r := o.template.resolveText(ctx)
		return verdictOf(r == resolved && strings.EqualFold(value, text))
	}
	return odd
}

// compareText compares strings and ARNs.
func (c *condition) compareText(o *operand, value string, ctx *Context) verdict {
	switch c.operator.Test {
	case iampolicy.StringLike, iampolicy.StringNotLike:
		p, r := o.template.resolve(ctx)
		return c.compared(r, p.Match(value))
	case iampolicy.ARNEquals, iampolicy.ARNLike, iampolicy.ARNNotEquals, iampolicy.ARNNotLike:
		p, r := o.template.resolve(ctx)
		return c.compared(r, p.MatchComponents(value))
	case iampolicy.StringEqualsIgnoreCase, iampolicy.StringNotEqualsIgnoreCase:
		text, r := o.template.resolveText(ctx)
		return c.compared(r, strings.EqualFold(text, value))
	default:
		text, r := o.template.resolveText(ctx)
		return c.compared(r, text == value)
	}
}

// compared turns a comparison into a verdict. A text without a value equals nothing: "inverted condition operators … do
// match against a null value" (reference_policies_variables.html#policy-vars-no-value). One that is invalid must not help
// a negated operator.
func (c *condition) compared(r resolution, equal bool) verdict {
	if r == invalid && c.negated {
		return odd
	}
	return verdictOf(r == resolved && equal)
}

// ordered turns the order of the request's value and the policy's into a verdict.
func (c *condition) ordered(order int, err error) verdict {
	if err != nil {
		return odd
	}
	switch c.operator.Test {
	case iampolicy.NumericLessThan, iampolicy.DateLessThan:
		return verdictOf(order < 0)
	case iampolicy.NumericLessThanEquals, iampolicy.DateLessThanEquals:
		return verdictOf(order <= 0)
	case iampolicy.NumericGreaterThan, iampolicy.DateGreaterThan:
		return verdictOf(order > 0)
	case iampolicy.NumericGreaterThanEquals, iampolicy.DateGreaterThanEquals:
		return verdictOf(order >= 0)
	default:
		return verdictOf(order == 0)
	}
}

func equal(same bool, err error) verdict {
	if err != nil {
		return odd
	}
	return verdictOf(same)
}
