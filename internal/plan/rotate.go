package plan

import (
	"fmt"
	"slices"
	"time"

	"github.com/pullpass/pullpass/arn"
	"github.com/pullpass/pullpass/internal/awsid"
	"github.com/pullpass/pullpass/internal/share"
)

// RotationOptions are what the operator asks of a rotation, and what its run has found out.
type RotationOptions struct {
	Options
	Force bool
	Key   awsid.AccessKeyID
	// Only plans for this user alone; the zero ARN for all.
	Only     arn.ARN
	Patience Patience
	Rules    share.Keys
	// Follow is as in RotationRules.
	Follow time.Duration
	// Receipts are those that this run has collected.
	Receipts map[ClusterRef]Receipt
}

// A ClusterRef names a cluster of a share: two destinations may have one of the same name.
type ClusterRef struct {
	Account arn.AccountID
	Cluster string
}

// A Rotation is the next step of the rotation of every user's key. Its plan has no other steps.
type Rotation struct {
	*Plan
	// Users are in the order of the share. Those of a side that cannot be worked in are left out.
	Users []UserRotation
}

// A UserRotation is the next step of the rotation of one user's key.
type UserRotation struct {
	Account arn.AccountID
	User    arn.ARN
	// Clusters are those that use the user, or have used it.
	Clusters []share.ClusterDelivery
	// Leaving says that the user is a former one, whose keys go once its clusters have moved to users of their own.
	Leaving bool
	RotationDecision
}

// RotationScope widens a part of a share to what rotates together: clusters that share a user share its key. The source
// has no part in a rotation, and neither have policies. The scope is whole where it has all clusters of its destinations.
func RotationScope(whole, part share.Desired) share.Desired {
	out := part
	out.Source.Policies, out.Source.Roles, out.Destinations, out.Partial = nil, nil, nil, false
	for _, side := range part.Destinations {
		side.Policies = nil
		i := slices.IndexFunc(whole.Destinations, func(d share.DestinationSide) bool { return d.Account == side.Account })
		side.Clusters = nil
		for _, c := range whole.Destinations[i].Clusters {
			if slices.ContainsFunc(side.Users, func(u share.User) bool { return u.Name == c.User }) {
				side.Clusters = append(side.Clusters, c)
			}
		}
		out.Destinations = append(out.Destinations, side)
		out.Partial = out.Partial || len(side.Clusters) < len(whole.Destinations[i].Clusters)
	}
	return out
}

// Rotate returns the next step of each user's rotation. Desired is as RotationScope gives it; it is an error if observed
// lacks one of its accounts.
func Rotate(desired share.Desired, observed Observed, options RotationOptions) (*Rotation, error) {
	if err := check(desired, observed); err != nil {
		return nil, fmt.Errorf("planning the rotation of share %s: %w", desired.Share, err)
	}
	d := differ{desired: desired, observed: observed, options: options.Options}
	out := &Rotation{Plan: &Plan{Share: desired.Share, Registry: desired.Registry, Posture: desired.Posture}}
	for _, want := range desired.Destinations {
		s, ok := d.open(want.Account, DestinationPart)
		switch {
		case s.State == HandedOver:
			s.note("", "no access: the keys are rotated by the administrator")
		case ok:
			for _, u := range want.Users {
				if r, selected := s.rotate(u, want.Clusters, options); selected {
					out.Users = append(out.Users, r)
				}
			}
			out.Users = append(out.Users, s.departures(want, options)...)
		}
		out.add(s)
	}
	return out, nil
}

