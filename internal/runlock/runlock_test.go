package runlock_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pullpass/pullpass/internal/plan"
	"github.com/pullpass/pullpass/internal/runlock"
)

const (
	one   = plan.RunID("20261122T120000Z.00000001.laptop")
	two   = plan.RunID("20261122T121500Z.00000002.laptop")
	three = plan.RunID("20261122T110000Z.00000003.laptop")
)

func now() time.Time { return time.Date(2026, 11, 22, 12, 30, 0, 0, time.UTC) }

func hold(t *testing.T, dir string, run plan.RunID) *runlock.Lock {
	t.Helper()
	lock, err := runlock.Hold(t.Context(), dir, run)
	if err != nil {
		t.Fatal(err)
	}
	return lock
}

func mustBeLive(t *testing.T, dir string, want ...plan.RunID) {
	t.Helper()
	got, err := runlock.Live(dir, now())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("live runs (-want +got):\n%s", diff)
	}
}

func TestARunIsLiveForAsLongAsItHoldsItsLock(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "runs")
	mustBeLive(t, dir)
	first, second := hold(t, dir, one), hold(t, dir, two)
	mustBeLive(t, dir, one, two)
	if err := first.Release(); err != nil {
		t.Fatal(err)
	}
	mustBeLive(t, dir, two)
	if err := second.Release(); err != nil {
		t.Fatal(err)
	}
	mustBeLive(t, dir)
	if entries, err := os.ReadDir(dir); err != nil || len(entries) > 0 {
		t.Errorf("left behind: %v, %v", entries, err)
	}
}

// A killed run leaves its file, without a lock on it.
func TestWhatAKilledRunLeavesIsNotLiveAndGoesAfterAnHour(t *testing.T) {
	dir := t.TempDir()
	for _, run := range []plan.RunID{one, three} {
		if err := os.WriteFile(filepath.Join(dir, string(run)+".lock"), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "yarn.lock"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	mustBeLive(t, dir)
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var left []string
	for _, e := range entries {
		left = append(left, e.Name())
	}
	if diff := cmp.Diff([]string{string(one) + ".lock", "yarn.lock"}, left); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
}
