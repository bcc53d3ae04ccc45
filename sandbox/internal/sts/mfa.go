package sts

import (
	"crypto/hmac"
	"crypto/sha1" // RFC 6238 names it, and virtual MFA devices use it
	"crypto/subtle"
	"encoding/binary"
	"fmt"
	"time"

	"github.com/pullpass/pullpass/sandbox/internal/api"
)

const mfaStep = 30 * time.Second

// verifyMFA reports whether the code is that of the caller's own device, now or one step off, as clocks differ.
func verifyMFA(call *api.Call, serial, code string) bool {
	if call.Caller.User == nil {
		return false
	}
	for _, device := range call.Caller.User.MFA {
		if device.Serial.String() != serial {
			continue
		}
		for _, off := range []time.Duration{-mfaStep, 0, mfaStep} {
			want := totp(device.Seed, call.Now().Add(off))
			if subtle.ConstantTimeCompare([]byte(want), []byte(code)) == 1 {
				return true
			}
		}
	}
	return false
}

// totp is the time-based one-time password of RFC 6238: HMAC-SHA-1, 30 seconds, six digits.
func totp(seed []byte, at time.Time) string {
	var counter [8]byte
	binary.BigEndian.PutUint64(counter[:], uint64(at.Unix())/uint64(mfaStep/time.Second))
	mac := hmac.New(sha1.New, seed)
	mac.Write(counter[:])
	sum := mac.Sum(nil)
	offset := sum[len(sum)-1] & 0xf
	number := binary.BigEndian.Uint32(sum[offset:]) & 0x7fffffff
	return fmt.Sprintf("%06d", number%1_000_000)
}
