package sandbox

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"

	"github.com/pullpass/pullpass/arn"
	"github.com/pullpass/pullpass/internal/registry"
	"github.com/pullpass/pullpass/sandbox/internal/state"
)

// organizationID is the shape of an organization's id
// (https://docs.aws.amazon.com/organizations/latest/APIReference/API_Organization.html).
var organizationID = regexp.MustCompile(`^o-[a-z0-9]{10,32}$`)

// check finds what no AWS could hold, so that a mistake in a seed is told and not just without effect. Errors name the
// place as the accounts file spells it.
func (s Seed) check() error {
	if len(s.Accounts) == 0 {
		return errors.New("it has no accounts")
	}
	seen := map[arn.AccountID]bool{}
	for i, account := range s.Accounts {
		if err := account.check(); err != nil {
			return fmt.Errorf("accounts[%d].%w", i, err)
		}
		if seen[account.ID] {
			return fmt.Errorf("accounts[%d].id: account %s is there twice", i, account.ID)
		}
		seen[account.ID] = true
	}
	if s.Organization == nil {
		return nil
	}
	if err := s.Organization.check(seen); err != nil {
		return fmt.Errorf("organization.%w", err)
	}
	return nil
}

func (a Account) check() error {
	if _, err := arn.ParseAccountID(string(a.ID)); err != nil {
		return fmt.Errorf("id: %w", err)
	}
	seen := map[string]bool{}
	for i, subscription := range a.Subscriptions {
		if err := subscription.check(); err != nil {
			return fmt.Errorf("subscriptions[%d].%w", i, err)
		}
		if seen[subscription.ID] {
			return fmt.Errorf("subscriptions[%d].id: %s is there twice", i, subscription.ID)
		}
		seen[subscription.ID] = true
	}
	return checkUsers(a.Users)
}

func (s Subscription) check() error {
	if s.ID == "" {
		return errors.New("id: it is missing")
	}
	if _, err := registry.ForRegion(s.Region); err != nil {
		return fmt.Errorf("region: %w", err)
	}
	if s.Status != "" {
		if _, err := state.ParseSubscriptionStatus(s.Status); err != nil {
			return fmt.Errorf("status: %w", err)
		}
	}
	if !s.Effective.IsZero() && !s.Expires.IsZero() && !s.Effective.Before(s.Expires) {
		return errors.New("expires: it is not after effective")
	}
	return nil
}

// check wants every account of the organization to be seeded, and every policy to bind one of its accounts.
func (o Organization) check(seeded map[arn.AccountID]bool) error {
	if !organizationID.MatchString(o.ID) {
		return fmt.Errorf("id: %q is no id of an organization: want one such as o-a1b2c3d4e5", o.ID)
	}
	if !seeded[o.Management] {
		return fmt.Errorf("management: account %q is not among the accounts", o.Management)
	}
	belongs := map[arn.AccountID]bool{o.Management: true}
	for i, member := range o.Members {
		if !seeded[member] {
			return fmt.Errorf("members[%d]: account %q is not among the accounts", i, member)
		}
		belongs[member] = true
	}
	for _, policies := range []struct {
		field    string
		accounts map[arn.AccountID][]PolicyText
	}{{"serviceControlPolicies", o.ServiceControlPolicies}, {"resourceControlPolicies", o.ResourceControlPolicies}} {
		for _, account := range slices.Sorted(maps.Keys(policies.accounts)) {
			if !belongs[account] {
				return fmt.Errorf("%s: account %q is not in the organization", policies.field, account)
			}
		}
	}
	return nil
}
