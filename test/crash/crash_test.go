package crash

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestStops stops every command at each of its effects, in every way, and lets the same operator or another one go on.
func TestStops(t *testing.T) {
	tried := newTally()
	t.Run("commands", func(t *testing.T) {
		for _, s := range scenarios() {
			t.Run(s.name, func(t *testing.T) {
				t.Parallel()
				s.stopEverywhere(t, tried)
			})
		}
	})
	fmt.Println(tried)
	if missed := tried.missed(); missed > 0 || tried.points == 0 {
		t.Errorf("%d points were not tried", missed)
	}
}

// A way is how a run is stopped, and who goes on.
type way struct {
	stop stop
	by   machine
}

// ways are all of them. Who pauses goes on after the other.
func ways() []way {
	return []way{
		{before, here}, {after, here}, {unanswered, here},
		{before, elsewhere}, {after, elsewhere}, {unanswered, elsewhere},
		{paused, elsewhere}, {dazed, elsewhere},
	}
}

func (s scenario) stopEverywhere(t *testing.T, tried *tally) {
	dir := t.TempDir()
	var at time.Duration
	if !t.Run("the situation", func(t *testing.T) { at = s.bringAbout(t, dir) }) {
		return
	}
	var effects []effect
	if !t.Run("undisturbed", func(t *testing.T) { effects = s.undisturbed(t, copied(t, dir, at)) }) {
		return
	}
	for _, e := range effects {
		for _, how := range ways() {
			if !tried.chosen(s.name) {
				continue
			}
			t.Run(fmt.Sprintf("%s, %s, %s", e, how.stop, how.by), func(t *testing.T) {
				t.Parallel()
				s.stopAt(copied(t, dir, at), e, how)
				tried.done(s.name)
			})
		}
	}
	s.killEverywhere(t, tried, dir, at, effects)
}

// bringAbout makes the world that the command finds, and returns how far its clock is ahead.
func (s scenario) bringAbout(t *testing.T, dir string) time.Duration {
	w := open(t, dir, outset)
	s.situation(w)
	return w.clock.Ahead()
}

// copied opens a copy of a world.
func copied(t *testing.T, dir string, at time.Duration) *world {
	t.Helper()
	to := filepath.Join(t.TempDir(), "world")
	if err := copyTree(to, dir); err != nil {
		t.Fatal(err)
	}
	return open(t, to, at)
}

// begin is what comes before the command in each copy of the world.
func (s scenario) begin(w *world) {
	w.t.Helper()
	if s.prelude != nil {
		s.prelude(w)
	}
	w.employ(s.sites, s.gone)
}

// undisturbed runs the command to its end, and whatever it takes until all is done, and returns the effects of the command.
func (s scenario) undisturbed(t *testing.T, w *world) []effect {
	s.begin(w)
	g := &gate{look: w.look}
	if got := w.run(here, g, s.command...); got.code != s.ends {
		t.Fatalf("%s: exit code %d, want %d\n%s%s", strings.Join(s.command, " "), got.code, s.ends, got.stdout, got.stderr)
	}
	if s.finish != nil {
		s.finishAs(w, here)
	}
	w.mustBeSettled(s.sites)
	return g.passed
}

// stopAt stops the command at an effect, and lets it be run again.
func (s scenario) stopAt(w *world, at effect, how way) {
	w.t.Helper()
	s.begin(w)
	g := &gate{at: at, stop: how.stop}
	g.meanwhile = func() {
		w.look(at)
		g.look = w.look
		w.run(how.by, &gate{look: w.look}, s.command...) // However it ends: the two may be in each other's way.
	}
	got := w.run(here, g, s.command...)
	if !g.reached {
		w.t.Fatalf("it was not reached; what was: %v\n%s%s", g.passed, got.stdout, got.stderr)
	}
	w.look(at)
	s.goOnAs(w, how.by)
	w.mustBeSettled(s.sites)
}

// goOnAs runs the command again, and whatever it takes until all is done. On the machine of the run that was stopped that is
// no more than it takes where nothing stops it. On another one that run may still be at work for all that can be seen.
func (s scenario) goOnAs(w *world, m machine) {
	w.t.Helper()
	got := w.run(m, &gate{look: w.look}, s.command...)
	switch {
	case m == elsewhere || s.finish != nil:
		s.finishAs(w, m)
	case got.code != 0:
		w.t.Errorf("run again: exit code %d\n%s%s", got.code, got.stdout, got.stderr)
	}
}

const (
	// visits is how often an operator comes back to what is not done.
	visits = 6
	// oneVisit is the time between two, longer than the share's keys must lie idle, and aLook that between two looks of the
	// consumers.
	oneVisit = 8 * time.Hour
	aLook    = 4 * time.Hour
)

// finishAs comes back until all is done. Pods are started again at some time, but not at once.
func (s scenario) finishAs(w *world, m machine) {
	w.t.Helper()
	var missing []string
	for visit := range visits {
		if visit > 0 {
			w.restart()
		}
		for range oneVisit / aLook {
			w.later(aLook)
			w.look("a while")
		}
		missing = nil
		for _, command := range s.finishing() {
			if got := w.run(m, &gate{look: w.look}, command...); got.code != 0 {
				missing = append(missing, fmt.Sprintf("%s: exit code %d\n%s%s", command[0], got.code, got.stdout, got.stderr))
			}
		}
		if len(missing) == 0 {
			return
		}
	}
	w.t.Errorf("it does not come to an end: %s", strings.Join(missing, "\n"))
}
