package provision

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pullpass/pullpass/arn"
	"github.com/pullpass/pullpass/internal/awsid"
	"github.com/pullpass/pullpass/internal/credential"
	"github.com/pullpass/pullpass/internal/plan"
	"github.com/pullpass/pullpass/internal/share"
)

func delivers(op plan.Op) bool {
	_, ok := op.(plan.CreateKey)
	return ok
}

// What a run has done counts, whatever a replica of IAM that is late shows.
func TestWhatARunHasDoneCountsBeforeIAMShowsIt(t *testing.T) {
	const oldKey, newKey, foreign = awsid.AccessKeyID("AKIAQAAAAAAAAAAAAA01"), awsid.AccessKeyID("AKIAQAAAAAAAAAAAAA02"), awsid.AccessKeyID("AKIAQAAAAAAAAAAAAA03")
	made := time.Date(2026, 11, 23, 6, 0, 0, 0, time.UTC)
	stale := plan.Key{ID: oldKey, Active: true, Use: plan.Used}
	fresh := plan.Key{ID: newKey, Active: true, Created: made, Use: plan.NeverUsed}
	create := plan.CreateKey{
		Replaces: oldKey, Deliveries: []plan.DeliveryOf{{ClusterDelivery: share.ClusterDelivery{Cluster: "a"}}},
	}
	deactivate := plan.DeactivateKey{Retirement: plan.Retirement{Key: oldKey, Successor: newKey}}
	inactive := stale
	inactive.Active = false
	for name, test := range map[string]struct {
		done []plan.Op
		want []plan.Key
		mark awsid.AccessKeyID
	}{
		"nothing was done":             {nil, []plan.Key{stale}, ""},
		"a key was made and delivered": {[]plan.Op{create}, []plan.Key{stale, fresh}, oldKey},
		"the old key was deactivated":  {[]plan.Op{create, deactivate}, []plan.Key{inactive, fresh}, oldKey},
		"the old key was given back":   {[]plan.Op{create, deactivate, plan.ReactivateKey{Key: oldKey}}, []plan.Key{stale, fresh}, oldKey},
		"the old key was deleted":      {[]plan.Op{create, deactivate, plan.DeleteRetiredKey{Retirement: deactivate.Retirement}}, []plan.Key{fresh}, ""},
		"an orphan was deleted":        {[]plan.Op{plan.DeleteKey{Key: oldKey}}, nil, ""},
	} {
		t.Run(name, func(t *testing.T) {
			known := knowledge{user: arn.IAM("999999999999", "user", "/", "u")}
			for _, op := range test.done {
				known.learn(op, made)
			}
			user := &plan.User{ARN: known.user, Keys: []plan.Key{stale}, Tags: map[string]string{}}
			neighbour := &plan.User{ARN: arn.IAM("999999999999", "user", "/", "v"), Keys: []plan.Key{{ID: foreign, Active: true}}, Tags: map[string]string{}}
			holding := func(id awsid.AccessKeyID) plan.Delivery {
				return plan.Delivery{State: plan.Held, Config: credential.Config{Key: credential.AccessKey{ID: id}}}
			}
			deliveries := map[string]plan.Delivery{"a": holding(newKey), "b": holding(foreign)}
			known.amend(plan.Observed{Accounts: map[arn.AccountID]*plan.Account{"999999999999": {
				Users:      map[string]*plan.User{"u": user, "v": neighbour},
				Deliveries: deliveries,
			}}})
			// The clock of a cluster may be far from the one here.
			if got := deliveries["a"].Written; got.Equal(made) != slices.ContainsFunc(test.done, delivers) || !deliveries["b"].Written.IsZero() {
				t.Errorf("a was written at %s and b at %s", got, deliveries["b"].Written)
			}
			if diff := cmp.Diff(test.want, user.Keys); diff != "" {
				t.Errorf("keys (-want +got):\n%s", diff)
			}
			if got := awsid.AccessKeyID(user.Tags[plan.TagRetiring]); got != test.mark {
				t.Errorf("the mark names %q, want %q", got, test.mark)
			}
			if len(neighbour.Keys) != 1 || len(neighbour.Tags) > 0 {
				t.Errorf("another user has become %+v", neighbour)
			}
		})
	}
}
