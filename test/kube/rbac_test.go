package kube

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/pullpass/pullpass/test/kube/lab"
)

// TestRolesAreEnoughAndNotTooMuch runs each command as somebody who has nothing but what `pullpass rbac` prints for it, on a
// management cluster with a workload cluster. Then it takes one permission away at a time: something must be missed.
func TestRolesAreEnoughAndNotTooMuch(t *testing.T) {
	l := lab.Start(t, "hub", "edge")
	hub, edge := l.Cluster(t, "hub"), l.Cluster(t, "edge")
	installed(t, hub)
	installed(t, edge)
	managedBy(t, hub, edge)
	o := l.Operator(t)
	share := func(kubeconfig string) {
		o.WriteShareOf(t, fmt.Sprintf("{name: hub, kubernetes: {kubeconfig: %q, context: hub}, workloadClusters: [edge]}", kubeconfig))
	}
	share(l.Kubeconfig)
	// Whoever is missing something is shown it by the word of the API server.
	for _, command := range []string{"apply", "plan", "verify"} {
		share(l.Kubeconfig)
		o.Exits(t, 0, "apply", "--sandbox", lab.Box, "--yes", "--no-verify", "--take-over")
		roles := string(o.Exits(t, 0, "rbac", command).Stdout)
		kubeconfig := hub.User(t, command)
		run := func(t *testing.T) lab.Outcome {
			t.Helper()
			share(kubeconfig)
			if command != "apply" {
				return o.Pullpass(t, command, "--sandbox", lab.Box)
			}
			// So that there is something to do, and all of it.
			for _, c := range []*lab.Cluster{hub, edge} {
				c.Kubectl(t, "-n", lab.Namespace, "delete", "secret", lab.Secret, "--ignore-not-found").Succeeded(t)
			}
			o.DeleteKeys(t) // Whose secrets nobody has any more.
			hub.RunController(t, time.Now().Add(-time.Hour))
			return o.Pullpass(t, command, "--sandbox", lab.Box, "--yes", "--no-verify", "--take-over")
		}
		t.Run(command+" has enough", func(t *testing.T) {
			hub.Grant(t, command, roles)
			defer hub.Revoke(t, command, roles)
			got := run(t)
			if text := string(got.Stdout) + got.Stderr; got.Code != 0 || strings.Contains(text, "forbidden") {
				t.Errorf("it ended with %d:\n%s", got.Code, text)
			}
		})
		for _, less := range lab.EachLess(t, roles) {
			t.Run(command+" without "+less.Name, func(t *testing.T) {
				hub.Grant(t, command, less.Manifests)
				defer hub.Revoke(t, command, less.Manifests)
				got := run(t)
				if text := string(got.Stdout) + got.Stderr; !strings.Contains(text, "forbidden") {
					t.Errorf("nothing was missed; it ended with %d:\n%s", got.Code, text)
				}
			})
		}
	}
}

// managedBy gives a management cluster the kubeconfig of a workload cluster, and what its packages controller keeps of it.
func managedBy(t *testing.T, hub, edge *lab.Cluster) {
	t.Helper()
	kubeconfig, err := os.ReadFile(edge.User(t, "manager", "system:masters"))
	if err != nil {
		t.Fatal(err)
	}
	makeNamespace(t, hub, "eksa-system")
	makeNamespace(t, hub, lab.Namespace+"-"+edge.Name)
	secret := &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Name: edge.Name + "-kubeconfig"}, Data: map[string][]byte{"value": kubeconfig},
	}
	if _, err := hub.Client.CoreV1().Secrets("eksa-system").Create(t.Context(), secret, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
}
