package kube

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/pullpass/pullpass/internal/cluster"
	"github.com/pullpass/pullpass/internal/plan"
	"github.com/pullpass/pullpass/test/kube/lab"
)

// TestDeliveryWithoutItsNamespace delivers where the packages controller was never installed.
func TestDeliveryWithoutItsNamespace(t *testing.T) {
	l := lab.Start(t, "store-001")
	c := l.Cluster(t, "store-001")
	d := deliveryTo(t, l, c)
	if seen := d.Observe(t.Context()); seen.State != plan.None || !seen.Cluster.NoNamespace || seen.Cluster.Controller {
		t.Errorf("seen: %d %+v", seen.State, seen.Cluster)
	}
	for name, err := range map[string]error{"Ready": d.Ready(t.Context()), "Write": d.Write(t.Context(), theConfig("F"))} {
		if !errors.Is(err, cluster.ErrNoNamespace) {
			t.Errorf("%s: %v", name, err)
		}
	}
	beforehand, _, _ := strings.Cut(cluster.Need{Command: cluster.Apply, Cluster: c.Name, CreateNamespace: true}.Manifest(), "---\n")
	d = deliveryBy(t, c.User(t, "founder"), c)
	d.CreateNamespace = true
	if err := d.Ready(t.Context()); !errors.Is(err, cluster.ErrForbidden) {
		t.Errorf("Ready without permissions: %v", err)
	}
	c.Grant(t, "founder", beforehand)
	if err := d.Ready(t.Context()); err != nil {
		t.Error(err)
	}
	if seen := d.Observe(t.Context()); !seen.Cluster.NoNamespace {
		t.Error("Ready made the namespace")
	}
	delivered(t, d, theConfig("F"))
	if err := deliveryTo(t, l, c).Restart(t.Context()); err != nil {
		t.Errorf("a restart where no controller is: %v", err)
	}
	if seen := d.Observe(t.Context()); seen.Cluster.NoNamespace {
		t.Errorf("seen: %+v", seen.Cluster)
	}
}

// TestDeliveryThroughACrash kills the API server before a delivery is written, and starts it while the delivery waits.
func TestDeliveryThroughACrash(t *testing.T) {
	l := lab.Start(t, "store-001")
	c := l.Cluster(t, "store-001")
	c.InstallPackages(t)
	d := interrupted(t, l, c, http.MethodPatch, func() error { c.Kill(t); return nil })
	waits := 0
	d.Wait = func(context.Context, time.Duration) error {
		if waits++; waits == 2 {
			c.Start(t)
		}
		return nil
	}
	if err := d.Write(t.Context(), theConfig("F")); err != nil {
		t.Fatal(err)
	}
	if waits != 2 {
		t.Errorf("it waited %d times", waits)
	}
	delivered(t, d, theConfig("F"))

	c.Kill(t)
	if seen := d.Observe(t.Context()); seen.State != plan.Unknown || !errors.Is(seen.Err, cluster.ErrUnreachable) {
		t.Errorf("seen without a server: %d %v", seen.State, seen.Err)
	}
	clock := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	begun := clock
	d.Now = func() time.Time { return clock }
	d.Wait = func(_ context.Context, wait time.Duration) error { clock = clock.Add(wait); return nil }
	if err := d.Write(t.Context(), theConfig("G")); !errors.Is(err, cluster.ErrUnreachable) {
		t.Errorf("Write without a server: %v", err)
	}
	if took := clock.Sub(begun); took < 20*time.Second || took > 30*time.Second {
		t.Errorf("it went on for %v", took)
	}
}

// forget takes the Secret away, and the wish for a restart.
func forget(t *testing.T, c *lab.Cluster) {
	t.Helper()
	removeSecret(t, c)
	const never = `[{"op":"add","path":"/spec/template/metadata/annotations","value":{}}]`
	_, err := c.Client.AppsV1().Deployments(lab.Namespace).Patch(t.Context(), lab.Controller, types.JSONPatchType, []byte(never), metav1.PatchOptions{})
	if err != nil {
		t.Fatal(err)
	}
}

// removeSecret takes the Secret away where it is.
func removeSecret(t *testing.T, c *lab.Cluster) {
	t.Helper()
	err := c.Client.CoreV1().Secrets(lab.Namespace).Delete(t.Context(), lab.Secret, metav1.DeleteOptions{})
	if err != nil && !apierrors.IsNotFound(err) {
		t.Fatal(err)
	}
}

// A gathering is a transport that holds requests back until so many have come, then lets all pass. It fails those of
// fewer that are given up.
type gathering struct {
	missing atomic.Int32
	all     chan struct{}
	next    http.RoundTripper
	mu      sync.Mutex
	asked   []string
}

func (g *gathering) RoundTrip(r *http.Request) (*http.Response, error) {
	g.mu.Lock()
	g.asked = append(g.asked, r.Method+" "+r.URL.Path)
	g.mu.Unlock()
	if g.missing.Add(-1) == 0 {
		close(g.all)
	}
	select {
	case <-g.all:
		return g.next.RoundTrip(r)
	case <-r.Context().Done():
		return nil, r.Context().Err()
	}
}

// TestObservingTakesTwoRoundTrips expects all that is asked of a cluster at once, but for the one request that needs the
// answer of another.
func TestObservingTakesTwoRoundTrips(t *testing.T) {
	l := lab.Start(t, "store-001")
	c := l.Cluster(t, "store-001")
	c.InstallPackages(t)
	g := &gathering{all: make(chan struct{})}
	g.missing.Store(5)
	opened, err := cluster.Open(cluster.Access{
		Kubeconfig: l.Kubeconfig, Context: c.Name,
		Wrap: func(next http.RoundTripper) http.RoundTripper { g.next = next; return g },
	})
	if err != nil {
		t.Fatal(err)
	}
	d := cluster.Delivery{Cluster: opened, Name: c.Name}
	if seen := d.Observe(t.Context()); seen.State != plan.None {
		t.Fatalf("seen: %d %v", seen.State, seen.Err)
	}
	slices.Sort(g.asked)
	want := []string{
		"GET /api/v1/namespaces/eksa-packages/pods",
		"GET /api/v1/namespaces/eksa-packages/secrets/aws-secret",
		"GET /api/v1/namespaces/eksa-packages/secrets/registry-mirror-secret",
		"GET /apis/apps/v1/namespaces/eksa-packages/deployments/eks-anywhere-packages",
		"GET /apis/packages.eks.amazonaws.com/v1alpha1/namespaces/eksa-packages-store-001/packages/ecr-credential-provider-package",
		"GET /apis/packages.eks.amazonaws.com/v1alpha1/namespaces/eksa-packages/packagebundlecontrollers/store-001",
	}
	if diff := cmp.Diff(want, g.asked); diff != "" {
		t.Errorf("asked (-want +got):\n%s", diff)
	}
}
