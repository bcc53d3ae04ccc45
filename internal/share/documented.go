package share

import (
	"slices"
	"strconv"

	"github.com/pullpass/pullpass/arn"
	"github.com/pullpass/pullpass/iampolicy"
)

// documented makes what the page makes: one policy, one role, and in each destination one policy and one user, whose key
// all the clusters share.
func (b *builder) documented() error {
	spec := b.doc.Spec
	read, err := documentedRead(b.reg)
	if err != nil {
		return err
	}
	policy := b.policy(spec.Source.Account, spec.Names.Policy, read)
	b.source = SourceSide{Account: spec.Source.Account, Policies: []Policy{policy}}
	roles, err := b.documentedRoles(policy.ARN())
	if err != nil {
		return err
	}
	b.source.Roles = roles
	roleOf := map[arn.AccountID]arn.ARN{}
	for _, role := range roles {
		for _, account := range role.Destinations {
			roleOf[account] = role.ARN()
		}
	}
	for _, dest := range spec.Destinations {
		if err := b.documentedDestination(dest, roleOf[dest.Account]); err != nil {
			return err
		}
	}
	return nil
}

// documentedRoles deals the destinations out to as few roles as the quota on trust policies allows, in the order of the
// document: the first role has the page's name, the next ones the same name with -2, -3 and so on. A destination that
// is appended to the document moves no other; one that is removed moves one destination over each later boundary.
func (b *builder) documentedRoles(policy arn.ARN) ([]Role, error) {
	var accounts []arn.AccountID
	for _, dest := range b.doc.Spec.Destinations {
		accounts = append(accounts, dest.Account)
	}
	perRole, err := trustCapacity(accounts)
	if err != nil {
		return nil, err
	}
	var roles []Role
	for chunk := range slices.Chunk(accounts, perRole) {
		trust, err := documentedTrust(chunk)
		if err != nil {
			return nil, err
		}
		name := b.doc.Spec.Names.Role
		if n := len(roles) + 1; n > 1 {
			name += "-" + strconv.Itoa(n)
		}
		roles = append(roles, b.role(name, trust, policy, chunk))
	}
	return roles, nil
}

// trustCapacity returns how many of the accounts fit into one trust policy. All account ids are of one length, so what
// fits for the first ones fits for any.
func trustCapacity(accounts []arn.AccountID) (int, error) {
	for n := 1; n <= len(accounts); n++ {
		trust, err := documentedTrust(accounts[:n])
		if err != nil {
			return 0, err
		}
		if iampolicy.Size(trust.JSON()) > maxTrustSize {
			return max(n-1, 1), nil
		}
	}
	return max(len(accounts), 1), nil
}

func (b *builder) documentedDestination(dest Destination, role arn.ARN) error {
	names := b.doc.Spec.Names
	assume, err := assumeRole(role)
	if err != nil {
		return err
	}
	policy := b.policy(dest.Account, names.AssumeRolePolicy, assume, TagDestination, string(dest.Account))
	user := b.user(dest.Account, names.User, policy.ARN())
	side := DestinationSide{Account: dest.Account, Policies: []Policy{policy}, Users: []User{user}}
	for _, cluster := range dest.Clusters {
		side.Clusters = append(side.Clusters, b.deliveries(cluster, user, role)...)
	}
	b.destinations = append(b.destinations, side)
	return nil
}
