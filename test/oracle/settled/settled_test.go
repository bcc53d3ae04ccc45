package settled_test

import (
	"context"
	"encoding/json"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pullpass/pullpass/iampolicy"
	"github.com/pullpass/pullpass/internal/simulation"
	"github.com/pullpass/pullpass/test/oracle/cases"
	"github.com/pullpass/pullpass/test/oracle/compare"
	"github.com/pullpass/pullpass/test/oracle/engine"
	"github.com/pullpass/pullpass/test/oracle/settled"
)

// A rewrite must say the same by AWS's rules, which authz follows: were it to change a decision, it could explain away a
// mistake of authz. One that AllowsAlone may turn an Allow, but nothing else, into less.
func TestRewritesDoNotChangeDecisions(t *testing.T) {
	made := make([]*cases.Case, 10_000)
	for n := range made {
		made[n] = cases.Make(23, uint64(n))
		if _, tagged := made[n].Context["aws:PrincipalTag/team"]; tagged && n%2 == 0 { // the generator hardly ever makes a value empty
			made[n].Context["aws:PrincipalTag/team"] = []string{""}
		}
	}
	for _, d := range settled.Differences() {
		t.Run(d.Name, func(t *testing.T) {
			concerned := 0
			for n, c := range made {
				rewritten := d.Rewrite(c)
				if rewritten == nil {
					continue
				}
				concerned++
				was, is := simulation.Run(c.Wire()), simulation.Run(rewritten.Wire())
				if d.AllowsAlone && is.Decision == simulation.ImplicitlyDenied {
					continue
				}
				if was.Decision != is.Decision || is.Error != "" {
					t.Fatalf("case %d was %s and is %s%s", n, was.Decision, is.Decision, is.Error)
				}
				if concerned == 150 {
					return
				}
			}
			if concerned < 10 {
				t.Errorf("only %d of %d cases are concerned", concerned, len(made))
			}
		})
	}
}

func TestEveryDifferenceIsPinned(t *testing.T) {
	src, err := os.ReadFile("../../../authz/testdata/corpus/settled.json")
	if err != nil {
		t.Fatal(err)
	}
	var theme struct{ Cases []struct{ Name string } }
	if err := json.Unmarshal(src, &theme); err != nil {
		t.Fatal(err)
	}
	pinned := make(map[string]bool)
	for _, c := range theme.Cases {
		pinned[c.Name] = true
	}
	names := make(map[string]bool)
	for _, d := range settled.Differences() {
		if d.Page == "" || d.Rule == "" || d.Oracle == "" || len(d.Corpus) == 0 || names[d.Name] {
			t.Errorf("%q lacks its page, rule or entries, or its name is taken", d.Name)
		}
		names[d.Name] = true
		for _, entry := range d.Corpus {
			if !pinned[entry] {
				t.Errorf("%q: the corpus has no entry %q", d.Name, entry)
			}
			delete(pinned, entry)
		}
	}
	for entry := range pinned {
		t.Errorf("no difference names the entry %q", entry)
	}
}

// answers decides every case by what a function makes of it.
type answers func(*cases.Case) simulation.Outcome

func (f answers) Decide(_ context.Context, batch []*cases.Case) ([]engine.Verdict, error) {
	out := make([]engine.Verdict, len(batch))
	for i, c := range batch {
		out[i].Decision = f(c)
	}
	return out, nil
}

func TestExplain(t *testing.T) {
	// Two misreadings, of the action and of the owner; the oracle allows only a case in which both are written its way.
	differences := []settled.Difference{
		{Name: "action", Rewrite: func(c *cases.Case) *cases.Case { out := c.Clone(); out.Action = "plain"; return out }},
		{Name: "owner", Rewrite: func(c *cases.Case) *cases.Case { out := c.Clone(); out.Owner = "plain"; return out }},
		{Name: "neither", Rewrite: func(*cases.Case) *cases.Case { return nil }},
	}
	c := &cases.Case{Action: "odd", Owner: "odd", Identity: []*iampolicy.Document{}}
	for name, tt := range map[string]struct {
		allows func(*cases.Case) bool
		want   []string
	}{
		"the difference that accounts for it": {func(c *cases.Case) bool { return c.Owner == "plain" }, []string{"owner"}},
		"no more than are needed":             {func(c *cases.Case) bool { return c.Action == "plain" || c.Owner == "plain" }, []string{"action"}},
		"both where one is not enough": {
			func(c *cases.Case) bool { return c.Action == "plain" && c.Owner == "plain" }, []string{"action", "owner"},
		},
		"nothing where none accounts for it": {func(*cases.Case) bool { return false }, nil},
	} {
		t.Run(name, func(t *testing.T) {
			oracle := answers(func(c *cases.Case) simulation.Outcome {
				if tt.allows(c) {
					return simulation.Allowed
				}
				return simulation.ImplicitlyDenied
			})
			got, err := settled.Explain(t.Context(), oracle, differences, compare.Opinion{
				Case: c, Ours: engine.Verdict{Decision: simulation.Allowed}, Theirs: engine.Verdict{Decision: simulation.ImplicitlyDenied},
			})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

// An authz that denies too much must not be excused by a rewrite that takes away what allows the case.
func TestADenialOfOursIsNotExplainedByWhatAllowsLess(t *testing.T) {
	c := &cases.Case{Action: "odd", Identity: []*iampolicy.Document{{}}}
	differences := []settled.Difference{{
		Name:        "less is allowed",
		Rewrite:     func(c *cases.Case) *cases.Case { out := c.Clone(); out.Identity = nil; return out },
		AllowsAlone: true,
	}}
	for ours, want := range map[simulation.Outcome][]string{
		simulation.Allowed:          {"less is allowed"},
		simulation.ImplicitlyDenied: nil,
	} {
		oracle := answers(func(*cases.Case) simulation.Outcome { return ours })
		got, err := settled.Explain(t.Context(), oracle, differences, compare.Opinion{Case: c, Ours: engine.Verdict{Decision: ours}})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: (-want +got)\n%s", ours, diff)
		}
	}
}
