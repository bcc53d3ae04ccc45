package sts

import (
	"crypto/hmac"
	"crypto/sha1" // RFC 6238 names it, and virtual MFA devices use it
	"crypto/subtle"
	"encoding/binary"
	"fmt"
	"time"

	"github.com/pullpass/pullpass/sandbox/internal/api"
	"github.com/pullpass/pullpass/sandbox/internal/state"
	"github.com/pullpass/pullpass/sandbox/internal/wire"
)

const mfaStep = 30 * time.Second

// verifyMFA holds a code against the caller's own device, now or one step off, as clocks differ. The texts are AWS's
// [seen].
func verifyMFA(call *api.Call, serial, code string) error {
	device, ok := findDevice(call.Caller.User, serial)
	if !ok {
		return wire.Errorf(wire.AccessDenied, "MultiFactorAuthentication failed, unable to validate MFA code.  Please verify "+
			"your MFA serial number is valid and associated with this user.")
	}
	for _, off := range []time.Duration{-mfaStep, 0, mfaStep} {
		want := totp(device.Seed, call.Now().Add(off))
		if subtle.ConstantTimeCompare([]byte(want), []byte(code)) == 1 {
			return nil
		}
	}
	return wire.Errorf(wire.AccessDenied, "MultiFactorAuthentication failed with invalid MFA one time pass code. ")
}

// findDevice returns a device of the user, who is nil for a session: that has none.
func findDevice(user *state.User, serial string) (state.MFADevice, bool) {
	if user != nil {
		for _, device := range user.MFA {
			if device.Serial.String() == serial {
				return device, true
			}
		}
	}
	return state.MFADevice{}, false
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
