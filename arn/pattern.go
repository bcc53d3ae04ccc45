package arn

import "strings"

// The bytes that stand for wildcards inside a Pattern occur in no UTF-8 text, so that no literal can be taken for one.
const (
	anyRun  = '\xff'
	anyChar = '\xfe'
)

// A Pattern is text with wildcards in which literal asterisks and question marks can stand too. The zero Pattern
// matches the empty string. It is built from NewPattern, Literally and Append.
type Pattern struct {
	text string
	wild bool
}

// NewPattern takes `*` and `?` in text as wildcards.
func NewPattern(text string) Pattern {
	text = clean(text)
	if !strings.ContainsAny(text, "*?") {
		return Pattern{text: text}
	}
	encoded := []byte(text)
	for i, c := range encoded {
		switch c {
		case '*':
			encoded[i] = anyRun
		case '?':
			encoded[i] = anyChar
		}
	}
	return Pattern{text: string(encoded), wild: true}
}

// Literally returns the Pattern that matches text alone, whatever its characters.
func Literally(text string) Pattern { return Pattern{text: clean(text)} }

// Append returns the pattern that matches what p matches followed by what q matches.
func (p Pattern) Append(q Pattern) Pattern {
	return Pattern{text: p.text + q.text, wild: p.wild || q.wild}
}

// Any reports whether p is a single `*`, which matches everything.
func (p Pattern) Any() bool { return p.text == string([]byte{anyRun}) }

// Match reports whether p matches the whole of s; a wildcard stands for any characters.
func (p Pattern) Match(s string) bool {
	if !p.wild {
		return p.text == s
	}
	return glob(p.text, s, anyRun, anyChar)
}

// MatchComponents matches as the condition operators ArnEquals and ArnLike do: each of the six components of an ARN on
// its own, so that no wildcard reaches past a colon, save in the resource, which may hold colons itself
// (reference_policies_elements_condition_operators.html#Conditions_ARN).
func (p Pattern) MatchComponents(s string) bool {
	if !p.wild {
		return p.text == s
	}
	pattern := p.text
	for range 5 {
		want, restOfPattern, ok := strings.Cut(pattern, ":")
		if !ok {
			return false
		}
		have, rest, ok := strings.Cut(s, ":")
		if !ok || !glob(want, have, anyRun, anyChar) {
			return false
		}
		pattern, s = restOfPattern, rest
	}
	return glob(pattern, s, anyRun, anyChar)
}

// MatchResource matches as the Resource element of a policy does: a wildcard stays within its component of the ARN
// unless it is an asterisk at the component's end, which "can expand to match beyond the colon boundaries"
// (reference_policies_elements_resource.html).
func (p Pattern) MatchResource(s string) bool {
	if !p.wild {
		return p.text == s
	}
	// This is glob one level up: components take the place of characters, one with a star at its end that of a star. As
	// there, going back to the last such star is enough.
	pattern, component := p.text, 1
	resume, resumeAt, retry, canRetry := "", 0, "", false
	for {
		want, restOfPattern, more := strings.Cut(pattern, ":")
		if !more || component == 6 {
			if matched, final := matchEnd(pattern, s); final {
				return matched
			}
		} else if have, rest, ok := strings.Cut(s, ":"); ok && glob(want, have, anyRun, anyChar) {
			pattern, s = restOfPattern, rest
			component++
			if strings.HasSuffix(want, string([]byte{anyRun})) {
				resume, resumeAt, retry, canRetry = pattern, component, rest, true
			}
			continue
		}
		if !canRetry {
			return false
		}
		_, rest, ok := strings.Cut(retry, ":")
		if !ok {
			return false
		}
		retry, pattern, s, component = rest, resume, rest, resumeAt
	}
}

// matchEnd matches the rest of a pattern. The answer is final if it matches, and if a star was reached: what does not
// match behind a star does not match in the shorter text of a later start either, so that a long text is searched once.
func matchEnd(pattern, s string) (matched, final bool) {
	if glob(pattern, s, anyRun, anyChar) {
		return true, true
	}
	star := strings.IndexByte(pattern, anyRun)
	if star < 0 {
		return false, false
	}
	_, reached := prefix(pattern[:star], s, anyChar)
	return false, reached
}

func clean(s string) string { return strings.ToValidUTF8(s, "\uFFFD") }
