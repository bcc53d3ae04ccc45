package provision

import (
	"time"

	"github.com/pullpass/pullpass/arn"
	"github.com/pullpass/pullpass/internal/awsid"
	"github.com/pullpass/pullpass/internal/plan"
)

// knowledge is what a run has done to one user's keys. IAM may show it late, and a decision on what was before would do
// it again, or take a key that was just made for one that is gone.
type knowledge struct {
	// user is whose keys they are.
	user arn.ARN
	// made is when a key was made, the zero time for none.
	made time.Time
	// given are the clusters that hold it.
	given map[string]bool
	// whole are the clusters that this run has delivered to, and when by its own clock: that of a cluster may differ. Where what
	// is there counts as torn all the same, such as for the modes of a file system that has none, writing it again does not help.
	whole       map[string]time.Time
	status      map[awsid.AccessKeyID]bool
	gone        map[awsid.AccessKeyID]bool
	retiring    awsid.AccessKeyID
	deactivated bool
}

func (k *knowledge) learn(op plan.Op, now time.Time) {
	if k.status == nil {
		k.status, k.gone, k.whole = map[awsid.AccessKeyID]bool{}, map[awsid.AccessKeyID]bool{}, map[string]time.Time{}
	}
	switch op := op.(type) {
	case plan.CreateKey:
		k.made, k.retiring, k.given = now, op.Replaces, map[string]bool{}
		for _, d := range op.Deliveries {
			k.given[d.Cluster], k.whole[d.Cluster] = true, now
		}
	case plan.WriteDelivery:
		k.whole[op.Cluster] = now
	case plan.PutTags:
		k.retiring = awsid.AccessKeyID(op.Tags[plan.TagRetiring])
	case plan.DeactivateKey:
		k.status[op.Key], k.retiring, k.deactivated = false, op.Key, true
	case plan.ReactivateKey:
		k.status[op.Key], k.deactivated = true, false
	case plan.DeleteKey:
		k.gone[op.Key] = true
	case plan.DeleteRetiredKey:
		k.gone[op.Key], k.deactivated, k.retiring = true, false, ""
	}
}

// amend puts what is known into what was read of the user.
func (k *knowledge) amend(observed plan.Observed) {
	for _, account := range observed.Accounts {
		for _, users := range []map[string]*plan.User{account.Users, account.Former} {
			if user := users[k.user.Name()]; user != nil && user.ARN == k.user {
				k.amendUser(account, user)
			}
		}
	}
}

func (k *knowledge) amendUser(account *plan.Account, user *plan.User) {
	var keys []plan.Key
	listed := map[awsid.AccessKeyID]bool{}
	for _, key := range user.Keys {
		if k.gone[key.ID] {
			continue
		}
		if active, found := k.status[key.ID]; found {
			key.Active = active
		}
		listed[key.ID] = true
		keys = append(keys, key)
	}
	for cluster, d := range account.Deliveries {
		if at, delivered := k.whole[cluster]; delivered {
			d.Complete, d.Written = true, at
		}
		account.Deliveries[cluster] = d
		id := d.Config.Key.ID
		if !k.given[cluster] || d.State != plan.Held || listed[id] || k.gone[id] {
			continue
		}
		listed[id] = true
		keys = append(keys, plan.Key{ID: id, Active: true, Created: k.made, Use: plan.NeverUsed})
	}
	user.Keys = keys
	if k.retiring != "" {
		user.Tags[plan.TagRetiring] = string(k.retiring)
	}
}
