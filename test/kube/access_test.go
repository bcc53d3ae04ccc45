package kube

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/pullpass/pullpass/test/kube/lab"
)

// readsSecrets is a Role of two permissions, on one of which reading a list rests.
const readsSecrets = `apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: reader, namespace: default}
rules:
  - {apiGroups: [""], resources: [secrets], verbs: [get, list]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: reader}
rules:
  - {apiGroups: [""], resources: [namespaces], resourceNames: [default], verbs: [get]}
`

// TestAccess shows that a user has what he was granted, and that one permission less is noticed.
func TestAccess(t *testing.T) {
	c := lab.Start(t, "store-001").Cluster(t, "store-001")
	user := clientFor(t, c.User(t, "reader"))
	read := func() error {
		_, listed := user.CoreV1().Secrets("default").List(t.Context(), metav1.ListOptions{})
		_, got := user.CoreV1().Namespaces().Get(t.Context(), "default", metav1.GetOptions{})
		if listed != nil {
			return listed
		}
		return got
	}
	if err := read(); !apierrors.IsForbidden(err) {
		t.Errorf("a user whom no Role names is answered: %v", err)
	}
	c.Grant(t, "reader", readsSecrets)
	if err := read(); err != nil {
		t.Errorf("what was granted is refused: %v", err)
	}
	needed := map[string]bool{}
	for _, less := range lab.EachLess(t, readsSecrets) {
		c.Revoke(t, "reader", readsSecrets)
		c.Grant(t, "reader", less.Manifests)
		needed[less.Name] = apierrors.IsForbidden(read())
	}
	want := map[string]bool{
		"get secrets in default": false, "list secrets in default": true, "get namespaces default everywhere": true,
	}
	if diff := cmp.Diff(want, needed); diff != "" {
		t.Errorf("what is needed (-want +got):\n%s", diff)
	}
}

func clientFor(t *testing.T, kubeconfig string) kubernetes.Interface {
	t.Helper()
	config, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	if err != nil {
		t.Fatal(err)
	}
	client, err := kubernetes.NewForConfig(rest.CopyConfig(config))
	if err != nil {
		t.Fatal(err)
	}
	return client
}
