package revoke

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/pullpass/pullpass/arn"
	"github.com/pullpass/pullpass/internal/awsid"
	"github.com/pullpass/pullpass/internal/plan"
	"github.com/pullpass/pullpass/internal/share"
)

// A leaver is a user whose access ends.
type leaver struct {
	entity arn.ARN
	// got is nil where there is no such user, or nobody could look.
	got      *plan.User
	clusters []share.ClusterDelivery
	// sessions are the ids of the steps that deny its sessions, keys those that deactivate its keys.
	sessions []string
	keys     map[awsid.AccessKeyID]string
}

// destination ends the access of what goes in one destination.
func (d *decider) destination(s *side, want share.DestinationSide) {
	s.want = want
	whole := d.target.whole(want.Account)
	for _, u := range want.Users {
		if d.holdsFormer(s, u) {
			continue
		}
		using := usersOf(want, u)
		hit := slices.DeleteFunc(slices.Clone(using), func(c share.ClusterDelivery) bool { return !d.target.hits(want.Account, c) })
		others := slices.DeleteFunc(slices.Clone(using), func(c share.ClusterDelivery) bool { return d.target.hits(want.Account, c) })
		switch {
		case whole, len(hit) > 0 && len(others) == 0:
			switch got := s.got.Users[u.Name]; {
			case got == nil, d.ours(s, u.ARN(), got.ARN, got.Tags):
				s.leaving = append(s.leaving, leaver{entity: u.ARN(), clusters: hit, got: got})
			case slices.ContainsFunc(got.Keys, func(k plan.Key) bool { return k.Active }):
				s.problems = append(s.problems, plan.Problem{
					Kind: d.whyNotOurs(got.Tags), Account: s.Account, Cluster: onlyCluster(hit), Target: describe(got.ARN),
					Msg: "its access keys stay active: it does not bear the share's tag, or has another path",
				})
			}
		case len(hit) > 0:
			d.out.Shared = append(d.out.Shared, Shared{Account: want.Account, User: u, Clusters: hit, Others: others})
		}
	}
	d.leftUsers(s)
	d.denyLeaving(s)
	for i := range s.leaving {
		d.suspend(s, &s.leaving[i])
		for _, c := range s.leaving[i].clusters {
			if c.ManagedBy == "" {
				d.out.Clusters = append(d.out.Clusters, d.cluster(s, s.leaving[i], c))
			}
		}
	}
}

// holdsFormer records a cluster that holds a key of another user than its own, as during a change of posture: taking its own
// user away would take nothing from it.
func (d *decider) holdsFormer(s *side, u share.User) bool {
	if d.target.whole(s.Account) {
		return false
	}
	found := false
	for _, c := range usersOf(s.want, u) {
		for _, name := range slices.Sorted(maps.Keys(s.got.Former)) {
			former := s.got.Former[name]
			if !d.target.hits(s.Account, c) || former.ARN == u.ARN() || !s.holds(c, former) {
				continue
			}
			found = true
			s.problems = append(s.problems, plan.Problem{
				Kind: plan.SharedKey, Account: s.Account, Cluster: c.Cluster, Target: describe(former.ARN),
				Msg: "the cluster still holds the access key of this user, which others may hold too",
			})
		}
	}
	return found
}

func (s *side) holds(c share.ClusterDelivery, u *plan.User) bool {
	held := s.got.Deliveries[c.Cluster]
	return held.State == plan.Held && slices.Contains(keyIDs(u.Keys), held.Config.Key.ID)
}

// leftUsers adds the users that the share left behind, and those that clusters had before their own.
func (d *decider) leftUsers(s *side) {
	left := map[string]*plan.User{}
	if d.target.whole(s.Account) {
		maps.Copy(left, s.got.Former)
	}
	maps.Copy(left, s.got.Leftovers.Users)
	for _, name := range slices.Sorted(maps.Keys(left)) {
		got := left[name]
		cluster, used := s.usedBy(got)
		switch {
		case got.Tags[share.TagShare] != d.desired.Share:
		case used && !d.target.whole(s.Account):
			s.note(cluster, "%s was left behind, and %s may use its access key yet: pullpass rotate moves it on first", describe(got.ARN), cluster)
		default:
			s.leaving = append(s.leaving, leaver{entity: got.ARN, got: got})
		}
	}
}

