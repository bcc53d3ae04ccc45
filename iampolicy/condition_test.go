package iampolicy_test

import (
	"testing"
	"time"

	"github.com/pullpass/pullpass/iampolicy"
)

func TestOperators(t *testing.T) {
	for _, text := range []string{"StringEquals", "ForAllValues:ArnNotLikeIfExists", "ForAnyValue:NotIpAddress", "Null", "BinaryEqualsIfExists"} {
		o, ok := iampolicy.ParseOperator(text)
		if !ok || o.String() != text {
			t.Errorf("ParseOperator(%q) = %v, %v", text, o, ok)
		}
	}
	for _, text := range []string{"", "IfExists", "NullIfExists", "stringEquals", "ForAllValues:", "ForSomeValues:Bool", "StringEqualsIfExistsIfExists"} {
		if o, ok := iampolicy.ParseOperator(text); ok {
			t.Errorf("ParseOperator(%q) = %v; want none", text, o)
		}
	}
}

func TestParseDate(t *testing.T) {
	for text, want := range map[string]string{
		"2020":                      "2020-01-01T00:00:00Z",
		"2020-02":                   "2020-02-01T00:00:00Z",
		"2020-02-03":                "2020-02-03T00:00:00Z",
		"2020-02-03T04:05Z":         "2020-02-03T04:05:00Z",
		"2020-02-03T04:05:06":       "2020-02-03T04:05:06Z",
		"2020-02-03T04:05:06+01:00": "2020-02-03T03:05:06Z",
		"2020-02-03T04:05:06.789Z":  "2020-02-03T04:05:06.789Z",
		"1580702706":                "2020-02-03T04:05:06Z",
	} {
		got, err := iampolicy.ParseDate(text)
		if err != nil || got.UTC().Format(time.RFC3339Nano) != want {
			t.Errorf("ParseDate(%q) = %v, %v; want %s", text, got.UTC(), err, want)
		}
	}
	if got, err := iampolicy.ParseDate("2020-02-30"); err == nil {
		t.Errorf("a day that there is not gave %v", got)
	}
}

func TestParsePrefix(t *testing.T) {
	for text, want := range map[string]string{
		"203.0.113.7":    "203.0.113.7/32",
		"203.0.113.7/24": "203.0.113.0/24",
		"2001:DB8::1":    "2001:db8::1/128",
		"2001:DB8::/32":  "2001:db8::/32",

		"::ffff:203.0.113.7":     "203.0.113.7/32",
		"::ffff:203.0.113.7/120": "203.0.113.0/24",
		"::ffff:203.0.113.7/95":  "::fffe:0:0/95",
	} {
		if got, err := iampolicy.ParsePrefix(text); err != nil || got.String() != want {
			t.Errorf("ParsePrefix(%q) = %v, %v; want %s", text, got, err, want)
		}
	}
	for _, text := range []string{"", "203.0.113", "203.0.113.0/33", "203.0.113.*", "/8", "fe80::1%eth0", "fe80::%eth0/10"} {
		if got, err := iampolicy.ParsePrefix(text); err == nil {
			t.Errorf("ParsePrefix(%q) = %v; want an error", text, got)
		}
	}
}
