package verify

import (
	"context"
	"errors"
	"slices"
	"time"
)

// The longest and the first wait between two tries of something that was just made.
const (
	firstPause   = time.Second
	longestPause = 8 * time.Second
)

// patiently calls try until it succeeds. It calls again only where the chain is fresh, the fault's code is one of those
// that IAM gives until a change has spread, and patience is not at its end.
func (w *walk) patiently(ctx context.Context, try func() error, codes ...string) error {
	for pause := firstPause; ; pause = min(2*pause, longestPause) {
		err := try()
		var fault *Fault
		if err == nil || !w.in.Fresh || !errors.As(err, &fault) || !slices.Contains(codes, fault.Code) {
			return err
		}
		if w.Now().Add(pause).After(w.deadline) {
			return err
		}
		if w.Wait(ctx, pause) != nil {
			return err // The refusal says more than that the wait was cut short.
		}
	}
}
