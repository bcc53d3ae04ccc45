package sigv4

import (
	"cmp"
	"encoding/hex"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// canonicalRequest is the text whose hash the client signed: method, path,
// query, headers, names of the signed headers and hash of the body, by lines.
func (s *Signature) canonicalRequest(r *http.Request, bodyHash []byte) []byte {
	b := make([]byte, 0, 512)
	b = append(b, r.Method...)
	b = append(b, '\n')
	b = appendEscaped(b, canonicalPath(r.URL), "/")
	b = append(b, '\n')
	b = appendQuery(b, r.URL.RawQuery, s.Presigned)
	b = append(b, '\n')
	for _, name := range s.signedHeaders {
		b = append(b, name...)
		b = append(b, ':')
		b = appendHeader(b, r, name)
		b = append(b, '\n')
	}
	b = append(b, '\n')
	for i, name := range s.signedHeaders {
		if i > 0 {
			b = append(b, ';')
		}
		b = append(b, name...)
	}
	b = append(b, '\n')
	return hex.AppendEncode(b, bodyHash)
}

// canonicalPath is the path as it came, with empty and dot segments resolved
// (RFC 3986, section 5.2.4).
func canonicalPath(u *url.URL) string {
	// RawPath is empty where the path came in the encoding that net/url itself
	// would choose.
	path := u.RawPath
	if path == "" {
		path = u.EscapedPath()
	}
	if path == "" || path == "/" {
		return "/"
	}
	if !strings.Contains(path, "//") && !strings.Contains(path, "/.") {
		return path
	}
	return normalisePath(path)
}

func normalisePath(path string) string {
	var kept []string
	for segment := range strings.SplitSeq(path, "/") {
		switch segment {
		case "", ".":
		case "..":
			kept = kept[:max(len(kept)-1, 0)]
		default:
			kept = append(kept, segment)
		}
	}
	normal := "/" + strings.Join(kept, "/")
	directory := strings.HasSuffix(path, "/") || strings.HasSuffix(path, "/.") || strings.HasSuffix(path, "/..")
	if directory && normal != "/" {
		normal += "/"
	}
	return normal
}

// pair is one parameter of a query string, decoded.
type pair struct{ name, value string }

// queryPairs takes a query string apart. A parameter whose escapes are broken
// is kept as it came: whoever reads it will refuse it, and it cannot be signed.
func queryPairs(rawQuery string) []pair {
	var pairs []pair
	for part := range strings.SplitSeq(rawQuery, "&") {
		if part == "" {
			continue
		}
		name, value, _ := strings.Cut(part, "=")
		pairs = append(pairs, pair{unescape(name), unescape(value)})
	}
	return pairs
}

func unescape(s string) string {
	if plain, err := url.QueryUnescape(s); err == nil {
		return plain
	}
	return s
}

// appendQuery sorts by encoded name, then by encoded value.
func appendQuery(b []byte, rawQuery string, presigned bool) []byte {
	if rawQuery == "" {
		return b
	}
	pairs := queryPairs(rawQuery)
	if presigned {
		pairs = slices.DeleteFunc(pairs, func(p pair) bool { return p.name == "X-Amz-Signature" })
	}
	for i, p := range pairs {
		pairs[i] = pair{string(appendEscaped(nil, p.name, "")), string(appendEscaped(nil, p.value, ""))}
	}
	slices.SortFunc(pairs, func(x, y pair) int {
		return cmp.Or(strings.Compare(x.name, y.name), strings.Compare(x.value, y.value))
	})
	for i, p := range pairs {
		if i > 0 {
			b = append(b, '&')
		}
		b = append(b, p.name...)
		b = append(b, '=')
		b = append(b, p.value...)
	}
	return b
}

// appendEscaped percent-encodes all but the unreserved characters of RFC 3986
// and those in keep.
func appendEscaped(b []byte, s, keep string) []byte {
	const digits = "0123456789ABCDEF"
	for i := range len(s) {
		c := s[i]
		if unreserved(c) || strings.IndexByte(keep, c) >= 0 {
			b = append(b, c)
		} else {
			b = append(b, '%', digits[c>>4], digits[c&15])
		}
	}
	return b
}

func unreserved(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' ||
		c == '-' || c == '.' || c == '_' || c == '~'
}

// appendHeader joins a header's values with commas. The two headers that
// net/http keeps in fields of their own come from there.
func appendHeader(b []byte, r *http.Request, name string) []byte {
	values := r.Header.Values(name)
	switch {
	case name == "host":
		return append(b, r.Host...)
	case name == "content-length" && len(values) == 0 && r.ContentLength >= 0:
		return strconv.AppendInt(b, r.ContentLength, 10)
	}
	for i, value := range values {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendTrimmed(b, value)
	}
	return b
}

// appendTrimmed drops spaces at both ends and makes one of several inside.
func appendTrimmed(b []byte, value string) []byte {
	value = strings.Trim(value, " ")
	if !strings.Contains(value, "  ") {
		return append(b, value...)
	}
	for i := range len(value) {
		if value[i] != ' ' || value[i-1] != ' ' {
			b = append(b, value[i])
		}
	}
	return b
}
