package peers

import (
	stdcmp "cmp"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// A record is what the programs did, for the two documents that are made of it.
type record struct {
	mu      sync.Mutex
	order   []tried // by first appearance, of either posture
	results map[tried]string
	failing map[posture]map[string][]operation // by action that was taken away
	granted map[posture]map[string]bool        // actions, and whether a pull needs them
}

// add records a result.
func (r *record) add(t *testing.T, what tried, result string) {
	t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.results == nil {
		r.results = map[tried]string{}
	}
	if _, twice := r.results[what]; twice {
		t.Fatalf("recorded twice: %s", what)
	}
	r.results[what] = result
	what.posture = ""
	if !slices.Contains(r.order, what) {
		r.order = append(r.order, what)
	}
}

func (r *record) fails(p posture, action string, op operation) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.failing == nil {
		r.failing = map[posture]map[string][]operation{}
	}
	if r.failing[p] == nil {
		r.failing[p] = map[string][]operation{}
	}
	r.failing[p][action] = append(r.failing[p][action], op)
}

func (r *record) needs(p posture, needed map[string]bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.granted == nil {
		r.granted = map[posture]map[string]bool{}
	}
	r.granted[p] = needed
}

// grantsTheNeeded demands that the hardened posture grants just what pulls turned out to need, in either posture: an action too
// many would show as one that no pull needs, an action too few as one that only the documented posture grants.
func (r *record) grantsTheNeeded(t *testing.T) {
	granted := slices.Sorted(maps.Keys(r.granted[hardened]))
	for _, p := range postures {
		var needed []string
		for action, pulled := range r.granted[p] {
			if pulled {
				needed = append(needed, action)
			}
		}
		slices.Sort(needed)
		if diff := cmp.Diff(needed, granted); diff != "" {
			t.Errorf("in the %s posture pulls need other actions than the hardened posture grants (-needed +granted):\n%s", p, diff)
		}
	}
}

// keep leaves the documents for run.sh, which holds them against those that are checked in. A run of a part makes none.
func (r *record) keep(t *testing.T) {
	t.Helper()
	if part := flag.Lookup("test.run").Value.String(); part != "" && part != "TestDelivered" {
		return
	}
	dir := setting(t, "PEERS_DOCS")
	for name, text := range map[string]string{"compatibility.md": r.compatibility(), "permissions.md": r.permissions()} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Error(err)
		}
	}
}

// sorted are the things tried, by program, condition and operation, each in the order of the source.
func (r *record) sorted() []tried {
	conditions := []string{asAdministrator, asApplied.name, policyDetached, trustDropped, keyDeleted, subscriptionExpired.name}
	rank := map[program]int{}
	for _, what := range r.order {
		if _, known := rank[what.program]; !known {
			rank[what.program] = len(rank)
		}
	}
	rows := slices.Clone(r.order)
	slices.SortStableFunc(rows, func(a, b tried) int {
		return stdcmp.Or(stdcmp.Compare(rank[a.program], rank[b.program]),
			stdcmp.Compare(slices.Index(conditions, a.condition), slices.Index(conditions, b.condition)))
	})
	return rows
}

// compatibility is docs/compatibility.md.
func (r *record) compatibility() string {
	var text strings.Builder
	text.WriteString(`# Compatibility

Programs that were not written for pullpass nor for its sandbox, run unchanged against the sandbox under AWS's real host
names. Each has nothing of AWS's but the file that ` + "`pullpass apply`" + ` delivered, or the Secret that carries it. Then the role's
policy is detached, the role's trust is dropped, and the key is deleted, one on top of the other; last comes a subscription
that has expired. A refusal counts only with AWS's own words for it, or with the status where a client shows no more.
Registry clients keep the password that they had, as long as the file leads to one.

` + "`make peers`" + ` makes this file, and says where a run differs. Other versions of aws-cli and containerd than these are tried
as they are found.

| program | version | operation | share | documented | hardened |
|---|---|---|---|---|---|
`)
	for _, what := range r.sorted() {
		results := [2]string{}
		for i, p := range postures {
			either, own := what, what
			own.posture = p
			results[i] = stdcmp.Or(r.results[own], r.results[either])
		}
		fmt.Fprintf(&text, "| %s | %s | %s | %s | %s | %s |\n",
			what.program.name, what.program.version, what.operation, what.condition, results[0], results[1])
	}
	return text.String()
}
