package provision

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/pullpass/pullpass/arn"
	"github.com/pullpass/pullpass/internal/audit"
	"github.com/pullpass/pullpass/internal/pause"
	"github.com/pullpass/pullpass/internal/plan"
	"github.com/pullpass/pullpass/internal/share"
)

// A Rotator carries rotations of access keys on as far as they can go now. It keeps nothing: each run sees by the keys, the
// deliveries and the user's marks where the last one ended.
type Rotator struct {
	Config
	// Desired is what plan.RotationScope gives.
	Desired share.Desired
	// Options are those of the run, but for Now, which Clock gives, and Receipts, which Witness collects.
	Options plan.RotationOptions
	Clock   func() time.Time
	// Live returns the runs of this machine that are at work.
	Live func() ([]plan.RunID, error)
	// Witness collects the receipt of a cluster. Fresh says that its key was made within the last minutes.
	Witness func(ctx context.Context, account arn.AccountID, c share.ClusterDelivery, fresh bool) plan.Receipt
	// Watch is how long an old key is inactive before what uses the new one is looked at again.
	Watch time.Duration
	// Grace is how long is waited for what passes by itself, such as the restart of a packages controller.
	Grace time.Duration
	// Wait sleeps for a time or until the context ends; nil for the real clock.
	Wait func(context.Context, time.Duration) error
}

// A UserResult is how far the rotation of one user's key has come.
type UserResult struct {
	// UserRotation is what was decided last: what is missing, or why there was nothing to do.
	plan.UserRotation
	// Risks are what was disregarded because patience had ended: each may break.
	Risks []plan.Gap
	// Steps are what was done, in order.
	Steps []StepResult
	// Ended says that the rotation is over: the old key is gone.
	Ended bool
	// Err is why it could not go on.
	Err error
}

const (
	// rotating is how many users are rotated at the same time.
	rotating = 16
	// maxTurns is more than a rotation can take, the waiting for what passes by itself apart.
	maxTurns = 24
	// maxChanges is how often AWS may be found otherwise than planned, by the work of others, before that is said.
	maxChanges = 3
	// between is the time between two looks at what passes by itself.
	between = 10 * time.Second
	// freshness is the age up to which a key may not be known everywhere.
	freshness = 10 * time.Minute
)

// Plan returns the next step of every rotation.
func (r *Rotator) Plan(ctx context.Context) (*plan.Rotation, error) {
	return r.next(ctx, r.Desired, r.Options, nil)
}

// Run carries on the rotations of a plan, those of different users side by side: what holds one back holds back no other.
// The results are in the order of the plan. Once the context ends no step is begun, but a key that was deactivated is
// watched to the end.
func (r *Rotator) Run(ctx context.Context, planned *plan.Rotation) []UserResult {
	c := r.Config
	if c.Progress != nil {
		reporter := reporter{report: c.Progress}
		c.Progress = reporter.tell
	}
	results := make([]UserResult, len(planned.Users))
	var group errgroup.Group
	group.SetLimit(rotating)
	for i, u := range planned.Users {
		results[i].UserRotation = u
		if u.Action == plan.RotateNothing || u.Action == plan.RotateBusy || u.Action == plan.RotateRefuse {
			continue
		}
		group.Go(func() error {
			t := turns{Rotator: r, config: c, options: r.Options, desired: alone(r.Desired, u), receipts: map[plan.ClusterRef]plan.Receipt{}}
			t.options.Only, t.known.user = u.User, u.User
			t.result.UserRotation = u
			t.result.Err = t.run(ctx)
			results[i] = t.result
			return nil
		})
	}
	_ = group.Wait() // what fails is in the results
	return results
}

