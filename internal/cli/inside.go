package cli

import (
	"context"
	"errors"
	"fmt"

	"github.com/pullpass/pullpass/internal/cluster"
	"github.com/pullpass/pullpass/internal/delivery"
	"github.com/pullpass/pullpass/internal/lint"
	"github.com/pullpass/pullpass/internal/verify"
)

// egressUnseen is what no proof from outside a cluster can tell.
const egressUnseen = "what was pulled was pulled from here: whether the network of the nodes reaches AWS is not seen from outside"

// proveInside proves whether a cluster uses the credential that it was given.
func (s *session) proveInside(ctx context.Context, c *clusterReport, in verify.Input, config verify.Config) {
	for _, p := range s.inside(ctx, c, in, config) {
		c.OK = c.OK && p.Outcome != verify.Failed
		c.Proofs = append(c.Proofs, newProofReport(p))
	}
}

// inside proves the links of the cluster itself; none of a delivery that is no running cluster.
func (s *session) inside(ctx context.Context, c *clusterReport, in verify.Input, config verify.Config) []verify.Proof {
	if c.delivery.Kubernetes == nil {
		return nil
	}
	place, err := s.inCluster(ctx, c.delivery)
	if err != nil {
		return nil // The chain has said so.
	}
	return verify.InCluster(ctx, viewOf(place), in, config)
}

// viewOf looks into a cluster. A workload cluster has no packages controller: that of its management cluster serves it.
func viewOf(place cluster.Delivery) verify.View {
	view := verify.View{
		Secret: func(ctx context.Context) (verify.Mistakes, error) {
			found, err := place.Mistakes(ctx)
			return mistakes(found), err
		},
		Settings: func(ctx context.Context) (verify.Settings, error) {
			found, err := place.Settings(ctx)
			return verify.Settings(found), err
		},
		Packages: func(ctx context.Context) ([]verify.Package, error) {
			found, err := place.Cluster.Packages(ctx, place.Name)
			packages := make([]verify.Package, len(found))
			for i, p := range found {
				packages[i] = verify.Package(p)
			}
			return packages, err
		},
	}
	if place.Workload {
		return view
	}
	view.Controller = func(ctx context.Context) (verify.Controller, error) {
		found, err := place.Controller(ctx)
		return verify.Controller(found), err
	}
	view.MirrorCredential = place.Cluster.MirrorCredential
	return view
}

// mistakes sorts what lint says by whether it stops a reader.
func mistakes(found []lint.Finding) (sorted verify.Mistakes) {
	for _, f := range found {
		line := fmt.Sprintf("%s: %s", f.Rule.Code, f.Message)
		switch f.Severity {
		case lint.Error:
			sorted.Errors = append(sorted.Errors, line)
		case lint.Warning, lint.Info:
			sorted.Warnings = append(sorted.Warnings, line)
		}
	}
	return sorted
}

// unseenCopy gives the reason why a workload cluster's copy cannot be looked at, which breaks nothing: the bundle manager
// looks after it, and who has access to the management cluster need not have any to the others.
func (s *session) unseenCopy(ctx context.Context, c *clusterReport) string {
	if c.delivery.ManagedBy == "" {
		return ""
	}
	place, err := s.place(ctx, c.delivery)
	if err != nil {
		return err.Error()
	}
	// A copy that was read is proven or broken, however little sense it makes.
	if _, err := place.Config(ctx); err != nil && !errors.Is(err, delivery.ErrNothing) {
		return err.Error()
	}
	return ""
}
