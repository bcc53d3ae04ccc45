package plan_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pullpass/pullpass/internal/awsid"
	"github.com/pullpass/pullpass/internal/plan"
)

const (
	k1 = awsid.AccessKeyID("AKIAQAAAAAAAAAAAAA01")
	k2 = awsid.AccessKeyID("AKIAQAAAAAAAAAAAAA02")

	deadHere   = plan.RunID("20261122T115500Z.0000000a.laptop")
	liveHere   = plan.RunID("20261122T115500Z.0000000b.laptop")
	elsewhere  = plan.RunID("20261122T115500Z.0000000c.desktop")
	longAgo    = plan.RunID("20261122T080000Z.0000000d.desktop")
	minute     = time.Minute
	day        = 24 * time.Hour
	ninetyDays = 90 * day
)

func key(id awsid.AccessKeyID, age time.Duration, use plan.KeyUse) plan.Key {
	return plan.Key{ID: id, Active: true, Created: now().Add(-age), Use: use}
}

func inactive(k plan.Key) plan.Key {
	k.Active = false
	return k
}

func holds(cluster string, id awsid.AccessKeyID) plan.Holder {
	return plan.Holder{Cluster: cluster, State: plan.Held, Key: id}
}

func lacks(cluster string) plan.Holder   { return plan.Holder{Cluster: cluster, State: plan.None} }
func unclear(cluster string) plan.Holder { return plan.Holder{Cluster: cluster, State: plan.Unknown} }

func rules(change ...func(*plan.KeyRules)) plan.KeyRules {
	r := plan.KeyRules{Run: thisRun, Now: now(), Runs: plan.Runs{Host: "laptop", Live: []plan.RunID{thisRun, liveHere}}}
	for _, f := range change {
		f(&r)
	}
	return r
}

func takeOver(r *plan.KeyRules) { r.TakeOver = true }

func maxAge(r *plan.KeyRules) { r.MaxAge = ninetyDays }

