package iam

import (
	"errors"
	"fmt"
	"testing"

	"github.com/pullpass/pullpass/sandbox/internal/api"
	"github.com/pullpass/pullpass/sandbox/internal/guard"
	"github.com/pullpass/pullpass/sandbox/internal/state"
	"github.com/pullpass/pullpass/sandbox/internal/wire"
)

// The quotas of an account are too large to be reached call by call.
func TestAnAccountHoldsNoMoreThanItsQuotas(t *testing.T) {
	for sentence, test := range map[string]struct {
		fill   func(*state.Account, string)
		create func(*api.Call) error
		count  int
		want   string
	}{
		"5,000 users": {
			func(a *state.Account, name string) { a.Users[name] = &state.User{} },
			func(c *api.Call) error {
				return failure(createUser(c, &createUserInput{reference: reference{UserName: "new"}}))
			},
			5000, "Cannot exceed quota for UsersPerAccount: 5000",
		},
		"1,000 roles": {
			func(a *state.Account, name string) { a.Roles[name] = &state.Role{} },
			func(c *api.Call) error {
				return failure(createRole(c, &createRoleInput{reference: reference{RoleName: "new"}}))
			},
			1000, "Cannot exceed quota for RolesPerAccount: 1000",
		},
		"1,500 policies": {
			func(a *state.Account, name string) { a.Policies[name] = &state.Policy{} },
			func(c *api.Call) error { return failure(createPolicy(c, &createPolicyInput{PolicyName: "new"})) },
			1500, "Cannot exceed quota for PoliciesPerAccount: 1500",
		},
	} {
		t.Run(sentence, func(t *testing.T) {
			world := state.NewWorld(nil)
			account := world.AddAccount("111111111111")
			for i := range test.count {
				test.fill(account, fmt.Sprint(i))
			}
			err := test.create(&api.Call{World: world, Caller: &guard.Caller{Account: account}})
			var refusal *wire.Error
			if !errors.As(err, &refusal) || refusal.Code != "LimitExceeded" || refusal.Message != test.want {
				t.Errorf("error = %v, want %s", err, test.want)
			}
		})
	}
}

func failure[Out any](_ *Out, err error) error { return err }
