package kube

import (
	"encoding/base64"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/pullpass/pullpass/arn"
	"github.com/pullpass/pullpass/internal/awsid"
	"github.com/pullpass/pullpass/internal/cluster"
	"github.com/pullpass/pullpass/internal/credential"
	"github.com/pullpass/pullpass/internal/plan"
	"github.com/pullpass/pullpass/test/kube/lab"
)

const material = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"

// theConfig is what is delivered; with another last letter of the key's id it is another key.
func theConfig(last string) credential.Config {
	return credential.Config{
		Region: "us-west-2", RoleARN: arn.IAM("111111111111", "role", "/", "curated-packages-role"), UserProfile: "curated-packages-user",
		Key: credential.AccessKey{ID: "AKIAIOSFODNN7EXAMPL" + awsid.AccessKeyID(last), Secret: credential.NewSecret(material)},
	}
}

func rendered(t *testing.T, c credential.Config) []byte {
	t.Helper()
	text, err := c.Render()
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// deliveryTo reaches a cluster as one who may do everything.
func deliveryTo(t *testing.T, l *lab.Lab, c *lab.Cluster) cluster.Delivery {
	t.Helper()
	return deliveryBy(t, l.Kubeconfig, c)
}

func deliveryBy(t *testing.T, kubeconfig string, c *lab.Cluster) cluster.Delivery {
	t.Helper()
	opened, err := cluster.Open(cluster.Access{Kubeconfig: kubeconfig, Context: c.Name, UserAgent: "pullpass/test"})
	if err != nil {
		t.Fatal(err)
	}
	return cluster.Delivery{Cluster: opened, Share: "packages", Name: c.Name}
}

func secretOf(t *testing.T, c *lab.Cluster) *corev1.Secret {
	t.Helper()
	secret, err := c.Client.CoreV1().Secrets(lab.Namespace).Get(t.Context(), lab.Secret, metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return secret
}

// TestDeliveryFromEveryState delivers over what others made, and expects the same end from every beginning.
func TestDeliveryFromEveryState(t *testing.T) {
	l := lab.Start(t, "store-001")
	c := l.Cluster(t, "store-001")
	c.InstallPackages(t)
	d := deliveryTo(t, l, c)
	takesOver := map[string][]string{
		"kubectl apply of the page's YAML": {"kubectl-client-side-apply"}, "kubectl create secret": {"kubectl-create"},
		"kubectl apply --server-side": {"kubectl"}, "Helm": {"helm"},
	}
	for _, state := range lab.StartingStates() {
		t.Run(state.Name, func(t *testing.T) {
			state.Make(t, c, rendered(t, theConfig("E")))
			before := d.Observe(t.Context())
			if state.Name == "nothing" {
				if before.State != plan.None {
					t.Errorf("before: %+v", before)
				}
			} else if before.State != plan.Held || before.Complete || !before.Config.Equal(theConfig("E")) {
				t.Errorf("before: %+v", before)
			}
			if diff := cmp.Diff(takesOver[state.Name], before.Cluster.TakesOver); diff != "" {
				t.Errorf("taken over from (-want +got):\n%s", diff)
			}
			rehearsed(t, d, c)
			delivered(t, d, theConfig("F"))
			keepsWhenRepeated(t, d, c)
		})
	}
}

// rehearsed asks for a dry run, which must change nothing.
func rehearsed(t *testing.T, d cluster.Delivery, c *lab.Cluster) {
	t.Helper()
	before := c.Owners(t)
	if err := d.Ready(t.Context()); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(before, c.Owners(t)); diff != "" {
		t.Errorf("Ready changed the owners (-before +after):\n%s", diff)
	}
}

// delivered writes a config and reads it back.
func delivered(t *testing.T, d cluster.Delivery, config credential.Config) {
	t.Helper()
	if err := d.Write(t.Context(), config); err != nil {
		t.Fatal(err)
	}
	held := d.Observe(t.Context())
	if held.State != plan.Held || !held.Complete || !held.Config.Equal(config) {
		t.Errorf("after: state %d, complete %t, key %s, error %v", held.State, held.Complete, held.Config.Key.ID, held.Err)
	}
	if n := len(held.Cluster.TakesOver) + len(held.Cluster.Conflicts); n > 0 {
		t.Errorf("somebody else still has the config: %+v", held.Cluster)
	}
}

// keepsWhenRepeated writes the same again: not even the resource version moves, so that no pod sees a new Secret.
func keepsWhenRepeated(t *testing.T, d cluster.Delivery, c *lab.Cluster) {
	t.Helper()
	before := secretOf(t, c)
	if err := d.Write(t.Context(), theConfig("F")); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(before, secretOf(t, c)); diff != "" {
		t.Error("writing the same again changed the Secret")
	}
}

// TestDeliveryBesideOthers holds deliveries to what they leave alone, and to whom they give way.
func TestDeliveryBesideOthers(t *testing.T) {
	l := lab.Start(t, "store-001")
	c := l.Cluster(t, "store-001")
	c.InstallPackages(t)
	d := deliveryTo(t, l, c)
	t.Run("foreign keys, labels, annotations and the three keys of others stay", func(t *testing.T) {
		removeSecret(t, c)
		c.Apply(t, `{apiVersion: v1, kind: Secret, metadata: {name: aws-secret, namespace: eksa-packages, labels: {team: shop},
			annotations: {note: mine}}, data: {REGION: ZXUtd2VzdC0x, AWS_SESSION_TOKEN: "", other: eA==}}`)
		delivered(t, d, theConfig("F"))
		got := secretOf(t, c)
		if got.Labels["team"] != "shop" || got.Annotations["note"] != "mine" || string(got.Data["other"]) != "x" ||
			string(got.Data["REGION"]) != "eu-west-1" {
			t.Errorf("something is gone: %v %v, keys %d", got.Labels, got.Annotations, len(got.Data))
		}
		want := []lab.Owner{
			{Manager: "pullpass", Operation: metav1.ManagedFieldsOperationApply, Keys: []string{"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "config"}},
			{Manager: "kubectl-client-side-apply", Operation: metav1.ManagedFieldsOperationUpdate, Keys: []string{"AWS_SESSION_TOKEN", "REGION", "other"}},
		}
		if diff := cmp.Diff(want, c.Owners(t)); diff != "" {
			t.Errorf("owners (-want +got):\n%s", diff)
		}
	})
	t.Run("the page applied once more after us is taken over once more", func(t *testing.T) {
		removeSecret(t, c)
		delivered(t, d, theConfig("F"))
		c.Apply(t, string(credential.RenderManifest(rendered(t, theConfig("E")))))
		seen := d.Observe(t.Context())
		if seen.Complete || !seen.Config.Equal(theConfig("E")) || !cmp.Equal(seen.Cluster.TakesOver, []string{"kubectl-client-side-apply"}) {
			t.Errorf("seen: complete %t, key %s, %+v", seen.Complete, seen.Config.Key.ID, seen.Cluster)
		}
		delivered(t, d, theConfig("F"))
	})
	t.Run("another manager keeps the config unless it is forced", func(t *testing.T) {
		removeSecret(t, c)
		c.Apply(t, string(credential.RenderManifest(rendered(t, theConfig("E")))), "--server-side", "--field-manager=argocd-controller")
		seen := d.Observe(t.Context())
		if seen.State != plan.Held || !cmp.Equal(seen.Cluster.Conflicts, []string{"argocd-controller"}) {
			t.Errorf("seen: %+v", seen.Cluster)
		}
		for name, err := range map[string]error{"Ready": d.Ready(t.Context()), "Write": d.Write(t.Context(), theConfig("F"))} {
			if !errors.Is(err, cluster.ErrConflict) || !strings.Contains(err.Error(), "argocd-controller") {
				t.Errorf("%s: %v", name, err)
			}
		}
		if got := d.Observe(t.Context()); !got.Config.Equal(theConfig("E")) {
			t.Error("the config was written all the same")
		}
		forced := d
		forced.Force = true
		rehearsed(t, forced, c)
		delivered(t, forced, theConfig("F"))
	})
	t.Run("who writes between our read and our write is read first", func(t *testing.T) {
		removeSecret(t, c)
		delivered(t, d, theConfig("F"))
		racing(t, l, c, func() {
			c.Apply(t, string(credential.RenderManifest(rendered(t, theConfig("E")))), "--server-side", "--field-manager=argocd-controller", "--force-conflicts")
		})
	})
	t.Run("an immutable Secret is refused before it is tried", func(t *testing.T) {
		removeSecret(t, c)
		c.Apply(t, string(credential.RenderManifest(rendered(t, theConfig("E"))))+"immutable: true\n")
		for name, err := range map[string]error{"Ready": d.Ready(t.Context()), "Write": d.Write(t.Context(), theConfig("F"))} {
			if !errors.Is(err, cluster.ErrImmutable) {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
	t.Run("a Secret of another type is refused", func(t *testing.T) {
		removeSecret(t, c)
		c.Apply(t, strings.Replace(string(credential.RenderManifest(nil)), "Opaque", "example.com/credential", 1))
		if err := d.Ready(t.Context()); !errors.Is(err, cluster.ErrType) || !strings.Contains(err.Error(), "example.com/credential") {
			t.Errorf("Ready: %v", err)
		}
	})
	t.Run("a config encoded twice is unknown, never nothing", func(t *testing.T) {
		removeSecret(t, c)
		twice := base64.StdEncoding.EncodeToString(rendered(t, theConfig("E")))
		c.Apply(t, string(credential.RenderManifest([]byte(twice))))
		seen := d.Observe(t.Context())
		if seen.State != plan.Unknown || seen.Err == nil || !strings.Contains(seen.Err.Error(), "encoded twice") || strings.Contains(seen.Err.Error(), twice[:20]) {
			t.Errorf("seen: %d %v", seen.State, seen.Err)
		}
	})
}
