package plan

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/pullpass/pullpass/internal/awsid"
	"github.com/pullpass/pullpass/internal/share"
)

// departures are the next steps by which the keys of former users go, one for each user.
func (s *side) departures(want share.DestinationSide, o RotationOptions) []UserRotation {
	var all []UserRotation
	leaving := s.leaving(want.Users)
	for _, name := range slices.Sorted(maps.Keys(leaving)) {
		f, keys := s.got.Former[name], leaving[name]
		if !o.selects(f.ARN) || o.Key != "" && !slices.Contains(keys, o.Key) {
			continue
		}
		if s.partial {
			s.note("", "%s: %s goes once every cluster of the account has moved, which a rotation of the whole account finds out",
				describe(f.ARN), joinKeys(keys))
			continue
		}
		all = append(all, s.departure(f, keys, want, o))
	}
	return all
}

func (s *side) departure(f *User, keys []awsid.AccessKeyID, want share.DestinationSide, o RotationOptions) UserRotation {
	situation := KeySituation{
		Keys: f.Keys, Pending: RunID(f.Tags[TagPending]), Retiring: awsid.AccessKeyID(f.Tags[TagRetiring]),
	}
	var since time.Time
	for _, c := range want.Clusters {
		h, key := s.mover(c)
		if receipt, found := o.Receipts[ClusterRef{s.Account, c.Cluster}]; found {
			h.Receipt = &receipt
		}
		since = later(since, key.Created)
		situation.Holders = append(situation.Holders, h)
	}
	u := userKeys{side: s, entity: f.ARN, clusters: want.Clusters, user: f}
	r := UserRotation{Account: s.Account, User: f.ARN, Clusters: want.Clusters, Leaving: true}
	r.RotationDecision = DecideDeparture(situation, keys, since, u.rotationRules(o))
	u.rotation(r.RotationDecision)
	return r
}

// mover is a cluster that a former user's key may have served, and the key of the user that it is to use now, if it holds that.
func (s *side) mover(c share.ClusterDelivery) (Holder, Key) {
	held := s.got.Deliveries[c.Cluster]
	h := Holder{
		Cluster: c.Cluster, State: held.State, Err: held.Err, Key: held.Config.Key.ID, Handed: c.Kubernetes == nil, Copy: c.ManagedBy != "",
		Mounted: c.Kubernetes != nil, Written: held.Written,
	}
	own := s.got.Users[c.User]
	if own == nil || h.State != Held {
		return h, Key{}
	}
	i := slices.IndexFunc(own.Keys, func(k Key) bool { return k.ID == h.Key && k.Active })
	if h.Moved = i >= 0; !h.Moved {
		return h, Key{}
	}
	return h, own.Keys[i]
}

// DecideDeparture says what the next step is by which a former user's key goes, where its clusters have got keys of users
// of their own, the last of which was made at the time since. Leaving are the keys that the clusters held,
// one at least. They go one after the other, that first whose going was begun; another key of the user is anybody's.
//
//	situation                                         | decision
//	--------------------------------------------------|-------------------------------------
//	another run may be at work                        | busy
//	a cluster has moved, and nobody has looked since  | prove
//	a cluster holds another key than its own          | wait: apply gives it one
//	every cluster has moved                           | as in a rotation that has its new key
func DecideDeparture(s KeySituation, leaving []awsid.AccessKeyID, since time.Time, r RotationRules) RotationDecision {
	if s.Pending != "" && !r.over(s.Pending, s.pendingSince()) {
		return RotationDecision{Action: RotateBusy, Why: fmt.Sprintf("run %s may be about to deliver a key", s.Pending)}
	}
	next := leaving[0]
	switch {
	case r.Key != "":
		next = r.Key
	case slices.Contains(leaving, s.Retiring):
		next = s.Retiring
	}
	old, found := s.find(next)
	if !found {
		return RotationDecision{Action: RotateNothing, Why: fmt.Sprintf("access key %s is gone", next)}
	}
	return retirement{s, r, old, Key{Created: since}}.decide()
}
