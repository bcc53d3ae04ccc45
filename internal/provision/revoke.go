package provision

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/pullpass/pullpass/internal/plan"
	"github.com/pullpass/pullpass/internal/revoke"
	"github.com/pullpass/pullpass/internal/share"
)

// A Revoker takes access away. It keeps nothing: each run sees by the entities, the denies and the deliveries how far the
// last one came.
type Revoker struct {
	Config
	// Desired is the whole share.
	Desired share.Desired
	Target  revoke.Target
	// Dates gives AWS's time, as far as its answers have told it, by which denies are dated and told to be over; nil for Clock's.
	Dates func() time.Time
	// Options are those of the run, but for Now, which Dates gives.
	Options revoke.Options
	Clock   func() time.Time
}

// Plan reads what there is and decides.
func (r *Revoker) Plan(ctx context.Context) (*revoke.Revocation, error) {
	c := r.Config
	c.Leftovers = r.Target.All || r.Target.LeftBehind
	observed, err := Observe(ctx, c, r.Target.Part(r.Desired))
	if err != nil {
		return nil, err
	}
	return r.Decide(observed)
}

// Decide decides on what was read.
func (r *Revoker) Decide(observed plan.Observed) (*revoke.Revocation, error) {
	o := r.Options
	o.Now = r.now()
	return revoke.Decide(r.Target.Part(r.Desired), observed, r.Target, o)
}

func (r *Revoker) now() time.Time {
	if r.Dates != nil {
		return r.Dates()
	}
	return r.Clock()
}

// An Ended is what became of the steps that end access.
type Ended struct {
	Result
	// At is when each step that is done was done, by its id.
	At map[string]time.Time
}

// End carries out the steps that end access, and no other.
func (r *Revoker) End(ctx context.Context, planned *revoke.Revocation) (Ended, error) {
	ended := Ended{At: map[string]time.Time{}}
	c := r.Config
	c.Progress = func(e Event) { // One goroutine at a time calls it.
		if e.State == Done {
			ended.At[e.Step.ID] = r.Clock()
		}
		if r.Progress != nil {
			r.Progress(e)
		}
	}
	ends := *planned.Plan
	ends.Steps = slices.DeleteFunc(slices.Clone(ends.Steps), func(s plan.Step) bool { return !planned.Ends[s.ID] })
	var err error
	ended.Result, err = Apply(ctx, c, &ends)
	return ended, err
}

// Clear carries out the other steps: those whose need is not done are skipped, and those of clusters whose access is not
// known to have ended. What stays of these tells the next run what there is to be done.
func (r *Revoker) Clear(ctx context.Context, planned *revoke.Revocation, ended Ended, open []revoke.Cluster) (Result, error) {
	rest := *planned.Plan
	rest.Steps = nil
	var skipped []StepResult
	held := map[string]bool{}
	for _, s := range planned.Steps {
		if planned.Ends[s.ID] {
			_, done := ended.At[s.ID]
			held[s.ID] = !done
			continue
		}
		why := waits(s, held, open)
		if why != "" && !rest.IsHandedOver(s.Account) {
			held[s.ID] = true
			skipped = append(skipped, StepResult{Step: s, State: Skipped, Err: fmt.Errorf("%w: %s", errUnmet, why)})
			continue
		}
		s.Needs = slices.DeleteFunc(slices.Clone(s.Needs), func(id string) bool { return planned.Ends[id] })
		rest.Steps = append(rest.Steps, s)
	}
	result, err := Apply(ctx, r.Config, &rest)
	result.Steps = append(result.Steps, skipped...)
	return result, err
}

// waits says why a step has to wait; empty where it need not.
func waits(s plan.Step, held map[string]bool, open []revoke.Cluster) string {
	for _, id := range s.Needs {
		if held[id] {
			return fmt.Sprintf("it needs %q", id)
		}
	}
	for _, c := range open {
		if s.Account == c.Delivery.Config.RoleARN.Account || s.Account == c.Account && (s.Cluster == "" || s.Cluster == c.Delivery.Cluster) {
			return fmt.Sprintf("access of cluster %s is not known to have ended", c.Delivery.Cluster)
		}
	}
	return ""
}
