package sts

import (
	"testing"
	"time"
)

// The SHA-1 vectors of RFC 6238, appendix B, of whose eight digits six are used.
func TestOneTimePasswordsAreThoseOfTheRFC(t *testing.T) {
	seed := []byte("12345678901234567890")
	for at, want := range map[int64]string{
		59: "287082", 1111111109: "081804", 1111111111: "050471", 1234567890: "005924", 2000000000: "279037", 20000000000: "353130",
	} {
		if got := totp(seed, time.Unix(at, 0)); got != want {
			t.Errorf("at %d: %s, want %s", at, got, want)
		}
	}
}
