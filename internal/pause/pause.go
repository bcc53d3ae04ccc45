// Package pause waits for a time to pass, in real time unless a caller's clock says otherwise.
package pause

import (
	"context"
	"time"
)

// For returns after d, or with the context's error when that ends first. It goes by wait, or by the real clock where wait
// is nil: so a test that moves a clock lives through no delay.
func For(ctx context.Context, wait func(context.Context, time.Duration) error, d time.Duration) error {
	if wait != nil {
		return wait(ctx, d)
	}
	return InRealTime(ctx, d)
}

// InRealTime is For by the real clock.
func InRealTime(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
