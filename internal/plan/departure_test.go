package plan_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/pullpass/pullpass/internal/awsid"
	"github.com/pullpass/pullpass/internal/plan"
	"github.com/pullpass/pullpass/internal/share"
)

// hardening is a world in which the share was made in the documented posture, read for the share that asks for the hardened
// one.
func hardening(t *testing.T) (*world, share.Desired) {
	t.Helper()
	w := settled(t, desired(t, "  posture: documented"))
	for _, a := range w.Accounts {
		a.Former, a.Users = a.Users, map[string]*plan.User{}
	}
	return w, desired(t)
}

// What is delivered works as long as nothing is written over it: so all that the next credential rests on comes first, the
// mark of the key that it replaces included.
func TestADeliveryThatMovesWaitsForAllThatItRestsOn(t *testing.T) {
	w, d := hardening(t)
	p := w.diff(d, options())
	i := slices.IndexFunc(p.Steps, func(s plan.Step) bool {
		return strings.HasSuffix(s.ID, "create access key of user pullpass-packages-store-001")
	})
	if i < 0 {
		t.Fatalf("no key is made by %v", p.Steps)
	}
	want := []string{
		"111111111111/attach policy pullpass-packages-read to role pullpass-packages-999999999999",
		"111111111111/create policy pullpass-packages-read",
		"111111111111/create role pullpass-packages-999999999999",
		"999999999999/attach policy pullpass-packages-assume-role to user pullpass-packages-store-001",
		"999999999999/create policy pullpass-packages-assume-role",
		"999999999999/create user pullpass-packages-store-001",
		"999999999999/tag former keys of the clusters of user pullpass-packages-store-001",
	}
	if diff := cmp.Diff(want, p.Steps[i].Needs); diff != "" {
		t.Errorf("the key needs (-want +got):\n%s", diff)
	}
	w.carryOut(p.Steps)
	shared := string(w.Accounts[retail].Former["curated-packages-user"].Keys[0].ID)
	if got := w.Accounts[retail].Users["pullpass-packages-store-002"].Tags[plan.TagFormer+shared]; got != "curated-packages-user" {
		t.Errorf("the mark of %s names %q", shared, got)
	}
	for _, s := range w.diff(d, options()).Steps {
		t.Errorf("there is something left to do: %s", s.ID)
	}
	w.Accounts[retail].Former = nil
	var left []string
	for _, s := range w.diff(d, options()).Steps {
		left = append(left, s.ID)
	}
	if diff := cmp.Diff([]string{
		"999999999999/untag former keys of the clusters of user pullpass-packages-store-001",
		"999999999999/untag former keys of the clusters of user pullpass-packages-store-002",
	}, left); diff != "" {
		t.Errorf("once the user is gone (-want +got):\n%s", diff)
	}
}

