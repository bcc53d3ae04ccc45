package kube

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/pullpass/pullpass/internal/cluster"
	"github.com/pullpass/pullpass/internal/plan"
	"github.com/pullpass/pullpass/internal/registry"
	"github.com/pullpass/pullpass/test/kube/lab"
)

// restartAsked is what last made the controller's pods new, as kubectl says the time and pullpass the key; empty for nothing.
func restartAsked(t *testing.T, c *lab.Cluster) string {
	t.Helper()
	deployment, err := c.Client.AppsV1().Deployments(lab.Namespace).Get(t.Context(), lab.Controller, metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	annotations := deployment.Spec.Template.Annotations
	return annotations["kubectl.kubernetes.io/restartedAt"] + annotations["pullpass.dev/access-key-id"]
}

// TestRestart asks for restarts of controllers that started before and after the Secret was written.
func TestRestart(t *testing.T) {
	l := lab.Start(t, "store-001")
	c := l.Cluster(t, "store-001")
	c.InstallPackages(t)
	d := deliveryTo(t, l, c)
	for name, test := range map[string]struct {
		arrange func()
		stale   bool
	}{
		"a controller from before the Secret is restarted":     {func() { c.RunController(t, time.Now().Add(-time.Hour)) }, true},
		"a controller from after the Secret is left alone":     {func() { c.RunController(t, time.Now().Add(time.Hour)) }, false},
		"a controller that waits for the Secret is left alone": {func() { waiting(t, c) }, false},
		"a controller on its way out is left alone":            {func() { leaving(t, c) }, false},
		"a restart that somebody asked for is not asked for twice": {func() {
			c.RunController(t, time.Now().Add(-time.Hour))
			askRestart(t, c, time.Now().Add(2*time.Second))
		}, false},
		"a restart of the very second in which the Secret was written is not relied on": {func() {
			c.RunController(t, time.Now().Add(-time.Hour))
			askRestart(t, c, d.Observe(t.Context()).Written)
		}, true},
	} {
		t.Run(name, func(t *testing.T) {
			forget(t, c)
			delivered(t, d, theConfig("F"))
			test.arrange()
			before := restartAsked(t, c)
			if seen := d.Observe(t.Context()); !seen.Cluster.Controller || seen.Cluster.Stale != test.stale {
				t.Errorf("seen: %+v", seen.Cluster)
			}
			if err := d.Restart(t.Context()); err != nil {
				t.Fatal(err)
			}
			if after := restartAsked(t, c); (after != before) != test.stale {
				t.Errorf("a restart was asked for at %q, before that at %q", after, before)
			}
			if seen := d.Observe(t.Context()); seen.Cluster.Stale {
				t.Error("it is stale still")
			}
		})
	}
	t.Run("a rollout that is paused is said", func(t *testing.T) {
		forget(t, c)
		delivered(t, d, theConfig("F"))
		c.RunController(t, time.Now().Add(-time.Hour))
		c.Kubectl(t, "rollout", "pause", "deployment/"+lab.Controller, "--namespace", lab.Namespace).Succeeded(t)
		if err := d.Restart(t.Context()); err == nil || !strings.Contains(err.Error(), "kubectl rollout resume") {
			t.Errorf("Restart: %v", err)
		}
	})
}

// askRestart asks for a restart as `kubectl rollout restart` does at a time.
func askRestart(t *testing.T, c *lab.Cluster, at time.Time) {
	t.Helper()
	patch := fmt.Sprintf(`{"spec":{"template":{"metadata":{"annotations":{"kubectl.kubernetes.io/restartedAt":%q}}}}}`, at.Format(time.RFC3339))
	c.Kubectl(t, "patch", "deployment", lab.Controller, "--namespace", lab.Namespace, "--patch", patch).Succeeded(t)
}

// waiting makes the controller's pod one whose container cannot be made yet.
func waiting(t *testing.T, c *lab.Cluster) {
	t.Helper()
	pod := c.RunController(t, time.Now().Add(-time.Hour))
	for i := range pod.Status.ContainerStatuses {
		pod.Status.ContainerStatuses[i].State = corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: "CreateContainerConfigError"}}
	}
	if _, err := c.Client.CoreV1().Pods(lab.Namespace).UpdateStatus(t.Context(), pod, metav1.UpdateOptions{}); err != nil {
		t.Fatal(err)
	}
}

