package plan

import (
	"fmt"
	"slices"
	"strings"

	"github.com/pullpass/pullpass/arn"
	"github.com/pullpass/pullpass/internal/awsid"
	"github.com/pullpass/pullpass/internal/credential"
	"github.com/pullpass/pullpass/internal/share"
)

func (s *side) user(want share.User, clusters []share.ClusterDelivery) {
	entity := want.ARN()
	if !s.fits(entity) {
		return
	}
	clusters = slices.DeleteFunc(slices.Clone(clusters), func(c share.ClusterDelivery) bool {
		// Whoever a side is handed over to delivers by hand, and leaves the copies to the bundle manager.
		return c.User != want.Name || s.State == HandedOver && c.ManagedBy != ""
	})
	if deny, found := s.revoked[want.Name]; found {
		s.keepOut(want, clusters, deny)
		return
	}
	got := s.got.Users[want.Name]
	if got == nil {
		s.newUser(want, clusters)
		return
	}
	if !s.samePath(entity, got.ARN) {
		return
	}
	owner := s.own(entity, got.Tags, want.Tags)
	switch owner {
	case ours:
		s.bound(entity, want.Boundary, got.Boundary)
		s.attach(entity, want.Policies, got.Attached)
		s.forget(got)
	case adopted:
		s.noteIfDetached(entity, want.Policies, got.Attached)
	case foreign:
		return
	}
	s.credentials(want, got, owner, clusters)
}

func (s *side) newUser(want share.User, clusters []share.ClusterDelivery) {
	entity := want.ARN()
	keys := userKeys{side: s, entity: entity, clusters: clusters, user: &User{ARN: entity}}
	decision := keys.decide(s.unseen(want, ours))
	s.made[entity] = s.step(Step{
		Verb: Create, Target: describe(entity), Op: CreateUser{User: want, Pending: decision.Action == KeyCreate},
		Changes: created(want.Path, want.Tags, want.Boundary, "", nil),
	})
	s.attach(entity, want.Policies, nil)
	keys.plan(decision)
}

func (s *side) credentials(want share.User, got *User, owner ownership, clusters []share.ClusterDelivery) {
	keys := userKeys{side: s, entity: got.ARN, clusters: clusters, user: got, adopting: owner == adopted}
	keys.plan(keys.decide(s.unseen(want, owner)))
}

// unseen reports whether deliveries that were not looked at may hold a key of the user: in a part of a share the
// clusters left out may, unless the user serves one cluster alone; and nobody knows yet where a key made by hand went.
func (s *side) unseen(want share.User, owner ownership) bool {
	return owner == adopted || s.partial && want.Tags[share.TagCluster] == ""
}

// userKeys plans the keys of one user and their deliveries.
type userKeys struct {
	*side
	entity   arn.ARN
	user     *User
	clusters []share.ClusterDelivery
	// adopting leaves a delivery that works as a person made it.
	adopting bool
}

func (u userKeys) decide(elsewhere bool) KeyDecision {
	return DecideKey(u.situation(elsewhere), u.rules())
}

func (u userKeys) situation(elsewhere bool) KeySituation {
	situation := KeySituation{
		Keys: u.user.Keys, Elsewhere: elsewhere,
		Pending: RunID(u.user.Tags[TagPending]), Retiring: awsid.AccessKeyID(u.user.Tags[TagRetiring]),
	}
	for _, c := range u.clusters {
		held := u.delivery(c.Cluster)
		_, blocked := u.blocker(c)
		situation.Holders = append(situation.Holders, Holder{
			Cluster: c.Cluster, State: held.State, Err: held.Err, Key: held.Config.Key.ID, Blocked: blocked || u.overruled(c),
			Handed: c.Kubernetes == nil, Copy: c.ManagedBy != "",
			Mounted: c.Kubernetes != nil, Written: held.Written,
			Torn:  c.Kubernetes == nil && held.State == Held && !held.Complete,
			Stale: held.Cluster != nil && held.Cluster.Stale && held.Cluster.Controller && c.ManagedBy == "" && c.Kubernetes.Restart,
		})
	}
	return situation
}

func (u userKeys) rules() KeyRules {
	return KeyRules{
		Run: u.options.Run, Runs: u.runs, Now: u.options.Now, TakeOver: u.options.TakeOver, MaxAge: u.options.MaxKeyAge,
	}
}