// alone narrows a share to one user, or to the account whose clusters have used it.
func alone(d share.Desired, u plan.UserRotation) share.Desired {
	i := slices.IndexFunc(d.Destinations, func(s share.DestinationSide) bool { return s.Account == u.Account })
	side := d.Destinations[i]
	side.Clusters = u.Clusters
	if u.Leaving {
		d.Destinations = []share.DestinationSide{side}
		return d
	}
	side.Users = slices.DeleteFunc(slices.Clone(side.Users), func(w share.User) bool { return w.Name != u.User.Name() })
	d.Destinations = []share.DestinationSide{side}
	return d
}

// next reads and decides. Which runs are at work is asked before the reading and after it, as for a plan.
func (r *Rotator) next(ctx context.Context, desired share.Desired, o plan.RotationOptions, amend func(plan.Observed)) (*plan.Rotation, error) {
	before, err := r.Live()
	if err != nil {
		return nil, err
	}
	observed, err := Observe(ctx, r.Config, desired)
	if err != nil {
		return nil, err
	}
	after, err := r.Live()
	if err != nil {
		return nil, err
	}
	observed.Runs.Live = slices.Concat(before, after)
	if amend != nil {
		amend(observed)
	}
	o.Now = r.Clock()
	return plan.Rotate(desired, observed, o)
}

// turns is the rotation of one user's key: read, decide, do, and again.
type turns struct {
	*Rotator
	config   Config
	options  plan.RotationOptions
	desired  share.Desired
	receipts map[plan.ClusterRef]plan.Receipt
	// faults are those that clusters had before the old key was deactivated.
	faults map[plan.ClusterRef][]string
	known  knowledge
	// blind says that nobody sees any more what has become of the clusters.
	blind bool
	// waited is for how long this run has waited for what passes by itself.
	waited time.Duration
	result UserResult
}

func (t *turns) run(ctx context.Context) error {
	err := t.loop(ctx)
	if t.known.deactivated && (t.blind || errors.Is(err, audit.ErrUnwritten)) {
		return errors.Join(err, t.giveBack(ctx))
	}
	return err
}

// giveBack reactivates a key that this run has deactivated and can no longer watch over, whether that can be recorded or not.
func (t *turns) giveBack(ctx context.Context) error {
	why := "the rotation could not go on after it was deactivated"
	err := t.apply(audit.Mending(context.WithoutCancel(ctx)), t.result.GiveBack(t.desired.Share, why))
	if err != nil {
		return fmt.Errorf("access key %s stays inactive: %w", t.result.Old, err)
	}
	return fmt.Errorf("access key %s was reactivated: %s", t.result.Old, why)
}

func (t *turns) loop(ctx context.Context) error {
	changes := 0
	for range maxTurns + int(t.Grace/between) {
		if err := ctx.Err(); err != nil && !t.known.deactivated {
			return fmt.Errorf("%w: the run was stopped: %w", errUnmet, err)
		}
		next, found, err := t.decide(context.WithoutCancel(ctx))
		if t.blind = err != nil; t.blind {
			return err
		}
		if !found { // The key that was asked for is gone.
			return nil
		}
		if d := next.Users[0].RotationDecision; d.Old != "" || !t.result.Ended { // The end of it still tells the keys.
			t.result.RotationDecision = d
		}
		goOn, err := t.take(ctx, next)
		switch {
		case errors.Is(err, ErrChanged) && changes < maxChanges:
			changes++
		case err != nil || !goOn:
			return err
		}
	}
	return fmt.Errorf("user %s in account %s: the rotation does not come to an end", t.result.User.Name(), t.result.Account)
}

func (t *turns) decide(ctx context.Context) (next *plan.Rotation, found bool, err error) {
	o := t.options
	o.Receipts = t.receipts
	next, err = t.next(ctx, t.desired, o, t.known.amend)
	switch {
	case err != nil:
		return nil, false, err
	case next.Sides[0].State == plan.Stopped:
		return nil, false, errors.New(next.Problems[0].String())
	}
	return next, len(next.Users) == 1, nil
}

