package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/pullpass/pullpass/test/oracle/cases"
	"github.com/pullpass/pullpass/test/oracle/compare"
	"github.com/pullpass/pullpass/test/oracle/settled"
	"github.com/pullpass/pullpass/test/oracle/shrink"
)

// maxShown is how many unexplained disagreements are shrunk and printed; all are counted.
const maxShown = 20

// stride is after how many cases a long run says how far it is.
const stride = 25_000

// A report counts what became of the cases of a run.
type report struct {
	seed        uint64
	differences []settled.Difference
	progress    io.Writer

	mu          sync.Mutex // guards all below
	cases       int
	agreed      map[string]int // by decision
	discarded   map[string]int // by class
	settled     map[string]int // by names of differences
	unexplained int
	shown       []compare.Opinion // shrunk
	coverage    coverage
}

func newReport(seed uint64, differences []settled.Difference, progress io.Writer) *report {
	return &report{
		seed: seed, differences: differences, progress: progress,
		agreed: make(map[string]int), discarded: make(map[string]int), settled: make(map[string]int), coverage: make(coverage),
	}
}

// add counts a batch, and asks the pair again about the disagreements in it.
func (r *report) add(ctx context.Context, pair compare.Pair, batch []compare.Opinion) error {
	for _, o := range batch {
		if o.Differ() {
			if err := r.disagreement(ctx, pair, o); err != nil {
				return err
			}
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, o := range batch {
		if r.cases++; r.cases%stride == 0 {
			// Whether anybody sees it does not matter to the run.
			_, _ = fmt.Fprintf(r.progress, "oracle: seed %d: %d cases, %d unexplained disagreements\n", r.seed, r.cases, r.unexplained)
		}
		if class := o.Discard(); class != "" {
			r.discarded[class]++
			continue
		}
		r.coverage.count(o)
		if !o.Differ() {
			r.agreed[string(o.Ours.Decision)]++
		}
	}
	return nil
}

func (r *report) disagreement(ctx context.Context, pair compare.Pair, o compare.Opinion) error {
	names, err := settled.Explain(ctx, pair.Theirs, r.differences, o)
	if err != nil {
		return err
	}
	if len(names) > 0 {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.settled[strings.Join(names, " + ")]++
		return nil
	}
	r.mu.Lock()
	r.unexplained++
	show := r.unexplained <= maxShown
	r.mu.Unlock()
	if !show {
		return nil
	}
	smallest, err := r.smallest(ctx, pair, o)
	if err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.shown = append(r.shown, smallest)
	return nil
}

// smallest shrinks a disagreement to one that is of the same kind, and as little explained.
func (r *report) smallest(ctx context.Context, pair compare.Pair, o compare.Opinion) (compare.Opinion, error) {
	c, err := shrink.Smallest(ctx, o.Case, func(ctx context.Context, candidates []*cases.Case) ([]bool, error) {
		opinions, err := pair.Opinions(ctx, candidates)
		if err != nil {
			return nil, err
		}
		out := make([]bool, len(opinions))
		for i, other := range opinions {
			if !other.Differ() || other.Ours.Decision != o.Ours.Decision || other.Theirs.Decision != o.Theirs.Decision {
				continue
			}
			names, err := settled.Explain(ctx, pair.Theirs, r.differences, other)
			if err != nil {
				return nil, err
			}
			if out[i] = len(names) == 0; out[i] {
				break // shrink takes the first
			}
		}
		return out, nil
	})
	return compare.Opinion{Case: c, Ours: o.Ours, Theirs: o.Theirs}, err
}

func (r *report) clean() bool { return r.unexplained == 0 }

func (r *report) print(w io.Writer) error {
	var b bytes.Buffer
	fmt.Fprintf(&b, "seed %d: %d cases\n", r.seed, r.cases)
	table(&b, "agreed", r.agreed)
	table(&b, "settled", r.settled)
	table(&b, "not compared", r.discarded)
	r.coverage.print(&b)
	fmt.Fprintf(&b, "\n%d unexplained disagreements\n", r.unexplained)
	slices.SortFunc(r.shown, func(a, b compare.Opinion) int { return cmp.Compare(a.Case.ID, b.Case.ID) })
	for _, o := range r.shown {
		if err := show(&b, o); err != nil {
			return err
		}
	}
	_, err := w.Write(b.Bytes())
	return err
}

func table(b *bytes.Buffer, title string, counts map[string]int) {
	total := 0
	for _, n := range counts {
		total += n
	}
	fmt.Fprintf(b, "\n%s: %d\n", title, total)
	names := slices.SortedFunc(maps.Keys(counts), func(x, y string) int {
		return cmp.Or(cmp.Compare(counts[y], counts[x]), cmp.Compare(x, y))
	})
	for _, name := range names {
		fmt.Fprintf(b, "%9d  %s\n", counts[name], name)
	}
}

// show prints a disagreement as an entry of the corpus, with our decision to be put right, and as both engines got it.
func show(b *bytes.Buffer, o compare.Opinion) error {
	entry, err := corpusEntry(o)
	if err != nil {
		return err
	}
	raw, err := json.Marshal(o.Case.Wire())
	if err != nil {
		return fmt.Errorf("writing case %s: %w", o.Case.ID, err)
	}
	fmt.Fprintf(b, "\ncase %s: authz says %s, the oracle %s\n%s\n%s\n", o.Case.ID, o.Ours.Decision, o.Theirs.Decision, entry, raw)
	return nil
}
