package iampolicy

import "strings"

// A Test is what a condition operator compares, without its affixes.
type Test int

// The tests (reference_policies_elements_condition_operators.html).
const (
	StringEquals Test = iota + 1
	StringNotEquals
	StringEqualsIgnoreCase
	StringNotEqualsIgnoreCase
	StringLike
	StringNotLike
	NumericEquals
	NumericNotEquals
	NumericLessThan
	NumericLessThanEquals
	NumericGreaterThan
	NumericGreaterThanEquals
	DateEquals
	DateNotEquals
	DateLessThan
	DateLessThanEquals
	DateGreaterThan
	DateGreaterThanEquals
	Bool
	BinaryEquals
	IPAddress
	NotIPAddress
	ARNEquals
	ARNLike
	ARNNotEquals
	ARNNotLike
	Null
)

// String returns the test's name in a policy; the zero Test has none.
func (t Test) String() string {
	names := [...]string{
		StringEquals:              "StringEquals",
		StringNotEquals:           "StringNotEquals",
		StringEqualsIgnoreCase:    "StringEqualsIgnoreCase",
		StringNotEqualsIgnoreCase: "StringNotEqualsIgnoreCase",
		StringLike:                "StringLike",
		StringNotLike:             "StringNotLike",
		NumericEquals:             "NumericEquals",
		NumericNotEquals:          "NumericNotEquals",
		NumericLessThan:           "NumericLessThan",
		NumericLessThanEquals:     "NumericLessThanEquals",
		NumericGreaterThan:        "NumericGreaterThan",
		NumericGreaterThanEquals:  "NumericGreaterThanEquals",
		DateEquals:                "DateEquals",
		DateNotEquals:             "DateNotEquals",
		DateLessThan:              "DateLessThan",
		DateLessThanEquals:        "DateLessThanEquals",
		DateGreaterThan:           "DateGreaterThan",
		DateGreaterThanEquals:     "DateGreaterThanEquals",
		Bool:                      "Bool",
		BinaryEquals:              "BinaryEquals",
		IPAddress:                 "IpAddress",
		NotIPAddress:              "NotIpAddress",
		ARNEquals:                 "ArnEquals",
		ARNLike:                   "ArnLike",
		ARNNotEquals:              "ArnNotEquals",
		ARNNotLike:                "ArnNotLike",
		Null:                      "Null",
	}
	if t < 0 || int(t) >= len(names) {
		return ""
	}
	return names[t]
}

// Negated reports whether the test is the negation of another: it holds where no value is equal, so also where the
// request lacks the key.
func (t Test) Negated() bool {
	switch t {
	case StringNotEquals, StringNotEqualsIgnoreCase, StringNotLike, NumericNotEquals, DateNotEquals, NotIPAddress,
		ARNNotEquals, ARNNotLike:
		return true
	default:
		return false
	}
}

// A Qualifier says how a test applies to a key that has several values in a request.
type Qualifier int

// The qualifiers (reference_policies_condition-single-vs-multi-valued-context-keys.html).
const (
	Single       Qualifier = iota
	ForAllValues           // holds if every value of the request passes, so also if there is none
	ForAnyValue            // holds if one value of the request passes
)

// An Operator is a condition operator with its affixes.
type Operator struct {
	Qualifier Qualifier
	Test      Test
	IfExists  bool // holds where the request lacks the key
}

// String prints the operator as a policy spells it, such as ForAnyValue:StringLikeIfExists.
func (o Operator) String() string {
	s := o.Test.String()
	switch o.Qualifier {
	case Single:
	case ForAllValues:
		s = "ForAllValues:" + s
	case ForAnyValue:
		s = "ForAnyValue:" + s
	}
	if o.IfExists {
		s += "IfExists"
	}
	return s
}

// ParseOperator reads a condition operator; ok is false if there is no such operator. Null takes no IfExists.
func ParseOperator(s string) (o Operator, ok bool) {
	if rest, found := strings.CutPrefix(s, "ForAllValues:"); found {
		o.Qualifier, s = ForAllValues, rest
	} else if rest, found := strings.CutPrefix(s, "ForAnyValue:"); found {
		o.Qualifier, s = ForAnyValue, rest
	}
	s, o.IfExists = strings.CutSuffix(s, "IfExists")
	for t := StringEquals; t <= Null; t++ {
		if t.String() == s {
			o.Test = t
			return o, t != Null || !o.IfExists
		}
	}
	return Operator{}, false
}
