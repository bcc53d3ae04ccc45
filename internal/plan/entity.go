package plan

import (
	"fmt"
	"maps"
	"slices"

	"github.com/pullpass/pullpass/arn"
	"github.com/pullpass/pullpass/iampolicy"
	"github.com/pullpass/pullpass/internal/share"
)

// Quotas of IAM that what exists counts against ("IAM and AWS STS quotas",
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html).
const (
	maxAttached = 10
	maxVersions = 5
)

// ownership is what the tags of a thing that exists allow.
type ownership int

const (
	// foreign: not to be touched.
	foreign ownership = iota
	// adopted: to be tagged, and not changed otherwise.
	adopted
	// ours: to be made what the share wants.
	ours
)

// own finds out whose an entity is. It records the problem where the entity is not to be touched, and the step that
// tags it where it is to be taken over.
func (s *side) own(entity arn.ARN, have, want map[string]string) ownership {
	switch owner, tagged := have[share.TagShare]; {
	case tagged && owner == s.share:
		s.retag(entity, have, want)
		return ours
	case tagged:
		s.block(entity, OtherShare, "belongs to share %q (tag %s)", owner, share.TagShare)
		return foreign
	case !s.options.Adopt:
		s.block(entity, MadeByHand, "made by hand: it lacks the tag %s", share.TagShare)
		return foreign
	}
	want = maps.Clone(want)
	want[TagAdopted] = isAdopted
	s.retag(entity, have, want)
	return adopted
}

// retag adds the tags that are missing or differ. Tags that the share does not name may be anybody's and stay.
func (s *side) retag(entity arn.ARN, have, want map[string]string) {
	before, after := map[string]string{}, map[string]string{}
	for key, value := range want {
		old, found := have[key]
		if found && old == value {
			continue
		}
		after[key] = value
		if found {
			before[key] = old
		}
	}
	if len(after) == 0 {
		return
	}
	s.step(Step{
		Verb: Tag, Target: describe(entity), Op: PutTags{Entity: entity, Tags: after},
		Changes: []Change{{Field: "tags", Before: tagsText(before), After: tagsText(after)}},
	})
}

// fits reports whether IAM's quotas let the share's idea of an entity exist.
func (s *side) fits(entity arn.ARN) bool {
	for _, p := range s.quotas[entity] {
		s.block(entity, Quota, "%d %s; IAM takes %d", p.Have, p.Quota, p.Limit)
	}
	return len(s.quotas[entity]) == 0
}

func (s *side) policy(want share.Policy) {
	entity := want.ARN()
	if !s.fits(entity) {
		return
	}
	got := s.got.Policies[entity]
	if got == nil {
		s.made[entity] = s.step(Step{
			Verb: Create, Target: describe(entity), Op: CreatePolicy{Policy: want},
			Changes: created(want.Path, want.Tags, nil, "document", want.Document),
		})
		return
	}
	switch s.own(entity, got.Tags, want.Tags) {
	case ours:
		s.updatePolicy(want, got)
	case adopted:
		s.noteIfDiffers(entity, "document", got.Document, want.Document)
	case foreign:
	}
}

func (s *side) updatePolicy(want share.Policy, got *Policy) {
	if got.Document != nil && iampolicy.Equal(got.Document, want.Document) {
		return
	}
	op := UpdatePolicy{Policy: got.ARN, Document: want.Document, DeleteVersion: oldestVersion(got.Versions)}
	changes := []Change{{Field: "document", Before: printed(got.Document, got.Source), After: string(want.Document.Indented())}}
	if op.DeleteVersion != "" {
		changes = append(changes, Change{Field: "makes room by deleting version", Before: op.DeleteVersion})
	}
	s.step(Step{Verb: Update, Target: describe(got.ARN), Op: op, Changes: changes})
}

// oldestVersion returns the version that has to make room for a new one, or nothing where there is room.
func oldestVersion(versions []PolicyVersion) string {
	if len(versions) < maxVersions {
		return ""
	}
	spare := slices.DeleteFunc(slices.Clone(versions), func(v PolicyVersion) bool { return v.Default })
	return slices.MinFunc(spare, func(a, b PolicyVersion) int { return a.Created.Compare(b.Created) }).ID
}

