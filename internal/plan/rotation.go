package plan

import (
	"fmt"
	"slices"
	"time"

	"github.com/pullpass/pullpass/internal/awsid"
)

// TagRetiring is the tag that names the access key of a user which a rotation replaces. It is set before the new key is
// made and goes after the old one is deleted, so that every run sees which of two keys was the share's own, and whether it
// was pullpass that deactivated one.
const TagRetiring = "pullpass:retiring"

// A Receipt is what shows whether a cluster has moved to the key that it holds. It is of the run that collects it.
type Receipt struct {
	// Broken is why the delivered credential does not pull, empty where it was proven to.
	Broken string
	// Behind are parts of the cluster that are known to use what was there before.
	Behind []string
	// Unseen are parts of the cluster that could not be looked at.
	Unseen []string
	// Faults are what else is the matter in the cluster, such as packages in an error state.
	Faults []string
	// Soon says that Broken, Behind or Unseen may pass by themselves within minutes.
	Soon bool
}

// RotationRules are what the decision about a rotation depends on beside the situation.
type RotationRules struct {
	KeyRules
	// Force rotates whatever the age of the key.
	Force bool
	// Key rotates this key, whatever its age, and no other; empty for any.
	Key awsid.AccessKeyID
	// Idle is for how long the old key must not have been used where something is unseen.
	Idle time.Duration
	// Follow is how long the nodes of a cluster take to follow its Secret.
	Follow time.Duration
	// Patience ends the waiting for what is missing.
	Patience Patience
}

// Patience is how long missing receipts keep an old key active. The zero value is for ever.
type Patience struct {
	// Until is when it ends, whatever the key.
	Until time.Time
	// After is how long after the making of the new key it ends, where Limited says so.
	After   time.Duration
	Limited bool
}

// end returns when patience with a key ends that was replaced at a time, the zero time for never.
func (p Patience) end(replaced time.Time) time.Time {
	if p.Limited {
		return replaced.Add(p.After)
	}
	return p.Until
}

// A RotationAction is the next step of a rotation.
type RotationAction string

// The actions, in the order in which a rotation takes them.
const (
	// RotateNothing: no key is due, and no rotation was begun.
	RotateNothing RotationAction = "nothing"
	// RotateBusy: another run may be at work on the user's keys.
	RotateBusy RotationAction = "busy"
	// RotateRefuse: there is no room for a new key, or nowhere to deliver it.
	RotateRefuse RotationAction = "refuse"
	// RotateCreate: make the new key for the clusters in Deliver, once those in Orphans are gone.
	RotateCreate RotationAction = "create"
	// RotateDeliver: give the new key to the clusters in Deliver, and restart what reads it only when it starts.
	RotateDeliver RotationAction = "deliver"
	// RotateProve: collect a receipt of each cluster in Prove.
	RotateProve RotationAction = "prove"
	// RotateWait: the old key stays as it is for what is Missing.
	RotateWait RotationAction = "wait"
	// RotateDeactivate: every receipt is there, or patience has ended.
	RotateDeactivate RotationAction = "deactivate"
	// RotateReactivate: something fails, or holds the old key, which is inactive.
	RotateReactivate RotationAction = "reactivate"
	// RotateDelete: nothing has failed since the old key was deactivated.
	RotateDelete RotationAction = "delete"
	// RotateUnmark: the old key is gone, and only the mark is left.
	RotateUnmark RotationAction = "unmark"
)

// A Gap is what keeps an old key from being deactivated, or may break when it is.
type Gap struct {
	// Cluster is empty where the gap is the user's as a whole.
	Cluster string
	What    string
	// Soon says that it may close by itself within minutes.
	Soon bool
	// Until is when it closes by itself, the zero time where that is not known.
	Until time.Time

	kind gapKind
}

// A gapKind says what a gap does beyond keeping the old key.
type gapKind int

