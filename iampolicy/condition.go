package iampolicy

import (
	"encoding/base64"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/pullpass/pullpass/internal/strictjson"
)

// conditions reads a Condition block: operators, each an object of keys, each a value or a list of values.
func (p *parser) conditions(m member) ([]Condition, error) {
	if m.Kind() != strictjson.Object {
		return nil, p.errorf(m.Offset(), "", "Condition must be an object")
	}
	var out []Condition
	for block := range m.Members() {
		operator, ok := ParseOperator(block.Name)
		if !ok {
			return nil, p.errorf(block.NameOffset, "names of operators are written as StringEquals; case matters",
				"unknown condition operator %q", block.Name)
		}
		if block.Kind() != strictjson.Object {
			return nil, p.errorf(block.Offset(), "", "%s must be an object of condition keys", block.Name)
		}
		tests, err := p.tests(operator, block)
		if err != nil {
			return nil, err
		}
		out = append(out, tests...)
	}
	return out, nil
}

func (p *parser) tests(operator Operator, block member) ([]Condition, error) {
	var out []Condition
	seen := make(map[string]bool)
	for key := range block.Members() {
		name := strings.ToLower(key.Name)
		if name == "" || seen[name] {
			return nil, p.errorf(key.NameOffset, "names of keys do not differ by case",
				"condition key %q is empty or given twice", key.Name)
		}
		seen[name] = true
		values, err := p.values(operator.Test, key)
		if err != nil {
			return nil, err
		}
		out = append(out, Condition{Operator: operator, Key: key.Name, Values: values})
	}
	return out, nil
}

func (p *parser) values(test Test, key member) ([]string, error) {
	out := make([]string, 0, max(key.Len(), 1))
	for item := range key.OneOrMore() {
		s, ok := item.Scalar()
		if !ok {
			return nil, p.errorf(item.Offset(), "", "a value of %q must be a string, a number or a boolean", key.Name)
		}
		if !fits(test, s) {
			return nil, p.errorf(item.Offset(), "", "%s cannot compare with %q", test, s)
		}
		out = append(out, s)
	}
	return out, nil
}

// fits reports whether s is of the type that test compares. Policy variables are for strings, ARNs and booleans only
// (reference_policies_elements_condition_operators.html), so that no other value needs to wait for the request.
func fits(test Test, s string) bool {
	var err error
	switch test {
	case NumericEquals, NumericNotEquals, NumericLessThan, NumericLessThanEquals, NumericGreaterThan,
		NumericGreaterThanEquals:
		_, err = ParseNumber(s)
	case DateEquals, DateNotEquals, DateLessThan, DateLessThanEquals, DateGreaterThan, DateGreaterThanEquals:
		_, err = ParseDate(s)
	case Bool, Null:
		if test == Bool && strings.Contains(s, "${") {
			return true
		}
		return strings.EqualFold(s, "true") || strings.EqualFold(s, "false")
	case BinaryEquals:
		_, err = base64.StdEncoding.DecodeString(s)
	case IPAddress, NotIPAddress:
		_, err = ParsePrefix(s)
	case StringEquals, StringNotEquals, StringEqualsIgnoreCase, StringNotEqualsIgnoreCase, StringLike, StringNotLike,
		ARNEquals, ARNLike, ARNNotEquals, ARNNotLike:
	}
	return err == nil
}

// ParseNumber reads an integer or decimal number of a condition.
func ParseNumber(s string) (float64, error) {
	if strings.Trim(s, "0123456789+-.eE") != "" {
		return 0, strconv.ErrSyntax // what Go alone takes for a number: NaN, infinities, hexadecimals
	}
	return strconv.ParseFloat(s, 64)
}

// ParseDate reads a date of a condition: a W3C profile of ISO 8601, from a year alone to a time with a fraction and a
// zone (UTC where there is none), or seconds since 1970 (reference_policies_elements_condition_operators.html
// #Conditions_Date).
func ParseDate(s string) (time.Time, error) {
	for _, layout := range []string{
		time.RFC3339Nano, "2006-01-02T15:04:05", "2006-01-02T15:04Z07:00", "2006-01-02T15:04", time.DateOnly, "2006-01", "2006",
	} {
		if t, err := time.Parse(layout, s); err == nil {
			return t, nil
		}
	}
	seconds, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		return time.Time{}, err
	}
	return time.Unix(seconds, 0), nil
}

// ParsePrefix reads the value of an IP address operator: an address range, or one address
// (reference_policies_elements_condition_operators.html#Conditions_IPAddress). The bits behind the prefix may be set. The
// document has /32 as the default prefix; for an IPv6 address this takes the 128 that mean the same. A range of IPv4 addresses
// in their IPv6 form (RFC 4291, section 2.5.5.2) is the range of those addresses, as ParseAddress has them.
func ParsePrefix(s string) (netip.Prefix, error) {
	if !strings.Contains(s, "/") {
		addr, err := ParseAddress(s)
		if err != nil {
			return netip.Prefix{}, err
		}
		return netip.PrefixFrom(addr, addr.BitLen()), nil
	}
	prefix, err := netip.ParsePrefix(s)
	const mapped = 96 // the bits before the IPv4 address
	if addr := prefix.Addr(); addr.Is4In6() && prefix.Bits() >= mapped {
		prefix = netip.PrefixFrom(addr.Unmap(), prefix.Bits()-mapped)
	}
	return prefix.Masked(), err
}

// ParseAddress reads an address of a request. An IPv4 address in its IPv6 form is that IPv4 address. One with a zone is
// refused: it says nothing outside the machine that it comes from.
func ParseAddress(s string) (netip.Addr, error) {
	addr, err := netip.ParseAddr(s)
	if err == nil && addr.Zone() != "" {
		return netip.Addr{}, strconv.ErrSyntax
	}
	return addr.Unmap(), err
}