// The rows are those of the table above DecideKey that do not belong to a rotation, each in the forms that it takes.
func TestDecideKey(t *testing.T) {
	type ids = []awsid.AccessKeyID
	for name, test := range map[string]struct {
		situation plan.KeySituation
		rules     plan.KeyRules
		want      plan.KeyDecision
	}{
		"a delivery holds an active key: reuse it": {
			plan.KeySituation{Keys: []plan.Key{key(k1, day, 0)}, Holders: []plan.Holder{holds("a", k1)}}, rules(),
			plan.KeyDecision{Action: plan.KeyReuse, Key: k1},
		},
		"one of two deliveries holds an active key: copy it to the other": {
			plan.KeySituation{Keys: []plan.Key{key(k1, day, 0)}, Holders: []plan.Holder{lacks("a"), holds("b", k1)}}, rules(),
			plan.KeyDecision{Action: plan.KeyReuse, Key: k1, Deliver: []string{"a"}},
		},
		"two deliveries hold two active keys: the younger is the key": {
			plan.KeySituation{
				Keys:    []plan.Key{key(k1, day, 0), key(k2, minute, 0)},
				Holders: []plan.Holder{holds("a", k1), holds("b", k2)},
			}, rules(),
			plan.KeyDecision{Action: plan.KeyReuse, Key: k2, Deliver: []string{"a"}},
		},
		"the key that is held is too old: reuse it, rotation is due": {
			plan.KeySituation{Keys: []plan.Key{key(k1, ninetyDays, 0)}, Holders: []plan.Holder{holds("a", k1)}}, rules(maxAge),
			plan.KeyDecision{Action: plan.KeyReuse, Key: k1, RotationDue: true},
		},
		"the key that is held is a day short of its age: no rotation": {
			plan.KeySituation{Keys: []plan.Key{key(k1, ninetyDays-day, 0)}, Holders: []plan.Holder{holds("a", k1)}}, rules(maxAge),
			plan.KeyDecision{Action: plan.KeyReuse, Key: k1},
		},
		"no key at all: create": {
			plan.KeySituation{Holders: []plan.Holder{lacks("a"), lacks("b")}}, rules(),
			plan.KeyDecision{Action: plan.KeyCreate, Deliver: []string{"a", "b"}},
		},
		"the key that a delivery holds was deleted: create": {
			plan.KeySituation{Holders: []plan.Holder{holds("a", k1)}}, rules(),
			plan.KeyDecision{Action: plan.KeyCreate, Deliver: []string{"a"}},
		},
		"the key that a delivery holds is inactive: create": {
			plan.KeySituation{Keys: []plan.Key{inactive(key(k1, day, 0))}, Holders: []plan.Holder{holds("a", k1)}}, rules(),
			plan.KeyDecision{Action: plan.KeyCreate, Deliver: []string{"a"}},
		},
		"one key in use by something unseen: create a second, leave the first": {
			plan.KeySituation{Keys: []plan.Key{key(k1, day, plan.Used)}, Holders: []plan.Holder{lacks("a")}}, rules(),
			plan.KeyDecision{Action: plan.KeyCreate, Deliver: []string{"a"}, Strays: ids{k1}},
		},
		"one key of which nobody knows whether it was used: leave it": {
			plan.KeySituation{Keys: []plan.Key{key(k1, day, plan.UseUnknown)}, Holders: []plan.Holder{lacks("a")}}, rules(),
			plan.KeyDecision{Action: plan.KeyCreate, Deliver: []string{"a"}, Strays: ids{k1}},
		},
		"a cluster cannot be read, another lacks a key, one key exists: create for the other": {
			plan.KeySituation{
				Keys:    []plan.Key{key(k1, day, plan.NeverUsed)},
				Holders: []plan.Holder{unclear("a"), lacks("b")},
			}, rules(),
			plan.KeyDecision{Action: plan.KeyCreate, Deliver: []string{"b"}, Strays: ids{k1}},
		},
		"the only cluster cannot be read: nothing to deliver to": {
			plan.KeySituation{Keys: []plan.Key{key(k1, day, plan.NeverUsed)}, Holders: []plan.Holder{unclear("a")}}, rules(),
			plan.KeyDecision{Action: plan.KeyNothing, Strays: ids{k1}},
		},
		"an orphan of a killed run of this machine: delete it, create": {
			plan.KeySituation{Keys: []plan.Key{key(k1, minute, plan.NeverUsed)}, Holders: []plan.Holder{lacks("a")}, Pending: deadHere}, rules(),
			plan.KeyDecision{Action: plan.KeyCreate, Deliver: []string{"a"}, Orphans: ids{k1}},
		},
		"an orphan of this very run: delete it, create": {
			plan.KeySituation{Keys: []plan.Key{key(k1, minute, plan.NeverUsed)}, Holders: []plan.Holder{lacks("a")}, Pending: thisRun}, rules(),
			plan.KeyDecision{Action: plan.KeyCreate, Deliver: []string{"a"}, Orphans: ids{k1}},
		},
		"an orphan in the second slot: delete it first, create": {
			plan.KeySituation{
				Keys:    []plan.Key{key(k1, day, plan.Used), key(k2, minute, plan.NeverUsed)},
				Holders: []plan.Holder{lacks("a")}, Pending: deadHere,
			}, rules(),
			plan.KeyDecision{Action: plan.KeyCreate, Deliver: []string{"a"}, Orphans: ids{k2}, Strays: ids{k1}},
		},
		"an orphan beside the key that is held: delete it": {
			plan.KeySituation{
				Keys:    []plan.Key{key(k1, day, 0), key(k2, 2*time.Hour, plan.NeverUsed)},
				Holders: []plan.Holder{holds("a", k1)}, Pending: longAgo,
			}, rules(),
			plan.KeyDecision{Action: plan.KeyReuse, Key: k1, Orphans: ids{k2}, Unmark: true},
		},
		"an orphan beside the key that is held, and a cluster cannot be read: it stays, and so does the mark that tells what it is": {
			plan.KeySituation{
				Keys:    []plan.Key{key(k1, day, 0), key(k2, 2*time.Hour, plan.NeverUsed)},
				Holders: []plan.Holder{holds("a", k1), unclear("b")}, Pending: longAgo,
			}, rules(),
			plan.KeyDecision{Action: plan.KeyReuse, Key: k1, Strays: ids{k2}},
		},
		"a key that no run has marked beside the key that is held: a person made it, and it stays": {
			plan.KeySituation{
				Keys:    []plan.Key{key(k1, day, 0), key(k2, 30*day, plan.NeverUsed)},
				Holders: []plan.Holder{holds("a", k1)},
			}, rules(),
			plan.KeyDecision{Action: plan.KeyReuse, Key: k1, Strays: ids{k2}},
		},
		"a key that was there before a run marked the user, and that run was killed: it is no run's, and stays": {
			plan.KeySituation{Keys: []plan.Key{key(k1, 30*day, plan.NeverUsed)}, Holders: []plan.Holder{lacks("a")}, Pending: deadHere}, rules(),
			plan.KeyDecision{Action: plan.KeyCreate, Deliver: []string{"a"}, Strays: ids{k1}},
		},
		"the same beside the key that is held: it stays, and the mark goes": {
			plan.KeySituation{
				Keys:    []plan.Key{key(k1, minute, 0), key(k2, 30*day, plan.NeverUsed)},
				Holders: []plan.Holder{holds("a", k1)}, Pending: deadHere,
			}, rules(),
			plan.KeyDecision{Action: plan.KeyReuse, Key: k1, Strays: ids{k2}, Unmark: true},
		},
		"a key that IAM, whose clock may be behind, dates a little before its run: an orphan": {
			plan.KeySituation{Keys: []plan.Key{key(k1, 15*minute, plan.NeverUsed)}, Holders: []plan.Holder{lacks("a")}, Pending: deadHere}, rules(),
			plan.KeyDecision{Action: plan.KeyCreate, Deliver: []string{"a"}, Orphans: ids{k1}},
		},
		"what was delivered was carried away, and not used yet: it stays, create": {
			plan.KeySituation{Keys: []plan.Key{key(k1, day, plan.NeverUsed)}, Holders: []plan.Holder{lacks("a")}}, rules(),
			plan.KeyDecision{Action: plan.KeyCreate, Deliver: []string{"a"}, Strays: ids{k1}},
		},
		"a key that no run has marked, and all runs are taken over: it is no run's, and stays": {
			plan.KeySituation{Keys: []plan.Key{key(k1, minute, plan.NeverUsed)}, Holders: []plan.Holder{lacks("a")}}, rules(takeOver),
			plan.KeyDecision{Action: plan.KeyCreate, Deliver: []string{"a"}, Strays: ids{k1}},
		},
		"a key that another machine's run made over an hour ago: an orphan": {
			plan.KeySituation{Keys: []plan.Key{key(k1, time.Hour+minute, plan.NeverUsed)}, Holders: []plan.Holder{lacks("a")}, Pending: longAgo}, rules(),
			plan.KeyDecision{Action: plan.KeyCreate, Deliver: []string{"a"}, Orphans: ids{k1}},
		},
		"a key that another machine's run made just now: wait": {
			plan.KeySituation{Keys: []plan.Key{key(k1, minute, plan.NeverUsed)}, Holders: []plan.Holder{lacks("a")}, Pending: elsewhere}, rules(),
			plan.KeyDecision{Action: plan.KeyWait, Deliver: []string{"a"}, Busy: elsewhere},
		},
		"a key that a run made just now which began long ago: wait": {
			plan.KeySituation{Keys: []plan.Key{key(k1, minute, plan.NeverUsed)}, Holders: []plan.Holder{lacks("a")}, Pending: longAgo}, rules(),
			plan.KeyDecision{Action: plan.KeyWait, Deliver: []string{"a"}, Busy: longAgo},
		},
		"a run of this machine holds its lock: wait": {
			plan.KeySituation{Keys: []plan.Key{key(k1, minute, plan.NeverUsed)}, Holders: []plan.Holder{lacks("a")}, Pending: liveHere}, rules(),
			plan.KeyDecision{Action: plan.KeyWait, Deliver: []string{"a"}, Busy: liveHere},
		},
		"another run has marked the user and made no key yet: wait": {
			plan.KeySituation{Holders: []plan.Holder{lacks("a")}, Pending: elsewhere}, rules(),
			plan.KeyDecision{Action: plan.KeyWait, Deliver: []string{"a"}, Busy: elsewhere},
		},
		"another run marked the user hours ago and made no key: create": {
			plan.KeySituation{Holders: []plan.Holder{lacks("a")}, Pending: longAgo}, rules(),
			plan.KeyDecision{Action: plan.KeyCreate, Deliver: []string{"a"}},
		},
		"another run may be at work, and is taken over: an orphan": {
			plan.KeySituation{Keys: []plan.Key{key(k1, minute, plan.NeverUsed)}, Holders: []plan.Holder{lacks("a")}, Pending: elsewhere}, rules(takeOver),
			plan.KeyDecision{Action: plan.KeyCreate, Deliver: []string{"a"}, Orphans: ids{k1}},
		},
		"two young keys without a mark: wait for what their maker does": {
			plan.KeySituation{
				Keys:    []plan.Key{key(k1, minute, plan.NeverUsed), key(k2, minute, plan.NeverUsed)},
				Holders: []plan.Holder{lacks("a")},
			}, rules(),
			plan.KeyDecision{Action: plan.KeyWait, Deliver: []string{"a"}},
		},
		"two keys, one may be held by a cluster that cannot be read: refuse": {
			plan.KeySituation{
				Keys:    []plan.Key{key(k1, day, plan.NeverUsed), key(k2, day, plan.NeverUsed)},
				Holders: []plan.Holder{unclear("a"), lacks("b")},
			}, rules(),
			plan.KeyDecision{Action: plan.KeyRefuse, Deliver: []string{"b"}, Strays: ids{k1, k2}},
		},
		"two keys in use by something unseen: refuse, even to take over": {
			plan.KeySituation{
				Keys:    []plan.Key{key(k1, day, plan.Used), key(k2, day, plan.Used)},
				Holders: []plan.Holder{lacks("a")},
			}, rules(takeOver),
			plan.KeyDecision{Action: plan.KeyRefuse, Deliver: []string{"a"}, Strays: ids{k1, k2}},
		},
		"two keys, clusters outside of the selection may hold them: refuse": {
			plan.KeySituation{
				Keys:    []plan.Key{key(k1, day, plan.NeverUsed), key(k2, day, plan.NeverUsed)},
				Holders: []plan.Holder{lacks("a")}, Elsewhere: true,
			}, rules(),
			plan.KeyDecision{Action: plan.KeyRefuse, Deliver: []string{"a"}, Strays: ids{k1, k2}},
		},
		"a mark was left behind after the delivery: take it away": {
			plan.KeySituation{Keys: []plan.Key{key(k1, minute, 0)}, Holders: []plan.Holder{holds("a", k1)}, Pending: deadHere}, rules(),
			plan.KeyDecision{Action: plan.KeyReuse, Key: k1, Unmark: true},
		},
		"another run has delivered and is about to take its mark away: leave it": {
			plan.KeySituation{Keys: []plan.Key{key(k1, minute, 0)}, Holders: []plan.Holder{holds("a", k1)}, Pending: elsewhere}, rules(),
			plan.KeyDecision{Action: plan.KeyReuse, Key: k1},
		},
	} {
		t.Run(name, func(t *testing.T) {
			got := plan.DecideKey(test.situation, test.rules)
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("decision (-want +got):\n%s", diff)
			}
		})
	}
}
