package share

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/pullpass/pullpass/arn"
)

// ErrUnknownName says that a destination or cluster to narrow a share to is not in it.
var ErrUnknownName = errors.New("unknown")

// Select narrows d to some destinations and clusters, given as text because they come from a command line; an empty list
// means all. What several destinations share (policies of the source, a documented role) stays whole: narrowing must
// not take anybody else's access away. A destination without any of the clusters given drops out. An unknown name is an
// error that wraps ErrUnknownName and lists the known ones.
func (d Desired) Select(destinations, clusters []string) (Desired, error) {
	if len(destinations) == 0 && len(clusters) == 0 {
		return d, nil
	}
	if err := d.checkSelection(destinations, clusters); err != nil {
		return Desired{}, fmt.Errorf("narrowing share %s: %w", d.Share, err)
	}
	out := d
	out.Partial, out.Destinations, out.Source.Roles = true, nil, nil
	selected := map[arn.AccountID]bool{}
	for _, side := range d.Destinations {
		if len(destinations) > 0 && !slices.Contains(destinations, string(side.Account)) {
			continue
		}
		if len(clusters) > 0 {
			side = side.narrow(clusters)
			if len(side.Clusters) == 0 {
				continue
			}
		}
		selected[side.Account] = true
		out.Destinations = append(out.Destinations, side)
	}
	for _, role := range d.Source.Roles {
		if slices.ContainsFunc(role.Destinations, func(a arn.AccountID) bool { return selected[a] }) {
			out.Source.Roles = append(out.Source.Roles, role)
		}
	}
	return out, nil
}

// narrow keeps the clusters named, with the users that they need. A cluster and those that it manages stay together: they
// hold one key, and half of them seen would look like half of them unused.
func (s DestinationSide) narrow(clusters []string) DestinationSide {
	out := s
	out.Clusters, out.Users = nil, nil
	named := map[string]bool{}
	for _, c := range s.Clusters {
		if slices.Contains(clusters, c.Cluster) {
			named[c.manager()] = true
		}
	}
	users := map[string]bool{}
	for _, c := range s.Clusters {
		if named[c.manager()] {
			out.Clusters = append(out.Clusters, c)
			users[c.User] = true
		}
	}
	for _, u := range s.Users {
		if users[u.Name] {
			out.Users = append(out.Users, u)
		}
	}
	return out
}

// checkSelection wants every name to be known, the clusters within the destinations that are selected.
func (d Desired) checkSelection(destinations, clusters []string) error {
	var accounts, names []string
	for _, side := range d.Destinations {
		accounts = append(accounts, string(side.Account))
		if len(destinations) > 0 && !slices.Contains(destinations, string(side.Account)) {
			continue
		}
		for _, c := range side.Clusters {
			names = append(names, c.Cluster)
		}
	}
	if err := allKnown("destination", destinations, accounts); err != nil {
		return err
	}
	return allKnown("cluster", clusters, names)
}

func allKnown(what string, wanted, known []string) error {
	for _, w := range wanted {
		if !slices.Contains(known, w) {
			slices.Sort(known)
			return fmt.Errorf("%w %s %q; known: %s", ErrUnknownName, what, w, strings.Join(slices.Compact(known), ", "))
		}
	}
	return nil
}