// delivery returns what a cluster holds. A side that is handed over is planned as if it held nothing.
func (u userKeys) delivery(cluster string) Delivery {
	if u.State == HandedOver {
		return Delivery{State: None}
	}
	return u.got.Deliveries[cluster]
}

func (u userKeys) plan(d KeyDecision) {
	for _, c := range u.clusters {
		if got := u.delivery(c.Cluster); got.State == Unknown {
			u.obstacle(c, Problem{
				Kind: DeliveryUnknown, Cluster: c.Cluster, Target: deliveryTarget(c),
				Msg: "what the cluster holds is not known: " + reason(got.Err),
			})
		}
	}
	freed := u.deleteOrphans(d)
	written := map[string]string{}
	u.markFormer(d.Deliver)
	switch d.Action {
	case KeyReuse:
		u.reuse(d, written)
	case KeyCreate:
		u.obstacles()
		u.create(d, freed, written)
	case KeyWait:
		u.stop(d.Deliver, KeyBusy, busyText(d))
	case KeyRefuse:
		u.stop(d.Deliver, KeysFull, u.fullText(d))
	case KeyNothing:
		u.obstacles()
	}
	u.controllers(written)
	if d.Unmark {
		// The mark tells whose the orphans are, so it goes after them.
		u.step(Step{
			Needs: freed, Verb: Untag, Target: describe(u.entity), Op: RemoveTags{Entity: u.entity, Keys: []string{TagPending}},
			Changes: []Change{{Field: "tags", Before: tagsText(map[string]string{TagPending: u.user.Tags[TagPending]})}},
		})
	}
	u.noteStrays(d)
}

func (u userKeys) deleteOrphans(d KeyDecision) []string {
	var ids []string
	for _, key := range d.Orphans {
		ids = append(ids, u.step(Step{
			Verb: Delete, Target: fmt.Sprintf("access key %s of %s", key, describe(u.entity)),
			Op:      DeleteKey{User: u.entity, Key: key, Pending: RunID(u.user.Tags[TagPending]), Deliveries: u.clusters},
			Changes: []Change{{Field: "reason", Before: "held by no delivery and never used"}},
		}))
	}
	return ids
}

// create makes a key for the clusters that lack one, and notes the step by which each gets it.
func (u userKeys) create(d KeyDecision, freed []string, written map[string]string) {
	op := CreateKey{User: u.entity, Mark: u.made[u.entity] == "", Pending: RunID(u.user.Tags[TagPending]), Replaces: d.Replaces}
	for _, key := range u.user.Keys {
		op.Others = append(op.Others, key.ID)
	}
	step := Step{Verb: Create, Target: "access key of " + describe(u.entity)}
	if d.Replaces != "" {
		step.Changes = []Change{{Field: "replaces", After: string(d.Replaces)}}
	}
	// Where the user has room for another key the orphans go first all the same: this step ends with taking away the mark,
	// which tells whose they are.
	step.Needs = append(u.needsMark(), freed...)
	for _, c := range u.clusters {
		if !slices.Contains(d.Deliver, c.Cluster) {
			continue
		}
		delivery := u.deliveryOf(c)
		op.Deliveries = append(op.Deliveries, delivery)
		step.Changes = append(step.Changes, Change{Field: "delivered to", After: deliveryPlace(c)})
		step.Changes = append(step.Changes, slices.Concat(u.takenFrom(c), takeovers(u.delivery(c.Cluster)))...)
	}
	if len(op.Deliveries) == 1 {
		step.Cluster = op.Deliveries[0].Cluster
	}
	step.Op = op
	id := u.step(step, u.entity)
	for _, delivery := range op.Deliveries {
		written[delivery.Cluster] = id
	}
}

