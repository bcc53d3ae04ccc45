package cluster

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/pullpass/pullpass/internal/awsid"
	"github.com/pullpass/pullpass/internal/plan"
)

// The packages controller's Deployment, and its container
// (https://github.com/aws/eks-anywhere-packages/blob/v0.4.17/charts/eks-anywhere-packages/templates/deployment.yaml).
const (
	controllerName      = "eks-anywhere-packages"
	controllerContainer = "controller"
	// restartedAt is the annotation by which `kubectl rollout restart` makes a Deployment replace its pods.
	restartedAt = "kubectl.kubernetes.io/restartedAt"
)

var errPaused = errors.New("its rollout is paused (kubectl rollout resume)")

// A controller is the packages controller as far as its restarts go.
type controller struct {
	installed bool
	paused    bool
	// asked is when a restart was asked for last; the zero time for never.
	asked time.Time
	// askedFor is the id of the access key that we asked for a restart for; empty where somebody else asked.
	askedFor awsid.AccessKeyID
	// started is when the programs started that run now. A pod that waits for the Secret has none.
	started []time.Time
}

// controller reads the packages controller: two requests in sequence, of which the second takes the first one's selector.
func (c *Cluster) controller(ctx context.Context) (controller, error) {
	var deployment appsv1.Deployment
	err := c.get(ctx, deploymentObject(), nil, &deployment)
	switch {
	case isMissing(err):
		return controller{}, nil
	case err != nil:
		return controller{}, err
	}
	selector, err := metav1.LabelSelectorAsSelector(deployment.Spec.Selector)
	if err != nil {
		return controller{}, fmt.Errorf("reading %s in %s: %w", deploymentObject().words, c, err)
	}
	var pods corev1.PodList
	if err := c.get(ctx, podsOfController(), params{"labelSelector": selector.String()}, &pods); err != nil {
		return controller{}, err
	}
	found := controller{installed: true, paused: deployment.Spec.Paused, asked: asked(deployment), askedFor: askedFor(deployment)}
	for _, pod := range pods.Items {
		if started, runs := running(pod); runs {
			found.started = append(found.started, started)
		}
	}
	return found, nil
}

// asked reads the annotation; one that is no time counts as never.
func asked(deployment appsv1.Deployment) time.Time {
	t, err := time.Parse(time.RFC3339, deployment.Spec.Template.Annotations[restartedAt])
	if err != nil {
		return time.Time{}
	}
	return t
}

// askedFor reads the annotation that we put beside the time.
func askedFor(deployment appsv1.Deployment) awsid.AccessKeyID {
	return awsid.AccessKeyID(deployment.Spec.Template.Annotations[annotationKey])
}

// running returns when the controller's program in a pod was started, unless it does not run or the pod is on its way
// out.
func running(pod corev1.Pod) (time.Time, bool) {
	if pod.DeletionTimestamp != nil {
		return time.Time{}, false
	}
	for _, status := range pod.Status.ContainerStatuses {
		if status.Name == controllerContainer && status.State.Running != nil {
			return status.State.Running.StartedAt.Time, true
		}
	}
	return time.Time{}, false
}

// stale reports whether a program runs that may have started before the Secret was written with a key, and nobody asked
// for its restart since. Kubernetes keeps times to the second: what happened in the same second may have been before, but
// for a restart that we asked for on account of that very key.
func (c controller) stale(written time.Time, key awsid.AccessKeyID) bool {
	if after(c.asked, written) || key != "" && c.askedFor == key && !after(written, c.asked) {
		return false
	}
	return slices.ContainsFunc(c.started, func(started time.Time) bool { return !after(started, written) })
}

// after reports whether one time is in a later second than another.
func after(a, b time.Time) bool { return a.Truncate(time.Second).After(b.Truncate(time.Second)) }

// A Controller is the packages controller as far as its start goes. Times are to the second.
type Controller struct {
	Installed bool
	// Written is when the Secret got its config; the zero time where there is no Secret.
	Written time.Time
	// Asked is when somebody last asked for a restart; the zero time for never.
	Asked time.Time
	// Started is when each running program started.
	Started []time.Time
}

// Controller reads the packages controller of the cluster. A workload cluster has none.
//
// Two requests in sequence.
func (d Delivery) Controller(ctx context.Context) (Controller, error) {
	var f *found
	var running controller
	var errs [2]error
	var wg sync.WaitGroup
	wg.Go(func() { f, errs[0] = d.secret(ctx) })
	wg.Go(func() { running, errs[1] = d.controller(ctx) })
	wg.Wait()
	if err := errors.Join(errs[:]...); err != nil {
		return Controller{}, err
	}
	seen := Controller{Installed: running.installed, Asked: running.asked, Started: running.started}
	if f != nil {
		seen.Written = f.written()
	}
	return seen, nil
}

// Restart restarts the packages controller as `kubectl rollout restart` does, where it is stale (see
// plan.InCluster.Stale), and does nothing elsewhere: the controller's AWS client is built once, when it starts. It needs
// the permission to patch that one Deployment.
//
// Three requests in sequence.
func (d Delivery) Restart(ctx context.Context) error {
	return d.persist(ctx, d.restart)
}

func (d Delivery) restart(ctx context.Context) error {
	f, err := d.secret(ctx)
	if err != nil || f == nil {
		return err
	}
	found, err := d.controller(ctx)
	key := f.keyID()
	if err != nil || !found.stale(f.written(), key) {
		return err
	}
	if found.paused {
		return fmt.Errorf("restarting %s in %s: %w", deploymentObject().words, d.Cluster, errPaused)
	}
	return d.Cluster.patch(ctx, deploymentObject(), types.MergePatchType, params{"fieldManager": plan.FieldManager},
		restartPatch(latest(d.now(), f.written()), key))
}

// latest keeps a restart from looking older than the write that it follows, where the clock here is behind the API
// server's: it would be asked for again and again.
func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func restartPatch(now time.Time, key awsid.AccessKeyID) map[string]any {
	annotations := map[string]any{restartedAt: now.UTC().Format(time.RFC3339), annotationKey: key}
	return map[string]any{"spec": map[string]any{"template": map[string]any{"metadata": map[string]any{"annotations": annotations}}}}
}
