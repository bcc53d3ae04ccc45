package shrink_test

import (
	"context"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pullpass/pullpass/iampolicy"
	"github.com/pullpass/pullpass/internal/simulation"
	"github.com/pullpass/pullpass/test/oracle/cases"
	"github.com/pullpass/pullpass/test/oracle/shrink"
)

// whose makes a Test of a question about one case.
func whose(passes func(*cases.Case) bool) shrink.Test {
	return func(_ context.Context, batch []*cases.Case) ([]bool, error) {
		out := make([]bool, len(batch))
		for i, c := range batch {
			out[i] = passes(c)
		}
		return out, nil
	}
}

func TestSmallestKeepsWhatIsLookedFor(t *testing.T) {
	for n := range uint64(100) {
		c := cases.Make(17, n)
		want := simulation.Run(c.Wire()).Decision
		same := func(c *cases.Case) bool { return simulation.Run(c.Wire()).Decision == want }
		smallest, err := shrink.Smallest(t.Context(), c, whose(same))
		if err != nil {
			t.Fatal(err)
		}
		if !same(smallest) {
			t.Errorf("case %d was %s and no longer is", n, want)
		}
	}
}

func TestSmallestLeavesNothingElse(t *testing.T) {
	test := iampolicy.Operator{Test: iampolicy.StringLike}
	c := &cases.Case{
		Principal: cases.Principal{ARN: "arn:aws:iam::111122223333:user/dev/alice", Account: "111122223333"},
		Action:    "s3:GetObject", Resource: "arn:aws:s3:::bucket/x", Owner: "111122223333",
		Context: map[string][]string{"aws:username": {"alice"}, "aws:TagKeys": {"a", "b"}},
		Identity: []*iampolicy.Document{
			{Version: iampolicy.Version2008, Statements: []iampolicy.Statement{
				{Effect: iampolicy.Allow, NotAction: []string{"ecr:*"}, Resource: []string{"arn:aws:s3:::bucket/*", "*"}},
				{
					Effect: iampolicy.Deny, Action: []string{"s3:*", "s3:Get*"}, Resource: []string{"*"},
					Conditions: []iampolicy.Condition{
						{Operator: test, Key: "aws:username", Values: []string{"a*", "x"}}, {Operator: test, Key: "aws:userid", Values: []string{"*"}},
					},
				},
			}},
			{Version: iampolicy.Version2012, Statements: []iampolicy.Statement{{Effect: iampolicy.Allow, Action: []string{"*"}, Resource: []string{"*"}}}},
		},
		SCPs: [][]*iampolicy.Document{{}, {}},
	}
	// What is looked for: a Deny that a user name beginning with a meets.
	smallest, err := shrink.Smallest(t.Context(), c, whose(func(c *cases.Case) bool {
		for _, slot := range c.Slots() {
			for _, s := range slot.Document.Statements {
				for _, condition := range s.Conditions {
					if s.Effect == iampolicy.Deny && condition.Key == "aws:username" && condition.Values[0] == "a*" && len(c.Context["aws:username"]) > 0 {
						return true
					}
				}
			}
		}
		return false
	}))
	if err != nil {
		t.Fatal(err)
	}
	want := c.Clone()
	want.Context = map[string][]string{"aws:username": {"alice"}}
	want.SCPs = [][]*iampolicy.Document{}
	want.Identity = []*iampolicy.Document{{Version: iampolicy.Version2012, Statements: []iampolicy.Statement{{
		Effect: iampolicy.Deny, Action: []string{"*"}, Resource: []string{"*"},
		Conditions: []iampolicy.Condition{{Operator: test, Key: "aws:username", Values: []string{"a*"}}},
	}}}}
	if diff := cmp.Diff(want, smallest); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestSmallestStopsWhenTheTestCannot(t *testing.T) {
	broken := errors.New("the engine is gone")
	_, err := shrink.Smallest(t.Context(), cases.Make(1, 1), func(context.Context, []*cases.Case) ([]bool, error) { return nil, broken })
	if !errors.Is(err, broken) {
		t.Errorf("got %v; want %v", err, broken)
	}
}
