package state

import (
	"github.com/pullpass/pullpass/arn"
	"github.com/pullpass/pullpass/authz"
)

// Organization is as much of AWS Organizations as a decision needs.
type Organization struct {
	ID string // "o-a1b2c3d4e5"
	// Management is the management account, which no SCP or RCP binds.
	Management arn.AccountID
	// SCPs and RCPs hold, for an account, one list of policies a level: root, organizational units, the account. An
	// account without an entry is bound by full access alone.
	SCPs map[arn.AccountID][]Level
	RCPs map[arn.AccountID][]Level
}

// Level is what is attached to one node of the organization's tree.
type Level []NamedPolicy

// NamedPolicy is a policy of an organization.
type NamedPolicy struct {
	ARN      arn.ARN
	Document *Document
}

// SCPs returns the service control policies that bind the principals of an account, one list a level: nil for an account
// without an organization, and for the management account, which none binds.
func (w *World) SCPs(account arn.AccountID) [][]*authz.Policy {
	org := w.OrganizationOf(account)
	if org == nil || org.Management == account {
		return nil
	}
	return compiled(org.SCPs[account])
}

// RCPs does the same for the resource control policies that bind the resources of an account.
func (w *World) RCPs(account arn.AccountID) [][]*authz.Policy {
	org := w.OrganizationOf(account)
	if org == nil || org.Management == account {
		return nil
	}
	return compiled(org.RCPs[account])
}

func compiled(levels []Level) [][]*authz.Policy {
	var policies [][]*authz.Policy
	for _, level := range levels {
		bound := make([]*authz.Policy, len(level))
		for i, policy := range level {
			bound[i] = policy.Document.Compiled
		}
		policies = append(policies, bound)
	}
	return policies
}
