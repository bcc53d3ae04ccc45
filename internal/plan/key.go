package plan

import (
	"cmp"
	"slices"
	"time"

	"github.com/pullpass/pullpass/internal/awsid"
)

// A KeySituation is what is known of the keys of one user.
type KeySituation struct {
	Keys []Key
	// Holders are the clusters that use the user.
	Holders []Holder
	// Elsewhere says that deliveries which were not looked at may hold a key too.
	Elsewhere bool
	// Pending is the user's pending tag, empty for none.
	Pending RunID
	// Retiring is the key that a rotation replaces, as the user's mark has it; empty for none.
	Retiring awsid.AccessKeyID
}

// A Holder is one cluster and what it holds.
type Holder struct {
	Cluster string
	State   DeliveryState
	// Err is why it is not known what it holds, where State is Unknown; it may be nil.
	Err error
	// Key is the id of the key that it holds, where State is Held.
	Key awsid.AccessKeyID
	// Blocked says that nothing can be delivered there for now.
	Blocked bool
	// Handed says that what is delivered goes on to where nobody sees it, as files of a directory do.
	Handed bool
	// Copy says that it is the copy of a workload cluster.
	Copy bool
	// Moved says that it holds an active key of another user, which is the one that it is to use now.
	Moved bool
	// Stale says that the packages controller has to be restarted for the key, and may be.
	Stale bool
	// Mounted says that the nodes of the cluster have it from a Secret that is mounted, which they follow.
	Mounted bool
	// Written is when it got there; the zero time where nothing tells.
	Written time.Time
	// Torn says that a part of what it holds carries something else, such as the other of two files whose writer was killed.
	Torn bool
	// Receipt is what shows whether the cluster has moved to Key; nil where nobody has looked.
	Receipt *Receipt
}

// KeyRules are what a decision about keys depends on beside the situation.
type KeyRules struct {
	// Run is the run that decides.
	Run  RunID
	Runs Runs
	Now  time.Time
	// TakeOver counts every other run as over.
	TakeOver bool
	// MaxAge is the age from which a key is due for rotation; 0 for never.
	MaxAge time.Duration
}

// A KeyAction is what becomes of a user's keys.
type KeyAction int

// The actions.
const (
	// KeyNothing: no cluster that can be delivered to wants a key.
	KeyNothing KeyAction = iota
	// KeyReuse: Key is the key; the clusters in Deliver lack it.
	KeyReuse
	// KeyCreate: a new key for the clusters in Deliver, once those in Orphans are gone.
	KeyCreate
	// KeyWait: the run in Busy may be about to deliver a key.
	KeyWait
	// KeyRefuse: there are as many keys as IAM allows, and each may be in use.
	KeyRefuse
)

// A KeyDecision is what DecideKey says.
type KeyDecision struct {
	Action KeyAction
	// Key is the key to be used, with KeyReuse.
	Key awsid.AccessKeyID
	// Deliver are the clusters that lack the key, in the order of the situation.
	Deliver []string
	// Orphans are keys that nobody holds, for deletion.
	Orphans []awsid.AccessKeyID
	// Strays are keys that no readable delivery holds and that something unseen may use.
	Strays []awsid.AccessKeyID
	// Busy is the run to wait for, empty where a key is merely too young to tell.
	Busy RunID
	// RotationDue says that the key to be used has passed its age.
	RotationDue bool
	// Unmark says that the pending tag is of a run that is over.
	Unmark bool
	// Replaces is the key that a rotation makes the new one for; empty where there is none.
	Replaces awsid.AccessKeyID
}

// maxKeys is IAM's quota of access keys a user, inactive ones included.
const maxKeys = 2

// settled is the age from which a key counts as made by a run that is over: no run takes an hour between making a key
// and delivering it.
const settled = time.Hour

