package iampolicy

import "unicode/utf8"

// Size returns the length of a policy as AWS holds it against its quotas, in characters: "IAM doesn't count white space
// when calculating the size of a policy against these quotas" (reference_iam-quotas.html#reference_iam-quotas-entity-length).
// The text need not be a valid document.
func Size(src []byte) int {
	n := utf8.RuneCount(src)
	for _, c := range src {
		if c == ' ' || c == '\t' || c == '\n' || c == '\r' {
			n--
		}
	}
	return n
}