// leaving has the controller's pod deleted, which without a kubelet does not end.
func leaving(t *testing.T, c *lab.Cluster) {
	t.Helper()
	pod := c.RunController(t, time.Now().Add(-time.Hour))
	if err := c.Client.CoreV1().Pods(lab.Namespace).Delete(t.Context(), pod.Name, metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
}

const host = "346438352937.dkr.ecr.us-west-2.amazonaws.com"

// TestSettings sees what keeps a cluster from the registry, in the order in which to mend it.
func TestSettings(t *testing.T) {
	l := lab.Start(t, "store-001")
	c := l.Cluster(t, "store-001")
	d := deliveryTo(t, l, c)
	d.Registry = registry.Registry{Account: "346438352937", Region: lab.Region}
	if _, err := d.Settings(t.Context()); !errors.Is(err, cluster.ErrAbsent) {
		t.Errorf("Settings of a cluster without any: %v", err)
	}
	for _, test := range []struct {
		name   string
		values []string
		want   []string // the codes of what is said, in their order
		mirror string
	}{
		{"with the registry", []string{"defaultRegistry=" + host, "defaultImageRegistry=" + host, "sourceRegistry=" + host}, []string{"PP308"}, ""},
		{"as installed for no Region", nil, []string{"PP305", "PP302", "PP304", "PP308", "PP306"}, ""},
		{"with a mirror as the registry", []string{"defaultRegistry=mirror.example.com/eks"}, []string{"PP308"}, "mirror.example.com"},
		{"with a mirror told of", []string{"registryMirrorSecret.endpoint=MTAuMC4wLjE6NDQz"}, []string{"PP308"}, "10.0.0.1:443"},
	} {
		t.Run(test.name, func(t *testing.T) {
			c.InstallPackages(t, test.values...)
			settings, err := d.Settings(t.Context())
			if err != nil || settings.Mirror != test.mirror {
				t.Errorf("Settings: mirror %q, %v", settings.Mirror, err)
			}
			notes := d.Observe(t.Context()).Cluster.Notes
			if diff := cmp.Diff(test.want, codes(notes)); diff != "" {
				t.Errorf("codes (-want +got):\n%s in %q", diff, notes)
			}
			differs := slices.DeleteFunc(slices.Clone(test.want), func(code string) bool { return code == "PP308" })
			if diff := cmp.Diff(differs, codes(settings.Differs)); diff != "" {
				t.Errorf("codes of what differs (-want +got):\n%s", diff)
			}
		})
	}
	t.Run("the state of the bundles and the Packages with an error are those of the controller", func(t *testing.T) {
		c.SetStatus(t, lab.PackageBundleControllers, lab.Namespace, c.Name, map[string]any{"state": "disconnected", "detail": "no route"})
		c.SetStatus(t, lab.Packages, lab.Namespace+"-"+c.Name, "ecr-credential-provider-package", map[string]any{
			"state": "unknown", "detail": "403 Forbidden", "currentVersion": "",
			"source": map[string]any{"registry": "", "repository": "", "digest": "", "version": ""},
		})
		settings, err := d.Settings(t.Context())
		if err != nil || settings.State != "disconnected" || settings.Detail != "no route" {
			t.Errorf("Settings: %+v, %v", settings, err)
		}
		packages, err := d.Cluster.Packages(t.Context(), c.Name)
		want := []cluster.Package{
			{Name: "ecr-credential-provider-package", State: "unknown", Detail: "403 Forbidden"}, {Name: "eks-anywhere-packages"},
		}
		if diff := cmp.Diff(want, packages); diff != "" || err != nil {
			t.Errorf("Packages (-want +got):\n%s %v", diff, err)
		}
	})
	t.Run("the token's Secret is handed out as it is", func(t *testing.T) {
		if _, err := d.Cluster.MirrorCredential(t.Context()); !errors.Is(err, cluster.ErrAbsent) {
			t.Errorf("before it is there: %v", err)
		}
		c.Apply(t, `{apiVersion: v1, kind: Secret, metadata: {name: registry-mirror-cred, namespace: eksa-packages}, stringData: {config.json: '{"auths":{}}'}}`)
		if got, err := d.Cluster.MirrorCredential(t.Context()); string(got) != `{"auths":{}}` || err != nil {
			t.Errorf("got %q, %v", got, err)
		}
	})
}

// codes takes the rules' codes out of notes.
func codes(notes []string) []string {
	found := []string{}
	for _, note := range notes {
		code := note[strings.LastIndex(note, "(")+1:]
		found = append(found, strings.TrimSuffix(code, ")"))
	}
	return found
}

// TestWorkload delivers to a workload cluster, reached as its management cluster reaches it.
func TestWorkload(t *testing.T) {
	l := lab.Start(t, "hub", "store-001")
	hub, c := l.Cluster(t, "hub"), l.Cluster(t, "store-001")
	hub.InstallPackages(t)
	makeNamespace(t, hub, "eksa-system")
	makeNamespace(t, c, lab.Namespace)
	management := deliveryTo(t, l, hub).Cluster
	if _, err := management.Workload(t.Context(), "store-001"); err == nil || !strings.Contains(err.Error(), "store-001-kubeconfig") {
		t.Errorf("without its kubeconfig: %v", err)
	}
	keepKubeconfig(t, hub, "store-001", c.User(t, "admin-of-store-001", "system:masters"))
	reached, err := management.Workload(t.Context(), "store-001")
	if err != nil {
		t.Fatal(err)
	}
	d := cluster.Delivery{Cluster: reached, Workload: true, Share: "packages", Name: "store-001"}
	if seen := d.Observe(t.Context()); seen.State != plan.None || seen.Cluster.NoNamespace || seen.Cluster.Controller {
		t.Errorf("seen: %d %+v %v", seen.State, seen.Cluster, seen.Err)
	}
	delivered(t, d, theConfig("F"))
	// The packages controller's Update drops labels and annotations, and brings the management cluster's config.
	copied := secretOf(t, c)
	copied.Annotations, copied.Data["config"] = nil, rendered(t, theConfig("E"))
	if _, err := c.Client.CoreV1().Secrets(lab.Namespace).Update(t.Context(), copied, metav1.UpdateOptions{FieldManager: "package-manager"}); err != nil {
		t.Fatal(err)
	}
	seen := d.Observe(t.Context())
	if seen.State != plan.Held || !seen.Complete || !seen.Config.Equal(theConfig("E")) || !slices.Equal(seen.Cluster.TakesOver, []string{"package-manager"}) {
		t.Errorf("after a copy: %d %t %+v", seen.State, seen.Complete, seen.Cluster)
	}
	delivered(t, d, theConfig("F"))
	if err := d.Restart(t.Context()); err != nil {
		t.Errorf("a restart where no controller belongs: %v", err)
	}
	settingsOfWorkload(t, hub, d)
	live, err := deliveryTo(t, l, hub).Live(t.Context(), "store-001", "store-002")
	if err == nil || !strings.Contains(err.Error(), "store-002-kubeconfig") || len(live.Workloads) != 1 || !live.Workloads[0].Secret.Exists {
		t.Errorf("live: %d workloads, %v", len(live.Workloads), err)
	}
	c.Kill(t)
	if seen := d.Observe(t.Context()); seen.State != plan.Unknown || !errors.Is(seen.Err, cluster.ErrUnreachable) ||
		!strings.Contains(seen.Err.Error(), "workload cluster store-001") {
		t.Errorf("without a server: %d %v", seen.State, seen.Err)
	}
}

// settingsOfWorkload expects the settings of a workload cluster where they are: in its management cluster.
func settingsOfWorkload(t *testing.T, hub *lab.Cluster, d cluster.Delivery) {
	t.Helper()
	makeNamespace(t, hub, lab.Namespace+"-store-001")
	hub.Apply(t, `{apiVersion: packages.eks.amazonaws.com/v1alpha1, kind: PackageBundleController,
			metadata: {name: store-001, namespace: eksa-packages}, spec: {defaultRegistry: public.ecr.aws/eks-anywhere}}
---
{apiVersion: packages.eks.amazonaws.com/v1alpha1, kind: Package, metadata: {name: mine, namespace: eksa-packages-store-001},
			spec: {packageName: hello-eks-anywhere}}
---
{apiVersion: v1, kind: Secret, metadata: {name: registry-mirror-secret, namespace: eksa-packages-store-001}, stringData: {ENDPOINT: "10.0.0.1:443"}}`)
	d.Registry = registry.Registry{Account: "346438352937", Region: lab.Region}
	if settings, err := d.Settings(t.Context()); err != nil || settings.Mirror != "10.0.0.1:443" {
		t.Errorf("settings: %+v, %v", settings, err)
	}
	if packages, err := d.Cluster.Packages(t.Context(), d.Name); err != nil || len(packages) != 1 || packages[0].Name != "mine" {
		t.Errorf("packages: %v, %v", packages, err)
	}
}

// keepKubeconfig stores a kubeconfig where a management cluster keeps it.
func keepKubeconfig(t *testing.T, hub *lab.Cluster, name, file string) {
	t.Helper()
	kubeconfig, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	secret := &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Namespace: "eksa-system", Name: name + "-kubeconfig"},
		Data:       map[string][]byte{"value": kubeconfig},
	}
	if _, err := hub.Client.CoreV1().Secrets("eksa-system").Create(t.Context(), secret, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
}
