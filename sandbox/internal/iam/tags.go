package iam

import (
	"fmt"
	"maps"
	"strings"
	"unicode"

	"github.com/pullpass/pullpass/sandbox/internal/api"
	"github.com/pullpass/pullpass/sandbox/internal/guard"
	"github.com/pullpass/pullpass/sandbox/internal/state"
	"github.com/pullpass/pullpass/sandbox/internal/wire"
)

// The lengths of tags, in characters (https://docs.aws.amazon.com/IAM/latest/UserGuide/id_tags.html).
const (
	longestTagKey   = 128
	longestTagValue = 256
)

const (
	tagPattern      = `[\p{L}\p{Z}\p{N}_.:/=+\-@]`
	wrongTagPattern = "Member must satisfy regular expression pattern: " + tagPattern
)

// tag is a tag as requests and results have it.
type tag struct {
	Key   string `query:"Key" xml:"Key"`
	Value string `query:"Value" xml:"Value"`
}

func stateTags(tags []tag) []state.Tag {
	converted := make([]state.Tag, len(tags))
	for i, t := range tags {
		converted[i] = state.Tag(t)
	}
	return converted
}

// allTags returns tags as IAM shows them, an empty list where there are none.
func allTags(tags state.Tags) *wire.List[tag] {
	list := wire.List[tag]{}
	for _, t := range tags.List() {
		list = append(list, tag(t))
	}
	return &list
}

// someTags is allTags, but nothing where there are none.
func someTags(tags state.Tags) *wire.List[tag] {
	if len(tags) == 0 {
		return nil
	}
	return allTags(tags)
}

// taggable is what differs between the things that bear tags.
type taggable struct {
	title string // as in the names of operations and quotas
	// folded says that keys are unique without regard to case, as those of users and roles are; keys of policies are not
	// (https://docs.aws.amazon.com/IAM/latest/UserGuide/id_tags.html).
	folded bool
	// twice is AWS's text for a key that a request has twice [seen].
	twice  string
	target func(*api.Call, *bearer) (guard.Target, error)
	find   func(*api.Call, *bearer) (*state.Tags, error)
	// change is find for a request that wants to change the tags.
	change func(c *api.Call, operation string, in *bearer) (*state.Tags, error)
}

// bearer names the thing that bears the tags of a request: one of the three parameters counts.
type bearer struct {
	reference
	policyReference
}

func (k kind) tags() taggable {
	find := func(c *api.Call, in *bearer) (*state.Tags, error) {
		entity, err := k.entity(c, &in.reference)
		if err != nil {
			return nil, err
		}
		return &entity.Tags, nil
	}
	return taggable{
		title: k.title, folded: true, twice: "Duplicate tag keys found. Please note that Tag keys are case insensitive.",
		target: func(c *api.Call, in *bearer) (guard.Target, error) { return k.target(c, &in.reference) },
		find:   find,
		change: func(c *api.Call, _ string, in *bearer) (*state.Tags, error) { return find(c, in) },
	}
}

func policyTags() taggable {
	return taggable{
		title: "Policy", twice: "Duplicate tag keys found.",
		target: func(c *api.Call, in *bearer) (guard.Target, error) { return policyTarget(c, in.PolicyARN) },
		find: func(c *api.Call, in *bearer) (*state.Tags, error) {
			policy, err := findPolicy(c, in.PolicyARN)
			if err != nil {
				return nil, err
			}
			return &policy.Tags, nil
		},
		change: func(c *api.Call, operation string, in *bearer) (*state.Tags, error) {
			policy, err := findOwnPolicy(c, operation, in.PolicyARN)
			if err != nil {
				return nil, err
			}
			return &policy.Tags, nil
		},
	}
}

func (t taggable) operations() []api.Operation {
	return []api.Operation{
		api.Write("Tag"+t.title, t.onTag, t.tag),
		api.Write("Untag"+t.title, t.onUntag, t.untag),
		api.Read("List"+t.title+"Tags", t.onList, t.list),
	}
}

// key returns the key under which the state keeps a tag.
func (t taggable) key(key string) string {
	if t.folded {
		return strings.ToLower(key)
	}
	return key
}

// set returns the tags with more of them set.
func (t taggable) set(tags state.Tags, more []tag) state.Tags {
	merged := state.Tags{}
	maps.Copy(merged, tags)
	for _, tag := range more {
		merged[t.key(tag.Key)] = state.Tag(tag)
	}
	return merged
}

