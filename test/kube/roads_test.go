package kube

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/pullpass/pullpass/test/kube/lab"
)

// TestRoads shows that the road to a cluster holds every request up and tells of it, and that tenants do not see each other.
func TestRoads(t *testing.T) {
	c := lab.Start(t, "store-001").Cluster(t, "store-001")
	t.Run("a request waits", func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
		defer cancel()
		road := c.Slow(t, time.Hour)
		if _, err := namespaces(ctx, clientFor(t, road.Kubeconfig)); err == nil {
			t.Error("it was answered")
		}
		if diff := cmp.Diff([]string{"GET /api/v1/namespaces"}, road.Requests()); diff != "" {
			t.Errorf("requests (-want +got):\n%s", diff)
		}
	})
	t.Run("and is answered", func(t *testing.T) {
		road := c.Slow(t, time.Millisecond)
		list, err := namespaces(t.Context(), clientFor(t, road.Kubeconfig))
		if err != nil || len(list.Items) != 4 {
			t.Errorf("the API server lists %d namespaces, not four: %v", len(list.Items), err)
		}
		if got := road.AtOnce(); got != 1 {
			t.Errorf("%d requests were on their way at once, not one", got)
		}
	})
	t.Run("each tenant has the namespace to itself", func(t *testing.T) {
		var clients []kubernetes.Interface
		for _, road := range c.Tenants(t, 3, 0) {
			clients = append(clients, clientFor(t, road.Kubeconfig))
		}
		keep(t, clients[0], "first")
		keep(t, clients[2], "third")
		for i, want := range [][]string{{"eksa-packages/first"}, nil, {"eksa-packages/third"}} {
			if diff := cmp.Diff(want, kept(t, clients[i])); diff != "" {
				t.Errorf("tenant %d sees (-want +got):\n%s", i, diff)
			}
		}
	})
}

func namespaces(ctx context.Context, client kubernetes.Interface) (*corev1.NamespaceList, error) {
	return client.CoreV1().Namespaces().List(ctx, metav1.ListOptions{})
}

// keep makes a Secret that says in its body where it is.
func keep(t *testing.T, client kubernetes.Interface, name string) {
	t.Helper()
	secret := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: lab.Namespace}}
	if _, err := client.CoreV1().Secrets(lab.Namespace).Create(t.Context(), secret, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
}

// kept are the Secrets of the namespace, with the namespace that they say they are in.
func kept(t *testing.T, client kubernetes.Interface) []string {
	t.Helper()
	list, err := client.CoreV1().Secrets(lab.Namespace).List(t.Context(), metav1.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, secret := range list.Items {
		names = append(names, secret.Namespace+"/"+secret.Name)
	}
	return names
}
