package plan_test

import (
	"errors"
	"testing"
	"time"

	"github.com/pullpass/pullpass/internal/plan"
	"github.com/pullpass/pullpass/internal/share"
)

// rotate plans the next step of every rotation, by force.
func (w *world) rotate(d, whole share.Desired, change ...func(*plan.RotationOptions)) *plan.Rotation {
	w.t.Helper()
	o := plan.RotationOptions{Options: options(), Force: true, Rules: share.Keys{Idle: 24 * time.Hour}}
	for _, f := range change {
		f(&o)
	}
	r, err := plan.Rotate(plan.RotationScope(whole, d), w.Observed, o)
	if err != nil {
		w.t.Fatal(err)
	}
	return r
}

// What the management cluster holds is written over its copies, so that a key for a copy alone would not stay there.
func TestNoKeyIsMadeForACopyAlone(t *testing.T) {
	for sentence, test := range map[string]struct {
		hub  func(held plan.Delivery) plan.Delivery
		want plan.RotationAction
	}{
		"the hub can be written": {func(held plan.Delivery) plan.Delivery { return held }, plan.RotateCreate},
		"the hub's Secret is kept by somebody else": {func(held plan.Delivery) plan.Delivery {
			held.Cluster = &plan.InCluster{Conflicts: []string{"argocd-controller"}}
			return held
		}, plan.RotateRefuse},
		"the hub's Secret can never be written": {func(held plan.Delivery) plan.Delivery {
			held.Cluster = &plan.InCluster{Refuses: "immutable"}
			return held
		}, plan.RotateRefuse},
		"the hub has lost its namespace": {func(plan.Delivery) plan.Delivery {
			return plan.Delivery{State: plan.None, Cluster: &plan.InCluster{NoNamespace: true}}
		}, plan.RotateRefuse},
		"the hub does not answer": {func(plan.Delivery) plan.Delivery {
			return plan.Delivery{Err: errors.New("connection refused")}
		}, plan.RotateRefuse},
	} {
		t.Run(sentence, func(t *testing.T) {
			d := inClusters(t, "")
			w := empty(t, source, retail)
			nothing := plan.Delivery{State: plan.None}
			w.Accounts[retail].Deliveries = map[string]plan.Delivery{"hub": nothing, "edge": nothing}
			w.carryOut(w.diff(d, options()).Steps)
			w.Accounts[retail].Deliveries["hub"] = test.hub(w.Accounts[retail].Deliveries["hub"])
			got := w.rotate(d, d).Users
			if len(got) != 1 || got[0].Action != test.want {
				t.Errorf("the decision is %+v, want %s", got, test.want)
			}
		})
	}
}
