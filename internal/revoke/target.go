package revoke

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/pullpass/pullpass/arn"
	"github.com/pullpass/pullpass/internal/plan"
	"github.com/pullpass/pullpass/internal/share"
)

// Errors to branch on.
var (
	// ErrTarget says that what is to be revoked is not named, or named twice.
	ErrTarget = errors.New("name what is to be revoked")
	// ErrWorkload says that a cluster has no access of its own: it uses a copy of what its management cluster was given.
	ErrWorkload = errors.New("it uses the credential of the cluster that manages it")
)

// A Target is whose access is taken away.
type Target struct {
	// All is the whole share, with what belongs to nobody in particular.
	All bool
	// Accounts are destinations that go as a whole.
	Accounts []arn.AccountID
	// Clusters go alone, the workload clusters of each with it.
	Clusters []plan.ClusterRef
	// LeftBehind is what the share no longer asks for.
	LeftBehind bool
}

// Choose makes a Target of what a command line names: the whole share, or destinations, or clusters, of which the
// destinations given narrow where they are looked for. Its errors wrap ErrTarget, ErrWorkload or share.ErrUnknownName.
func Choose(desired share.Desired, all bool, destinations, clusters []string) (Target, error) {
	named := len(destinations)+len(clusters) > 0
	switch {
	case all && named:
		return Target{}, fmt.Errorf("%w: the whole share, or parts of it", ErrTarget)
	case all:
		return Target{All: true}, nil
	case !named:
		return Target{}, ErrTarget
	}
	part, err := desired.Select(destinations, clusters)
	if err != nil {
		return Target{}, err
	}
	var t Target
	for _, side := range part.Destinations {
		if len(clusters) == 0 {
			t.Accounts = append(t.Accounts, side.Account)
			continue
		}
		for _, c := range side.Clusters {
			switch named := slices.Contains(clusters, c.Cluster); {
			case named && c.ManagedBy != "" && !slices.Contains(clusters, c.ManagedBy):
				return Target{}, fmt.Errorf("workload cluster %s cannot be revoked alone: %w, %s", c.Cluster, ErrWorkload, c.ManagedBy)
			case named && c.ManagedBy == "":
				t.Clusters = append(t.Clusters, plan.ClusterRef{Account: side.Account, Cluster: c.Cluster})
			}
		}
	}
	return t, nil
}

// whole reports whether a destination goes as a whole.
func (t Target) whole(account arn.AccountID) bool {
	return t.All || slices.Contains(t.Accounts, account)
}

// hits reports whether a cluster's access goes.
func (t Target) hits(account arn.AccountID, c share.ClusterDelivery) bool {
	name := c.Cluster
	if c.ManagedBy != "" {
		name = c.ManagedBy
	}
	return t.whole(account) || slices.Contains(t.Clusters, plan.ClusterRef{Account: account, Cluster: name})
}

// touches reports whether anything of a destination goes.
func (t Target) touches(side share.DestinationSide) bool {
	return t.whole(side.Account) || slices.ContainsFunc(side.Clusters, func(c share.ClusterDelivery) bool { return t.hits(side.Account, c) })
}

// Part narrows a share to what has to be read to revoke the target: its users with all clusters that use them, the roles
// that they assume, and policies where those go too.
func (t Target) Part(desired share.Desired) share.Desired {
	if t.All || t.LeftBehind {
		return desired
	}
	out := desired
	out.Partial, out.Destinations = true, nil
	out.Source.Policies, out.Source.Roles = nil, nil
	for _, side := range desired.Destinations {
		if t.touches(side) {
			out.Destinations = append(out.Destinations, t.narrow(side))
		}
	}
	for _, r := range desired.Source.Roles {
		if slices.ContainsFunc(out.Destinations, func(s share.DestinationSide) bool { return slices.Contains(r.Destinations, s.Account) }) {
			out.Source.Roles = append(out.Source.Roles, r)
		}
	}
	return out
}

func (t Target) narrow(side share.DestinationSide) share.DestinationSide {
	if t.whole(side.Account) {
		return side
	}
	out := side
	out.Policies, out.Users, out.Clusters = nil, nil, nil
	for _, u := range side.Users {
		using := usersOf(side, u)
		if slices.ContainsFunc(using, func(c share.ClusterDelivery) bool { return t.hits(side.Account, c) }) {
			out.Users = append(out.Users, u)
			out.Clusters = append(out.Clusters, using...)
		}
	}
	return out
}

// usersOf are the clusters that use a user.
func usersOf(side share.DestinationSide, u share.User) []share.ClusterDelivery {
	return slices.DeleteFunc(slices.Clone(side.Clusters), func(c share.ClusterDelivery) bool { return c.User != u.Name })
}

// String names the target for people.
func (t Target) String() string {
	var parts []string
	for _, a := range t.Accounts {
		parts = append(parts, "destination "+string(a))
	}
	for _, c := range t.Clusters {
		parts = append(parts, "cluster "+c.Cluster+" of "+string(c.Account))
	}
	switch {
	case t.All:
		return "the whole share"
	case t.LeftBehind:
		return "what the share left behind"
	}
	return strings.Join(parts, ", ")
}
