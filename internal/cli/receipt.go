package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/pullpass/pullpass/arn"
	"github.com/pullpass/pullpass/internal/cluster"
	"github.com/pullpass/pullpass/internal/plan"
	"github.com/pullpass/pullpass/internal/registry"
	"github.com/pullpass/pullpass/internal/share"
	"github.com/pullpass/pullpass/internal/verify"
)

// receipt finds out whether a cluster has moved to the key that it holds: that the delivered credential pulls, which is
// proven with that key alone, and that the packages controller uses it.
func (s *session) receipt(ctx context.Context, account arn.AccountID, c share.ClusterDelivery, fresh bool) plan.Receipt {
	report := clusterReport{Account: account, Cluster: c.Cluster, delivery: c}
	s.prove(ctx, &report, registry.Probe(), fresh)
	s.keepProofs(ctx, []clusterReport{report})
	var r plan.Receipt
	if report.Unseen != "" {
		r.Unseen = append(r.Unseen, "the copy ("+report.Unseen+")")
	}
	for _, p := range report.Proofs {
		switch {
		case p.Outcome != verify.Failed.String():
		case slices.Contains(verify.Links(), p.Link):
			r.Broken = fmt.Sprintf("%s: %s", p.Link, p.Error)
		case p.Link == verify.LinkMirror:
			r.Behind, r.Soon = append(r.Behind, "its packages controller's token does not pull: "+p.Error), true
		case p.Link == verify.LinkController: // which is looked at in more detail below
		default:
			r.Faults = append(r.Faults, fmt.Sprintf("%s: %s", p.Link, p.Error))
		}
	}
	if c.Kubernetes != nil && c.ManagedBy == "" {
		s.controllerReceipt(ctx, c, &r)
		r.Unseen = append(r.Unseen, s.unnamed(ctx, account, c)...)
	}
	return r
}

// controllerReceipt finds out whether the packages controller has started since its Secret was written, and has fetched a
// token of its own since it started. Where none is installed there is nothing but the nodes, which follow the Secret.
func (s *session) controllerReceipt(ctx context.Context, c share.ClusterDelivery, r *plan.Receipt) {
	place, err := s.inCluster(ctx, c)
	if err != nil {
		r.Unseen = append(r.Unseen, fmt.Sprintf("the packages controller (%v)", err))
		return
	}
	found, err := place.Controller(ctx)
	switch {
	case err != nil:
		r.Unseen = append(r.Unseen, fmt.Sprintf("the packages controller (%v)", err))
		return
	case !found.Installed:
		return
	case len(found.Started) == 0:
		r.Behind, r.Soon = append(r.Behind, "no pod of its packages controller runs"), true
		return
	}
	first := slices.MinFunc(found.Started, time.Time.Compare)
	if !first.After(found.Written) { // To the second: what started in the same one may have read what was there before.
		r.Behind = append(r.Behind, fmt.Sprintf("its packages controller runs since %s, and the Secret was written at %s",
			first.UTC().Format(time.RFC3339), found.Written.UTC().Format(time.RFC3339)))
		r.Soon = !found.Asked.Before(found.Written)
		return
	}
	written, err := place.Cluster.MirrorWritten(ctx)
	switch {
	case errors.Is(err, cluster.ErrAbsent), err == nil && written.Before(first):
		r.Behind, r.Soon = append(r.Behind, "its packages controller has fetched no token since it started"), true
	case err != nil:
		r.Unseen = append(r.Unseen, fmt.Sprintf("the token of the packages controller (%v)", err))
	}
}

// unnamed are the workload clusters of a management cluster that the share does not name. They have a copy of the Secret all the
// same, which nobody here looks at.
func (s *session) unnamed(ctx context.Context, account arn.AccountID, c share.ClusterDelivery) (unseen []string) {
	place, err := s.inCluster(ctx, c)
	if err != nil {
		return nil // The controller's receipt has said so.
	}
	managed, err := place.Cluster.Managed(ctx)
	if err != nil {
		return []string{fmt.Sprintf("the workload clusters (%v)", err)}
	}
	for _, name := range managed {
		if name != c.Cluster && !s.names(account, c.Cluster, name) {
			unseen = append(unseen, fmt.Sprintf("workload cluster %s, which the share does not name,", name))
		}
	}
	return unseen
}

// names reports whether the share names a workload cluster of a management cluster.
func (s *session) names(account arn.AccountID, manager, workload string) bool {
	return slices.ContainsFunc(s.whole.Destinations, func(d share.DestinationSide) bool {
		return d.Account == account && slices.ContainsFunc(d.Clusters, func(c share.ClusterDelivery) bool {
			return c.ManagedBy == manager && c.Cluster == workload
		})
	})
}