func (s *side) role(want share.Role) {
	entity := want.ARN()
	if !s.fits(entity) {
		return
	}
	got := s.got.Roles[want.Name]
	if got == nil {
		if slices.ContainsFunc(want.Policies, func(p arn.ARN) bool { return s.blocked[p] }) {
			return // It would have nothing to give.
		}
		s.made[entity] = s.step(Step{
			Verb: Create, Target: describe(entity), Op: CreateRole{Role: want},
			Changes: created(want.Path, want.Tags, want.Boundary, "trust", want.Trust),
		})
		s.attach(entity, want.Policies, nil)
		return
	}
	if !s.samePath(entity, got.ARN) {
		return
	}
	switch s.own(entity, got.Tags, want.Tags) {
	case ours:
		s.updateTrust(want, got)
		s.bound(entity, want.Boundary, got.Boundary)
		s.attach(entity, want.Policies, got.Attached)
		s.liftDenies(got)
	case adopted:
		s.noteIfDiffers(entity, "trust", got.Trust, want.Trust)
		s.noteIfDetached(entity, want.Policies, got.Attached)
	case foreign:
	}
}

func (s *side) updateTrust(want share.Role, got *Role) {
	if got.Trust != nil && iampolicy.Equal(got.Trust, want.Trust) {
		return
	}
	s.step(Step{
		Verb: Update, Target: describe(got.ARN), Op: UpdateTrust{Role: got.ARN, Trust: want.Trust},
		Changes: []Change{{Field: "trust", Before: printed(got.Trust, got.Source), After: string(want.Trust.Indented())}},
	})
}

// samePath reports whether what exists is what the share names: IAM cannot move an entity to another path, and keeps
// names unique whatever the path.
func (s *side) samePath(want, got arn.ARN) bool {
	if want == got {
		return true
	}
	s.block(want, PathDiffers, "exists as %s; the share wants %s", got, want)
	return false
}

// attach plans the attachments that are missing. Others are left alone: somebody else, or AWS itself (its quarantine
// policy for exposed keys), put them there.
func (s *side) attach(entity arn.ARN, want, got []arn.ARN) {
	var missing []arn.ARN
	for _, policy := range want {
		if !slices.Contains(got, policy) {
			missing = append(missing, policy)
		}
	}
	for _, policy := range got {
		if !slices.Contains(want, policy) {
			s.note("", "%s also has %s attached, which the share does not name", describe(entity), policy)
		}
	}
	if have := len(got) + len(missing); have > maxAttached && len(missing) > 0 {
		s.block(entity, Quota, "%d attached policies, with those that others attached; IAM takes %d", have, maxAttached)
		return
	}
	for _, policy := range missing {
		if s.blocked[policy] {
			continue
		}
		s.step(Step{
			Verb: Attach, Target: fmt.Sprintf("%s to %s", describe(policy), describe(entity)),
			Op: AttachPolicy{Entity: entity, Policy: policy},
		}, entity, policy)
	}
}

// bound plans the permissions boundary that the share asks for. Where it asks for none, the one that is there is
// somebody's restriction and stays.
func (s *side) bound(entity arn.ARN, want *arn.ARN, got arn.ARN) {
	switch {
	case want == nil && got.IsZero():
	case want == nil:
		s.note("", "%s has the permissions boundary %s, which the share does not name", describe(entity), got)
	case *want != got:
		s.step(Step{
			Verb: Update, Target: "boundary of " + describe(entity), Op: PutBoundary{Entity: entity, Boundary: *want},
			Changes: []Change{{Field: "boundary", Before: got.String(), After: want.String()}},
		})
	}
}

func (s *side) noteIfDiffers(entity arn.ARN, what string, got, want *iampolicy.Document) {
	if got == nil || !iampolicy.Equal(got, want) {
		s.note("", "the %s of %s differs from the share's: taken over as it is, the next plan shows the difference", what, describe(entity))
	}
}

func (s *side) noteIfDetached(entity arn.ARN, want, got []arn.ARN) {
	for _, policy := range want {
		if !slices.Contains(got, policy) {
			s.note("", "%s lacks %s: taken over as it is, the next plan attaches it", describe(entity), describe(policy))
		}
	}
}

// created are the properties of an entity that is made.
func created(path string, tags map[string]string, boundary *arn.ARN, what string, doc *iampolicy.Document) []Change {
	changes := []Change{{Field: "path", After: path}, {Field: "tags", After: tagsText(tags)}}
	if boundary != nil {
		changes = append(changes, Change{Field: "boundary", After: boundary.String()})
	}
	if doc != nil {
		changes = append(changes, Change{Field: what, After: string(doc.Indented())})
	}
	return changes
}

// printed gives a document in our own layout, or as it stands where it cannot be read.
func printed(doc *iampolicy.Document, source string) string {
	if doc == nil {
		return source
	}
	return string(doc.Indented())
}
