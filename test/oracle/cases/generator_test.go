package cases_test

import (
	"encoding/json"
	"reflect"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pullpass/pullpass/internal/simulation"
	"github.com/pullpass/pullpass/test/oracle/cases"
)

func TestSameSeedSameCases(t *testing.T) {
	other := 0
	for n := range uint64(200) {
		first, second := cases.Make(7, n).Wire(), cases.Make(7, n).Wire()
		if diff := cmp.Diff(first, second); diff != "" {
			t.Fatalf("case %d (-first +second)\n%s", n, diff)
		}
		if !reflect.DeepEqual(cases.Make(8, n).Wire().Simulation, first.Simulation) {
			other++
		}
	}
	if other < 190 {
		t.Errorf("of 200 cases of another seed only %d differ", other)
	}
}

// A case that is refused is a case that compares nothing.
func TestEveryCaseCanBeDecided(t *testing.T) {
	outcomes := make(map[simulation.Outcome]int)
	for n := range uint64(3000) {
		c := cases.Make(11, n)
		r := simulation.Run(c.Wire())
		outcomes[r.Decision]++
		if r.Error != "" {
			t.Errorf("case %d: %s", n, r.Error)
		}
	}
	for _, want := range []simulation.Outcome{simulation.Allowed, simulation.ExplicitlyDenied, simulation.ImplicitlyDenied} {
		if outcomes[want] < 300 {
			t.Errorf("of 3000 cases %d are %s: the generator is lopsided (%v)", outcomes[want], want, outcomes)
		}
	}
}

func TestSlotsReachEveryPolicy(t *testing.T) {
	for n := range uint64(300) {
		c := cases.Make(3, n)
		before := wire(t, c)
		for i, slot := range c.Slots() {
			without := slot.Put(c, nil)
			if got, want := len(without.Slots()), len(c.Slots())-1; got != want {
				t.Fatalf("case %d has %d policies without slot %d; want %d", n, got, i, want)
			}
			if diff := cmp.Diff(before, wire(t, slot.Put(c, slot.Document))); diff != "" {
				t.Errorf("case %d changes when slot %d is given what it has (-before +after)\n%s", n, i, diff)
			}
		}
		if diff := cmp.Diff(before, wire(t, c)); diff != "" {
			t.Errorf("case %d was changed in place (-before +after)\n%s", n, diff)
		}
	}
}

// The other engine knows neither unique ids nor the rights of a root user.
func TestSpelledCaseIsDecidedAlike(t *testing.T) {
	changed := 0
	for n := range uint64(3000) {
		c := cases.Make(5, n)
		plain, spelled := simulation.Run(c.Wire()), simulation.Run(c.Spelled().Wire())
		if plain.Decision != spelled.Decision {
			t.Errorf("case %d is %s, and spelled out %s", n, plain.Decision, spelled.Decision)
		}
		if wire(t, c) != wire(t, c.Spelled()) {
			changed++
		}
	}
	if changed < 100 {
		t.Errorf("only %d of 3000 cases are spelled out in any way", changed)
	}
}

func TestMultivalued(t *testing.T) {
	for name, want := range map[string]bool{
		"aws:TagKeys": true, "AWS:tagkeys": true, "dynamodb:LeadingKeys": true, "aws:PrincipalServiceNamesList": true,
		"aws:username": false, "aws:PrincipalTag/team": false, "s3:prefix": false, "unknown:Key": false,
	} {
		if got := cases.Multivalued(name); got != want {
			t.Errorf("Multivalued(%q) = %t", name, got)
		}
	}
}

func wire(t *testing.T, c *cases.Case) string {
	t.Helper()
	b, err := json.Marshal(c.Wire())
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
