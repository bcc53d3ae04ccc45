// Package state holds what the embedded AWS knows: accounts, their principals, keys, subscriptions and repositories. It
// decides nothing and speaks no protocol.
package state

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/pullpass/pullpass/arn"
	"github.com/pullpass/pullpass/internal/awsid"
)

// World is the whole of the sandbox's state. It is reached through a Store, which holds the lock: a pointer into a
// World is good until the View or Update that gave it returns.
type World struct {
	// Seal is the 32-byte key that seals session tokens, registry tokens and layer URLs.
	Seal          []byte
	Accounts      map[arn.AccountID]*Account
	Organizations map[string]*Organization

	keys map[awsid.AccessKeyID]keyHolder // from the key to the user that holds it
	ids  map[awsid.UniqueID]arn.ARN      // from the unique id of a user or role to its ARN
}

type keyHolder struct {
	user *User
	key  *AccessKey
}

// NewWorld returns a world without accounts. The seal is 32 random bytes.
func NewWorld(seal []byte) *World {
	w := &World{
		Seal:          seal,
		Accounts:      map[arn.AccountID]*Account{},
		Organizations: map[string]*Organization{},
	}
	w.index()
	return w
}

// index rebuilds what can be derived, after a load.
func (w *World) index() {
	w.keys = map[awsid.AccessKeyID]keyHolder{}
	w.ids = map[awsid.UniqueID]arn.ARN{}
	for _, account := range w.Accounts {
		w.indexAccount(account)
	}
}

func (w *World) indexAccount(account *Account) {
	for _, user := range account.Users {
		w.ids[user.ID] = user.ARN()
		for _, key := range user.Keys {
			w.keys[key.ID] = keyHolder{user, key}
		}
	}
	for _, role := range account.Roles {
		w.ids[role.ID] = role.ARN()
	}
}

// replace puts an account in the place of the one with its id.
func (w *World) replace(account *Account) {
	before := w.Accounts[account.ID]
	for _, user := range before.Users {
		delete(w.ids, user.ID)
		for _, key := range user.Keys {
			delete(w.keys, key.ID)
		}
	}
	for _, role := range before.Roles {
		delete(w.ids, role.ID)
	}
	w.Accounts[account.ID] = account
	w.indexAccount(account)
}

// Account is one AWS account. Names of users, roles and policies are unique without regard to case, so the maps are
// keyed by the lower-case name.
type Account struct {
	ID    arn.AccountID
	Alias string
	// Organization is the id of the account's organization, empty for none.
	Organization  string
	Users         map[string]*User
	Roles         map[string]*Role
	Policies      map[string]*Policy
	Subscriptions map[string]*Subscription
	// Registries are the account's private ECR registries, one a Region.
	Registries map[arn.Region]*Registry
}

// AddAccount adds an account without anything in it, or returns the one that is there.
func (w *World) AddAccount(id arn.AccountID) *Account {
	if account, ok := w.Accounts[id]; ok {
		return account
	}
	account := &Account{
		ID:            id,
		Users:         map[string]*User{},
		Roles:         map[string]*Role{},
		Policies:      map[string]*Policy{},
		Subscriptions: map[string]*Subscription{},
		Registries:    map[arn.Region]*Registry{},
	}
	w.Accounts[id] = account
	return account
}

// Key returns the access key and its user, or false where no user holds such a key.
func (w *World) Key(id awsid.AccessKeyID) (*User, *AccessKey, bool) {
	holder, ok := w.keys[id]
	return holder.user, holder.key, ok
}

// PrincipalARN returns the ARN of the user or role with this unique id, or false if it is gone.
func (w *World) PrincipalARN(id awsid.UniqueID) (arn.ARN, bool) {
	name, ok := w.ids[id]
	return name, ok
}

// User returns the account's user with that name, in any case, or nil.
func (a *Account) User(name string) *User { return a.Users[strings.ToLower(name)] }

// Role returns the account's role with that name, in any case, or nil.
func (a *Account) Role(name string) *Role { return a.Roles[strings.ToLower(name)] }