// take takes one step, and reports whether there may be another.
func (t *turns) take(ctx context.Context, next *plan.Rotation) (goOn bool, err error) {
	d := next.Users[0].RotationDecision
	switch d.Action {
	case plan.RotateProve:
		return true, t.prove(context.WithoutCancel(ctx), d)
	case plan.RotateWait:
		return t.soon(ctx, d)
	case plan.RotateDeactivate:
		t.keepFaults()
		t.result.Risks = d.Risks
		if err := t.apply(ctx, next.Plan); err != nil {
			return false, err
		}
		return true, pause.For(context.WithoutCancel(ctx), t.Wait, t.Watch)
	case plan.RotateReactivate:
		ctx = context.WithoutCancel(ctx)
		if t.known.deactivated {
			ctx = audit.Mending(ctx)
		}
		if err := t.apply(ctx, next.Plan); err != nil {
			return false, err
		}
		if d.Failed {
			return false, fmt.Errorf("access key %s was reactivated: %s", d.Old, d.Why)
		}
		return true, nil
	case plan.RotateCreate, plan.RotateDeliver, plan.RotateDelete, plan.RotateUnmark:
		err := t.apply(ctx, next.Plan)
		t.result.Ended = err == nil && (t.result.Ended || d.Action == plan.RotateDelete)
		return d.Action != plan.RotateUnmark, err
	case plan.RotateNothing, plan.RotateBusy, plan.RotateRefuse:
	}
	return false, nil
}

// apply carries out the steps of a decision. The receipts are of what was before them.
func (t *turns) apply(ctx context.Context, p *plan.Plan) error {
	clear(t.receipts)
	// What the operator asked for has been begun: what follows is the rotation itself.
	t.options.Force = false
	result, err := Apply(ctx, t.config, p)
	t.result.Steps = append(t.result.Steps, result.Steps...)
	for _, s := range result.Steps {
		if s.State == Done {
			t.known.learn(s.Step.Op, t.Clock())
		}
	}
	return errors.Join(err, result.Err())
}

// prove collects receipts side by side.
func (t *turns) prove(ctx context.Context, d plan.RotationDecision) error {
	var mu sync.Mutex
	var group errgroup.Group
	group.SetLimit(t.limit())
	for _, c := range t.result.Clusters {
		if !slices.Contains(d.Prove, c.Cluster) {
			continue
		}
		group.Go(func() error {
			receipt := t.Witness(ctx, t.result.Account, c, t.Clock().Sub(d.Made) < freshness)
			ref := plan.ClusterRef{Account: t.result.Account, Cluster: c.Cluster}
			mu.Lock()
			defer mu.Unlock()
			receipt.Faults = slices.DeleteFunc(receipt.Faults, func(f string) bool { return slices.Contains(t.faults[ref], f) })
			t.receipts[ref] = receipt
			return nil
		})
	}
	return group.Wait()
}

func (t *turns) keepFaults() {
	t.faults = map[plan.ClusterRef][]string{}
	for ref, receipt := range t.receipts {
		t.faults[ref] = receipt.Faults
	}
}

// soon waits for what passes by itself, where all that is missing does.
func (t *turns) soon(ctx context.Context, d plan.RotationDecision) (goOn bool, err error) {
	wait := t.until(d.Missing)
	if t.waited+wait > t.Grace || slices.ContainsFunc(d.Missing, func(g plan.Gap) bool { return !g.Soon }) {
		return false, nil
	}
	t.waited += wait
	clear(t.receipts)
	if err := pause.For(ctx, t.Wait, wait); err != nil {
		return false, fmt.Errorf("%w: the run was stopped: %w", errUnmet, err)
	}
	return true, nil
}

// until is how long to wait before another look: as long as it takes for the gaps to close, where all of them say when.
func (t *turns) until(gaps []plan.Gap) time.Duration {
	wait := between
	for _, g := range gaps {
		if g.Until.IsZero() {
			return between
		}
		wait = max(wait, g.Until.Sub(t.Clock()))
	}
	return wait
}
