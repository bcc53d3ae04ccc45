// Package engine puts cases to those who decide them.
package engine

import (
	"context"

	"github.com/pullpass/pullpass/internal/simulation"
	"github.com/pullpass/pullpass/test/oracle/cases"
)

// A Verdict is what an engine says to a case.
type Verdict struct {
	Decision simulation.Outcome // Undecided where Error is set
	// Ignored lists the condition keys that the engine left out because the action does not support them.
	Ignored []string
	Error   string // why the engine would not decide
}

// Authz decides by package authz.
type Authz struct{}

// Decide answers each case, in the same order. It never fails.
func (Authz) Decide(_ context.Context, batch []*cases.Case) ([]Verdict, error) {
	out := make([]Verdict, len(batch))
	for i, c := range batch {
		r := simulation.Run(c.Wire())
		out[i] = Verdict{Decision: r.Decision, Error: r.Error}
	}
	return out, nil
}
