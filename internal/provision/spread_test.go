package provision_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/pullpass/pullpass/internal/provision"
	"github.com/pullpass/pullpass/internal/share"
	"github.com/pullpass/pullpass/sandbox"
)

// Whatever follows a delivery at once has a key that works, until AWS knows the one that takes its place.
func TestAKeyIsKeptUntilAWSKnowsItEverywhere(t *testing.T) {
	l := newLab(t, sandbox.Config{})
	l.mustApply()
	before := l.held("depot-001")
	const spread = 17 * time.Second
	var waits []time.Duration
	l.settling.Wait = func(_ context.Context, d time.Duration) error {
		waits = append(waits, d)
		if held := l.held("depot-001"); held != before {
			t.Errorf("the cluster holds %s before AWS may know it", held)
		}
		return nil
	}
	r := l.rotator(func(r *provision.Rotator) {
		r.Spread = spread
		r.Desired.Destinations = slices.DeleteFunc(slices.Clone(r.Desired.Destinations), func(d share.DestinationSide) bool { return d.Account != depot })
	})
	for _, result := range l.rotate(r) {
		if !result.Ended {
			t.Errorf("user %s: %v", result.User.Name(), result.Err)
		}
	}
	if !slices.Contains(waits, spread) || l.held("depot-001") == before {
		t.Errorf("the rotation waited for %v", waits)
	}
	l.mustApply()
	if slices.Index(waits[slices.Index(waits, spread)+1:], spread) >= 0 {
		t.Errorf("a run that makes no key waited for %v", waits)
	}
}
