package arn_test

import (
	"strings"
	"testing"

	"github.com/pullpass/pullpass/arn"
)

func TestGlob(t *testing.T) {
	tests := map[string]struct {
		pattern, text string
		want          bool
	}{
		"text matches itself":                       {"abc", "abc", true},
		"text does not match a longer one":          {"abc", "abcd", false},
		"text does not match a shorter one":         {"abc", "ab", false},
		"case matters":                              {"ABC", "abc", false},
		"a star matches nothing":                    {"*", "", true},
		"a star matches anything":                   {"*", "a:b/c", true},
		"the empty pattern matches nothing else":    {"", "a", false},
		"a star in the middle":                      {"a*c", "abbc", true},
		"a star at the end":                         {"a*", "a", true},
		"a star at the start":                       {"*c", "abc", true},
		"start and end may not overlap":             {"ab*bc", "abc", false},
		"runs may not overlap":                      {"*aba*aba*", "ababa", false},
		"runs one after the other":                  {"*aba*aba*", "abaaba", true},
		"the last run is anchored at the end":       {"*ab", "abac", false},
		"the last run may come again before":        {"a*b", "abab", true},
		"a question mark is one character":          {"a?c", "abc", true},
		"a question mark is not nothing":            {"a?c", "ac", false},
		"a question mark is a whole rune":           {"a?c", "aéc", true},
		"two question marks are not one rune":       {"a??c", "aéc", false},
		"question marks at the end behind a star":   {"*.t??", "x.t.txt", true},
		"question marks between stars":              {"*a?c*", "xxabxabcx", true},
		"question marks between stars not found":    {"*a?c*", "xxabxabxx", false},
		"two stars are one":                         {"a**b", "ab", true},
		"a star and a question mark want one":       {"*?", "", false},
		"a literal run that is longer than the end": {"*abc", "bc", false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if got := arn.Glob(test.pattern, test.text); got != test.want {
				t.Errorf("Glob(%q, %q) = %v", test.pattern, test.text, got)
			}
		})
	}
}

func TestPattern(t *testing.T) {
	const repository = "arn:aws:ecr:us-west-2:346438352937:repository/a/b"
	const stream = "arn:aws:logs:us-west-2:111111111111:log-group:g:log-stream:s"
	tests := map[string]struct {
		pattern, text               string
		match, components, resource bool
	}{
		"the same text":                             {repository, repository, true, true, true},
		"a star for one component":                  {"arn:aws:ecr:*:346438352937:repository/*", repository, true, true, true},
		"a star alone":                              {"*", repository, true, false, true},
		"an ARN cut short":                          {"arn:aws:ecr:*", repository, true, false, true},
		"a star at a component's end over colons":   {"arn:aws:logs:us-*:log-group:g:log-stream:s", stream, true, false, true},
		"a star within a component over colons":     {"arn:aws:logs:us-*2:x:log-group:g*", "arn:aws:logs:us-west-2:2:x:log-group:g", true, false, false},
		"a star over colons within the resource":    {"arn:aws:logs:*:*:log-group:*:s", stream, true, true, true},
		"a question mark is no colon":               {"arn:aws:ec?:us-west-2?346438352937:x:repository/a/b", "arn:aws:ecr:us-west-2:346438352937:x:repository/a/b", true, false, false},
		"a second star takes what the first cannot": {"arn:aws:logs:*:*:s", "arn:aws:logs:a:b:c:d:s", true, false, true},
		"no place for the end":                      {"arn:aws:logs:*:*:t", "arn:aws:logs:a:b:c:d:s", false, false, false},
		"another service":                           {"arn:aws:s3:::*", repository, false, false, false},
		"fewer components than the pattern":         {"arn:aws:s3:::b*:c", "arn:aws:s3", false, false, false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			p := arn.NewPattern(test.pattern)
			got := [3]bool{p.Match(test.text), p.MatchComponents(test.text), p.MatchResource(test.text)}
			if want := [3]bool{test.match, test.components, test.resource}; got != want {
				t.Errorf("%q with %q: text, components, resource %v; want %v", test.pattern, test.text, got, want)
			}
		})
	}
}

func TestLiteralsInPatterns(t *testing.T) {
	p := arn.NewPattern("home/?").Append(arn.Literally("*?")).Append(arn.NewPattern("/*"))
	if !p.Match("home/x*?/y") {
		t.Error("the literal part does not match itself")
	}
	if p.Match("home/xab/y") {
		t.Error("the literal part matches as a wildcard")
	}
	if arn.Literally("\xff").Append(arn.NewPattern("*")).Match("anything") {
		t.Error("a byte that is no character was taken for a wildcard")
	}
	var zero arn.Pattern
	if !zero.Match("") || zero.Match("x") {
		t.Error("the zero Pattern matches more than nothing")
	}
}

