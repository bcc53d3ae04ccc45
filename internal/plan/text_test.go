package plan_test

import (
	"strings"
	"testing"

	"github.com/pullpass/pullpass/internal/plan"
)

func TestATerminalObeysNothingThatIsPrinted(t *testing.T) {
	p := &plan.Plan{
		Sides: []plan.Side{{Account: "999999999999", Part: plan.DestinationPart, State: plan.Ready}},
		Steps: []plan.Step{{
			Account: "999999999999", Verb: plan.Write, Target: "delivery",
			Changes: []plan.Change{{Field: "source_profile", Before: "\x1b[2J\rall is well\a", After: "user"}},
		}},
	}
	var out strings.Builder
	if err := p.WriteText(&out); err != nil {
		t.Fatal(err)
	}
	if strings.ContainsAny(out.String(), "\x1b\r\a") || !strings.Contains(out.String(), "all is well") {
		t.Errorf("printed %q", out.String())
	}
}