// usedBy returns a cluster that holds a key of a user, or may.
func (s *side) usedBy(u *plan.User) (cluster string, used bool) {
	for _, c := range s.want.Clusters {
		if s.holds(c, u) || s.got.Deliveries[c.Cluster].State == plan.Unknown {
			return c.Cluster, true
		}
		own := s.got.Users[c.User]
		if own == nil {
			continue
		}
		for key, name := range plan.FormerKeys(own.Tags) { // Whoever took over its files may use it yet.
			if name == u.ARN.Name() && slices.Contains(keyIDs(u.Keys), key) {
				return c.Cluster, true
			}
		}
	}
	return "", false
}

// ours reports whether an entity that was found may be touched.
func (d *decider) ours(s *side, want, got arn.ARN, tags map[string]string) bool {
	if want == got && tags[share.TagShare] == d.desired.Share {
		return true
	}
	s.note("", "%s is left alone: it does not bear the share's tag, or has another path", describe(got))
	return false
}

func (d *decider) whyNotOurs(tags map[string]string) plan.ProblemKind {
	switch owner, tagged := tags[share.TagShare]; {
	case !tagged:
		return plan.MadeByHand
	case owner != d.desired.Share:
		return plan.OtherShare
	default:
		return plan.PathDiffers
	}
}

// releases reports whether something is released and not deleted.
func (d *decider) releases(tags map[string]string) bool {
	return plan.Adopted(tags) && !d.options.DeleteAdopted
}

// suspend deactivates the keys of a user that are active.
func (d *decider) suspend(s *side, l *leaver) {
	l.keys = map[awsid.AccessKeyID]string{}
	if l.got == nil {
		return
	}
	for _, k := range l.got.Keys {
		if !k.Active {
			continue
		}
		l.keys[k.ID] = s.end(plan.Step{
			Verb: plan.Deactivate, Target: fmt.Sprintf("access key %s of %s", k.ID, describe(l.entity)),
			Op: plan.SuspendKey{User: l.got.ARN, Key: k.ID}, Cluster: onlyCluster(l.clusters),
		})
	}
}

func onlyCluster(clusters []share.ClusterDelivery) string {
	if len(clusters) != 1 {
		return ""
	}
	return clusters[0].Cluster
}

// cluster says what ends the ways in of one cluster.
func (d *decider) cluster(s *side, l leaver, c share.ClusterDelivery) Cluster {
	held := s.got.Deliveries[c.Cluster]
	if held.State == plan.Held && !l.gave(c, held) {
		held = plan.Delivery{State: plan.None} // It is not what ends.
	}
	out := Cluster{Account: s.Account, Delivery: c, Held: held.State, Session: d.sessionEnd(s, l)}
	key := held.Config.Key.ID
	switch {
	case s.State == plan.Stopped:
		out.Key.Why = "its account could not be worked in"
	case s.State != plan.Ready:
		out.Key.Why = "its administrator has to deactivate it"
	case l.keys[key] != "":
		out.Key.Step = l.keys[key]
	case l.got == nil, held.State == plan.Held:
		out.Key.Ended = true // It is inactive, or gone.
	case len(l.keys) > 0:
		out.Key.Step = l.keys[slices.Sorted(maps.Keys(l.keys))[0]]
	default:
		out.Key.Ended = true
	}
	return out
}

// gave reports whether a cluster holds what it was given as the user, whose keys may be gone already.
func (l leaver) gave(c share.ClusterDelivery, held plan.Delivery) bool {
	return l.got != nil && slices.Contains(keyIDs(l.got.Keys), held.Config.Key.ID) ||
		held.Config.RoleARN == c.Config.RoleARN && held.Config.UserProfile == c.Config.UserProfile
}

// clear takes away what is of no use any more in a destination.
func (d *decider) clear(s *side) {
	if s.State == plan.Stopped {
		return
	}
	if d.source.State == plan.Stopped { // What stays tells the next run whose sessions there are to be denied.
		if len(s.leaving) > 0 {
			s.note("", "nothing is removed before account %s, the source, can be worked in: what stays tells whose sessions are to be denied there",
				d.source.Account)
		}
		return
	}
	for _, l := range s.leaving {
		gone := d.removeUser(s, l)
		s.gone = append(s.gone, gone)
		d.withdraw(s, l, gone)
	}
	if !d.target.whole(s.Account) {
		return
	}
	for _, p := range s.want.Policies {
		d.removePolicy(s, p, s.gone)
	}
}

