package cli_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/pullpass/pullpass/internal/plan"
	"github.com/pullpass/pullpass/internal/runlock"
)

// A run that is at work already is waited for, though its id says that it began later: ids tell no order within a second, and
// a run may have looked for others before this one could be seen.
func TestARunThatIsAtWorkIsWaitedForWhateverItsIDSays(t *testing.T) {
	o := goOut(t, "fair")
	o.oneStore("")
	o.must(o.here("apply", "--yes", "--no-verify")...)
	locks := filepath.Join(o.dir, ".pullpass", "runs")
	other, err := plan.NewRunID(plan.RunPlace("lab", locks), o.clock.Now().Add(time.Hour), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	lock, err := runlock.Hold(t.Context(), locks, other)
	if err != nil {
		t.Fatal(err)
	}
	alone, err := runlock.HoldAlone(locks)
	if err != nil {
		t.Fatal(err)
	}
	var out, errs bytes.Buffer
	waits := 0
	env := o.unattended(&out, &errs)
	env.Wait = func(ctx context.Context, d time.Duration) error {
		switch waits++; waits {
		case 1:
			if strings.Contains(out.String()+errs.String(), "not due") {
				t.Error("it was not waited for")
			}
		case 2:
			if err := alone.Release(); err != nil {
				t.Error(err)
			}
			if err := lock.Release(); err != nil {
				t.Error(err)
			}
		}
		return o.clock.Wait(ctx, d)
	}
	if code := discreetly(t.Context(), t, o.here("rotate", "--yes"), env); code != 0 || waits != 2 {
		t.Errorf("exit code %d after %d waits\n%s%s", code, waits, &out, &errs)
	}
	if want := "waiting for run " + string(other) + " of this machine to end"; strings.Count(errs.String(), want) != 1 {
		t.Errorf("want %q once in\n%s", want, &errs)
	}
	o.must(o.here("rotate", "--yes")...) // Nothing is left locked.
}
