package engine_test

import (
	"context"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pullpass/pullpass/internal/simulation"
	"github.com/pullpass/pullpass/test/oracle/cases"
	"github.com/pullpass/pullpass/test/oracle/engine"
)

// ask puts cases with these actions to a parrot, which does what an action says.
func ask(ctx context.Context, t *testing.T, actions ...string) ([]engine.Verdict, error) {
	t.Helper()
	node, err := engine.StartNode(ctx, "testdata/parrot.mjs")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = node.Close() }) // a parrot that died cannot be closed
	batch := make([]*cases.Case, len(actions))
	for i, action := range actions {
		batch[i] = &cases.Case{ID: action, Action: action}
	}
	return node.Decide(ctx, batch)
}

func TestNodeAnswersInOrder(t *testing.T) {
	got, err := ask(t.Context(), t, "refuse", "allow", "ignore")
	if err != nil {
		t.Fatal(err)
	}
	want := []engine.Verdict{
		{Decision: simulation.Undecided, Error: "no such action"},
		{Decision: simulation.Allowed, Ignored: []string{}},
		{Decision: simulation.ImplicitlyDenied, Ignored: []string{"aws:username"}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// Both pipes hold less than this at once.
func TestNodeTakesLargeBatches(t *testing.T) {
	actions := make([]string, 20_000)
	for i := range actions {
		actions[i] = "allow"
	}
	got, err := ask(t.Context(), t, actions...)
	if err != nil || len(got) != len(actions) {
		t.Errorf("%d answers to %d cases, %v", len(got), len(actions), err)
	}
}

func TestNodeFailures(t *testing.T) {
	for name, tt := range map[string]struct {
		actions []string
		want    string
	}{
		"a process that ends early":     {[]string{"allow", "die", "allow"}, "node ended"},
		"an answer that is no JSON":     {[]string{"babble"}, "reading the answer to case babble"},
		"an answer to another question": {[]string{"swap"}, "case another was answered where swap was asked"},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := ask(t.Context(), t, tt.actions...); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v; want %s", err, tt.want)
			}
		})
	}
}

func TestNodeEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	node, err := engine.StartNode(ctx, "testdata/parrot.mjs")
	if err != nil {
		t.Fatal(err)
	}
	cancel()
	if _, err := node.Decide(ctx, []*cases.Case{{ID: "allow", Action: "allow"}}); err == nil {
		t.Error("a cancelled process still answers")
	}
	if err := node.Close(); err == nil {
		t.Error("a killed process ended well")
	}
}