// reuse writes the key where it is lacking, and where it is there with the wrong words around it.
func (u userKeys) reuse(d KeyDecision, written map[string]string) {
	holders, key := u.material(d.Key)
	if key.Secret.IsZero() {
		u.stop(holders, DeliveryUnknown, fmt.Sprintf("%s hold different secrets of access key %s; pullpass verify tells which of them is wrong",
			strings.Join(holders, " and "), d.Key))
		return
	}
	for _, c := range u.clusters {
		got := u.delivery(c.Cluster)
		want := c.Config.WithKey(key)
		if got.State == Unknown || got.State == Held && got.Complete && got.Config.Equal(want) {
			continue
		}
		if u.adopting && got.State == Held && got.Config.Key.ID == d.Key {
			u.note(c.Cluster, "what %s holds differs from the share's: taken over as it is, the next plan shows the difference", c.Cluster)
			continue
		}
		if !u.originalGets(c, d.Key, written) {
			u.leave(c, c.ManagedBy+" does not get "+string(d.Key))
			continue
		}
		if problem, blocked := u.blocker(c); blocked {
			if got.State == Held && got.Config.Equal(want) {
				u.note(c.Cluster, "%s: %s; it holds what the share asks for and stays as it is", c.Cluster, problem.Msg)
			} else {
				u.obstacle(c, problem)
			}
			continue
		}
		needs := u.needsMark()
		if original := written[c.ManagedBy]; original != "" { // Else the bundle manager writes the old one over the copy.
			needs = append(needs, original)
		}
		written[c.Cluster] = u.step(Step{
			Needs: needs, Cluster: c.Cluster, Verb: Write, Target: deliveryTarget(c),
			Op:      WriteDelivery{DeliveryOf: u.deliveryOf(c), Key: key},
			Changes: append(configChanges(got, want), u.takenFrom(c)...),
		}, u.entity)
	}
	if d.RotationDue {
		u.note("", "access key %s of %s is older than %s: it is due for rotation (pullpass rotate)", d.Key, describe(u.entity), days(u.options.MaxKeyAge))
	}
}

// originalGets reports whether the cluster that a copy is of holds a key or is about to: else the bundle manager writes what it
// holds over the copy. What is no copy has none.
func (u userKeys) originalGets(c share.ClusterDelivery, key awsid.AccessKeyID, written map[string]string) bool {
	if c.ManagedBy == "" || written[c.ManagedBy] != "" {
		return true
	}
	got := u.delivery(c.ManagedBy)
	return got.State == Held && got.Config.Key.ID == key
}

// material finds the key in the deliveries that hold it. Where their secrets differ it gives none: one of them is damaged,
// and nothing here tells which, so that copying any might overwrite the last that works.
func (u userKeys) material(id awsid.AccessKeyID) (holders []string, key credential.AccessKey) {
	key.ID = id
	damaged := false
	for _, c := range u.clusters {
		got := u.delivery(c.Cluster)
		if got.State != Held || got.Config.Key.ID != id {
			continue
		}
		damaged = damaged || len(holders) > 0 && !key.Secret.Equal(got.Config.Key.Secret)
		holders = append(holders, c.Cluster)
		key = got.Config.Key
	}
	if damaged {
		return holders, credential.AccessKey{ID: id}
	}
	return holders, key
}

func (u userKeys) stop(clusters []string, kind ProblemKind, msg string) {
	for _, cluster := range clusters {
		u.problem(Problem{Kind: kind, Cluster: cluster, Target: describe(u.entity), Msg: msg})
	}
}

func busyText(d KeyDecision) string {
	if d.Busy == "" {
		return "a key is less than an hour old and held by nobody: somebody may be about to deliver it"
	}
	return fmt.Sprintf("run %s may be about to deliver a key", d.Busy)
}

func (u userKeys) fullText(d KeyDecision) string {
	text := fmt.Sprintf("the user has %d access keys, as many as IAM allows", len(u.user.Keys))
	if len(d.Strays) > 0 {
		text += "; something that cannot be seen may use " + joinKeys(d.Strays)
	}
	for _, c := range u.clusters {
		if u.delivery(c.Cluster).State == Unknown {
			text += "; cluster " + c.Cluster + " cannot be read"
		}
	}
	return text
}

func (u userKeys) noteStrays(d KeyDecision) {
	retiring := awsid.AccessKeyID(u.user.Tags[TagRetiring])
	if slices.Contains(d.Strays, retiring) {
		u.note("", "%s: a rotation has replaced %s; pullpass rotate goes on with that", describe(u.entity), retiring)
	}
	others := slices.DeleteFunc(slices.Clone(d.Strays), func(k awsid.AccessKeyID) bool { return k == retiring })
	if len(others) > 0 && d.Action != KeyRefuse {
		u.note("", "%s: no delivery of the share holds %s, which something else may use; it stays", describe(u.entity), joinKeys(others))
	}
}

func joinKeys(keys []awsid.AccessKeyID) string {
	words := make([]string, len(keys))
	for i, key := range keys {
		words[i] = string(key)
	}
	slices.Sort(words)
	return strings.Join(words, " and ")
}
