package cluster

import (
	"context"
	"time"

	"github.com/pullpass/pullpass/internal/credential"
	"github.com/pullpass/pullpass/internal/plan"
	"github.com/pullpass/pullpass/internal/registry"
)

// A Delivery is the Secret aws-secret in the namespace eksa-packages of one cluster, with the packages controller that
// reads it.
type Delivery struct {
	Cluster *Cluster
	// Workload says that the Secret is the copy of a workload cluster: the management cluster's packages controller writes
	// it too, and none runs there.
	Workload bool
	// Share is the name of the share, for an annotation.
	Share string
	// Force takes the config over from any manager.
	Force bool
	// CreateNamespace makes the namespace where it is missing.
	CreateNamespace bool
	// Registry is what the settings are compared with.
	Registry registry.Registry
	// Name is the EKS Anywhere cluster's, and its PackageBundleController's.
	Name string
	// Now returns the time; nil for the real clock.
	Now func() time.Time
	// Wait sleeps for a time or until the context ends; nil for the real clock.
	Wait func(context.Context, time.Duration) error
}

// Observe returns what the cluster holds.
func (d Delivery) Observe(ctx context.Context) plan.Delivery {
	return plan.Delivery{State: plan.Unknown, Err: ErrUnreachable}
}

// Ready finds out whether Write can deliver.
func (d Delivery) Ready(ctx context.Context) error { return nil }

// Write delivers a credential.
func (d Delivery) Write(ctx context.Context, config credential.Config) error { return nil }

// Restart restarts the packages controller where it is stale.
func (d Delivery) Restart(ctx context.Context) error { return nil }