// reference is the plain dynamic program over runes: slow, and easy to see right.
func reference(pattern, text string) bool {
	s := []rune(text)
	row := make([]bool, len(s)+1)
	row[0] = true
	for _, c := range pattern {
		next := make([]bool, len(s)+1)
		next[0] = row[0] && c == '*'
		for j := range s {
			switch c {
			case '*':
				next[j+1] = next[j] || row[j+1]
			case '?':
				next[j+1] = row[j]
			default:
				next[j+1] = row[j] && c == s[j]
			}
		}
		row = next
	}
	return row[len(s)]
}

// referenceResource tries each place at which an asterisk at the end of a component can stop, one by one.
func referenceResource(components []string, text string) bool {
	first := components[0]
	if len(components) == 1 {
		return reference(first, text)
	}
	have, rest, ok := strings.Cut(text, ":")
	if !ok || !reference(first, have) {
		return false
	}
	for {
		if referenceResource(components[1:], rest) {
			return true
		}
		if _, rest, ok = strings.Cut(rest, ":"); !ok || !strings.HasSuffix(first, "*") {
			return false
		}
	}
}

func FuzzGlob(f *testing.F) {
	f.Add("*a*a*a*b", strings.Repeat("a", 20))
	f.Add("arn:aws:ecr:*:346438352937:repository/*", "arn:aws:ecr:us-west-2:346438352937:repository/a")
	f.Add("a?c*é?", "abcéé")
	f.Add("arn:aws:logs:*:*:s", "arn:aws:logs:a:b:c:d:s")
	f.Add("a*:b:?*c", "a:b:b:ac:b:cc")
	f.Add("a*:b:?c*d", "ab:b:xd:b:xcd")
	f.Add("a*:b*:c?:?", "a:b:c1:b:c1:x:b:cé:y")
	f.Fuzz(func(t *testing.T, pattern, text string) {
		pattern, text = strings.ToValidUTF8(pattern, "x"), strings.ToValidUTF8(text, "x")
		if len(pattern) > 300 || len(text) > 300 {
			return
		}
		got, want := arn.Glob(pattern, text), reference(pattern, text)
		if got != want {
			t.Errorf("Glob(%q, %q) = %v", pattern, text, got)
		}
		p := arn.NewPattern(pattern)
		if p.Match(text) != want {
			t.Errorf("Pattern %q matches %q: %v", pattern, text, !want)
		}
		// Each stricter way of matching matches less.
		if p.MatchComponents(text) && !p.MatchResource(text) || p.MatchResource(text) && !want {
			t.Errorf("%q with %q: components %v, resource %v, text %v", pattern, text,
				p.MatchComponents(text), p.MatchResource(text), want)
		}
		if got, want := p.MatchResource(text), referenceResource(strings.SplitN(pattern, ":", 6), text); got != want {
			t.Errorf("%q matches the resource %q: %v", pattern, text, got)
		}
		if got := arn.Literally(pattern).Match(text); got != (pattern == text) {
			t.Errorf("literal %q matches %q: %v", pattern, text, got)
		}
	})
}

func BenchmarkGlob(b *testing.B) {
	long := strings.Repeat("a", 10_000)
	for name, pattern := range map[string]string{
		"stars":          "*a*a*a*b",
		"long run":       "*" + strings.Repeat("a", 5_000) + "b*",
		"question marks": "*a?a?a?b*",
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if arn.Glob(pattern, long) {
					b.Fatal("matched")
				}
			}
		})
	}
}

// BenchmarkMatchResource has resources of 10 kB that nearly match wherever an asterisk may stop. Each takes less than a
// millisecond; a search from every colon to the end would take a hundred.
func BenchmarkMatchResource(b *testing.B) {
	for name, pattern := range map[string]string{
		"a star at the end of each component": "arn:aws:s3*:*:*:*q?a*",
		"a component that is nowhere":         "arn:*:x:*",
		"a name that is nowhere":              "arn:aws:s3:*:*:x?*q",
	} {
		b.Run(name, func(b *testing.B) {
			p, resource := arn.NewPattern(pattern), "arn:aws:s3:::"+strings.Repeat("y:", 5_000)
			for b.Loop() {
				if p.MatchResource(resource) {
					b.Fatal("matched")
				}
			}
		})
	}
}
