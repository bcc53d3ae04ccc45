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
	mu sync.Mutex
	// points is how many there are, planned and made how many of them were to be tried and were, by scenario.
	points        int
	planned, made map[string]int
}

func newTally() *tally { return &tally{planned: map[string]int{}, made: map[string]int{}} }

// chosen plans a point, of which a sample leaves most out, and reports whether it is to be tried.
func (t *tally) chosen(scenario string) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.points++
	if t.points%oneOf != 0 {
		return false
	}
	t.planned[scenario]++
	return true
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
	return fmt.Sprintf("crash: %d of %d points: %s", sum(t.made), t.points, strings.Join(parts, ", "))
}

func sum(counts map[string]int) int {
	total := 0
	for _, n := range counts {
		total += n
	}
	return total
}
