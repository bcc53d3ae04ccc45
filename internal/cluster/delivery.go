package cluster

import (
	"context"
	"errors"
	"strings"
	"sync"
	"time"

	"github.com/pullpass/pullpass/internal/credential"
	"github.com/pullpass/pullpass/internal/delivery"
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

// Observe returns what the cluster holds, and what it shows beside it. A Secret that cannot be read (the cluster does not
// answer, or refuses), or whose config its readers would not understand, is Unknown with the reason, never None. What can
// be read of the Secret alone is returned even if the rest cannot: that is a note then.
//
// A Secret with an access key in its keys, and no config, is Held: a Config with a Region and a key, and without a role.
// So a plan sees which key is in use there before it has the config written that takes its place.
//
// Everything is read side by side, two requests in sequence.
func (d Delivery) Observe(ctx context.Context) plan.Delivery {
	var f *found
	var secretErr, controllerErr, settingsErr error
	var noNamespace bool
	var running controller
	var read settings
	var wg sync.WaitGroup
	wg.Go(func() {
		if f, secretErr = d.secret(ctx); f == nil && secretErr == nil {
			noNamespace = d.Cluster.lacksNamespace(ctx)
		}
	})
	wg.Go(func() { running, controllerErr = d.controller(ctx) })
	wg.Go(func() { read, settingsErr = d.Cluster.settings(ctx, d.Name) })
	wg.Wait()
	if secretErr != nil {
		return plan.Delivery{State: plan.Unknown, Err: secretErr}
	}
	seen := d.judge(f)
	seen.Cluster.NoNamespace = noNamespace
	seen.Cluster.Controller = running.installed
	if f != nil {
		seen.Written = f.written()
		seen.Cluster.Stale = running.stale(seen.Written, f.keyID())
	}
	seen.Cluster.Notes = append(notes(read.findings(d.Registry)), unseen(controllerErr, settingsErr)...)
	return seen
}

// controller reads the packages controller; a workload cluster has none.
func (d Delivery) controller(ctx context.Context) (controller, error) {
	if d.Workload {
		return controller{}, nil
	}
	return d.Cluster.controller(ctx)
}

// unseen says what could not be read, a line each.
func unseen(errs ...error) []string {
	joined := errors.Join(errs...)
	if joined == nil {
		return nil
	}
	return strings.Split(joined.Error(), "\n")
}

// lacksNamespace reports whether the namespace is known to be missing: not where it cannot be seen. Who is allowed the
// Secret by a Role is so by one in the namespace, which is there then.
func (c *Cluster) lacksNamespace(ctx context.Context) bool {
	return isMissing(c.get(ctx, namespaceObject(), nil, nil))
}

// judge returns what a Secret says by itself; nil for one that is not there.
func (d Delivery) judge(f *found) plan.Delivery {
	seen := plan.Delivery{State: plan.None, Cluster: &plan.InCluster{}}
	if f == nil {
		return seen
	}
	seen.Cluster.TakesOver, seen.Cluster.Conflicts = others(f.config, d.takeOver())
	if err := f.refuses(); err != nil {
		seen.Cluster.Refuses = err.Error()
	}
	if f.isEmpty() {
		return seen
	}
	config, err := f.decode()
	if err != nil {
		seen.State, seen.Err = plan.Unknown, d.reading(err)
		return seen
	}
	seen.State, seen.Config, seen.Complete = plan.Held, config, f.isComplete(d, config)
	return seen
}

// Config returns the AWS config file that the Secret carries; delivery.ErrNothing where there is no Secret, or none in it.
func (d Delivery) Config(ctx context.Context) ([]byte, error) {
	f, err := d.secret(ctx)
	if err != nil {
		return nil, err
	}
	if f == nil || len(f.secret.Data[credential.KeyConfig]) == 0 {
		return nil, d.reading(delivery.ErrNothing)
	}
	return f.secret.Data[credential.KeyConfig], nil
}
