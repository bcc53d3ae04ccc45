package cases

import (
	"strings"

	"github.com/pullpass/pullpass/iampolicy"
)

func (m *maker) conditions(s *iampolicy.Statement) {
	for m.chance(38) && len(s.Conditions) < 3 {
		c := m.condition()
		if !taken(s.Conditions, c) {
			s.Conditions = append(s.Conditions, c)
		}
	}
}

// taken reports whether the operator already tests the key, which the language has no way to write twice.
func taken(conditions []iampolicy.Condition, c iampolicy.Condition) bool {
	for _, other := range conditions {
		if other.Operator == c.Operator && strings.EqualFold(other.Key, c.Key) {
			return true
		}
	}
	return false
}

// condition tests a key that the action or the request supports, whether the request has it or not.
func (m *maker) condition() iampolicy.Condition {
	k := pick(m, m.keys)
	if m.c.Value(k.name) == nil && m.chance(40) {
		k = pick(m, m.keys)
	}
	c := iampolicy.Condition{Key: k.name, Operator: iampolicy.Operator{Test: m.test(k)}}
	if m.chance(5) {
		c.Key = m.otherCase(c.Key)
	}
	m.affixes(&c, k)
	for n := 1 + m.IntN(2); n > 0; n-- {
		c.Values = append(c.Values, m.operand(c.Operator.Test, k))
	}
	if m.chance(15) {
		c.Values = append(c.Values, m.operand(c.Operator.Test, k))
	}
	return c
}

// affixes adds a set operator, which keys of several values need and others had better not have, and IfExists.
func (m *maker) affixes(c *iampolicy.Condition, k key) {
	set := 6
	if k.kind == strs {
		set = 92
	}
	if c.Operator.Test == iampolicy.Null {
		return
	}
	if m.chance(set) {
		c.Operator.Qualifier = pick(m, []iampolicy.Qualifier{iampolicy.ForAllValues, iampolicy.ForAnyValue})
	}
	c.Operator.IfExists = m.chance(22)
}

// test picks an operator for the type of a key, or now and then one that is made for strings.
func (m *maker) test(k key) iampolicy.Test {
	text := []iampolicy.Test{
		iampolicy.StringEquals, iampolicy.StringEquals, iampolicy.StringNotEquals, iampolicy.StringEqualsIgnoreCase,
		iampolicy.StringNotEqualsIgnoreCase, iampolicy.StringLike, iampolicy.StringLike, iampolicy.StringNotLike,
	}
	if m.chance(9) {
		return iampolicy.Null
	}
	switch k.kind {
	case arns:
		if m.chance(75) {
			return pick(m, []iampolicy.Test{iampolicy.ARNEquals, iampolicy.ARNLike, iampolicy.ARNLike, iampolicy.ARNNotEquals, iampolicy.ARNNotLike})
		}
	case number:
		return pick(m, []iampolicy.Test{
			iampolicy.NumericEquals, iampolicy.NumericNotEquals, iampolicy.NumericLessThan, iampolicy.NumericLessThanEquals,
			iampolicy.NumericGreaterThan, iampolicy.NumericGreaterThanEquals,
		})
	case date:
		return pick(m, []iampolicy.Test{
			iampolicy.DateEquals, iampolicy.DateNotEquals, iampolicy.DateLessThan, iampolicy.DateLessThanEquals,
			iampolicy.DateGreaterThan, iampolicy.DateGreaterThanEquals,
		})
	case boolean:
		if m.chance(85) {
			return iampolicy.Bool
		}
	case ip:
		return pick(m, []iampolicy.Test{iampolicy.IPAddress, iampolicy.NotIPAddress})
	case str:
		if strings.HasSuffix(strings.ToLower(k.name), "agent") || strings.HasSuffix(k.name, "referer") {
			if m.chance(50) {
				return iampolicy.BinaryEquals
			}
		}
	case strs:
	}
	return pick(m, text)
}

// operand makes a value to compare with: what the request has in one of two cases, else something close to it.
func (m *maker) operand(t iampolicy.Test, k key) string {
	value := pick(m, k.values)
	if has := m.c.Value(k.name); len(has) > 0 && m.chance(60) {
		value = pick(m, has)
	}
	switch t {
	case iampolicy.Null:
		return pick(m, []string{"true", "false", "false", "True"})
	case iampolicy.Bool:
		return pick(m, []string{"true", "false", "True", value})
	case iampolicy.BinaryEquals:
		return pick(m, []string{"YmFzZTY0", "YWJj", "eHl6"})
	case iampolicy.IPAddress, iampolicy.NotIPAddress:
		return pick(m, []string{
			value, value, "203.0.113.0/24", "203.0.113.7/32", "203.0.113.8/29", "10.0.0.0/8", "10.0.0.0/31", "0.0.0.0/0",
			"10.1.2.3/8", "2001:db8::/32", "2001:db8::2", "::/0", "2001:db8::1/128", "198.51.100.1",
		})
	case iampolicy.NumericEquals, iampolicy.NumericNotEquals, iampolicy.NumericLessThan, iampolicy.NumericLessThanEquals,
		iampolicy.NumericGreaterThan, iampolicy.NumericGreaterThanEquals:
		return pick(m, []string{value, value, "0", "1", "10", "300", "1.20", "-1", "1000.5", "3600"})
	case iampolicy.DateEquals, iampolicy.DateNotEquals, iampolicy.DateLessThan, iampolicy.DateLessThanEquals,
		iampolicy.DateGreaterThan, iampolicy.DateGreaterThanEquals:
		return pick(m, []string{
			value, value, "2026-03-01T12:00:00Z", "2026-03-01T12:00:01Z", "2026-03-01T13:00:00+01:00", "2026-03-01", "2026-01",
			"2026-03-01T12:00Z", "1772366400", "2020-01-01T00:00:00Z", "2030-12-31T23:59:59.999Z",
		})
	case iampolicy.ARNEquals, iampolicy.ARNLike, iampolicy.ARNNotEquals, iampolicy.ARNNotLike:
		return m.arnOperand(value)
	default:
		return m.textOperand(value)
	}
}

func (m *maker) arnOperand(value string) string {
	parts := strings.SplitN(value, ":", 6)
	if len(parts) < 6 {
		parts = strings.SplitN("arn:aws:iam::111122223333:user/alice", ":", 6)
	}
	if m.chance(50) {
		m.narrow(parts)
	}
	if m.chance(35) {
		m.miss(parts)
	}
	return strings.Join(parts, ":")
}

func (m *maker) textOperand(value string) string {
	switch m.IntN(12) {
	case 0, 1, 2, 3:
		return value
	case 4:
		if value != "" {
			return m.otherCase(value)
		}
	case 5, 6:
		return m.wild(value)
	case 7:
		return m.wild(m.wild(value)) + pick(m, []string{"", "x", "?"})
	case 8, 9:
		return m.variable(value + pick(m, []string{"", "/x"}))
	case 10:
		return pick(m, []string{"*", "?*", "", "${*}", "x", "a b", "$"})
	}
	return pick(m, pick(m, m.keys).values)
}