const (
	// unclear: nothing tells whether something uses the old key.
	unclear gapKind = iota
	// behind: something is known to use the old key.
	behind
	// broken: the new key does not work somewhere. No patience makes up for that.
	broken
)

// A RotationDecision is what DecideRotation says.
type RotationDecision struct {
	Action RotationAction
	// Old is the key that goes, New the one that takes its place; empty where there is none yet, or one of another user in each
	// cluster.
	Old, New awsid.AccessKeyID
	// Inactive says that Old has been deactivated: what still uses it fails.
	Inactive bool
	// Made is when New was made; the zero time where there is none yet.
	Made time.Time
	// Deliver are the clusters that the new key is for, or that lack it.
	Deliver []string
	// Orphans are keys that nobody holds, for deletion.
	Orphans []awsid.AccessKeyID
	// Prove are the clusters whose receipts are to be collected.
	Prove []string
	// Missing are the gaps that keep Old as it is.
	Missing []Gap
	// Risks are the gaps that are disregarded because patience has ended: each may break.
	Risks []Gap
	// Why says in a line why there is nothing to do, or no way to do it, or what failed.
	Why string
	// Failed says, with RotateReactivate, that something broke after the deactivation.
	Failed bool
}

// successor names what takes the place of the old key.
func (d RotationDecision) successor() string {
	if d.New == "" {
		return "a key of its own in each cluster"
	}
	return "access key " + string(d.New)
}

// DecideRotation says what the next step of the rotation of one user's keys is.
//
//	situation                                                        | decision
//	-----------------------------------------------------------------|---------------------------------------------
//	another run may be at work                                       | busy
//	the old key is inactive, and no delivery holds an active key     | reactivate
//	no delivery holds an active key                                  | nothing: apply makes one; refuse what was asked for
//	no rotation begun, the key neither old nor asked for             | nothing, or the mark of one that ended goes
//	the same, and a second key beside one made a moment ago          | busy: IAM may show its mark late
//	the key is old or asked for, there is room for a second          | create
//	the same, and an orphan has the second place                     | delete the orphan, create
//	the same, and something else may use the second key              | refuse
//	a cluster that can be written lacks the new key, or must restart | deliver
//	a cluster holds the new key, and nobody has looked since         | prove
//	the old key is active, and every receipt is there                | deactivate
//	the old key is active, and a receipt is missing                  | wait; deactivate once patience ends
//	the same, and nodes have yet to follow what was delivered        | wait; they do so within minutes
//	the old key is inactive, and something fails or holds it         | reactivate
//	the old key is inactive, and every receipt is there              | delete
//	the old key is inactive, and nothing tells of some users         | wait; delete an idle time after patience ended
//
// Which of two keys is the old one is told by the user's mark, or by a delivery that still holds it. Another key may be
// anybody's, and is left alone unless rules.Key names it.
func DecideRotation(s KeySituation, r RotationRules) RotationDecision {
	if s.Pending != "" && !r.over(s.Pending, s.pendingSince()) {
		return RotationDecision{Action: RotateBusy, Why: fmt.Sprintf("run %s may be about to deliver a key", s.Pending)}
	}
	current, usable := s.usable()
	if !usable {
		return s.unusable(r)
	}
	if old, found := s.old(current, r); found {
		return retirement{s, r, old, current}.decide()
	}
	begun := s.Retiring == current.ID
	switch {
	case begun, r.Force && r.Key == "", r.Key == current.ID, r.Key == "" && r.due(current):
		return s.renewal(current, r)
	case s.Retiring != "":
		return RotationDecision{Action: RotateUnmark, New: current.ID, Why: "the key that was replaced is gone"}
	}
	if len(s.Keys) > 1 && r.Now.Sub(current.Created) < ClockSkew {
		return RotationDecision{Action: RotateBusy, New: current.ID,
			Why: fmt.Sprintf("access key %s was just made, and IAM may not show yet which key it replaces: try again in %d minutes",
				current.ID, ClockSkew/time.Minute)}
	}
	return RotationDecision{Action: RotateNothing, New: current.ID, Why: fmt.Sprintf("access key %s is not due", current.ID)}
}

