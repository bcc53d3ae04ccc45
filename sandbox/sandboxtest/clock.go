package sandboxtest

import (
	"context"
	"sync/atomic"
	"time"
)

// A Clock goes on as the real one does, and waiting on it takes no time: who waits moves it. The zero Clock is the real one
// until somebody waits.
type Clock struct{ ahead atomic.Int64 }

// ClockAhead is a Clock that is ahead of the real one, or behind it.
func ClockAhead(by time.Duration) *Clock {
	c := &Clock{}
	c.ahead.Store(int64(by))
	return c
}

// Now is the time by the Clock.
func (c *Clock) Now() time.Time { return time.Now().Add(c.Ahead()) }

// Ahead is how far the Clock is ahead of the real one.
func (c *Clock) Ahead() time.Duration { return time.Duration(c.ahead.Load()) }

// Reset makes the Clock the real one again.
func (c *Clock) Reset() { c.ahead.Store(0) }

// Wait takes the Clock to where the wait ends, and returns the context's error. Who waits at the same time waits together.
func (c *Clock) Wait(ctx context.Context, d time.Duration) error {
	c.forward(d)
	return ctx.Err()
}

// Elapse is Wait for clients that sleep by the real clock: it returns that nothing is left to be slept.
func (c *Clock) Elapse(d time.Duration) time.Duration {
	c.forward(d)
	return 0
}

func (c *Clock) forward(d time.Duration) {
	until := c.Now().Add(d)
	for {
		ahead := c.ahead.Load()
		needed := int64(time.Until(until))
		if needed <= ahead || c.ahead.CompareAndSwap(ahead, needed) {
			return
		}
	}
}
