package kube

import (
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/google/go-cmp/cmp"

	"github.com/pullpass/pullpass/test/kube/lab"
)

// aConfig is a config file of the page's shape. Nothing here reads it but as bytes.
const aConfig = "[default]\nregion=us-west-2\n"

// TestStartingStates shows what the programs that people use leave behind in managedFields: on that the rules rest by which a
// delivery takes a key over.
func TestStartingStates(t *testing.T) {
	c := lab.Start(t, "store-001").Cluster(t, "store-001")
	c.InstallPackages(t)
	for _, state := range lab.StartingStates() {
		t.Run(state.Name, func(t *testing.T) {
			state.Make(t, c, []byte(aConfig))
			if diff := cmp.Diff(state.Owners, c.Owners(t)); diff != "" {
				t.Errorf("owners of the Secret's data (-want +got):\n%s", diff)
			}
		})
	}
}

// TestPackages shows that the lab has of the packages controller what pullpass reads.
func TestPackages(t *testing.T) {
	c := lab.Start(t, "store-001").Cluster(t, "store-001")
	c.InstallPackages(t, "defaultRegistry=346438352937.dkr.ecr.us-west-2.amazonaws.com")
	t.Run("the settings are as installed", func(t *testing.T) {
		spec, _ := c.Object(t, lab.PackageBundleControllers, lab.Namespace, c.Name).Object["spec"].(map[string]any)
		if got, want := spec["defaultRegistry"], "346438352937.dkr.ecr.us-west-2.amazonaws.com"; got != want {
			t.Errorf("defaultRegistry is %v, not %s", got, want)
		}
	})
	t.Run("a status is that of the controller", func(t *testing.T) {
		want := map[string]any{"state": "upgrade available", "detail": "v1-31-2 is available"}
		c.SetStatus(t, lab.PackageBundleControllers, lab.Namespace, c.Name, want)
		got := c.Object(t, lab.PackageBundleControllers, lab.Namespace, c.Name).Object["status"]
		if diff := cmp.Diff(any(want), got); diff != "" {
			t.Errorf("status (-want +got):\n%s", diff)
		}
	})
	t.Run("the controller's pod has run since a time", func(t *testing.T) {
		since := metav1.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
		for range 2 { // The second replaces the first.
			c.RunController(t, since.Time)
		}
		pods, err := c.Client.CoreV1().Pods(lab.Namespace).List(t.Context(), metav1.ListOptions{
			LabelSelector: "control-plane=controller-manager",
		})
		if err != nil || len(pods.Items) != 1 {
			t.Fatalf("the controller has %d pods, not one: %v", len(pods.Items), err)
		}
		if got := pods.Items[0].Status.StartTime; !got.Equal(&since) {
			t.Errorf("it runs since %s, not since %s", got, since)
		}
	})
}
