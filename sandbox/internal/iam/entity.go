package iam

import (
	"github.com/pullpass/pullpass/arn"
	"github.com/pullpass/pullpass/iampolicy"
	"github.com/pullpass/pullpass/sandbox/internal/api"
	"github.com/pullpass/pullpass/sandbox/internal/guard"
	"github.com/pullpass/pullpass/sandbox/internal/state"
)

// kind is what differs between users and roles in the operations that both have.
type kind struct {
	word      string // as in ARNs and messages: "user"
	title     string // as in the names of operations and quotas: "User"
	parameter string // as in validation errors: "userName"
	field     func(*reference) *string
	find      func(*state.Account, string) *state.Entity
	// inlineSize is the quota for all inline policies of one entity together.
	inlineSize int
}

func users() kind {
	return kind{
		word: "user", title: "User", parameter: "userName", inlineSize: userInlineSize,
		field: func(r *reference) *string { return &r.UserName },
		find: func(a *state.Account, name string) *state.Entity {
			if user := a.User(name); user != nil {
				return &user.Entity
			}
			return nil
		},
	}
}

func roles() kind {
	return kind{
		word: "role", title: "Role", parameter: "roleName", inlineSize: roleInlineSize,
		field: func(r *reference) *string { return &r.RoleName },
		find: func(a *state.Account, name string) *state.Entity {
			if role := a.Role(name); role != nil {
				return &role.Entity
			}
			return nil
		},
	}
}

// reference names a user or a role: an operation has either parameter, and ignores the other as AWS ignores parameters
// that it does not know.
type reference struct {
	UserName string `query:"UserName" xml:"UserName,omitempty"`
	RoleName string `query:"RoleName" xml:"RoleName,omitempty"`
}

func (r *reference) ref() *reference { return r }

// refers is an input that embeds a reference.
type refers[In any] interface {
	*In
	ref() *reference
}

// refer returns the reference to an entity, its name in the case in which it was created.
func (k kind) refer(entity *state.Entity) reference {
	var r reference
	*k.field(&r) = entity.Name
	return r
}

// entity returns the user or role that a request names.
func (k kind) entity(c *api.Call, r *reference) (*state.Entity, error) {
	name := *k.field(r)
	entity := k.find(c.Account(), name)
	if entity == nil {
		return nil, noSuchEntity(k.word, name)
	}
	return entity, nil
}

// on is the targets of an operation on one user or role.
func on[In any, P refers[In]](k kind) api.Targets[In] {
	return func(c *api.Call, in *In) ([]guard.Target, error) {
		target, err := k.target(c, P(in).ref())
		return []guard.Target{target}, err
	}
}

// onPermissions is the targets of an operation that changes what one user or role may do. Such operations know the
// condition key iam:PermissionsBoundary.
func onPermissions[In any, P refers[In]](k kind) api.Targets[In] {
	return func(c *api.Call, in *In) ([]guard.Target, error) {
		target, err := k.permissions(c, P(in).ref())
		return []guard.Target{target}, err
	}
}

// target is an operation's target on the user or role that a request names. One that does not exist is decided on too,
// by its ARN without a path: only who may ask learns that it is not there.
func (k kind) target(c *api.Call, r *reference) (guard.Target, error) {
	name := *k.field(r)
	if err := checkName(k.parameter, name, longestReference); err != nil {
		return guard.Target{}, err
	}
	entity := k.find(c.Account(), name)
	if entity == nil {
		return guard.Target{Resource: arn.IAM(c.Account().ID, k.word, "/", name).String()}, nil
	}
	return tagged(guard.Target{Resource: entity.ARN().String()}, entity.Tags), nil
}

func (k kind) permissions(c *api.Call, r *reference) (guard.Target, error) {
	target, err := k.target(c, r)
	if err != nil {
		return guard.Target{}, err
	}
	if entity := k.find(c.Account(), *k.field(r)); entity != nil && !entity.Boundary.IsZero() {
		target = with(target, "iam:PermissionsBoundary", entity.Boundary.String())
	}
	return target, nil
}

// tagged adds the tags that a resource has, which IAM knows under a condition key of its own too
// (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_iam-condition-keys.html).
func tagged(target guard.Target, tags state.Tags) guard.Target {
	target.Tags = tags
	for _, tag := range tags {
		target = with(target, "iam:ResourceTag/"+tag.Key, tag.Value)
	}
	return target
}

// with adds a condition key.
func with(target guard.Target, key string, values ...string) guard.Target {
	keys := map[string][]string{key: values}
	for name, values := range target.Keys {
		if name != key {
			keys[name] = values
		}
	}
	target.Keys = keys
	return target
}

// creating is the targets of a call that creates something: the creation and, where the new thing is to have tags, the
// tagging, which takes a permission of its own
// (https://docs.aws.amazon.com/IAM/latest/UserGuide/id_tags.html; refused with the tagging action's name [seen]).
func creating(target guard.Target, tagging string, tags []tag, boundary string) []guard.Target {
	target = target.WithRequestTags(stateTags(tags))
	targets := []guard.Target{target}
	if len(tags) > 0 {
		target.Action = tagging
		targets = append(targets, target)
	}
	if boundary != "" {
		targets[0] = with(targets[0], "iam:PermissionsBoundary", boundary)
	}
	return targets
}

// deletable returns AWS's error where something of the entity must be deleted first.
func deletable(entity *state.Entity) error {
	if len(entity.Attached) > 0 {
		return deleteConflict("Cannot delete entity, must detach all policies first.")
	}
	if len(entity.Inline) > 0 {
		return deleteConflict("Cannot delete entity, must delete policies first.")
	}
	return nil
}

// renamed returns a user's inline policies under the names that they have once the user's ARN is another.
func renamed(entity *state.Entity, to arn.ARN) (map[string]*state.Document, error) {
	documents := map[string]*state.Document{}
	for name, old := range entity.Inline {
		document, err := state.NewDocument(iampolicy.Identity, state.InlineName(to, name), old.Text)
		if err != nil {
			return nil, err
		}
		documents[name] = document
	}
	return documents, nil
}
