package awsclient

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/aws/smithy-go"

	"github.com/pullpass/pullpass/internal/pause"
)

// Settling repeats calls that depend on something just made, until AWS knows it everywhere: IAM is eventually consistent
// (https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot.html#troubleshoot_general_eventual-consistency).
type Settling struct {
	// Limit is how long the waits may last in all; 0 for a minute, negative for no waiting.
	Limit time.Duration
	// Wait sleeps for a time or until the context ends; nil for the real clock.
	Wait func(context.Context, time.Duration) error
	// Jitter returns a number in [0, 1); nil for no jitter.
	Jitter func() float64
}

const (
	defaultSettling = time.Minute
	firstWait       = 500 * time.Millisecond
	longestWait     = 8 * time.Second
)

// Do calls f until it returns an error that does not come from eventual consistency, or none, or the limit is passed. The
// last error is returned as it is.
func (s Settling) Do(ctx context.Context, f func(context.Context) error) error {
	left := s.Limit
	if left == 0 {
		left = defaultSettling
	}
	for wait := firstWait; ; wait = min(2*wait, longestWait) {
		err := f(ctx)
		if err == nil || !Unsettled(err) {
			return err
		}
		pause := s.jittered(wait)
		if left -= pause; left < 0 {
			return err
		}
		if waitErr := s.wait(ctx, pause); waitErr != nil {
			return errors.Join(err, waitErr)
		}
	}
}

// jittered takes up to half of a wait off, so that callers which began together do not come back together.
func (s Settling) jittered(wait time.Duration) time.Duration {
	if s.Jitter == nil {
		return wait
	}
	return wait - time.Duration(s.Jitter()*float64(wait)/2)
}

func (s Settling) wait(ctx context.Context, d time.Duration) error {
	return pause.For(ctx, s.Wait, d)
}

// ErrNotSeen is for calls that were answered and should have found something that was just made.
var ErrNotSeen = errors.New("it was not found yet")

// Unsettled reports whether an error may go away by itself because AWS does not yet know everywhere what was just made:
// a new key is InvalidClientTokenId, a new principal's permissions are AccessDenied, a new user or role in a trust policy is
// an Invalid principal, a new user or policy that another call names is NoSuchEntity [seen]. An explicit deny is none of
// these: nothing that is missing denies explicitly.
func Unsettled(err error) bool {
	if errors.Is(err, ErrNotSeen) {
		return true
	}
	var api smithy.APIError
	if !errors.As(err, &api) {
		return false
	}
	switch api.ErrorCode() {
	case "InvalidClientTokenId", "NoSuchEntity":
		return true
	case "AccessDenied":
		return !strings.Contains(api.ErrorMessage(), "with an explicit deny")
	case "MalformedPolicyDocument":
		return strings.Contains(api.ErrorMessage(), "Invalid principal")
	}
	return false
}
