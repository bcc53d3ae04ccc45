// Package settled explains disagreements by what AWS's documents say.
package settled

import (
	"cmp"
	"context"
	"math/bits"
	"slices"

	"github.com/pullpass/pullpass/internal/simulation"
	"github.com/pullpass/pullpass/test/oracle/cases"
	"github.com/pullpass/pullpass/test/oracle/compare"
)

// A Difference is one in which the oracle does otherwise than AWS's documents say, and authz as they say.
type Difference struct {
	Name   string
	Page   string   // where AWS says so; relative to the IAM User Guide
	Rule   string   // what AWS says, in other words
	Oracle string   // what the oracle does
	Corpus []string // the entries of authz/testdata/corpus/settled.json that pin what authz does
	// Rewrite returns a case that by AWS's rule is decided like c, and that says in words which the oracle reads as AWS does
	// what it misreads in c; nil where there is nothing of it in c. It looks at the case alone, never at an engine.
	Rewrite func(c *cases.Case) *cases.Case
	// AllowsAlone says that Rewrite takes ways to be allowed away, so that only an allowed case is decided like c. What we
	// deny is then not explained by it.
	AllowsAlone bool
}

// Explain returns the names of the fewest differences that account for a disagreement, none if they do not: rewritten by
// them, the case is decided by the oracle as the original is by us.
func Explain(ctx context.Context, oracle compare.Engine, differences []Difference, o compare.Opinion) ([]string, error) {
	var applicable []Difference
	for _, d := range differences {
		if d.AllowsAlone && o.Ours.Decision != simulation.Allowed {
			continue
		}
		if d.Rewrite(o.Case) != nil {
			applicable = append(applicable, d)
		}
	}
	sets := subsets(len(applicable))
	if len(sets) == 0 {
		return nil, nil
	}
	rewritten := make([]*cases.Case, len(sets))
	for i, set := range sets {
		rewritten[i] = rewrite(applicable, set, o.Case)
	}
	verdicts, err := oracle.Decide(ctx, rewritten)
	if err != nil {
		return nil, err
	}
	for i, set := range sets {
		if verdicts[i].Decision == o.Ours.Decision && len(verdicts[i].Ignored) == 0 {
			return names(applicable, set), nil
		}
	}
	return nil, nil
}

// subsets returns every set of n things but the empty one as bits, small sets first.
func subsets(n int) []uint {
	var out []uint
	for set := uint(1); set < 1<<n; set++ {
		out = append(out, set)
	}
	slices.SortStableFunc(out, func(a, b uint) int { return cmp.Compare(bits.OnesCount(a), bits.OnesCount(b)) })
	return out
}

func rewrite(differences []Difference, set uint, c *cases.Case) *cases.Case {
	for i, d := range differences {
		if set&(1<<i) == 0 {
			continue
		}
		if changed := d.Rewrite(c); changed != nil {
			c = changed
		}
	}
	return c
}

func names(differences []Difference, set uint) []string {
	var out []string
	for i, d := range differences {
		if set&(1<<i) != 0 {
			out = append(out, d.Name)
		}
	}
	return out
}
