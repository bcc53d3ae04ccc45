package ca

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// domain is the only domain in which the authority may name hosts.
const domain = "amazonaws.com"

// ErrHost is wrapped by the errors of ParseHost.
var ErrHost = errors.New("no host name of AWS")

// Host is a host name below amazonaws.com, in lower case.
type Host string

// ParseHost checks that s is a host name below amazonaws.com by the rules of RFC
// 1123: labels of 1 to 63 letters, digits and inner hyphens, 253 characters in
// all. A final dot, an address, a port or a wildcard is refused.
func ParseHost(s string) (Host, error) {
	const maxName = 253
	// Unicode has letters outside ASCII whose lower case is inside.
	isASCII := func(r rune) bool { return r < utf8.RuneSelf }
	name := strings.ToLower(s)
	if strings.TrimFunc(s, isASCII) != "" || len(name) > maxName || !strings.HasSuffix(name, "."+domain) {
		return "", fmt.Errorf("%w: %q", ErrHost, s)
	}
	for label := range strings.SplitSeq(name, ".") {
		if !isLabel(label) {
			return "", fmt.Errorf("%w: %q", ErrHost, s)
		}
	}
	return Host(name), nil
}

func isLabel(s string) bool {
	const maxLabel = 63
	return 0 < len(s) && len(s) <= maxLabel &&
		strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789-") == "" && s[0] != '-' && s[len(s)-1] != '-'
}
