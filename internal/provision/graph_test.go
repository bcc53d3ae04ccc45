package provision

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/aws/smithy-go"
	"github.com/google/go-cmp/cmp"

	"github.com/pullpass/pullpass/internal/plan"
)

// steps makes steps out of lines such as "c: a b", which is step c that needs a and b.
func steps(lines ...string) []plan.Step {
	var all []plan.Step
	for _, line := range lines {
		id, needs, _ := strings.Cut(line, ":")
		all = append(all, plan.Step{ID: id, Needs: strings.Fields(needs)})
	}
	return all
}

func states(results []StepResult) map[string]State {
	found := map[string]State{}
	for _, r := range results {
		found[r.Step.ID] = r.State
	}
	return found
}

func TestAFailureSkipsWhatNeedsItAndNothingElse(t *testing.T) {
	broken := errors.New("broken")
	results, err := walk(t.Context(), steps("a", "b", "c: a", "d: c b", "e: b", "f: d"), func(_ context.Context, s plan.Step) error {
		if s.ID == "a" {
			return broken
		}
		return nil
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]State{"a": Failed, "b": Done, "c": Skipped, "d": Skipped, "e": Done, "f": Skipped}
	if diff := cmp.Diff(want, states(results)); diff != "" {
		t.Errorf("states (-want +got):\n%s", diff)
	}
	if !errors.Is(results[0].Err, broken) || !strings.Contains(results[3].Err.Error(), `"c"`) {
		t.Errorf("errors: %v; %v", results[0].Err, results[3].Err)
	}
}

// Two steps that need nothing of each other wait for each other here: one after the other they would never end.
func TestStepsThatNeedNothingOfEachOtherRunSideBySide(t *testing.T) {
	met := make(chan struct{})
	_, err := walk(t.Context(), steps("a", "b"), func(ctx context.Context, s plan.Step) error {
		if s.ID == "a" {
			met <- struct{}{}
			return nil
		}
		<-met
		return nil
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
}

func TestAStepStartsAfterAllThatItNeedsHasEnded(t *testing.T) {
	var order []string
	_, err := walk(t.Context(), steps("a", "b: a", "c: a", "d: b c"), func(context.Context, plan.Step) error { return nil },
		func(e Event) { order = append(order, string(e.State)+" "+e.Step.ID) })
	if err != nil {
		t.Fatal(err)
	}
	for _, pair := range [][2]string{
		{"done a", "started b"}, {"done a", "started c"}, {"done b", "started d"}, {"done c", "started d"}, {"started d", "done d"},
	} {
		if slices.Index(order, pair[0]) > slices.Index(order, pair[1]) {
			t.Errorf("%q came after %q: %v", pair[0], pair[1], order)
		}
	}
}

func TestNoStepStartsOnceTheContextHasEnded(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	results, err := walk(ctx, steps("a", "b: a", "c: b"), func(context.Context, plan.Step) error {
		cancel()
		return nil
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]State{"a": Done, "b": Skipped, "c": Skipped}, states(results)); diff != "" {
		t.Errorf("states (-want +got):\n%s", diff)
	}
	if !errors.Is(results[1].Err, context.Canceled) {
		t.Errorf("b was skipped for %v", results[1].Err)
	}
}

func TestAGraphWithACircleOrAGapIsRefused(t *testing.T) {
	for name, lines := range map[string][]string{
		"a circle":            {"a: b", "b: a"},
		"a step that is gone": {"a", "b: c"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := walk(t.Context(), steps(lines...), func(context.Context, plan.Step) error {
				t.Error("a step was carried out")
				return nil
			}, nil)
			if err == nil {
				t.Error("no error")
			}
		})
	}
}

func TestAServiceControlPolicyIsNamed(t *testing.T) {
	const sentence = "User: arn:aws:iam::222222222222:user/admin is not authorized to perform: iam:CreateUser on resource: r with an explicit deny in "
	for name, test := range map[string]struct {
		message, policy string
		scp             bool
	}{
		"with its ARN":         {sentence + "a service control policy: arn:aws:organizations::888888888888:policy/o-1/service_control_policy/p-1", "arn:aws:organizations::888888888888:policy/o-1/service_control_policy/p-1", true},
		"without it":           {sentence + "a service control policy", "", true},
		"another kind of deny": {sentence + "an identity-based policy", "", false},
	} {
		t.Run(name, func(t *testing.T) {
			err := failed("222222222222", &smithy.GenericAPIError{Code: "AccessDenied", Message: test.message}, "creating user %s", "u")
			var scp *SCPError
			if errors.As(err, &scp) != test.scp {
				t.Fatalf("got %v", err)
			}
			if test.scp && scp.Policy != test.policy {
				t.Errorf("policy %q, want %q", scp.Policy, test.policy)
			}
			var call *CallError
			if !errors.As(err, &call) || call.Error() != "creating user u in account 222222222222: AccessDenied: "+test.message {
				t.Errorf("the error reads %q", err)
			}
		})
	}
}
