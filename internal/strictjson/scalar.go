package strictjson

import "encoding/json"

// text reads a string. One without escapes is a part of the source, which costs nothing.
func (r *reader) text() (string, bool) {
	start := r.at
	r.at++
	escaped := false
	for r.at < len(r.src) {
		switch c := r.src[r.at]; {
		case c == '"':
			r.at++
			if escaped {
				return unescape(r.src[start:r.at])
			}
			return r.src[start+1 : r.at-1], true
		case c == '\\':
			escaped = true
			r.at += 2
		case c < ' ':
			return "", false
		default:
			r.at++
		}
	}
	return "", false
}

func unescape(quoted string) (text string, ok bool) {
	err := json.Unmarshal([]byte(quoted), &text)
	return text, err == nil
}

// number reads a number by the grammar of RFC 8259, section 6.
func (r *reader) number() (string, bool) {
	start := r.at
	r.take('-')
	if !r.take('0') && !r.digits() {
		return "", false
	}
	if r.take('.') && !r.digits() {
		return "", false
	}
	if r.take('e') || r.take('E') {
		if !r.take('+') {
			r.take('-')
		}
		if !r.digits() {
			return "", false
		}
	}
	return r.src[start:r.at], true
}

// digits goes past digits and reports whether there were any.
func (r *reader) digits() bool {
	start := r.at
	for c := r.peek(); '0' <= c && c <= '9'; c = r.peek() {
		r.at++
	}
	return r.at > start
}
