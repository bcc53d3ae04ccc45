// Package guard asks for the decision on what a caller of the embedded AWS wants to do.
package guard

import (
	"github.com/pullpass/pullpass/authz"
	"github.com/pullpass/pullpass/iampolicy"
	"github.com/pullpass/pullpass/internal/awsid"
	"github.com/pullpass/pullpass/sandbox/internal/state"
	"github.com/pullpass/pullpass/sandbox/internal/token"
)

// Caller is who signed a request. It points into the state's World, so it is good only as long as that is held.
type Caller struct {
	Principal authz.Principal
	// KeyID is the access key that signed.
	KeyID   awsid.AccessKeyID
	Account *state.Account
	// User is set for an IAM user.
	User *state.User
	// Role and Session are set for a role session.
	Role    *state.Role
	Session *token.Session
}

// UserCaller returns the caller that a user's own key makes.
func UserCaller(world *state.World, user *state.User, key awsid.AccessKeyID) *Caller {
	return &Caller{
		Principal: authz.Principal{
			Kind: authz.User, Account: user.Account, ARN: user.ARN().String(), ID: string(user.ID),
		},
		KeyID:   key,
		Account: world.Accounts[user.Account],
		User:    user,
	}
}

// SessionCaller returns the caller of a session, or false where its role is gone: a session dies with its role, and a
// role of the same name made later is another one.
func SessionCaller(world *state.World, session *token.Session) (*Caller, bool) {
	account, ok := world.Accounts[session.Role.Account]
	if !ok {
		return nil, false
	}
	role := account.Role(session.Role.Name())
	if role == nil || role.ID != session.RoleID {
		return nil, false
	}
	return &Caller{
		Principal: authz.Principal{
			Kind: authz.RoleSession, Account: account.ID, ARN: session.ARN().String(), RoleARN: role.ARN().String(),
			ID: string(role.ID),
		},
		KeyID:   session.KeyID,
		Account: account,
		Role:    role,
		Session: session,
	}, true
}

// UserID is the caller's unique id as GetCallerIdentity prints it and aws:userid holds it.
func (c *Caller) UserID() string {
	if c.Session != nil {
		return string(c.Role.ID) + ":" + c.Session.Name
	}
	return c.Principal.ID
}

func (c *Caller) entity() *state.Entity {
	if c.User != nil {
		return &c.User.Entity
	}
	return &c.Role.Entity
}

// identity returns the policies that are attached to the caller's user or role.
func (c *Caller) identity(world *state.World) []*authz.Policy {
	entity := c.entity()
	policies := make([]*authz.Policy, 0, len(entity.Attached)+len(entity.Inline))
	for _, name := range entity.Attached {
		if policy, ok := world.Policy(name); ok {
			policies = append(policies, policy.Document().Compiled)
		}
	}
	for _, document := range state.Sorted(entity.Inline) {
		policies = append(policies, document.Compiled)
	}
	return policies
}

// boundary returns the caller's permissions boundary, nil for none. A boundary whose policy is gone allows nothing
// (https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html).
func (c *Caller) boundary(world *state.World) *authz.Policy {
	name := c.entity().Boundary
	if name.IsZero() {
		return nil
	}
	if policy, ok := world.Policy(name); ok {
		return policy.Document().Compiled
	}
	return &authz.Policy{}
}

// session compiles the session policies. They were parsed when the session was made, so that one that no longer
// parses can only be an error of this program; it then allows nothing.
func (c *Caller) session() []*authz.Policy {
	if c.Session == nil {
		return nil
	}
	var policies []*authz.Policy
	for _, text := range c.Session.Policies {
		compiled := &authz.Policy{}
		if document, err := state.NewDocument(iampolicy.Session, "session policy", text); err == nil {
			compiled = document.Compiled
		}
		policies = append(policies, compiled)
	}
	return policies
}
