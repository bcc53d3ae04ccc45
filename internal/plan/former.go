package plan

import (
	"maps"
	"slices"
	"strings"

	"github.com/pullpass/pullpass/arn"
	"github.com/pullpass/pullpass/internal/awsid"
	"github.com/pullpass/pullpass/internal/share"
)

// TagFormer begins the tags of a user whose clusters held a key of another user before, as after a change of posture: what
// follows is the id of that key, and the value is the name of its user. The tag is set before the first of the clusters gets
// a key of its own, so that every run sees which key is to go once the last one has moved.
const TagFormer = "pullpass:former:"

// FormerKeys returns the keys that a user's tags name, with the names of their users.
func FormerKeys(tags map[string]string) map[awsid.AccessKeyID]string {
	keys := map[awsid.AccessKeyID]string{}
	for tag, user := range tags {
		if key, found := strings.CutPrefix(tag, TagFormer); found && user != "" {
			keys[awsid.AccessKeyID(key)] = user
		}
	}
	return keys
}

// moves reports whether a cluster holds a credential that assumes another role than it is to.
func (u userKeys) moves(c share.ClusterDelivery) bool {
	got := u.delivery(c.Cluster)
	return got.State == Held && !got.Config.RoleARN.IsZero() && got.Config.RoleARN != c.Config.RoleARN
}

func (u userKeys) deliveryOf(c share.ClusterDelivery) DeliveryOf {
	return DeliveryOf{ClusterDelivery: c, Fresh: u.delivery(c.Cluster).State == None, Moves: u.moves(c)}
}

// owner returns the share's former user that has a key, nil where there is none.
func (s *side) owner(key awsid.AccessKeyID) *User {
	if f := s.former(key); f != nil && f.Tags[share.TagShare] == s.share {
		return f
	}
	return nil
}

// active reports whether a key of the user can be used.
func (u *User) active(key awsid.AccessKeyID) bool {
	return slices.ContainsFunc(u.Keys, func(k Key) bool { return k.ID == key && k.Active })
}

// former returns the user that has a key and is none of those that the share wants, nil where there is none.
func (s *side) former(key awsid.AccessKeyID) *User {
	for _, f := range s.got.Former {
		if slices.ContainsFunc(f.Keys, func(k Key) bool { return k.ID == key }) {
			return f // A key has one user.
		}
	}
	return nil
}

// markFormer plans the mark of the keys that clusters hold which are about to get one of this user. Later nothing would tell
// of them.
func (u userKeys) markFormer(clusters []string) {
	tags := map[string]string{}
	for _, c := range clusters {
		got := u.delivery(c)
		if got.State != Held {
			continue
		}
		key := got.Config.Key.ID
		if f := u.owner(key); f != nil && u.user.Tags[TagFormer+string(key)] == "" {
			tags[TagFormer+string(key)] = f.ARN.Name()
		}
	}
	if len(tags) == 0 {
		return
	}
	u.marked[u.entity] = u.step(Step{
		Verb: Tag, Target: "former keys of the clusters of " + describe(u.entity), Op: PutTags{Entity: u.entity, Tags: tags},
		Changes: []Change{{Field: "tags", After: tagsText(tags)}},
	}, u.entity)
}

// needsMark is what a step needs that gives clusters a key of this user.
func (u userKeys) needsMark() []string {
	if id := u.marked[u.entity]; id != "" {
		return []string{id}
	}
	return nil
}

// forget takes away the marks of keys whose user is gone.
func (s *side) forget(user *User) {
	var tags []string
	before := map[string]string{}
	for key, name := range FormerKeys(user.Tags) {
		if s.got.Former[name] == nil && s.got.Users[name] == nil {
			tags = append(tags, TagFormer+string(key))
			before[TagFormer+string(key)] = name
		}
	}
	if len(tags) == 0 {
		return
	}
	slices.Sort(tags)
	s.step(Step{
		Verb: Untag, Target: "former keys of the clusters of " + describe(user.ARN), Op: RemoveTags{Entity: user.ARN, Keys: tags},
		Changes: []Change{{Field: "tags", Before: tagsText(before)}},
	})
}

// leaving returns the keys of former users that the marks of these users name and that are still there, by user. One that a
// rotation was replacing when its clusters moved goes with them.
func (s *side) leaving(users []share.User) map[string][]awsid.AccessKeyID {
	keys := map[string][]awsid.AccessKeyID{}
	add := func(name string, key awsid.AccessKeyID) {
		f := s.got.Former[name]
		if f == nil || f.Tags[share.TagShare] != s.share || slices.Contains(keys[name], key) {
			return
		}
		if slices.ContainsFunc(f.Keys, func(k Key) bool { return k.ID == key }) {
			keys[name] = append(keys[name], key)
		}
	}
	for _, u := range users {
		got := s.got.Users[u.Name]
		if got == nil {
			continue
		}
		for key, name := range FormerKeys(got.Tags) {
			add(name, key)
			if f := s.got.Former[name]; f != nil {
				add(name, awsid.AccessKeyID(f.Tags[TagRetiring]))
			}
		}
	}
	for _, ids := range keys {
		slices.Sort(ids)
	}
	return keys
}

func (s *side) noteFormer(users []share.User) {
	leaving := s.leaving(users)
	for _, name := range slices.Sorted(maps.Keys(leaving)) {
		s.note("", "user %s: clusters that held %s have got keys of their own, or are about to; it goes once each is known to have moved (pullpass rotate)",
			name, joinKeys(leaving[name]))
	}
}

// awaitWhatServes lets deliveries that take the place of a credential of another role wait for all that theirs rests on: what
// they replace works as long as nothing is written. There is no source where somebody else looks after it.
func (s *side) awaitWhatServes(source *side) {
	for i := range s.steps {
		step := &s.steps[i]
		for _, d := range moving(step.Op) {
			user := arn.IAM(s.Account, "user", "/", d.User)
			step.Needs = append(step.Needs, s.stepsFor(user)...)
			if source != nil && source.State == Ready {
				step.Needs = append(step.Needs, source.stepsFor(d.Config.RoleARN)...)
			}
		}
		slices.Sort(step.Needs)
		step.Needs = slices.Compact(step.Needs)
	}
}

// moving returns the deliveries of an operation that move to another role.
func moving(op Op) []DeliveryOf {
	var deliveries []DeliveryOf
	switch op := op.(type) {
	case CreateKey:
		deliveries = op.Deliveries
	case WriteDelivery:
		deliveries = []DeliveryOf{op.DeliveryOf}
	}
	return slices.DeleteFunc(slices.Clone(deliveries), func(d DeliveryOf) bool { return !d.Moves })
}

// stepsFor returns the steps that what a role or user may do rests on. IAM keeps their names unique, whatever the path.
func (s *side) stepsFor(entity arn.ARN) []string {
	var ids []string
	for _, step := range s.steps {
		var of arn.ARN
		switch op := step.Op.(type) {
		case CreatePolicy, UpdatePolicy:
			of = entity
		case CreateRole:
			of = op.Role.ARN()
		case UpdateTrust:
			of = op.Role
		case AttachPolicy:
			of = op.Entity
		case PutBoundary:
			of = op.Entity
		}
		if of.Kind() == entity.Kind() && of.Name() == entity.Name() {
			ids = append(ids, step.ID)
		}
	}
	return ids
}