// Who cannot see whether the role is there writes over nothing that may work, and delivers where nothing was before.
func TestNothingMovesToARoleThatNobodySees(t *testing.T) {
	w, d := hardening(t)
	w.Accounts[source] = &plan.Account{State: plan.NoAccess}
	w.Accounts[retail].Deliveries["store-002"] = plan.Delivery{State: plan.None}
	p := w.diff(d, options())
	var made, problems []string
	for _, s := range p.Steps {
		if op, ok := s.Op.(plan.CreateKey); ok && s.Account != source {
			made = append(made, op.User.Name())
		}
	}
	for _, problem := range p.Problems {
		problems = append(problems, string(problem.Kind)+" "+problem.Cluster)
	}
	if diff := cmp.Diff([]string{"pullpass-packages-store-002"}, made); diff != "" {
		t.Errorf("keys are made for (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"role-unseen store-001", "role-unseen depot-001"}, problems); diff != "" {
		t.Errorf("problems (-want +got):\n%s", diff)
	}
}

func moved(h plan.Holder) plan.Holder {
	h.Moved = true
	return h
}

func TestDecideDeparture(t *testing.T) {
	shared := func(idle time.Duration, holders ...plan.Holder) plan.KeySituation {
		return plan.KeySituation{Keys: []plan.Key{used(k1, ninetyDays, idle)}, Holders: holders}
	}
	off := func(s plan.KeySituation) plan.KeySituation {
		s.Keys[0].Active, s.Retiring = false, k1
		return s
	}
	const stays = "cluster b: it holds " + string(k1) + ", and has yet to get a key of its own (pullpass apply)"
	for name, test := range map[string]struct {
		situation plan.KeySituation
		rules     plan.RotationRules
		want      outcome
	}{
		"another run may be at work: busy": {
			plan.KeySituation{Keys: []plan.Key{key(k1, day, 0)}, Pending: "20261122T115900Z.00000002.elsewhere"}, rotating(),
			outcome{Action: plan.RotateBusy},
		},
		"a cluster has moved, and nobody has looked since: prove": {
			shared(minute, moved(holds("a", k2))), rotating(), outcome{Action: plan.RotateProve, Old: k1, Prove: []string{"a"}},
		},
		"every cluster has moved: deactivate": {
			shared(minute, moved(seen(holds("a", k2))), moved(seen(holds("b", k2)))), rotating(), outcome{Action: plan.RotateDeactivate, Old: k1},
		},
		"nothing was ever delivered to one: deactivate": {
			shared(minute, moved(seen(holds("a", k2))), lacks("b")), rotating(), outcome{Action: plan.RotateDeactivate, Old: k1},
		},
		"one has yet to move: wait": {
			shared(10*day, moved(seen(holds("a", k2))), holds("b", k1)), rotating(), outcome{Action: plan.RotateWait, Old: k1, Missing: []string{stays}},
		},
		"one has yet to move, and patience has ended: wait, for apply can move it": {
			shared(10*day, moved(seen(holds("a", k2))), holds("b", k1)), rotating(limit(0)), outcome{Action: plan.RotateWait, Old: k1, Missing: []string{stays}},
		},
		"one cannot be read: wait": {
			shared(10*day, moved(seen(holds("a", k2))), unclear("b")), rotating(),
			outcome{Action: plan.RotateWait, Old: k1, Missing: []string{"cluster b: what it holds cannot be read"}},
		},
		"one cannot be read, and it is known why: say so": {
			shared(10*day, moved(seen(holds("a", k2))), plan.Holder{Cluster: "b", State: plan.Unknown, Err: errors.New("refused")}), rotating(),
			outcome{Action: plan.RotateWait, Old: k1, Missing: []string{"cluster b: what it holds cannot be read: refused"}},
		},
		"one cannot be read, and patience has ended: deactivate": {
			shared(10*day, moved(seen(holds("a", k2))), unclear("b")), rotating(limit(0)),
			outcome{Action: plan.RotateDeactivate, Old: k1, Risk: []string{"cluster b: what it holds cannot be read"}},
		},
		"files were handed on and the key is in use: wait": {
			shared(minute, moved(handed(seen(holds("a", k2))))), rotating(),
			outcome{Action: plan.RotateWait, Old: k1, Missing: []string{
				"nothing shows whether whatever took over the files of a has moved, and the key was last used at 2026-11-22T11:59:00Z: wait until 2026-11-23T12:14:00Z"}},
		},
		"files were handed on and the key lies idle: deactivate": {
			shared(2*day, moved(handed(seen(holds("a", k2))))), rotating(), outcome{Action: plan.RotateDeactivate, Old: k1},
		},
		"it is inactive and nothing fails: delete": {
			off(shared(minute, moved(seen(holds("a", k2))))), rotating(), outcome{Action: plan.RotateDelete, Old: k1},
		},
		"it is inactive and a proof fails: reactivate": {
			off(shared(minute, moved(seen(holds("a", k2), broken)))), rotating(), outcome{Action: plan.RotateReactivate, Old: k1, Failed: true},
		},
		"it is inactive and a cluster has it back: reactivate": {
			off(shared(minute, moved(seen(holds("a", k2))), holds("b", k1))), rotating(), outcome{Action: plan.RotateReactivate, Old: k1, Failed: true},
		},
		"a rotation was replacing another key when the clusters moved: that one first": {
			plan.KeySituation{Keys: []plan.Key{used(k1, day, minute), used(k2, ninetyDays, minute)}, Retiring: k2, Holders: []plan.Holder{moved(seen(holds("a", awsid.AccessKeyID("AKIAQAAAAAAAAAAAAA03"))))}},
			rotating(), outcome{Action: plan.RotateDeactivate, Old: k2},
		},
		"one is asked for by its id: that one": {
			plan.KeySituation{Keys: []plan.Key{used(k1, day, minute), used(k2, ninetyDays, minute)}, Holders: []plan.Holder{moved(seen(holds("a", awsid.AccessKeyID("AKIAQAAAAAAAAAAAAA03"))))}},
			rotating(only(k2)), outcome{Action: plan.RotateDeactivate, Old: k2},
		},
	} {
		t.Run(name, func(t *testing.T) {
			var leaving []awsid.AccessKeyID
			for _, k := range test.situation.Keys {
				leaving = append(leaving, k.ID)
			}
			got := plan.DecideDeparture(test.situation, leaving, now().Add(-2*day), test.rules)
			if diff := cmp.Diff(test.want, outcomeOf(got), cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("decision (-want +got):\n%s", diff)
			}
		})
	}
}