// removeUser deletes or releases a user; gone is the id of the step, empty where there is none.
func (d *decider) removeUser(s *side, l leaver) (gone string) {
	needs := slices.Concat(l.sessions, slices.Collect(maps.Values(l.keys)))
	step := plan.Step{Verb: plan.Delete, Target: describe(l.entity), Needs: needs, Cluster: onlyCluster(l.clusters)}
	removal := plan.Removal{Entity: l.entity, Share: d.desired.Share}
	switch {
	case s.State == plan.HandedOver:
		step.Op, step.Needs = plan.RemoveUser{Removal: removal}, nil
		return s.after(step)
	case l.got == nil:
		return ""
	case d.releases(l.got.Tags):
		d.kept[s.Account] = true
		s.note("", "%s was adopted: it is released, and its access keys stay, inactive", describe(l.entity))
		return s.release(l.entity, l.got.Tags, needs)
	}
	removal.Adopted = plan.Adopted(l.got.Tags)
	step.Op = plan.RemoveUser{Removal: removal}
	for _, id := range keyIDs(l.got.Keys) {
		step.Changes = append(step.Changes, plan.Change{Field: "access key", Before: string(id)})
	}
	return s.after(step)
}

// tagPrefix begins the tags that are pullpass's own.
const tagPrefix = "pullpass:"

// release takes pullpass's tags off something that was adopted.
func (s *side) release(entity arn.ARN, tags map[string]string, needs []string) string {
	own := slices.DeleteFunc(slices.Sorted(maps.Keys(tags)), func(key string) bool { return !strings.HasPrefix(key, tagPrefix) })
	return s.after(plan.Step{
		Verb: plan.Untag, Target: describe(entity), Needs: needs, Op: plan.RemoveTags{Entity: entity, Keys: own},
		Changes: []plan.Change{{Field: "released", Before: strings.Join(own, ", ")}},
	})
}

// withdraw takes the credential out of the deliveries of a user, after everything else. What was adopted with its user is
// left to whoever made it.
func (d *decider) withdraw(s *side, l leaver, gone string) {
	if d.options.KeepDeliveries || s.State != plan.Ready || l.got != nil && d.releases(l.got.Tags) {
		return
	}
	for _, c := range l.clusters {
		held := s.got.Deliveries[c.Cluster]
		switch {
		case held.State == plan.Unknown:
			s.note(c.Cluster, "%s: what it holds is not known and stays: %v", c.Cluster, held.Err)
		case held.State == plan.None:
		case !l.gave(c, held):
			s.note(c.Cluster, "%s holds a credential that is not its own; it stays", c.Cluster)
		default:
			s.after(plan.Step{
				Verb: plan.Delete, Target: deliveryTarget(c), Cluster: c.Cluster, Needs: []string{gone},
				Op:      plan.RemoveDelivery{ClusterDelivery: c, Key: held.Config.Key.ID},
				Changes: []plan.Change{{Field: "aws_access_key_id", Before: string(held.Config.Key.ID)}},
			})
		}
	}
}

// removePolicy deletes or releases a managed policy, once nothing of the share uses it.
func (d *decider) removePolicy(s *side, p share.Policy, needs []string) {
	entity := p.ARN()
	step := plan.Step{Verb: plan.Delete, Target: describe(entity), Needs: needs}
	removal := plan.Removal{Entity: entity, Share: d.desired.Share}
	got := s.got.Policies[entity]
	switch {
	case s.State == plan.HandedOver:
		step.Op = plan.RemovePolicy{Removal: removal}
		s.after(step)
	case got == nil || !d.ours(s, entity, got.ARN, got.Tags):
	case d.releases(got.Tags), d.kept[s.Account]:
		s.release(entity, got.Tags, needs)
	default:
		removal.Adopted = plan.Adopted(got.Tags)
		step.Op = plan.RemovePolicy{Removal: removal}
		s.after(step)
	}
}
