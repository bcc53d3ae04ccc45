package cli

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/pullpass/pullpass/internal/credential"
	"github.com/pullpass/pullpass/internal/delivery"
	"github.com/pullpass/pullpass/internal/plan"
	"github.com/pullpass/pullpass/internal/share"
)

// openUnasked opens the share of the flags without asking AWS.
func (a *app) openUnasked(f shareFlags) (*session, error) {
	doc, err := readShare(f.file)
	if err != nil {
		return nil, err
	}
	// What a cluster is given does not name the registry's account, only its Region.
	found, err := fallback(doc.Spec.Registry, nil)
	if err != nil {
		return nil, err
	}
	desired, err := doc.Desired(found.registry)
	if err != nil {
		return nil, err
	}
	s := &session{app: a, doc: doc, dir: filepath.Dir(f.file), located: found, reached: newClusters(), journal: &journal{}}
	s.desired, err = desired.Select(f.destinations, f.clusters)
	return s, err
}

// openOne opens the share of the flags without asking AWS, and returns the one cluster that they leave.
func (a *app) openOne(f shareFlags) (*session, share.ClusterDelivery, error) {
	s, err := a.openUnasked(f)
	if err != nil {
		return nil, share.ClusterDelivery{}, err
	}
	cluster, err := only(s.desired)
	return s, cluster, err
}

// only returns the one cluster that the flags leave, beside those that it manages: what they have is a copy.
func only(desired share.Desired) (share.ClusterDelivery, error) {
	var names []string
	var last share.ClusterDelivery
	for _, side := range desired.Destinations {
		for _, c := range side.Clusters {
			if c.ManagedBy != "" {
				continue
			}
			names = append(names, fmt.Sprintf("%s of %s", c.Cluster, side.Account))
			last = c
		}
	}
	if len(names) != 1 {
		return share.ClusterDelivery{}, withHint(usagef("want one cluster, there are %d: %s", len(names), strings.Join(names, ", ")),
			"choose one with --cluster NAME, and --destination ACCOUNT if several have one of that name")
	}
	return last, nil
}

// credentialOf returns what was delivered to a cluster; delivery.ErrNothing where nothing was.
func (s *session) credentialOf(ctx context.Context, c share.ClusterDelivery) (credential.Config, error) {
	place, err := s.place(ctx, c)
	if err != nil {
		return credential.Config{}, err
	}
	switch got := place.Observe(ctx); got.State {
	case plan.Held:
		return got.Config, nil
	case plan.None:
		return credential.Config{}, fmt.Errorf("reading what was delivered to cluster %s: %w", c.Cluster, delivery.ErrNothing)
	default:
		return credential.Config{}, got.Err
	}
}
