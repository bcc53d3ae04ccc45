package arn

import (
	"strings"
	"unicode/utf8"
)

// Glob reports whether s, the whole of it, matches pattern, in which `*` stands for any run of characters (none
// included) and `?` for exactly one. Case matters. There is no escape: use a Pattern where a value is to be matched
// literally.
//
// A run between two stars is looked for once, leftmost, and never again: the work is bounded by the length of s times
// the length of the longest run that holds a `?`, and by the length of s where none does.
func Glob(pattern, s string) bool { return glob(pattern, s, '*', '?') }

// glob matches with the given wildcard bytes. The run before the first star is anchored at the start of s, the run after
// the last one at its end, and each run between is taken at its leftmost place: what remains for later runs can only be
// shorter by taking it further right.
func glob(pattern, s string, many, one byte) bool {
	star := strings.IndexByte(pattern, many)
	if star < 0 {
		n, ok := prefix(pattern, s, one)
		return ok && n == len(s)
	}
	n, ok := prefix(pattern[:star], s, one)
	if !ok {
		return false
	}
	pattern, s = pattern[star+1:], s[n:]
	for {
		star = strings.IndexByte(pattern, many)
		if star < 0 {
			return suffix(pattern, s, one)
		}
		end := find(pattern[:star], s, one)
		if end < 0 {
			return false
		}
		pattern, s = pattern[star+1:], s[end:]
	}
}

// prefix matches run, which holds no star, at the start of s, and returns how many bytes of s it took.
func prefix(run, s string, one byte) (int, bool) {
	at := 0
	for i := 0; i < len(run); i++ {
		if at == len(s) {
			return 0, false
		}
		switch {
		case run[i] == one:
			_, size := utf8.DecodeRuneInString(s[at:])
			at += size
		case run[i] == s[at]:
			at++
		default:
			return 0, false
		}
	}
	return at, true
}

// suffix reports whether run, which holds no star, matches the end of s.
func suffix(run, s string, one byte) bool {
	if strings.IndexByte(run, one) < 0 {
		return strings.HasSuffix(s, run)
	}
	at := len(s)
	for i := len(run) - 1; i >= 0; i-- {
		if at == 0 {
			return false
		}
		switch {
		case run[i] == one:
			_, size := utf8.DecodeLastRuneInString(s[:at])
			at -= size
		case run[i] == s[at-1]:
			at--
		default:
			return false
		}
	}
	return true
}

// find returns the end of the leftmost place in s that run, which holds no star, matches, or -1.
func find(run, s string, one byte) int {
	if strings.IndexByte(run, one) < 0 {
		i := strings.Index(s, run)
		if i < 0 {
			return -1
		}
		return i + len(run)
	}
	for at := 0; at <= len(s); {
		if n, ok := prefix(run, s[at:], one); ok {
			return at + n
		}
		if at == len(s) {
			return -1
		}
		_, size := utf8.DecodeRuneInString(s[at:])
		at += size
	}
	return -1
}
