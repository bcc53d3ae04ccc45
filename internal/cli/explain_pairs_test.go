package cli_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/pullpass/pullpass/internal/explain"
	"github.com/pullpass/pullpass/internal/verify"
)

// pairable are the setups with one fault in an account, which a fix mends that can be carried out.
func pairable(m maker) []string {
	all := brokenSetups()
	return slices.DeleteFunc(slices.Sorted(maps.Keys(all)), func(sentence string) bool {
		s := all[sentence]
		return s.maker != m || s.seed != nil || s.mend != nil || s.then != nil || s.fault.either != nil || s.fault.link == verify.LinkConfig
	})
}

// conflicts reports whether the first fault leaves the second nothing to break, or is one with it.
func conflicts(first, second fault) bool {
	gone := []explain.Kind{
		explain.RoleMissing, explain.RolePath, explain.UserMissing, explain.KeyDeleted, explain.PrincipalRecreated, explain.PrincipalPath,
	}
	switch {
	case slices.Contains(gone, first.kind), slices.Contains(gone, second.kind), first.kind == second.kind:
		return true
	case first.policy != "" && first.policy == second.policy:
		return true
	}
	return first.account == second.account && first.missing && second.missing
}

// farthest is the setup that is as far as can be from another one in a circle of them all: mostly one of another theme.
func farthest(names []string, i int) string { return names[(i+len(names)/2)%len(names)] }

// Of two faults at once the report names one that is there, and never one that is not; mended one after the other, the
// share works.
func TestPairsOfFaultsAreMendedOneAfterTheOther(t *testing.T) {
	t.Parallel()
	all := brokenSetups()
	for _, m := range []maker{byApply, byThePage, byHand} {
		names := pairable(m)
		for i, sentence := range names {
			other := farthest(names, i)
			if other == sentence || conflicts(all[sentence].fault, all[other].fault) {
				continue
			}
			t.Run(sentence+", and "+other, func(t *testing.T) {
				t.Parallel()
				b := all[sentence].broken(t)
				all[other].breaks(b)
				b.mustMendBoth(all[sentence], all[other])
			})
		}
	}
}

// mustMendBoth explains and mends until the share works.
func (b *bench) mustMendBoth(first, second setup) {
	b.t.Helper()
	for range 4 {
		proof := b.proves()
		if proof.ok {
			return
		}
		report := b.told("share.yaml")
		if report.Cause == nil || report.Fix == nil {
			b.t.Fatalf("no cause, or no fix: %s", shown(report))
		}
		_, one := first.named(report)
		_, two := second.named(report)
		if len(one) > 0 && len(two) > 0 {
			b.t.Fatalf("a cause that is not there: %s; %s\n%s", strings.Join(one, ", "), strings.Join(two, ", "), shown(report))
		}
		b.carryOut(first, *report.Fix, byCommands)
	}
	b.t.Errorf("it still does not work")
}
