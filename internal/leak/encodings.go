package leak

import (
	"bytes"
	"strconv"
	"unicode/utf8"

	"github.com/pullpass/pullpass/internal/hallmark"
)

// The shortest that encodes enough of a token.
const (
	minBase64 = (hallmark.HeadLength*4 + 2) / 3
	minHex    = hallmark.HeadLength * 2
)

// base64 gives what every stretch of base64 may encode. It may begin within what is taken for a stretch, so that each of
// the four ways to divide it into groups is tried.
func (t text) base64(give func(text)) {
	t.stretches(isBase64, minBase64, func(s text) {
		for shift := range 4 {
			give(s.inside("base64", unpack(nil, s.chars[shift:]),
				func(i int) int { return shift + i*4/3 },
				func(i int) int { return shift + (i*4+2)/3 }))
		}
	})
}

// hex gives what every stretch of hexadecimal digits may encode.
func (t text) hex(give func(text)) {
	t.stretches(isHex, minHex, func(s text) {
		for shift := range 2 {
			digits := s.chars[shift:]
			chars := make([]byte, len(digits)/2)
			for i := range chars {
				chars[i] = nibble(digits[2*i])<<4 | nibble(digits[2*i+1])
			}
			give(s.inside("hexadecimal", chars, func(i int) int { return shift + 2*i }, func(i int) int { return shift + 2*i }))
		}
	})
}

// stretches gives what a text has of an alphabet, in stretches of a length at least. Line breaks, and what indents the
// next line, are passed over: tools wrap base64.
func (t text) stretches(alphabet class, least int, give func(text)) {
	var chars []byte
	var at []int // of each in t
	end := func() {
		if places := at; len(chars) >= least {
			give(t.inside("", chars, func(i int) int { return places[i] }, func(i int) int { return places[i-1] + 1 }))
			chars, at = nil, nil // they are kept by what was given
		}
		chars, at = chars[:0], at[:0]
	}
	for i := 0; i < len(t.chars); i++ {
		switch c := t.chars[i]; {
		case classOf(c)&alphabet != 0:
			chars, at = append(chars, c), append(at, i)
		case len(chars) > 0 && (c == '\n' || c == '\r'):
			i += len(t.chars[i:]) - len(bytes.TrimLeft(t.chars[i:], "\r\n \t")) - 1
		default:
			end()
		}
	}
	end()
}

// unescaped is a text without its escapes, and whether it has any.
func (t text) unescaped() (plain text, escaped bool) {
	if bytes.IndexByte(t.chars, '%') < 0 && bytes.IndexByte(t.chars, '\\') < 0 && !bytes.Contains(t.chars, []byte("&#")) {
		return text{}, false
	}
	chars := make([]byte, 0, len(t.chars))
	at := make([]int, 0, len(t.chars)+1)
	for i := 0; i < len(t.chars); {
		char, size := unescape(t.chars[i:])
		escaped = escaped || size > 1
		chars, at = append(chars, char), append(at, i)
		i += size
	}
	at = append(at, len(t.chars))
	place := func(i int) int { return at[i] }
	return t.inside("escapes", chars, place, place), escaped
}

// unescape returns the character that a text begins with, and how many characters stand for it: percent encoding
// (RFC 3986 section 2.1), the escapes of JSON (RFC 8259 section 7) and Go, and the decimal or hexadecimal character
// references of XML 1.0 (section 4.1). No character beyond ASCII is of interest.
func unescape(s []byte) (char byte, size int) {
	switch {
	case s[0] == '%':
		return number(s, 1, 2, 16, 3)
	case s[0] == '\\' && len(s) > 1:
		return backslash(s)
	case bytes.HasPrefix(s, []byte("&#")):
		return reference(s)
	}
	return s[0], 1
}

func backslash(s []byte) (char byte, size int) {
	switch s[1] {
	case 'u':
		return number(s, 2, 4, 16, 6)
	case 'x':
		return number(s, 2, 2, 16, 4)
	case 'n', 'r':
		return '\n', 2
	case 't':
		return '\t', 2
	default:
		return s[1], 2
	}
}

// reference reads &#43; or &#x2B;.
func reference(s []byte) (char byte, size int) {
	end := bytes.IndexByte(s[:min(len(s), 9)], ';')
	if end < 0 {
		return s[0], 1
	}
	if s[2] == 'x' {
		return number(s, 3, end-3, 16, end+1)
	}
	return number(s, 2, end-2, 10, end+1)
}

// number reads so many digits of s as a character that takes size characters; where they are none, the first character
// stands for itself.
func number(s []byte, from, digits, base, size int) (char byte, taken int) {
	if digits < 1 || len(s) < from+digits {
		return s[0], 1
	}
	value, err := strconv.ParseUint(string(s[from:from+digits]), base, 32)
	if err != nil || value >= utf8.RuneSelf {
		return s[0], 1
	}
	return byte(value), size
}
