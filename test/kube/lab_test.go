package kube

import (
	"fmt"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/google/go-cmp/cmp"

	"github.com/pullpass/pullpass/test/kube/lab"
)

// TestLab holds the lab to what the other tests build on: clusters on one etcd know nothing of each other, and a crash
// loses nothing.
func TestLab(t *testing.T) {
	var names []string
	for i := range 6 {
		names = append(names, fmt.Sprintf("store-%03d", i+1))
	}
	l := lab.Start(t, names...)
	for _, c := range l.Clusters() {
		makeNamespace(t, c, "only-"+c.Name)
	}
	t.Run("each cluster sees its own objects", func(t *testing.T) {
		for _, c := range l.Clusters() {
			seesOnlyItsOwn(t, c)
		}
	})
	t.Run("a cluster that crashed has its objects again", func(t *testing.T) {
		c := l.Cluster(t, "store-003")
		url := c.URL
		c.Kill(t)
		if _, err := c.Client.CoreV1().Namespaces().List(t.Context(), metav1.ListOptions{}); err == nil {
			t.Error("an API server that was killed answers")
		}
		seesOnlyItsOwn(t, l.Cluster(t, "store-004"))
		c.Start(t)
		if c.URL != url {
			t.Errorf("it came back at %s, not at %s", c.URL, url)
		}
		seesOnlyItsOwn(t, c)
	})
	t.Run("the kubeconfig has a context for each", func(t *testing.T) {
		for _, c := range l.Clusters() {
			got := c.Kubectl(t, "get", "namespace", "only-"+c.Name, "-o", "name").Succeeded(t).Text()
			if want := "namespace/only-" + c.Name; got != want {
				t.Errorf("kubectl sees %q, not %q", got, want)
			}
		}
	})
}

func makeNamespace(t *testing.T, c *lab.Cluster, name string) {
	t.Helper()
	namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name}}
	if _, err := c.Client.CoreV1().Namespaces().Create(t.Context(), namespace, metav1.CreateOptions{}); err != nil {
		t.Fatalf("cluster %s: %v", c.Name, err)
	}
}

func seesOnlyItsOwn(t *testing.T, c *lab.Cluster) {
	t.Helper()
	list, err := c.Client.CoreV1().Namespaces().List(t.Context(), metav1.ListOptions{})
	if err != nil {
		t.Fatalf("cluster %s: %v", c.Name, err)
	}
	var got []string
	for _, namespace := range list.Items {
		got = append(got, namespace.Name)
	}
	want := []string{"default", "kube-node-lease", "kube-public", "kube-system", "only-" + c.Name}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("namespaces of %s (-want +got):\n%s", c.Name, diff)
	}
}
