package kube

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestAClusterThatIsCutOffAtAnyWrite stops every command at each of its writes to a management cluster and its workload
// cluster, or cuts only the clusters off there, and lets the same operator or another one go on. Whatever has pulled goes on
// to at every moment, and in the end all is as if nothing had happened.
func TestAClusterThatIsCutOffAtAnyWrite(t *testing.T) {
	s := openStage(t)
	tried := newTally()
	for _, c := range crashScenarios() {
		t.Run(c.name, func(t *testing.T) { c.stopEverywhere(t, s, tried) })
	}
	s.lab.Tell(t, tried.String())
	if missed := tried.missed(); missed > 0 || tried.planned == 0 {
		t.Errorf("%d of %d points were not tried", missed, tried.planned)
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
		{severed, here}, {severedUnanswered, here},
	}
}

func (c crashScenario) stopEverywhere(t *testing.T, s *stage, tried *tally) {
	dir := t.TempDir()
	var found situation
	if !t.Run("the situation", func(t *testing.T) { found = c.bringAbout(t, s, dir) }) {
		return
	}
	var writes []write
	if !t.Run("undisturbed", func(t *testing.T) { writes = c.undisturbed(t, found) }) {
		return
	}
	if len(writes) == 0 {
		t.Fatal("it writes to no cluster")
	}
	for _, at := range writes {
		for _, how := range ways() {
			tried.planned++
			t.Run(fmt.Sprintf("%s, %s, %s", at, how.stop, how.by), func(t *testing.T) {
				c.stopAt(t, found, at, how)
				tried.made[c.name]++
			})
		}
	}
}

// undisturbed runs the command to its end, and whatever it takes until all is done, and returns what the command writes.
func (c crashScenario) undisturbed(t *testing.T, found situation) []write {
	w := c.begin(t, found)
	g := &gate{look: w.look}
	if got := w.run(here, g, c.command...); got.code != c.ends {
		t.Fatalf("%s: exit code %d, want %d\n%s%s", strings.Join(c.command, " "), got.code, c.ends, got.stdout, got.stderr)
	}
	if c.finish != nil {
		c.finishAs(w, here)
	}
	w.mustBeSettled(c)
	return g.writes
}

// bringAbout makes the world that the command finds.
func (c crashScenario) bringAbout(t *testing.T, s *stage, dir string) situation {
	w := s.open(t, dir, outset, c.copies)
	w.clear()
	c.situation(w)
	return w.kept()
}

// begin makes that world anew, with the consumers.
func (c crashScenario) begin(t *testing.T, found situation) *crashWorld {
	w := found.again(t)
	if c.prelude != nil {
		c.prelude(w)
	}
	w.employ(c)
	return w
}

// stopAt stops the command at a write, and lets it be run again.
func (c crashScenario) stopAt(t *testing.T, found situation, at write, how way) {
	w := c.begin(t, found)
	g := &gate{at: at, stop: how.stop, look: w.look}
	g.meanwhile = func() {
		w.look(string(at))
		w.copy()
		w.run(how.by, &gate{look: w.look}, c.command...) // However it ends: the two may be in each other's way.
	}
	got := w.run(here, g, c.command...)
	if !g.reached {
		t.Fatalf("it was not reached; what was: %v\n%s%s", g.writes, got.stdout, got.stderr)
	}
	w.look(string(at))
	w.mustBeRefused() // What is delivered goes once access has ended.
	w.copy()
	c.goOnAs(w, how.by)
	w.mustBeSettled(c)
}

// goOnAs runs the command again, and whatever it takes until all is done. On the machine of the run that was stopped that is
// no more than it takes where nothing stops it. On another one that run may still be at work for all that can be seen.
func (c crashScenario) goOnAs(w *crashWorld, m machine) {
	w.Helper()
	got := w.run(m, &gate{look: w.look}, c.command...)
	switch {
	case m == elsewhere || c.finish != nil:
		c.finishAs(w, m)
	case got.code != c.ends:
		w.Errorf("run again: exit code %d\n%s%s", got.code, got.stdout, got.stderr)
	}
}

const (
	// visits is how often an operator comes back to what is not done.
	visits = 6
	// oneVisit is the time between two, longer than the share's keys must lie idle.
	oneVisit = 8 * time.Hour
)

// finishAs comes back until all is done, at least twice on another machine: from the second time on its operator knows that
// the run which was stopped is over.
func (c crashScenario) finishAs(w *crashWorld, m machine) {
	w.Helper()
	var missing []string
	for visit := range visits {
		w.later()
		missing = nil
		for _, command := range c.finishing() {
			line := slices.Clone(command)
			if m == elsewhere && visit > 0 {
				line = append(line, "--take-over")
			}
			got := w.run(m, &gate{look: w.look}, line...)
			if got.code != 0 {
				missing = append(missing, fmt.Sprintf("%s: exit code %d\n%s%s", command[0], got.code, got.stdout, got.stderr))
			}
		}
		if len(missing) == 0 && (m == here || visit > 0) {
			return
		}
	}
	w.Errorf("it does not come to an end: %s", strings.Join(missing, "\n"))
}

// A tally counts the points at which commands were to be stopped, and those at which they were, by scenario.
type tally struct {
	planned int
	made    map[string]int
}

func newTally() *tally { return &tally{made: map[string]int{}} }

func (t *tally) missed() int {
	missed := t.planned
	for _, n := range t.made {
		missed -= n
	}
	return missed
}

// String is one line: how many points there were in all, and of each scenario.
func (t *tally) String() string {
	var parts []string
	for _, scenario := range slices.Sorted(maps.Keys(t.made)) {
		parts = append(parts, fmt.Sprintf("%s %d", scenario, t.made[scenario]))
	}
	return fmt.Sprintf("crash: %d of %d points at the writes of clusters: %s",
		t.planned-t.missed(), t.planned, strings.Join(parts, ", "))
}
