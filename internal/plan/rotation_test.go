package plan_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/pullpass/pullpass/internal/awsid"
	"github.com/pullpass/pullpass/internal/plan"
)

// used is a key that was last used some time ago.
func used(id awsid.AccessKeyID, age, idle time.Duration) plan.Key {
	k := key(id, age, plan.Used)
	k.LastUsed = now().Add(-idle)
	return k
}

func handed(h plan.Holder) plan.Holder {
	h.Handed = true
	return h
}

func copyOf(h plan.Holder) plan.Holder {
	h.Copy = true
	return h
}

func stale(h plan.Holder) plan.Holder {
	h.Stale = true
	return h
}

// mounted is a holder whose nodes follow a Secret that was written some time ago.
func mounted(h plan.Holder, ago time.Duration) plan.Holder {
	h.Mounted, h.Written = true, now().Add(-ago)
	return h
}

// undated is a holder whose nodes follow a Secret of which nothing tells when it was written.
func undated(h plan.Holder) plan.Holder {
	h.Mounted = true
	return h
}

func torn(h plan.Holder) plan.Holder {
	h.Torn = true
	return h
}

func blocked(h plan.Holder) plan.Holder {
	h.Blocked = true
	return h
}

// seen is a holder with a receipt, a full one unless it is changed.
func seen(h plan.Holder, change ...func(*plan.Receipt)) plan.Holder {
	h.Receipt = &plan.Receipt{}
	for _, f := range change {
		f(h.Receipt)
	}
	return h
}

func broken(r *plan.Receipt)   { r.Broken = "role: AccessDenied" }
func behind(r *plan.Receipt)   { r.Behind = []string{"its packages controller runs since before"} }
func faulty(r *plan.Receipt)   { r.Faults = []string{"packages: harbor is unknown"} }
func unlooked(r *plan.Receipt) { r.Unseen = []string{"the packages controller"} }

// rotating are the rules of a rotation, of keys that are due at ninety days and idle after one, where nodes take two minutes.
func rotating(change ...func(*plan.RotationRules)) plan.RotationRules {
	r := plan.RotationRules{KeyRules: rules(maxAge), Idle: day, Follow: 2 * minute}
	for _, f := range change {
		f(&r)
	}
	return r
}

func force(r *plan.RotationRules) { r.Force = true }

func only(id awsid.AccessKeyID) func(*plan.RotationRules) {
	return func(r *plan.RotationRules) { r.Key = id }
}

// limit ends patience some time after the new key was made.
func limit(after time.Duration) func(*plan.RotationRules) {
	return func(r *plan.RotationRules) { r.Patience = plan.Patience{After: after, Limited: true} }
}

func until(t time.Time) func(*plan.RotationRules) {
	return func(r *plan.RotationRules) { r.Patience = plan.Patience{Until: t} }
}

// replaced is the situation in which k1 was replaced by k2 some time ago, and was last used so long ago.
func replaced(ago, idle time.Duration, holders ...plan.Holder) plan.KeySituation {
	return plan.KeySituation{Keys: []plan.Key{used(k1, ninetyDays, idle), key(k2, ago, 0)}, Holders: holders, Retiring: k1}
}

// deactivated is the same, with k1 inactive.
func deactivated(ago, idle time.Duration, holders ...plan.Holder) plan.KeySituation {
	s := replaced(ago, idle, holders...)
	s.Keys[0].Active = false
	return s
}

// outcome is what the rows of the table say of a decision.
type outcome struct {
	Action        plan.RotationAction
	Old, New      awsid.AccessKeyID
	Deliver       []string
	Orphans       []awsid.AccessKeyID
	Prove         []string
	Missing, Risk []string
	Failed        bool
}

func outcomeOf(d plan.RotationDecision) outcome {
	words := func(gaps []plan.Gap) (all []string) {
		for _, g := range gaps {
			all = append(all, g.String())
		}
		return all
	}
	return outcome{
		Action: d.Action, Old: d.Old, New: d.New, Deliver: d.Deliver, Orphans: d.Orphans, Prove: d.Prove,
		Missing: words(d.Missing), Risk: words(d.Risks), Failed: d.Failed,
	}
}