// DecideKey says what is to become of the keys of one user.
//
//	situation                                                    | decision
//	-------------------------------------------------------------|------------------------------------------
//	a delivery holds an active key                               | reuse the youngest such key
//	no delivery holds a usable key, fewer than 2 keys            | create
//	a key held by nobody, nothing unknown, its run is over       | an orphan: delete, before anything else
//	a key held by nobody, without a run's mark, or older than it | it stays
//	a key held by nobody, its run may still be at work           | wait
//	2 keys, one may be held by something unknown                 | refuse
//	the key to be used is older than MaxAge                      | reuse, and say that rotation is due
//
// A key that was ever used and that no readable delivery holds counts as held by something unknown: that it is used is
// the only trace that an unseen holder leaves. So does one that a rotation replaces: its user may be yet to begin.
func DecideKey(s KeySituation, r KeyRules) KeyDecision {
	c := classify(s, r)
	d := KeyDecision{Orphans: c.orphans, Strays: c.strays}
	// The mark tells an orphan from a person's key, also once what hides it can be read again.
	d.Unmark = s.Pending != "" && r.over(s.Pending, s.pendingSince()) && !(s.unseen() && s.lost())
	if best, ok := s.usable(); ok {
		d.Action, d.Key = KeyReuse, best.ID
		d.Deliver = s.lacking(best.ID)
		d.RotationDue = r.MaxAge > 0 && r.Now.Sub(best.Created) >= r.MaxAge
		return d
	}
	d.Deliver = s.lacking("")
	switch {
	case len(d.Deliver) == 0:
		d.Action = KeyNothing
	case s.Pending != "" && !d.Unmark:
		d.Action, d.Busy, d.Orphans = KeyWait, s.Pending, nil
	case len(s.Keys) < maxKeys, len(d.Orphans) > 0:
		d.Action, d.Unmark = KeyCreate, false
	case len(c.young) > 0:
		d.Action = KeyWait
	default:
		d.Action = KeyRefuse
	}
	return d
}

// usable returns the youngest active key that a delivery holds.
func (s KeySituation) usable() (Key, bool) {
	held := slices.DeleteFunc(slices.Clone(s.Keys), func(k Key) bool { return !k.Active || !s.held(k.ID) })
	if len(held) == 0 {
		return Key{}, false
	}
	return slices.MaxFunc(held, func(a, b Key) int {
		return cmp.Or(a.Created.Compare(b.Created), cmp.Compare(a.ID, b.ID))
	}), true
}

func (s KeySituation) held(id awsid.AccessKeyID) bool {
	return slices.ContainsFunc(s.Holders, func(h Holder) bool { return h.State == Held && h.Key == id })
}

// lacking returns the clusters known to hold another key than id, or none. One that cannot be read or written is not among
// them.
func (s KeySituation) lacking(id awsid.AccessKeyID) []string {
	var clusters []string
	for _, h := range s.Holders {
		if h.Blocked {
			continue
		}
		if h.State == None || h.State == Held && (id == "" || h.Key != id) {
			clusters = append(clusters, h.Cluster)
		}
	}
	return clusters
}

// unseen reports whether something that was not read may hold a key.
func (s KeySituation) unseen() bool {
	return s.Elsewhere || slices.ContainsFunc(s.Holders, func(h Holder) bool { return h.State == Unknown })
}

// lost reports whether there is a key that nobody has used and that no readable delivery holds.
func (s KeySituation) lost() bool {
	return slices.ContainsFunc(s.Keys, func(k Key) bool { return !s.held(k.ID) && k.Use == NeverUsed })
}

// classes are the keys that no readable delivery holds.
type classes struct {
	orphans, strays, young []awsid.AccessKeyID
}

func classify(s KeySituation, r KeyRules) classes {
	var c classes
	for _, k := range s.Keys {
		switch {
		case s.held(k.ID):
		case s.unseen() || k.Use != NeverUsed || k.ID == s.Retiring:
			c.strays = append(c.strays, k.ID)
		case s.Pending == "" && r.over("", k.Created), k.Created.Before(s.Pending.Started().Add(-ClockSkew)):
			// A run takes its mark away once it has delivered, and makes no key before it begins. So a person made this key, or
			// took away what was delivered, and may be yet to use it.
			c.strays = append(c.strays, k.ID)
		case r.over(s.Pending, k.Created):
			c.orphans = append(c.orphans, k.ID)
		default:
			c.young = append(c.young, k.ID)
		}
	}
	return c
}

// pendingSince returns when the run of the pending tag was last known to be at work: it made the youngest key that
// nobody holds, or has yet to make one.
func (s KeySituation) pendingSince() time.Time {
	since := s.Pending.Started()
	for _, k := range s.Keys {
		if !s.held(k.ID) && k.Created.After(since) {
			since = k.Created
		}
	}
	return since
}

// over reports whether the run that made a key at the given time has ended. No run at all stands for one that has
// delivered its key and taken the mark away, or for a person.
func (r KeyRules) over(run RunID, made time.Time) bool {
	switch {
	case r.TakeOver, r.Now.Sub(made) > settled:
		return true
	case run == "":
		return false
	}
	return run == r.Run || r.Runs.dead(run)
}