func (r RotationRules) due(k Key) bool { return r.MaxAge > 0 && r.Now.Sub(k.Created) >= r.MaxAge }

func (s KeySituation) find(id awsid.AccessKeyID) (Key, bool) {
	i := slices.IndexFunc(s.Keys, func(k Key) bool { return k.ID == id })
	if i < 0 || id == "" {
		return Key{}, false
	}
	return s.Keys[i], true
}

// unusable decides where no delivery holds an active key.
func (s KeySituation) unusable(r RotationRules) RotationDecision {
	if old, found := s.find(s.Retiring); found && !old.Active && s.held(old.ID) {
		return RotationDecision{Action: RotateReactivate, Old: old.ID, Why: "deliveries hold it, and no other key"}
	}
	if s.unseen() && len(s.Keys) > 0 {
		return RotationDecision{Action: RotateRefuse, Why: "no delivery that can be read holds one of its active keys"}
	}
	why := "no delivery holds an active key; pullpass apply makes one"
	if r.Key != "" || r.Force {
		return RotationDecision{Action: RotateRefuse, Why: why}
	}
	return RotationDecision{Action: RotateNothing, Why: why}
}

// old returns the key that a rotation is replacing.
func (s KeySituation) old(current Key, r RotationRules) (Key, bool) {
	if k, found := s.find(s.Retiring); found && k.ID != current.ID {
		return k, true
	}
	for _, k := range s.Keys {
		if k.ID != current.ID && (s.held(k.ID) && k.Active || k.ID == r.Key) {
			return k, true
		}
	}
	return Key{}, false
}

// renewal decides about a key that is to be replaced, and has no successor yet.
func (s KeySituation) renewal(current Key, r RotationRules) RotationDecision {
	c := classify(s, r.KeyRules)
	d := RotationDecision{Action: RotateCreate, Old: current.ID, Deliver: s.lacking(""), Orphans: c.orphans}
	switch {
	case len(d.Deliver) == 0:
		return RotationDecision{Action: RotateRefuse, Old: current.ID, Why: "no cluster can be given a new key"}
	case len(s.Keys) < maxKeys, len(d.Orphans) > 0:
		d.foresee(s, r)
		return d
	case len(c.young) > 0:
		return RotationDecision{Action: RotateBusy, Old: current.ID,
			Why: fmt.Sprintf("access key %s is less than an hour old and held by nobody: somebody may be about to deliver it", joinKeys(c.young))}
	}
	others := slices.DeleteFunc(slices.Clone(s.Keys), func(k Key) bool { return k.ID == current.ID })
	return RotationDecision{Action: RotateRefuse, Old: current.ID,
		Why: fmt.Sprintf("the user has %d access keys, as many as IAM allows, and something else may use %s", len(s.Keys), others[0].ID)}
}

// foresee names the gaps that there will be however the making of a new key goes.
func (d *RotationDecision) foresee(s KeySituation, r RotationRules) {
	var gaps []Gap
	for _, h := range s.Holders {
		switch {
		case h.State == Unknown:
			gaps = append(gaps, Gap{Cluster: h.Cluster, What: h.unread()})
		case h.Blocked && h.State == Held:
			gaps = append(gaps, Gap{Cluster: h.Cluster, What: fmt.Sprintf("it holds %s, and cannot be written", h.Key)})
		case h.Handed:
			gaps = append(gaps, Gap{Cluster: h.Cluster, What: fmt.Sprintf("nothing will show whether whatever takes over its files has moved, "+
				"but that %s is not used for %d hours", d.Old, r.Idle/time.Hour)})
		}
	}
	if end := (deadline{r.Patience.end(r.Now)}); end.over(r.Now) {
		d.Risks = gaps
	} else {
		d.Missing = gaps
	}
}
