package authz

import (
	"slices"
	"strings"
)

// A grant is how closely a resource-based policy names the caller. Inside one account that decides what its Allow is
// worth (reference_policies_evaluation-logic_policy-eval-denyallow.html, the table of principals).
type grant uint8

const (
	noGrant grant = iota
	// delegated: the account is named. Its own policies decide who in it may use the right.
	delegated
	// limited: the session's role is named, or a federated user's IAM user. No identity-based policy is needed, but a
	// boundary or a session policy still limits.
	limited
	// direct: the user or session itself is named, or everyone is. What the other policies do not say cannot withhold it:
	// with a wildcard, "for IAM users and role principals within your account, no other permissions are required"
	// (reference_policies_elements_principal.html).
	direct
)

// serviceLinked reports whether the caller is a session of a service-linked role: "SCPs do not affect any service-linked
// role" (orgs_manage_policies_scps.html of the AWS Organizations User Guide), nor do RCPs (orgs_manage_policies_rcps.html).
// IAM keeps the beginning of their path for such roles: no CreateRole gets it. Further on it may stand in any path, colons
// and all.
func (p *Principal) serviceLinked() bool {
	_, path, _ := strings.Cut(p.RoleARN, ":role/")
	return p.Kind == RoleSession && strings.HasPrefix(path, "aws-service-role/")
}

// match returns how closely the list names the caller.
func (p *principals) match(caller *Principal) grant {
	if p.everyone {
		return direct
	}
	if caller.Kind == Anonymous {
		return noGrant
	}
	if caller.Kind == Service {
		if slices.Contains(p.services, strings.ToLower(caller.Service)) {
			return direct
		}
		return noGrant
	}
	best := noGrant
	if caller.Account != "" && slices.Contains(p.accounts, caller.Account) {
		best = delegated
	}
	for _, name := range p.names {
		best = max(best, nameGrant(caller, name))
	}
	return best
}

func nameGrant(caller *Principal, name string) grant {
	if name == "" {
		return noGrant
	}
	switch caller.Kind {
	case Anonymous, Service, AccountRoot: // a root user is its account, which match has looked at
	case User:
		if name == caller.ARN || name == caller.ID {
			return direct
		}
	case RoleSession, FederatedUser:
		if name == caller.ARN {
			return direct
		}
		if name == caller.RoleARN || name == caller.ID {
			return limited
		}
	}
	return noGrant
}

// exempts reports whether a NotPrincipal element spares the caller. AWS may compare the account first, then the role,
// then the session, and wants each of them listed; to leave one out is to deny. And it "will always deny any IAM
// principal that has a permissions boundary policy attached, regardless of the values specified"
// (reference_policies_elements_notprincipal.html).
func (p *principals) exempts(caller *Principal, bounded bool) bool {
	if bounded {
		return false
	}
	if p.everyone {
		return true
	}
	switch caller.Kind {
	case Anonymous:
		return false
	case Service:
		return slices.Contains(p.services, strings.ToLower(caller.Service))
	case AccountRoot, User, RoleSession, FederatedUser:
	}
	if !slices.Contains(p.accounts, caller.Account) {
		return false
	}
	named := func(self, id string) bool {
		return slices.Contains(p.names, self) || id != "" && slices.Contains(p.names, id)
	}
	switch caller.Kind {
	case User:
		return named(caller.ARN, caller.ID)
	case RoleSession, FederatedUser:
		return slices.Contains(p.names, caller.ARN) && named(caller.RoleARN, caller.ID)
	case Anonymous, Service, AccountRoot:
	}
	return true
}
