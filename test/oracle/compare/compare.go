// Package compare holds two engines against each other.
package compare

import (
	"context"
	"fmt"
	"sync"

	"github.com/pullpass/pullpass/test/oracle/cases"
	"github.com/pullpass/pullpass/test/oracle/engine"
)

// An Engine decides cases, each answer in the place of its case.
type Engine interface {
	Decide(context.Context, []*cases.Case) ([]engine.Verdict, error)
}

// A Pair is the engine under test and the one that it is held against.
type Pair struct {
	Ours, Theirs Engine
}

// An Opinion is what both say to a case.
type Opinion struct {
	Case         *cases.Case
	Ours, Theirs engine.Verdict
}

// Differ reports whether both decided, and not alike.
func (o Opinion) Differ() bool { return o.Discard() == "" && o.Ours.Decision != o.Theirs.Decision }

// Discard names the class of a case that cannot be compared, "" for one that can.
func (o Opinion) Discard() string {
	switch {
	case o.Ours.Error != "" && o.Theirs.Error != "":
		return "both refuse the case"
	case o.Theirs.Error != "":
		return "the oracle refuses the case: " + o.Theirs.Error
	case o.Ours.Error != "":
		return "authz refuses the case: " + o.Ours.Error
	case len(o.Theirs.Ignored) > 0:
		return fmt.Sprintf("the oracle ignores a condition key: %s", o.Theirs.Ignored[0])
	}
	return ""
}

// Opinions puts a batch to both engines.
func (p Pair) Opinions(ctx context.Context, batch []*cases.Case) ([]Opinion, error) {
	ours, err := p.Ours.Decide(ctx, batch)
	if err != nil {
		return nil, err
	}
	theirs, err := p.Theirs.Decide(ctx, batch)
	if err != nil {
		return nil, err
	}
	out := make([]Opinion, len(batch))
	for i, c := range batch {
		out[i] = Opinion{Case: c, Ours: ours[i], Theirs: theirs[i]}
	}
	return out, nil
}

// Run makes count cases of a seed and hands each batch of opinions to visit, one batch at a time; which pair asks for which
// batch is left to chance, so that visit must not depend on their order. The first error of any ends the run.
func Run(ctx context.Context, pairs []Pair, seed uint64, count, size int, visit func(Pair, []Opinion) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	starts := make(chan int)
	go func() {
		defer close(starts)
		for start := 0; start < count; start += size {
			select {
			case starts <- start:
			case <-ctx.Done():
				return
			}
		}
	}()
	var group sync.WaitGroup
	for _, pair := range pairs {
		group.Go(func() {
			for start := range starts {
				if err := pair.batch(ctx, seed, start, min(start+size, count), visit); err != nil {
					cancel(err)
					return
				}
			}
		})
	}
	group.Wait()
	return context.Cause(ctx)
}

func (p Pair) batch(ctx context.Context, seed uint64, from, to int, visit func(Pair, []Opinion) error) error {
	batch := make([]*cases.Case, 0, to-from)
	for n := from; n < to; n++ {
		batch = append(batch, cases.Make(seed, uint64(n)))
	}
	opinions, err := p.Opinions(ctx, batch)
	if err != nil {
		return err
	}
	return visit(p, opinions)
}