// rotate plans for one user; selected is false where the operator asks for a key that is not the user's.
func (s *side) rotate(want share.User, clusters []share.ClusterDelivery, o RotationOptions) (r UserRotation, selected bool) {
	clusters = slices.DeleteFunc(slices.Clone(clusters), func(c share.ClusterDelivery) bool { return c.User != want.Name })
	r = UserRotation{Account: s.Account, User: want.ARN(), Clusters: clusters}
	got := s.got.Users[want.Name]
	if !o.selects(r.User) || o.Key != "" && (got == nil || !slices.ContainsFunc(got.Keys, func(k Key) bool { return k.ID == o.Key })) {
		return r, false
	}
	if got == nil {
		r.RotationDecision = RotationDecision{Action: RotateNothing, Why: "the user is not there yet; pullpass apply makes it"}
		return r, true
	}
	u := userKeys{side: s, entity: got.ARN, clusters: clusters, user: got}
	if got.Tags[share.TagShare] != s.share || got.ARN != want.ARN() {
		r.RotationDecision = RotationDecision{Action: RotateRefuse, Why: "it is not the share's; pullpass plan says whose it is"}
		u.rotation(r.RotationDecision)
		return r, true
	}
	situation := u.situation(false)
	for i := range situation.Holders {
		h := &situation.Holders[i]
		if receipt, found := o.Receipts[ClusterRef{s.Account, h.Cluster}]; found {
			h.Receipt = &receipt
		}
	}
	r.RotationDecision = DecideRotation(situation, u.rotationRules(o))
	if r.Action == RotateRefuse {
		r.Why += u.unread()
	}
	u.rotation(r.RotationDecision)
	return r, true
}

// unread says which deliveries could not be read, and why.
func (u userKeys) unread() string {
	text := ""
	for _, c := range u.clusters {
		if got := u.delivery(c.Cluster); got.State == Unknown {
			text += fmt.Sprintf("; cluster %s: %s", c.Cluster, reason(got.Err))
		}
	}
	return text
}

func (u userKeys) rotationRules(o RotationOptions) RotationRules {
	return RotationRules{KeyRules: u.rules(), Force: o.Force, Key: o.Key, Idle: o.Rules.Idle, Follow: o.Follow, Patience: o.Patience}
}

func (o RotationOptions) selects(user arn.ARN) bool { return o.Only.IsZero() || o.Only == user }

// GiveBack is the plan that reactivates the old key, for a reason.
func (r UserRotation) GiveBack(share, why string) *Plan {
	step := Step{
		Account: r.Account, Verb: Reactivate, Target: fmt.Sprintf("access key %s of %s", r.Old, describe(r.User)),
		Op: ReactivateKey{User: r.User, Key: r.Old}, Changes: []Change{{Field: "reason", After: why}},
	}
	step.ID = fmt.Sprintf("%s/%s %s", step.Account, step.Verb, step.Target)
	return &Plan{Share: share, Sides: []Side{{Account: r.Account, Part: DestinationPart, State: Ready}}, Steps: []Step{step}}
}

// rotation adds the steps of a decision.
func (u userKeys) rotation(d RotationDecision) {
	written := map[string]string{}
	switch d.Action {
	case RotateCreate:
		freed := u.deleteOrphans(KeyDecision{Orphans: d.Orphans})
		u.create(KeyDecision{Deliver: d.Deliver, Replaces: d.Old}, freed, written)
		u.controllers(written)
		u.note("", "%s: once every user of access key %s has moved to the new one, it is deactivated, and deleted if nothing fails then",
			describe(u.entity), d.Old)
		u.noteGaps(d)
	case RotateDeliver:
		u.handOn(d, written)
	case RotateDeactivate:
		u.deactivate(d)
	case RotateReactivate:
		u.step(Step{
			Verb: Reactivate, Target: u.keyTarget(d.Old), Op: ReactivateKey{User: u.entity, Key: d.Old},
			Changes: []Change{{Field: "reason", After: d.Why}},
		})
	case RotateDelete:
		deleted := u.step(Step{
			Verb: Delete, Target: u.keyTarget(d.Old), Op: DeleteRetiredKey{u.retirement(d)},
			Changes: append([]Change{{Field: "reason", Before: fmt.Sprintf("replaced by %s, and inactive", d.successor())}}, risks(d)...),
		})
		u.unmark(deleted)
	case RotateUnmark:
		u.unmark()
	case RotateBusy:
		u.hold(KeyBusy, d)
	case RotateRefuse:
		u.hold(RotationRefused, d)
	case RotateProve, RotateWait:
		u.note("", "%s: %s has taken the place of %s, which goes once every user of it has moved", describe(u.entity), d.successor(), d.Old)
		u.noteGaps(d)
	case RotateNothing:
	}
}