// PrincipalID returns the unique id of the user or role that an ARN names: the rule by which a trust policy stores its
// principals. It is false for one that does not exist.
func (w *World) PrincipalID(name arn.ARN) (awsid.UniqueID, bool) {
	account, ok := w.Accounts[name.Account]
	if !ok {
		return "", false
	}
	var entity *Entity
	switch name.Kind() {
	case "user":
		if user := account.User(name.Name()); user != nil {
			entity = &user.Entity
		}
	case "role":
		if role := account.Role(name.Name()); role != nil {
			entity = &role.Entity
		}
	}
	if entity == nil || entity.ARN() != name {
		return "", false
	}
	return entity.ID, true
}

// Policy returns the managed policy with that ARN: one of the account's own, or one that AWS manages.
func (w *World) Policy(name arn.ARN) (*Policy, bool) {
	if policy, ok := awsManaged()[name]; ok {
		return policy, true
	}
	account, ok := w.Accounts[name.Account]
	if !ok {
		return nil, false
	}
	policy, ok := account.Policies[strings.ToLower(name.Name())]
	if !ok || policy.ARN() != name {
		return nil, false
	}
	return policy, true
}

// AddUser puts a user into the account.
func (w *World) AddUser(a *Account, user *User) {
	a.Users[strings.ToLower(user.Name)] = user
	w.ids[user.ID] = user.ARN()
	for _, key := range user.Keys {
		w.keys[key.ID] = keyHolder{user, key}
	}
}

// RemoveUser takes a user out of the account, its keys with it.
func (w *World) RemoveUser(a *Account, user *User) {
	for _, key := range user.Keys {
		delete(w.keys, key.ID)
	}
	delete(w.ids, user.ID)
	delete(a.Users, strings.ToLower(user.Name))
}

// AddRole puts a role into the account.
func (w *World) AddRole(a *Account, role *Role) {
	a.Roles[strings.ToLower(role.Name)] = role
	w.ids[role.ID] = role.ARN()
}

// RemoveRole takes a role out of the account; sessions of it die with it, because its unique id is gone.
func (w *World) RemoveRole(a *Account, role *Role) {
	delete(w.ids, role.ID)
	delete(a.Roles, strings.ToLower(role.Name))
}

// RenameUser gives the user another name or path; its unique id and its keys stay.
func (w *World) RenameUser(a *Account, user *User, path, name string) {
	delete(a.Users, strings.ToLower(user.Name))
	user.Path, user.Name = path, name
	a.Users[strings.ToLower(name)] = user
	w.ids[user.ID] = user.ARN()
}

// AddKey gives a user another access key.
func (w *World) AddKey(user *User, key *AccessKey) {
	user.Keys = append(user.Keys, key)
	w.keys[key.ID] = keyHolder{user, key}
}

// RemoveKey takes an access key from a user.
func (w *World) RemoveKey(user *User, key *AccessKey) {
	user.Keys = slices.DeleteFunc(user.Keys, func(k *AccessKey) bool { return k == key })
	delete(w.keys, key.ID)
}

// OrganizationOf returns the organization that the account belongs to, or nil.
func (w *World) OrganizationOf(account arn.AccountID) *Organization {
	a, ok := w.Accounts[account]
	if !ok {
		return nil
	}
	return w.Organizations[a.Organization]
}

// Repository returns the repository of a registry, or an error that names what is missing.
func (w *World) Repository(account arn.AccountID, region arn.Region, name string) (*Repository, error) {
	if a, ok := w.Accounts[account]; ok {
		if registry, ok := a.Registries[region]; ok {
			if repository, ok := registry.Repositories[name]; ok {
				return repository, nil
			}
		}
	}
	return nil, fmt.Errorf("repository %s of account %s in %s: %w", name, account, region, ErrNotFound)
}

// Sorted returns the values of a map in the order of its keys.
func Sorted[K cmp.Ordered, V any](m map[K]V) []V {
	values := make([]V, 0, len(m))
	for _, key := range slices.Sorted(maps.Keys(m)) {
		values = append(values, m[key])
	}
	return values
}
