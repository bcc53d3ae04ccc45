package provision

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/pullpass/pullpass/internal/plan"
)

// A StepResult is what became of a step.
type StepResult struct {
	Step  plan.Step
	State State
	// Err is why the step failed or was skipped.
	Err error
}

// errUnmet is wrapped by the reason why a step was skipped.
var errUnmet = errors.New("not carried out")

// A node is a step in the graph, with what becomes of it once done is closed.
type node struct {
	StepResult
	done chan struct{}
	// ahead is how many calls follow one another from the beginning of the step to the end of the run.
	ahead int
}

// walk carries out steps as soon as all that they need is done, side by side where they do not need each other. A step
// whose need failed is skipped, and so is one that has not started when the context ends. The results are in the order
// of the steps.
func walk(ctx context.Context, steps []plan.Step, do func(context.Context, plan.Step) error, report func(Event)) ([]StepResult, error) {
	nodes := make([]*node, len(steps))
	byID := make(map[string]*node, len(steps))
	for i, s := range steps {
		// Steps come after what they need, so that there can be no circle.
		for _, need := range s.Needs {
			if byID[need] == nil {
				return nil, fmt.Errorf("step %q needs %q, which does not come before it", s.ID, need)
			}
		}
		nodes[i] = &node{StepResult: StepResult{Step: s}, done: make(chan struct{})}
		byID[s.ID] = nodes[i]
	}
	reporter := reporter{report: report}
	var running sync.WaitGroup
	for _, n := range longestFirst(nodes, byID) {
		running.Go(func() {
			defer close(n.done)
			n.State, n.Err = n.run(ctx, byID, do, &reporter)
			reporter.tell(Event{Step: n.Step, State: n.State, Err: n.Err})
		})
	}
	running.Wait()
	results := make([]StepResult, len(nodes))
	for i, n := range nodes {
		results[i] = n.StepResult
	}
	return results, nil
}

// longestFirst orders nodes by how many calls have to follow one another from each to the end, so that what a run waits for
// last is begun first.
func longestFirst(nodes []*node, byID map[string]*node) []*node {
	for _, n := range slices.Backward(nodes) {
		n.ahead += calls(n.Step.Op)
		for _, id := range n.Step.Needs {
			byID[id].ahead = max(byID[id].ahead, n.ahead)
		}
	}
	order := slices.Clone(nodes)
	slices.SortStableFunc(order, func(a, b *node) int { return b.ahead - a.ahead })
	return order
}

// calls is how many calls an operation makes one after the other.
func calls(op plan.Op) int {
	switch op := op.(type) {
	case plan.CreateKey:
		if op.Mark {
			return 7
		}
		return 2
	case plan.DeleteKey, plan.DeactivateKey, plan.DeleteRetiredKey, plan.RemoveRole, plan.RemovePolicy:
		return 4
	case plan.RemoveUser:
		return 6
	case plan.UpdatePolicy:
		if op.DeleteVersion != "" {
			return 2
		}
	case plan.WriteDelivery:
		return 0
	}
	return 1
}

func (n *node) run(ctx context.Context, byID map[string]*node, do func(context.Context, plan.Step) error, r *reporter) (State, error) {
	for _, id := range n.Step.Needs {
		need := byID[id]
		<-need.done
		if need.State != Done {
			return Skipped, fmt.Errorf("%w: it needs %q", errUnmet, need.Step.ID)
		}
	}
	if err := ctx.Err(); err != nil {
		return Skipped, fmt.Errorf("%w: the run was stopped: %w", errUnmet, err)
	}
	r.tell(Event{Step: n.Step, State: Started})
	switch err := do(ctx, n.Step); {
	case err == nil:
		return Done, nil
	case errors.Is(err, errUnmet):
		return Skipped, err
	default:
		return Failed, err
	}
}

// A reporter tells one event at a time.
type reporter struct {
	mu     sync.Mutex
	report func(Event)
}

func (r *reporter) tell(e Event) {
	if r.report == nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.report(e)
}