// The rows are those of the table above DecideRotation, each in the forms that it takes.
func TestDecideRotation(t *testing.T) {
	const (
		idleGap   = "nothing shows whether whatever took over the files of a has moved, and the key was last used at 2026-11-22T11:00:00Z: wait until 2026-11-23T11:15:00Z"
		behindGap = "cluster a: its packages controller runs since before"
		nodesGap  = "cluster a: its nodes may not have got what was delivered at 2026-11-22T11:59:00Z: wait until 2026-11-22T12:01:00Z"
		brokenGap = "cluster a: the new key does not pull: role: AccessDenied"
	)
	type ids = []awsid.AccessKeyID
	old := key(k1, ninetyDays, 0)
	for name, test := range map[string]struct {
		situation plan.KeySituation
		rules     plan.RotationRules
		want      outcome
	}{
		"another run may be at work: busy": {
			plan.KeySituation{Keys: []plan.Key{old}, Holders: []plan.Holder{holds("a", k1)}, Pending: elsewhere}, rotating(force),
			outcome{Action: plan.RotateBusy},
		},
		"another run of this machine was killed: its mark stands in nobody's way": {
			plan.KeySituation{Keys: []plan.Key{old}, Holders: []plan.Holder{holds("a", k1)}, Pending: deadHere}, rotating(),
			outcome{Action: plan.RotateCreate, Old: k1, Deliver: []string{"a"}},
		},
		"no delivery holds a key: apply's": {
			plan.KeySituation{Holders: []plan.Holder{lacks("a")}}, rotating(), outcome{Action: plan.RotateNothing},
		},
		"the only key was deactivated by a person: apply's": {
			plan.KeySituation{Keys: []plan.Key{inactive(old)}, Holders: []plan.Holder{holds("a", k1)}}, rotating(),
			outcome{Action: plan.RotateNothing},
		},
		"the only key was deactivated by a person, and another is asked for: refuse": {
			plan.KeySituation{Keys: []plan.Key{inactive(old)}, Holders: []plan.Holder{holds("a", k1)}}, rotating(force),
			outcome{Action: plan.RotateRefuse},
		},
		"a key that no run has marked has the second place: refuse": {
			plan.KeySituation{Keys: []plan.Key{old, key(k2, 30*day, plan.NeverUsed)}, Holders: []plan.Holder{holds("a", k1)}}, rotating(force),
			outcome{Action: plan.RotateRefuse, Old: k1},
		},
		"the only delivery cannot be read: refuse": {
			plan.KeySituation{Keys: []plan.Key{old}, Holders: []plan.Holder{unclear("a")}}, rotating(), outcome{Action: plan.RotateRefuse},
		},
		"the key is a day short of its age: nothing": {
			plan.KeySituation{Keys: []plan.Key{key(k1, ninetyDays-day, 0)}, Holders: []plan.Holder{holds("a", k1)}}, rotating(),
			outcome{Action: plan.RotateNothing, New: k1},
		},
		"a second key lies beside one that was just made, whose mark IAM may show late: busy": {
			plan.KeySituation{Keys: []plan.Key{used(k1, day, minute), key(k2, minute, 0)}, Holders: []plan.Holder{holds("a", k2)}}, rotating(),
			outcome{Action: plan.RotateBusy, New: k2},
		},
		"the key is old: create, for every cluster of the user": {
			plan.KeySituation{Keys: []plan.Key{old}, Holders: []plan.Holder{holds("a", k1), holds("b", k1)}}, rotating(),
			outcome{Action: plan.RotateCreate, Old: k1, Deliver: []string{"a", "b"}},
		},
		"the key is young and asked for by force: create": {
			plan.KeySituation{Keys: []plan.Key{key(k1, day, 0)}, Holders: []plan.Holder{holds("a", k1)}}, rotating(force),
			outcome{Action: plan.RotateCreate, Old: k1, Deliver: []string{"a"}},
		},
		"the key is young and asked for by its id: create": {
			plan.KeySituation{Keys: []plan.Key{key(k1, day, 0)}, Holders: []plan.Holder{holds("a", k1)}}, rotating(only(k1)),
			outcome{Action: plan.RotateCreate, Old: k1, Deliver: []string{"a"}},
		},
		"a rotation was marked and its new key never made: create": {
			plan.KeySituation{Keys: []plan.Key{key(k1, day, 0)}, Holders: []plan.Holder{holds("a", k1)}, Retiring: k1, Pending: deadHere}, rotating(),
			outcome{Action: plan.RotateCreate, Old: k1, Deliver: []string{"a"}},
		},
		"files are handed on: said before the key is made": {
			plan.KeySituation{Keys: []plan.Key{old}, Holders: []plan.Holder{handed(holds("a", k1))}}, rotating(),
			outcome{Action: plan.RotateCreate, Old: k1, Deliver: []string{"a"}, Missing: []string{
				"cluster a: nothing will show whether whatever takes over its files has moved, but that " + string(k1) + " is not used for 24 hours"}},
		},
		"files are handed on and there is no patience: said as a risk": {
			plan.KeySituation{Keys: []plan.Key{old}, Holders: []plan.Holder{handed(holds("a", k1))}}, rotating(limit(0)),
			outcome{Action: plan.RotateCreate, Old: k1, Deliver: []string{"a"}, Risk: []string{
				"cluster a: nothing will show whether whatever takes over its files has moved, but that " + string(k1) + " is not used for 24 hours"}},
		},
		"an orphan has the second place, as after a full disk: delete it, create": {
			plan.KeySituation{
				Keys: []plan.Key{old, key(k2, minute, plan.NeverUsed)}, Holders: []plan.Holder{holds("a", k1)}, Retiring: k1, Pending: deadHere,
			}, rotating(),
			outcome{Action: plan.RotateCreate, Old: k1, Deliver: []string{"a"}, Orphans: ids{k2}},
		},
		"a young key that nobody holds has the second place: wait for its maker": {
			plan.KeySituation{Keys: []plan.Key{old, key(k2, minute, plan.NeverUsed)}, Holders: []plan.Holder{holds("a", k1)}}, rotating(),
			outcome{Action: plan.RotateBusy, Old: k1},
		},
		"a key made by hand has the second place and is in use: refuse": {
			plan.KeySituation{Keys: []plan.Key{old, used(k2, day, minute)}, Holders: []plan.Holder{holds("a", k1)}}, rotating(),
			outcome{Action: plan.RotateRefuse, Old: k1},
		},
		"a key that a person deactivated has the second place: refuse": {
			plan.KeySituation{Keys: []plan.Key{old, inactive(used(k2, day, day))}, Holders: []plan.Holder{holds("a", k1)}}, rotating(),
			outcome{Action: plan.RotateRefuse, Old: k1},
		},
		"no cluster can be written: refuse": {
			plan.KeySituation{Keys: []plan.Key{old}, Holders: []plan.Holder{blocked(holds("a", k1))}}, rotating(),
			outcome{Action: plan.RotateRefuse, Old: k1},
		},
		"a cluster cannot be read, another can: create for the other": {
			plan.KeySituation{Keys: []plan.Key{old}, Holders: []plan.Holder{unclear("a"), holds("b", k1)}}, rotating(),
			outcome{Action: plan.RotateCreate, Old: k1, Deliver: []string{"b"}, Missing: []string{"cluster a: what it holds cannot be read"}},
		},
		"a cluster has not got the new key: deliver": {
			replaced(minute, minute, holds("a", k2), holds("b", k1)), rotating(),
			outcome{Action: plan.RotateDeliver, Old: k1, New: k2, Deliver: []string{"b"}, Missing: []string{"cluster b: it holds " + string(k1)}},
		},
		"two deliveries hold two active keys, whoever made them: deliver": {
			plan.KeySituation{Keys: []plan.Key{old, key(k2, day, 0)}, Holders: []plan.Holder{holds("a", k2), holds("b", k1)}}, rotating(),
			outcome{Action: plan.RotateDeliver, Old: k1, New: k2, Deliver: []string{"b"}, Missing: []string{"cluster b: it holds " + string(k1)}},
		},
		"a packages controller was not restarted: deliver": {
			replaced(minute, minute, stale(holds("a", k2))), rotating(),
			outcome{Action: plan.RotateDeliver, Old: k1, New: k2, Deliver: []string{"a"}},
		},
		"one of two files has the new key: deliver": {
			replaced(minute, minute, torn(holds("a", k2))), rotating(),
			outcome{Action: plan.RotateDeliver, Old: k1, New: k2, Deliver: []string{"a"}},
		},
		"one of two files has the new key, and the other cannot be written: prove": {
			replaced(minute, minute, blocked(torn(holds("a", k2)))), rotating(),
			outcome{Action: plan.RotateProve, Old: k1, New: k2, Prove: []string{"a"}},
		},
		"the new key is there: prove": {
			replaced(minute, minute, holds("a", k2), holds("b", k2)), rotating(),
			outcome{Action: plan.RotateProve, Old: k1, New: k2, Prove: []string{"a", "b"}},
		},
		"one of two was proven: prove the other": {
			replaced(minute, minute, seen(holds("a", k2)), holds("b", k2)), rotating(),
			outcome{Action: plan.RotateProve, Old: k1, New: k2, Prove: []string{"b"}},
		},
		"every receipt is there: deactivate at once, though the old key was just used": {
			replaced(minute, minute, seen(holds("a", k2))), rotating(), outcome{Action: plan.RotateDeactivate, Old: k1, New: k2},
		},
		"the nodes had no time to follow what was delivered: wait": {
			replaced(10*minute, minute, seen(mounted(holds("a", k2), minute))), rotating(),
			outcome{Action: plan.RotateWait, Old: k1, New: k2, Missing: []string{nodesGap}},
		},
		"the nodes of a workload cluster had none either: wait": {
			replaced(10*minute, minute, seen(mounted(copyOf(holds("a", k2)), minute))), rotating(),
			outcome{Action: plan.RotateWait, Old: k1, New: k2, Missing: []string{nodesGap}},
		},
		"the nodes had their time: deactivate": {
			replaced(10*minute, minute, seen(mounted(holds("a", k2), 2*minute))), rotating(),
			outcome{Action: plan.RotateDeactivate, Old: k1, New: k2},
		},
		"nothing tells when nodes were given the new key, which was just made: wait": {
			replaced(minute, minute, seen(undated(holds("a", k2)))), rotating(),
			outcome{Action: plan.RotateWait, Old: k1, New: k2, Missing: []string{nodesGap}},
		},
		"the nodes had no time, and patience has ended: deactivate, and say what may break": {
			replaced(10*minute, minute, seen(mounted(holds("a", k2), minute))), rotating(limit(0)),
			outcome{Action: plan.RotateDeactivate, Old: k1, New: k2, Risk: []string{nodesGap}},
		},
		"a cluster of the share has no credential at all: it holds nothing back": {
			replaced(minute, minute, seen(holds("a", k2)), blocked(lacks("b"))), rotating(),
			outcome{Action: plan.RotateDeactivate, Old: k1, New: k2},
		},
		"the new key does not pull: wait": {
			replaced(10*day, 10*day, seen(holds("a", k2), broken)), rotating(),
			outcome{Action: plan.RotateWait, Old: k1, New: k2, Missing: []string{brokenGap}},
		},
		"the new key does not pull, and patience has ended: wait all the same": {
			replaced(10*day, 10*day, seen(holds("a", k2), broken)), rotating(limit(0)),
			outcome{Action: plan.RotateWait, Old: k1, New: k2, Missing: []string{brokenGap}},
		},
		"a controller is behind: wait, however idle the key": {
			replaced(10*day, 10*day, seen(holds("a", k2), behind)), rotating(),
			outcome{Action: plan.RotateWait, Old: k1, New: k2, Missing: []string{behindGap}},
		},
		"a controller is behind, and patience has ended: deactivate, and say what may break": {
			replaced(10*day, 10*day, seen(holds("a", k2), behind)), rotating(limit(10 * day)),
			outcome{Action: plan.RotateDeactivate, Old: k1, New: k2, Risk: []string{behindGap}},
		},
		"a controller is behind, and patience ends in an hour: wait": {
			replaced(10*day, 10*day, seen(holds("a", k2), behind)), rotating(limit(10*day + time.Hour)),
			outcome{Action: plan.RotateWait, Old: k1, New: k2, Missing: []string{behindGap}},
		},
		"a controller is behind, and the date of patience has come: deactivate": {
			replaced(10*day, 10*day, seen(holds("a", k2), behind)), rotating(until(now())),
			outcome{Action: plan.RotateDeactivate, Old: k1, New: k2, Risk: []string{behindGap}},
		},
		"a package has an error of its own before the deactivation: it is not the rotation's": {
			replaced(minute, minute, seen(holds("a", k2), faulty)), rotating(), outcome{Action: plan.RotateDeactivate, Old: k1, New: k2},
		},
		"files were handed on, and the old key is in use: wait": {
			replaced(10*day, time.Hour, seen(handed(holds("a", k2)))), rotating(),
			outcome{Action: plan.RotateWait, Old: k1, New: k2, Missing: []string{idleGap}},
		},
		"files were handed on, and the old key was not used for a day and the skew of clocks: deactivate": {
			replaced(10*day, day+15*minute, seen(handed(holds("a", k2)))), rotating(), outcome{Action: plan.RotateDeactivate, Old: k1, New: k2},
		},
		"files were handed on, and the old key was not used for little less than that: wait": {
			replaced(10*day, day+14*minute, seen(handed(holds("a", k2)))), rotating(),
			outcome{Action: plan.RotateWait, Old: k1, New: k2, Missing: []string{
				"nothing shows whether whatever took over the files of a has moved, and the key was last used at 2026-11-21T11:46:00Z: wait until 2026-11-22T12:01:00Z"}},
		},
		"files were handed on an hour ago, and the old key was idle before: its users had no time to show": {
			replaced(time.Hour, 10*day, seen(handed(holds("a", k2)))), rotating(),
			outcome{Action: plan.RotateWait, Old: k1, New: k2, Missing: []string{
				"nothing shows whether whatever took over the files of a has moved, and the key was last used at 2026-11-12T12:00:00Z: wait until 2026-11-23T11:15:00Z"}},
		},
		"the old key was never used, and files were handed on: they may yet be used": {
			plan.KeySituation{
				Keys:    []plan.Key{key(k1, 2*time.Hour, plan.NeverUsed), key(k2, time.Hour, 0)},
				Holders: []plan.Holder{seen(handed(holds("a", k2)))}, Retiring: k1,
			}, rotating(),
			outcome{Action: plan.RotateWait, Old: k1, New: k2, Missing: []string{
				"nothing shows whether whatever took over the files of a has moved: wait until 2026-11-23T11:15:00Z"}},
		},
		"nobody may ask when the old key was used, and files were handed on: wait": {
			plan.KeySituation{
				Keys:    []plan.Key{key(k1, ninetyDays, plan.UseUnknown), key(k2, 10*day, 0)},
				Holders: []plan.Holder{seen(handed(holds("a", k2)))}, Retiring: k1,
			}, rotating(),
			outcome{Action: plan.RotateWait, Old: k1, New: k2, Missing: []string{
				"nothing shows whether whatever took over the files of a has moved, and IAM does not tell when the key was last used"}},
		},
		"a workload cluster cannot be read, and the old key is in use: wait": {
			replaced(10*day, time.Hour, seen(holds("m", k2)), copyOf(unclear("w"))), rotating(),
			outcome{Action: plan.RotateWait, Old: k1, New: k2, Missing: []string{
				"nothing shows whether the copy of workload cluster w has moved, and the key was last used at 2026-11-22T11:00:00Z: wait until 2026-11-23T11:15:00Z"}},
		},
		"a workload cluster cannot be read, and the old key lies idle: deactivate": {
			replaced(10*day, 2*day, seen(holds("m", k2)), copyOf(unclear("w"))), rotating(), outcome{Action: plan.RotateDeactivate, Old: k1, New: k2},
		},
		"a management cluster cannot be read: wait, however idle the key": {
			replaced(10*day, 10*day, unclear("a"), seen(holds("b", k2))), rotating(),
			outcome{Action: plan.RotateWait, Old: k1, New: k2, Missing: []string{"cluster a: what it holds cannot be read"}},
		},
		"a controller could not be looked at, and the old key lies idle: deactivate": {
			replaced(10*day, 2*day, seen(holds("a", k2), unlooked)), rotating(), outcome{Action: plan.RotateDeactivate, Old: k1, New: k2},
		},
		"a copy holds the old key and cannot be written: wait": {
			replaced(10*day, 10*day, seen(holds("m", k2)), blocked(copyOf(holds("w", k1)))), rotating(),
			outcome{Action: plan.RotateWait, Old: k1, New: k2, Missing: []string{"cluster w: it holds " + string(k1) + ", and cannot be written"}},
		},
		"the old key is inactive and nobody has looked since: prove": {
			deactivated(minute, minute, holds("a", k2)), rotating(), outcome{Action: plan.RotateProve, Old: k1, New: k2, Prove: []string{"a"}},
		},
		"the old key is inactive and nothing fails: delete": {
			deactivated(minute, minute, seen(holds("a", k2))), rotating(), outcome{Action: plan.RotateDelete, Old: k1, New: k2},
		},
		"the old key is inactive and what nodes follow was written anew: wait to delete": {
			deactivated(10*minute, minute, seen(mounted(holds("a", k2), minute))), rotating(),
			outcome{Action: plan.RotateWait, Old: k1, New: k2, Missing: []string{nodesGap}},
		},
		"the old key is inactive and a proof fails: reactivate": {
			deactivated(minute, minute, seen(holds("a", k2), broken)), rotating(),
			outcome{Action: plan.RotateReactivate, Old: k1, New: k2, Failed: true},
		},
		"the old key is inactive and a package has got an error: reactivate": {
			deactivated(minute, minute, seen(holds("a", k2), faulty)), rotating(),
			outcome{Action: plan.RotateReactivate, Old: k1, New: k2, Failed: true},
		},
		"the old key is inactive and a delivery holds it: reactivate before anything is delivered": {
			deactivated(minute, minute, holds("a", k2), holds("b", k1)), rotating(), outcome{Action: plan.RotateReactivate, Old: k1, New: k2},
		},
		"the old key is inactive and a delivery that cannot be written holds it, as patience has it: wait to delete": {
			deactivated(minute, minute, seen(holds("a", k2)), blocked(holds("b", k1))), rotating(limit(0)),
			outcome{Action: plan.RotateWait, Old: k1, New: k2, Missing: []string{"cluster b: it holds " + string(k1) + ", and cannot be written"}},
		},
		"the same a day after patience ended: delete, and say what may break": {
			deactivated(day, 10*day, seen(holds("a", k2)), blocked(holds("b", k1))), rotating(limit(0)),
			outcome{Action: plan.RotateDelete, Old: k1, New: k2, Risk: []string{"cluster b: it holds " + string(k1) + ", and cannot be written"}},
		},
		"the old key is inactive and every delivery holds it: reactivate": {
			plan.KeySituation{Keys: []plan.Key{inactive(old)}, Holders: []plan.Holder{holds("a", k1)}, Retiring: k1}, rotating(),
			outcome{Action: plan.RotateReactivate, Old: k1},
		},
		"the old key is inactive and its users are not seen: wait": {
			deactivated(time.Hour, time.Hour, seen(handed(holds("a", k2)))), rotating(),
			outcome{Action: plan.RotateWait, Old: k1, New: k2, Missing: []string{idleGap}},
		},
		"the old key is gone and its mark is left: take it away": {
			plan.KeySituation{Keys: []plan.Key{key(k2, day, 0)}, Holders: []plan.Holder{holds("a", k2)}, Retiring: k1}, rotating(),
			outcome{Action: plan.RotateUnmark, New: k2},
		},
		"a rotation is under way and another is asked for by force: the one goes on": {
			replaced(minute, minute, seen(holds("a", k2))), rotating(force), outcome{Action: plan.RotateDeactivate, Old: k1, New: k2},
		},
		"a key made by hand lies beside: it is nobody's business": {
			plan.KeySituation{Keys: []plan.Key{key(k1, day, 0), used(k2, day, minute)}, Holders: []plan.Holder{holds("a", k1)}}, rotating(),
			outcome{Action: plan.RotateNothing, New: k1},
		},
		"a key made by hand is asked for by its id and in use: wait, who uses it is not seen": {
			plan.KeySituation{Keys: []plan.Key{key(k1, 10*day, 0), used(k2, day, time.Hour)}, Holders: []plan.Holder{seen(holds("a", k1))}}, rotating(only(k2)),
			outcome{Action: plan.RotateWait, Old: k2, New: k1, Missing: []string{
				"nothing shows whether whatever else may use it has moved, and the key was last used at 2026-11-22T11:00:00Z: wait until 2026-11-23T11:15:00Z"}},
		},
		"a key made by hand is asked for by its id and idle: deactivate": {
			plan.KeySituation{Keys: []plan.Key{key(k1, 10*day, 0), used(k2, 5*day, 2*day)}, Holders: []plan.Holder{seen(holds("a", k1))}}, rotating(only(k2)),
			outcome{Action: plan.RotateDeactivate, Old: k2, New: k1},
		},
		"a second key may be held by a cluster that cannot be read, and is asked for by its id: wait, and name the cluster": {
			plan.KeySituation{Keys: []plan.Key{key(k1, 10*day, 0), used(k2, 5*day, 2*day)}, Holders: []plan.Holder{seen(holds("a", k1)), unclear("b")}}, rotating(only(k2)),
			outcome{Action: plan.RotateWait, Old: k2, New: k1, Missing: []string{"cluster b: what it holds cannot be read"}},
		},
		"the same past the deadline that the operator gives: deactivate, and name the cluster": {
			plan.KeySituation{Keys: []plan.Key{key(k1, 10*day, 0), used(k2, 5*day, 2*day)}, Holders: []plan.Holder{seen(holds("a", k1)), unclear("b")}}, rotating(only(k2), limit(0)),
			outcome{Action: plan.RotateDeactivate, Old: k2, New: k1, Risk: []string{"cluster b: what it holds cannot be read"}},
		},
		"a key that a person deactivated is asked for by its id: delete": {
			plan.KeySituation{Keys: []plan.Key{key(k1, 10*day, 0), inactive(used(k2, 5*day, 2*day))}, Holders: []plan.Holder{seen(holds("a", k1))}}, rotating(only(k2)),
			outcome{Action: plan.RotateDelete, Old: k2, New: k1},
		},
		"a key that a person deactivated is asked for by its id, and the other fails: it stays as the person has it": {
			plan.KeySituation{Keys: []plan.Key{key(k1, 10*day, 0), inactive(used(k2, 5*day, 2*day))}, Holders: []plan.Holder{seen(holds("a", k1), broken)}}, rotating(only(k2)),
			outcome{Action: plan.RotateWait, Old: k2, New: k1, Missing: []string{brokenGap}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			got := plan.DecideRotation(test.situation, test.rules)
			if diff := cmp.Diff(test.want, outcomeOf(got), cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("decision (-want +got):\n%s", diff)
			}
		})
	}
}

// A key that was replaced before it was ever used is no orphan: whoever has it may be yet to begin.
func TestAReplacedKeyIsNoOrphan(t *testing.T) {
	s := plan.KeySituation{
		Keys:    []plan.Key{key(k1, 2*day, plan.NeverUsed), key(k2, day, 0)},
		Holders: []plan.Holder{handed(holds("a", k2))}, Retiring: k1,
	}
	if got := plan.DecideKey(s, rules()); len(got.Orphans) > 0 {
		t.Errorf("%v is to be deleted", got.Orphans)
	}
}
