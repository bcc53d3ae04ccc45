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
	if missed := tried.missed(); missed > 0 {
		t.Errorf("%d points were not tried", missed)
	}
}

func (s scenario) stopEverywhere(t *testing.T, tried *tally) {
	dir := t.TempDir()
	var at time.Duration
	if !t.Run("the situation", func(t *testing.T) { at = s.bringAbout(t, dir) }) {
		return
	}
	var effects []effect
	if !t.Run("undisturbed", func(t *testing.T) { effects = s.undisturbed(t, dir, at) }) {
		return
	}
	for _, e := range effects {
		for _, how := range []stop{before, after, unanswered} {
			tried.plan(s.name)
			t.Run(fmt.Sprintf("%s %s", how, e), func(t *testing.T) {
				t.Parallel()
				s.stopAt(t, copied(t, dir, at), e, how)
				tried.done(s.name)
			})
		}
	}
}

// bringAbout makes the world that the command finds, and returns how far its clock is ahead.
func (s scenario) bringAbout(t *testing.T, dir string) time.Duration {
	w := open(t, dir, 0)
	w.declare(s.share)
	if s.situation != nil {
		s.situation(w)
	}
	return time.Duration(w.clock.ahead.Load())
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

// undisturbed runs the command to its end, and returns its effects.
func (s scenario) undisturbed(t *testing.T, dir string, at time.Duration) []effect {
	w := copied(t, dir, at)
	w.employ(s.clusters)
	g := &gate{look: w.look}
	if got := w.run(here, g, s.command...); got.code != s.ends {
		t.Fatalf("%s: exit code %d, want %d\n%s%s", strings.Join(s.command, " "), got.code, s.ends, got.stdout, got.stderr)
	}
	if s.ends != 0 {
		s.finishAs(w, here)
	}
	w.mustBeSettled(s.clusters)
	return g.passed
}

// stopAt stops the command at an effect, and lets the same operator run it again.
func (s scenario) stopAt(t *testing.T, w *world, at effect, how stop) {
	w.employ(s.clusters)
	g := &gate{at: at, stop: how}
	got := w.run(here, g, s.command...)
	if !g.reached {
		t.Fatalf("it was not reached; what was: %v\n%s%s", g.passed, got.stdout, got.stderr)
	}
	w.look(at)
	s.goOnAs(w, here)
	w.mustBeSettled(s.clusters)
}

// goOnAs runs the command again, and whatever it takes until all is done.
func (s scenario) goOnAs(w *world, m machine) {
	w.t.Helper()
	got := w.run(m, &gate{look: w.look}, s.command...)
	switch {
	case got.code == 0:
	case s.ends == 0 && m == here:
		w.t.Errorf("run again: exit code %d\n%s%s", got.code, got.stdout, got.stderr)
	default:
		s.finishAs(w, m)
	}
}

// visits is how often an operator comes back to what is not done.
const visits = 6

// finishAs comes back until all is done. In between hours pass, in which pods are started again.
func (s scenario) finishAs(w *world, m machine) {
	w.t.Helper()
	var got said
	for range visits {
		w.restart()
		w.later(70 * time.Minute)
		w.look("a while")
		if got = w.run(m, &gate{look: w.look}, s.finishing()...); got.code == 0 {
			return
		}
	}
	w.t.Errorf("it does not come to an end: exit code %d\n%s%s", got.code, got.stdout, got.stderr)
}