// check holds the rules for the tags of one request.
func (t taggable) check(tags []tag) error {
	if len(tags) > tagsPerThing {
		return invalidValue("tags", fmt.Sprintf("Member must have length less than or equal to %d", tagsPerThing))
	}
	seen := map[string]bool{}
	for i, tag := range tags {
		if err := tag.check(fmt.Sprintf("tags.%d.member.", i+1)); err != nil {
			return err
		}
		if seen[t.key(tag.Key)] {
			return wire.Errorf("InvalidInput", "%s", t.twice)
		}
		seen[t.key(tag.Key)] = true
	}
	return nil
}

func (t tag) check(place string) error {
	err := firstError(
		checkLength(place+"key", t.Key, 1, longestTagKey), checkLength(place+"value", t.Value, 0, longestTagValue),
	)
	switch {
	case err != nil:
		return err
	case !tagText(t.Key):
		return invalidValue(place+"key", wrongTagPattern+"+")
	case !tagText(t.Value):
		return invalidValue(place+"value", wrongTagPattern+"*")
	case strings.HasPrefix(strings.ToLower(t.Key), "aws:"):
		// The rule is documented (id_tags.html#id_tags_rules), the text is not.
		return wire.Errorf("InvalidInput", "Tag keys that begin with aws: are reserved for AWS.")
	}
	return nil
}

// tagText holds the API reference's pattern for tags.
func tagText(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool {
		return !unicode.In(r, unicode.L, unicode.Z, unicode.N) && !strings.ContainsRune("_.:/=+-@", r)
	})
}

type tagInput struct {
	bearer
	Tags []tag `query:"Tags"`
}

func (t taggable) onTag(c *api.Call, in *tagInput) ([]guard.Target, error) {
	if err := t.check(in.Tags); err != nil {
		return nil, err
	}
	target, err := t.target(c, &in.bearer)
	return []guard.Target{target.WithRequestTags(stateTags(in.Tags))}, err
}

// tag counts the tags that there would be: the quota is AWS's, the name that its error gives it is not documented.
func (t taggable) tag(c *api.Call, in *tagInput) (*api.None, error) {
	tags, err := t.change(c, "Tag"+t.title, &in.bearer)
	if err != nil {
		return nil, err
	}
	merged := t.set(*tags, in.Tags)
	if err := within("TagsPer"+t.title, tagsPerThing, len(merged)); err != nil {
		return nil, err
	}
	*tags = merged
	return nil, nil
}

type untagInput struct {
	bearer
	TagKeys []string `query:"TagKeys"`
}

func (t taggable) onUntag(c *api.Call, in *untagInput) ([]guard.Target, error) {
	if err := checkTagKeys(in.TagKeys); err != nil {
		return nil, err
	}
	target, err := t.target(c, &in.bearer)
	return []guard.Target{with(target, "aws:TagKeys", in.TagKeys...)}, err
}

// checkTagKeys gives one text for whatever is wrong with a key, as AWS does [seen].
func checkTagKeys(keys []string) error {
	if len(keys) > tagsPerThing {
		return invalidValue("tagKeys", fmt.Sprintf("Member must have length less than or equal to %d", tagsPerThing))
	}
	for _, key := range keys {
		if checkLength("tagKeys", key, 1, longestTagKey) != nil || !tagText(key) {
			return invalidValue("tagKeys", fmt.Sprintf("Member must satisfy constraint: [Member must have length less than or "+
				"equal to %d, Member must have length greater than or equal to 1, %s+, Member must not be null]",
				longestTagKey, wrongTagPattern))
		}
	}
	return nil
}

func (t taggable) untag(c *api.Call, in *untagInput) (*api.None, error) {
	tags, err := t.change(c, "Untag"+t.title, &in.bearer)
	if err != nil {
		return nil, err
	}
	for _, key := range in.TagKeys {
		delete(*tags, t.key(key))
	}
	return nil, nil
}

type listTagsInput struct {
	bearer
	paging
}

func (t taggable) onList(c *api.Call, in *listTagsInput) ([]guard.Target, error) {
	target, err := t.target(c, &in.bearer)
	return []guard.Target{target}, err
}

type listTagsOutput struct {
	page
	Tags wire.List[tag] `xml:"Tags"`
}

func (t taggable) list(c *api.Call, in *listTagsInput) (*listTagsOutput, error) {
	tags, err := t.find(c, &in.bearer)
	if err != nil {
		return nil, err
	}
	listed, page, err := paginate(in.paging, *allTags(*tags), func(tag tag) string { return t.key(tag.Key) })
	if err != nil {
		return nil, err
	}
	return &listTagsOutput{page, listed}, nil
}
