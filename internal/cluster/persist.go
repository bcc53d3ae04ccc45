package cluster

import (
	"context"
	"errors"
	"time"

	"github.com/pullpass/pullpass/internal/pause"
)

// How long a write goes on against a server that does not answer, as one does that is started anew.
const (
	patience    = 30 * time.Second
	firstWait   = 250 * time.Millisecond
	longestWait = 5 * time.Second
)

// persist repeats what may be repeated until it goes through, or fails for good, or patience ends: whoever holds a new
// access key loses it if he gives up at the first blip.
func (d Delivery) persist(ctx context.Context, write func(context.Context) error) error {
	last := d.now().Add(patience)
	for wait := firstWait; ; wait = min(2*wait, longestWait) {
		err := write(ctx)
		if err == nil || !transient(err) || d.now().Add(wait).After(last) {
			return err
		}
		if waitErr := d.wait(ctx, wait); waitErr != nil {
			return errors.Join(err, waitErr)
		}
	}
}

func (d Delivery) now() time.Time {
	if d.Now != nil {
		return d.Now()
	}
	return time.Now()
}

func (d Delivery) wait(ctx context.Context, t time.Duration) error {
	return pause.For(ctx, d.Wait, t)
}
