package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/pullpass/pullpass/iampolicy"
	"github.com/pullpass/pullpass/internal/simulation"
	"github.com/pullpass/pullpass/test/oracle/cases"
	"github.com/pullpass/pullpass/test/oracle/compare"
	"github.com/pullpass/pullpass/test/oracle/engine"
	"github.com/pullpass/pullpass/test/oracle/settled"
)

// A flawed engine is authz with a mistake planted: it decides another case than it was asked about.
type flawed func(*cases.Case) *cases.Case

func (f flawed) Decide(ctx context.Context, batch []*cases.Case) ([]engine.Verdict, error) {
	changed := make([]*cases.Case, len(batch))
	for i, c := range batch {
		changed[i] = f(c)
	}
	return engine.Authz{}.Decide(ctx, changed)
}

// refusing is authz but for cases of one action, which it will not decide.
type refusing string

func (r refusing) Decide(ctx context.Context, batch []*cases.Case) ([]engine.Verdict, error) {
	out, err := engine.Authz{}.Decide(ctx, batch)
	for i, c := range batch {
		if c.Action == string(r) {
			out[i] = engine.Verdict{Decision: simulation.Undecided, Error: "unknown action"}
		}
	}
	return out, err
}

func held(t *testing.T, ours, theirs compare.Engine, count int) (*report, string) {
	t.Helper()
	r := newReport(9, settled.Differences(), io.Discard)
	pairs := []compare.Pair{{Ours: ours, Theirs: theirs}, {Ours: ours, Theirs: theirs}}
	err := compare.Run(t.Context(), pairs, 9, count, 250, func(p compare.Pair, batch []compare.Opinion) error {
		return r.add(t.Context(), p, batch)
	})
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := r.print(&b); err != nil {
		t.Fatal(err)
	}
	return r, b.String()
}

func TestPlantedMistakesAreFound(t *testing.T) {
	if r, text := held(t, engine.Authz{}, engine.Authz{}, 2000); !r.clean() || !strings.Contains(text, "agreed: 2000") {
		t.Fatalf("authz does not agree with itself:\n%s", text)
	}
	for name, mistake := range map[string]flawed{
		"boundaries do not bind": func(c *cases.Case) *cases.Case {
			out := c.Clone()
			out.Boundary = nil
			return out
		},
		"only the last level of SCPs binds": func(c *cases.Case) *cases.Case {
			out := c.Clone()
			out.SCPs = out.SCPs[max(0, len(out.SCPs)-1):]
			return out
		},
		"values of conditions are patterns": func(c *cases.Case) *cases.Case {
			return everyCondition(c, func(condition *iampolicy.Condition) {
				if condition.Operator.Test == iampolicy.StringEquals {
					condition.Operator.Test = iampolicy.StringLike
				}
			})
		},
		"IfExists is overlooked": func(c *cases.Case) *cases.Case {
			return everyCondition(c, func(condition *iampolicy.Condition) { condition.Operator.IfExists = false })
		},
	} {
		t.Run(name, func(t *testing.T) {
			r, text := held(t, mistake, engine.Authz{}, 1000)
			if r.clean() || len(r.shown) == 0 {
				t.Fatalf("nobody noticed:\n%s", text)
			}
			for _, o := range r.shown {
				if n := statements(o.Case); n > 4 {
					t.Errorf("case %s was shrunk to no less than %d statements", o.Case.ID, n)
				}
			}
			checkEntries(t, r.shown, text)
		})
	}
}

func everyCondition(c *cases.Case, change func(*iampolicy.Condition)) *cases.Case {
	for _, slot := range c.Slots() {
		d := *slot.Document
		d.Statements = slices.Clone(d.Statements)
		for i := range d.Statements {
			d.Statements[i].Conditions = slices.Clone(d.Statements[i].Conditions)
			for j := range d.Statements[i].Conditions {
				change(&d.Statements[i].Conditions[j])
			}
		}
		c = slot.Put(c, &d)
	}
	return c
}

func statements(c *cases.Case) (n int) {
	for _, slot := range c.Slots() {
		n += len(slot.Document.Statements)
	}
	return n
}

// checkEntries reads what was printed for each disagreement as the corpus and the engines would.
func checkEntries(t *testing.T, shown []compare.Opinion, text string) {
	t.Helper()
	lines := strings.Split(text, "\n")
	for _, o := range shown {
		i := slices.IndexFunc(lines, func(line string) bool { return strings.HasPrefix(line, "case "+o.Case.ID+":") })
		if i < 0 || i+3 >= len(lines) {
			t.Fatalf("case %s was not printed", o.Case.ID)
		}
		var e entry
		if err := json.Unmarshal([]byte(lines[i+1]), &e); err != nil || e.Request.Principal == "" || e.Want == "" {
			t.Errorf("case %s: no entry of a corpus: %v in %s", o.Case.ID, err, lines[i+1])
		}
		var c simulation.Case
		if err := json.Unmarshal([]byte(lines[i+3]), &c); err != nil || simulation.Run(c).Error != "" {
			t.Errorf("case %s: no case that can be decided: %v in %s", o.Case.ID, err, lines[i+3])
		}
	}
}

func TestWhatCannotBeComparedIsCounted(t *testing.T) {
	r, text := held(t, engine.Authz{}, refusing("sts:AssumeRole"), 1000)
	n := r.discarded["the oracle refuses the case: unknown action"]
	if n == 0 || !r.clean() || len(r.discarded) != 1 {
		t.Errorf("the oracle refused %d of 1000:\n%s", n, text)
	}
	if r.coverage[feature{byAction, "sts:AssumeRole"}] != 0 {
		t.Error("what was not compared counts as covered")
	}
}

// A run must not go on past an engine that failed, nor call itself clean.
func TestFailingEngineEndsTheRun(t *testing.T) {
	calls := 0
	err := compare.Run(t.Context(), []compare.Pair{{Ours: engine.Authz{}, Theirs: broken{}}}, 1, 10_000, 10,
		func(compare.Pair, []compare.Opinion) error { calls++; return nil })
	if err == nil || calls != 0 {
		t.Errorf("%d batches were decided by an engine that cannot, %v", calls, err)
	}
}

type broken struct{}

func (broken) Decide(context.Context, []*cases.Case) ([]engine.Verdict, error) {
	return nil, context.DeadlineExceeded
}
