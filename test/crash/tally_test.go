package crash

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
)

// A tally counts the points at which commands were to be stopped, and those at which they were.
type tally struct {
	mu            sync.Mutex
	planned, made map[string]int
}

func newTally() *tally { return &tally{planned: map[string]int{}, made: map[string]int{}} }

func (t *tally) plan(scenario string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.planned[scenario]++
}

// done counts a point that was reached and left behind, with or without a violation.
func (t *tally) done(scenario string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.made[scenario]++
}

func (t *tally) missed() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return sum(t.planned) - sum(t.made)
}

// String is one line: how many points there were in all, and of each scenario.
func (t *tally) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	var parts []string
	for _, scenario := range slices.Sorted(maps.Keys(t.planned)) {
		parts = append(parts, fmt.Sprintf("%s %d", scenario, t.made[scenario]))
	}
	return fmt.Sprintf("crash: %d of %d points: %s", sum(t.made), sum(t.planned), strings.Join(parts, ", "))
}

func sum(counts map[string]int) int {
	total := 0
	for _, n := range counts {
		total += n
	}
	return total
}
