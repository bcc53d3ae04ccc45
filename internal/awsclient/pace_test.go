package awsclient

import (
	"context"
	"errors"
	"testing"

	"github.com/aws/smithy-go"
)

// impatient is a context that lets nobody wait.
func impatient() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return ctx
}

// attempts asks for n attempts, none of which must have to wait, and returns what ends them.
func attempts(t *testing.T, p *pace, n int) []func(error) error {
	t.Helper()
	var ends []func(error) error
	for range n {
		end, err := p.GetAttemptToken(impatient())
		if err != nil {
			t.Fatal(err)
		}
		ends = append(ends, end)
	}
	return ends
}

func end(t *testing.T, err error, ends ...func(error) error) {
	t.Helper()
	for _, f := range ends {
		if err := f(err); err != nil {
			t.Fatal(err)
		}
	}
}

// blocked reports whether another attempt would have to wait.
func blocked(p *pace) bool {
	end, err := p.GetAttemptToken(impatient())
	if err == nil {
		// The place was free; it is given back as if the call had failed on the way.
		p.mu.Lock()
		defer p.mu.Unlock()
		p.underWay--
		return end == nil
	}
	return errors.Is(err, context.Canceled)
}

var throttling = &smithy.GenericAPIError{Code: "Throttling"}

func TestThePaceFollowsWhatAWSThrottles(t *testing.T) {
	t.Run("nothing throttled: as many as ever", func(t *testing.T) {
		p := newPace(Retry{})
		attempts(t, p, maxWindow)
		if !blocked(p) {
			t.Error("one more was let in")
		}
	})
	t.Run("a burst that is throttled halves the window once", func(t *testing.T) {
		p := newPace(Retry{})
		end(t, throttling, attempts(t, p, maxWindow)...)
		attempts(t, p, maxWindow/2)
		if !blocked(p) {
			t.Errorf("the window is %v", p.window)
		}
	})
	t.Run("throttled again and again: one at a time, never none", func(t *testing.T) {
		p := newPace(Retry{})
		for range 20 {
			end(t, throttling, attempts(t, p, 1)...)
		}
		attempts(t, p, 1)
		if !blocked(p) {
			t.Errorf("the window is %v", p.window)
		}
	})
	t.Run("calls that go through widen it again, up to where it began", func(t *testing.T) {
		p := newPace(Retry{})
		for range 20 {
			end(t, throttling, attempts(t, p, 1)...)
		}
		for range 3 {
			end(t, nil, attempts(t, p, 1)...)
		}
		end(t, nil, attempts(t, p, 2)...)
		for range maxWindow * maxWindow {
			end(t, nil, attempts(t, p, 1)...)
		}
		attempts(t, p, maxWindow)
		if !blocked(p) {
			t.Errorf("the window is %v", p.window)
		}
	})
	t.Run("who waits is let in when a place is free", func(t *testing.T) {
		p := newPace(Retry{})
		ends := attempts(t, p, maxWindow)
		waited := make(chan error)
		go func() {
			_, err := p.GetAttemptToken(t.Context())
			waited <- err
		}()
		end(t, nil, ends[0])
		if err := <-waited; err != nil {
			t.Error(err)
		}
	})
	t.Run("who gives up waiting takes no place", func(t *testing.T) {
		p := newPace(Retry{})
		ends := attempts(t, p, maxWindow)
		for range 2 {
			if !blocked(p) {
				t.Fatal("one more was let in")
			}
		}
		end(t, errors.New("reset"), ends...)
		attempts(t, p, maxWindow)
	})
}
