package state

import (
	"maps"
	"slices"
)

// Copies share documents and versions of policies, which are never changed, and leave out when something was last used.

func (e Entity) clone() Entity {
	e.Attached, e.Inline, e.Tags = slices.Clone(e.Attached), maps.Clone(e.Inline), maps.Clone(e.Tags)
	return e
}

func (u *User) clone() *User {
	copied := &User{Entity: u.Entity.clone(), MFA: slices.Clone(u.MFA), Seeded: u.Seeded}
	for _, key := range u.Keys {
		copied.Keys = append(copied.Keys, key.clone())
	}
	return copied
}

func (k *AccessKey) clone() *AccessKey {
	return &AccessKey{ID: k.ID, Secret: k.Secret, Active: k.Active, Created: k.Created}
}

// usedAs is a copy that was last used when another was: the same key of its owner as it is now, if it is there.
func (k *AccessKey) usedAs(owner *User) *AccessKey {
	copied := k.clone()
	if owner == nil {
		return copied
	}
	for _, key := range owner.Keys {
		if use, used := key.LastUsed.Get(); used && key.ID == k.ID {
			copied.LastUsed.Note(use)
		}
	}
	return copied
}

func (r *Role) clone() *Role {
	return &Role{Entity: r.Entity.clone(), Description: r.Description, Trust: r.Trust, MaxSession: r.MaxSession}
}

// usedAs is a copy that is used when another is: the same role as it is now, nil for none.
func (r *Role) usedAs(other *Role) *Role {
	copied := r.clone()
	if other != nil && other.ID == r.ID {
		copied.LastUsed.of = &other.LastUsed
	}
	return copied
}

func (p *Policy) clone() *Policy {
	copied := *p
	copied.Versions, copied.Tags = slices.Clone(p.Versions), maps.Clone(p.Tags)
	return &copied
}
