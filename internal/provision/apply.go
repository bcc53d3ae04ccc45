package provision

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/pullpass/pullpass/arn"
	"github.com/pullpass/pullpass/internal/audit"
	"github.com/pullpass/pullpass/internal/plan"
)

// A Result is what became of the steps of a plan, in the plan's order. Steps that were handed over are not in it.
type Result struct{ Steps []StepResult }

// In returns the results of one account.
func (r Result) In(account arn.AccountID) []StepResult {
	return slices.DeleteFunc(slices.Clone(r.Steps), func(s StepResult) bool { return s.Step.Account != account })
}

// Count returns how many steps ended in a state.
func (r Result) Count(state State) int {
	n := 0
	for _, s := range r.Steps {
		if s.State == state {
			n++
		}
	}
	return n
}

// Err returns what went wrong, nil if every step is done. Steps that were skipped for another's failure add nothing.
func (r Result) Err() error {
	var errs []error
	for _, s := range r.Steps {
		if s.State == Failed || s.State == Skipped && errors.Is(s.Err, context.Canceled) {
			errs = append(errs, s.Err)
		}
	}
	return errors.Join(errs...)
}

// Changed reports whether a step found AWS otherwise than the plan did, so that planning anew may help.
func (r Result) Changed() bool {
	return slices.ContainsFunc(r.Steps, func(s StepResult) bool { return errors.Is(s.Err, ErrChanged) })
}

// Apply carries out the steps of a plan, but for those of sides that are handed over. Accounts are worked in side by side.
// A step that fails stops those that need it and no other; the next plan finds out what is left. Once the context ends no
// step is begun; one under way is finished, so that no key is lost between its making and its delivery.
//
// The error is about the plan as a whole; what became of each step is in the Result.
func Apply(ctx context.Context, c Config, p *plan.Plan) (Result, error) {
	steps := p.Runnable()
	accounts, err := c.open(ctx, steps)
	if err != nil {
		return Result{}, fmt.Errorf("applying share %s: %w", p.Share, err)
	}
	results, err := walk(ctx, steps, func(ctx context.Context, s plan.Step) error {
		return accounts[s.Account].do(ctx, s)
	}, c.Progress)
	if err != nil {
		return Result{}, fmt.Errorf("applying share %s: %w", p.Share, err)
	}
	return Result{Steps: results}, nil
}

// open signs in to every account that has steps.
func (c Config) open(ctx context.Context, steps []plan.Step) (map[arn.AccountID]*worker, error) {
	workers := map[arn.AccountID]*worker{}
	var group errgroup.Group
	for _, s := range steps {
		if workers[s.Account] != nil {
			continue
		}
		open := c.Accounts[s.Account]
		if open == nil {
			return nil, errors.Join(fmt.Errorf("account %s: the plan has steps and there is no access", s.Account), group.Wait())
		}
		w := &worker{Config: c, id: s.Account, slots: make(chan struct{}, c.limit())}
		workers[s.Account] = w
		group.Go(func() (err error) {
			w.in, err = open(ctx)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	return workers, nil
}

// A worker carries out steps in one account.
type worker struct {
	Config
	id arn.AccountID
	in Account
	// slots has room for the steps that may be under way.
	slots chan struct{}
}

func (w *worker) do(ctx context.Context, s plan.Step) error {
	select {
	case w.slots <- struct{}{}:
	case <-ctx.Done():
		return fmt.Errorf("%w: the run was stopped: %w", errUnmet, ctx.Err())
	}
	defer func() { <-w.slots }()
	// A step that has begun is finished: see Apply.
	ctx = audit.At(context.WithoutCancel(ctx), audit.Place{Account: w.id, Step: s.ID})
	call := w.once
	if len(s.Needs) > 0 {
		call = w.Settling.Do
	}
	return w.carryOut(ctx, s.Op, call)
}

// A caller makes one call, perhaps several times.
type caller func(ctx context.Context, call func(context.Context) error) error

func (*worker) once(ctx context.Context, call func(context.Context) error) error { return call(ctx) }