// noteGaps says what is known so far to keep the old key, or to be put at risk.
func (u userKeys) noteGaps(d RotationDecision) {
	for _, gap := range d.Missing {
		u.note(gap.Cluster, "missing: %s", gap)
	}
	for _, gap := range d.Risks {
		u.note(gap.Cluster, "may break: %s", gap)
	}
}

// hold records why a rotation cannot go on. It stops no other of the side.
func (u userKeys) hold(kind ProblemKind, d RotationDecision) {
	u.problems = append(u.problems, Problem{Kind: kind, Account: u.Account, Target: describe(u.entity), Msg: d.Why})
}

// handOn gives the new key to clusters that lack it, once the user bears the mark that tells which key is the old one.
func (u userKeys) handOn(d RotationDecision, written map[string]string) {
	if u.user.Tags[TagRetiring] != string(d.Old) {
		u.made[u.entity] = u.step(Step{
			Verb: Tag, Target: describe(u.entity), Op: PutTags{Entity: u.entity, Tags: map[string]string{TagRetiring: string(d.Old)}},
			Changes: []Change{{Field: "tags", After: TagRetiring + "=" + string(d.Old)}},
		})
	}
	u.reuse(KeyDecision{Action: KeyReuse, Key: d.New, Deliver: d.Deliver}, written)
	u.controllers(written)
}

func (u userKeys) deactivate(d RotationDecision) {
	u.step(Step{
		Verb: Deactivate, Target: u.keyTarget(d.Old),
		Op:      DeactivateKey{Retirement: u.retirement(d), Mark: u.user.Tags[TagRetiring] != string(d.Old)},
		Changes: append([]Change{{Field: "replaced by", After: d.successor()}}, risks(d)...),
	})
}

func (u userKeys) keyTarget(key awsid.AccessKeyID) string {
	return fmt.Sprintf("access key %s of %s", key, describe(u.entity))
}

func risks(d RotationDecision) []Change {
	var changes []Change
	for _, gap := range d.Risks {
		changes = append(changes, Change{Field: "may break", After: gap.String()})
	}
	return changes
}

func (u userKeys) retirement(d RotationDecision) Retirement {
	r := Retirement{
		User: u.entity, Key: d.Old, Successor: d.New, Pending: RunID(u.user.Tags[TagPending]), Deliveries: u.clusters,
	}
	for _, gap := range d.Risks {
		if gap.Cluster != "" {
			r.Disregarded = append(r.Disregarded, gap.Cluster)
		}
	}
	for _, c := range u.clusters {
		if c.ManagedBy != "" && u.delivery(c.Cluster).State == Unknown {
			r.Disregarded = append(r.Disregarded, c.Cluster)
		}
	}
	return r
}

// unmark takes away the marks of a rotation that is over, and one that a run has left which made the key.
func (u userKeys) unmark(needs ...string) {
	var keys []string
	before := map[string]string{}
	for _, key := range []string{TagPending, TagRetiring} {
		if value := u.user.Tags[key]; value != "" {
			keys = append(keys, key)
			before[key] = value
		}
	}
	if len(keys) == 0 {
		return
	}
	u.step(Step{
		Needs: needs, Verb: Untag, Target: describe(u.entity), Op: RemoveTags{Entity: u.entity, Keys: keys},
		Changes: []Change{{Field: "tags", Before: tagsText(before)}},
	})
}
