package kube

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/pullpass/pullpass/internal/credential"
	"github.com/pullpass/pullpass/test/kube/lab"
)

// registryHost is the packages registry of the sandbox's subscription.
const registryHost = "346438352937.dkr.ecr.us-west-2.amazonaws.com"

// byHand is what somebody made who followed AWS's page before.
const byHand = `[default]
source_profile=curated-packages-user
role_arn=arn:aws:iam::111111111111:role/curated-packages-role
region=us-west-2

[profile curated-packages-user]
aws_access_key_id=AKIAQAAAAAAAAAAAAA77
aws_secret_access_key=0123456789012345678901234567890123456789
`

// installed installs the packages controller as one that uses the share's registry, and runs it since an hour ago.
func installed(t *testing.T, c *lab.Cluster) {
	t.Helper()
	c.InstallPackages(t, "defaultRegistry="+registryHost, "defaultImageRegistry="+registryHost, "sourceRegistry="+registryHost)
	c.SetStatus(t, lab.PackageBundleControllers, lab.Namespace, c.Name, map[string]any{"state": "active"})
	c.RunController(t, time.Now().Add(-time.Hour))
}

// holds returns the id of the access key that a cluster's Secret carries.
func holds(t *testing.T, c *lab.Cluster) string {
	t.Helper()
	secret, err := c.Client.CoreV1().Secrets(lab.Namespace).Get(t.Context(), credential.SecretName, metav1.GetOptions{})
	if err != nil {
		t.Fatalf("cluster %s: %v", c.Name, err)
	}
	for _, key := range []string{credential.KeyAccessKeyID, credential.KeySecretAccessKey, credential.KeyRegion} {
		if _, there := secret.Data[key]; !there {
			t.Errorf("cluster %s: key %s is missing, without which the controller's pod does not start", c.Name, key)
		}
	}
	return keyOf(t, c, secret)
}

func keyOf(t *testing.T, c *lab.Cluster, secret *corev1.Secret) string {
	t.Helper()
	file, err := credential.Parse(secret.Data[credential.KeyConfig])
	if err != nil {
		t.Fatalf("cluster %s: %v", c.Name, err)
	}
	config, err := file.Config()
	if err != nil {
		t.Fatalf("cluster %s: %v", c.Name, err)
	}
	return string(config.Key.ID)
}

// eachHoldsItsOwn wants one key for every user, held by its cluster alone.
func eachHoldsItsOwn(t *testing.T, o *lab.Operator, clusters []*lab.Cluster) {
	t.Helper()
	var held []string
	for _, c := range clusters {
		held = append(held, holds(t, c))
	}
	slices.Sort(held)
	if keys := o.Keys(t); !slices.Equal(keys, held) {
		t.Errorf("IAM has the keys %v, the clusters hold %v", keys, held)
	}
}

// TestSixClustersInOneRun applies a share to six clusters, each in another state, and looks at what the next plan sees.
func TestSixClustersInOneRun(t *testing.T) {
	states := lab.StartingStates()
	var names []string
	for i := range 6 {
		names = append(names, fmt.Sprintf("store-%03d", i+1))
	}
	l := lab.Start(t, names...)
	for i, c := range l.Clusters() {
		installed(t, c)
		states[i].Make(t, c, []byte(byHand))
		if states[i].Name == "Helm" {
			installed(t, c) // Making the state set the chart's values anew.
		}
	}
	o := l.Operator(t)
	o.WriteShare(t, l.Clusters()...)
	t.Run("the plan says from whom it takes over", func(t *testing.T) {
		planned := string(o.Exits(t, 3, "plan", "--sandbox", lab.Box).Stdout)
		for _, manager := range []string{"kubectl-client-side-apply", "kubectl-create", "kubectl", "helm"} {
			if !strings.Contains(planned, "config taken over from: "+manager+"\n") {
				t.Errorf("nothing is said of %s:\n%s", manager, planned)
			}
		}
	})
	t.Run("one run delivers to all, and proves it", func(t *testing.T) {
		applied := o.Exits(t, 0, "apply", "--sandbox", lab.Box, "--yes")
		if !strings.Contains(string(applied.Stdout), "Proven: 6 of 6 clusters pull") {
			t.Errorf("not all is proven:\n%s%s", applied.Stdout, applied.Stderr)
		}
		eachHoldsItsOwn(t, o, l.Clusters())
	})
	t.Run("the next plan is empty", func(t *testing.T) {
		if planned := o.Exits(t, 0, "plan", "--sandbox", lab.Box); !strings.Contains(string(planned.Stdout), "Plan: nothing to change.") {
			t.Errorf("%s", planned.Stdout)
		}
	})
	t.Run("a controller that comes up again is proven to use the Secret", func(t *testing.T) {
		for _, c := range l.Clusters() {
			c.RunController(t, time.Now().Add(2*time.Second))
		}
		verified := o.Exits(t, 0, "verify", "--sandbox", lab.Box)
		if got := strings.Count(string(verified.Stdout), "controller started after"); got != 6 {
			t.Errorf("%d of 6 controllers are proven:\n%s", got, verified.Stdout)
		}
	})
}

// TestAnAPIServerThatIsKilledInTheMiddle kills one of three API servers between the key and its delivery.
func TestAnAPIServerThatIsKilledInTheMiddle(t *testing.T) {
	l := lab.Start(t, "store-001", "store-002", "store-003")
	for _, c := range l.Clusters() {
		installed(t, c)
	}
	victim := l.Cluster(t, "store-002")
	road := victim.Slow(t, 300*time.Millisecond)
	o := l.Operator(t)
	o.WriteShareOf(t,
		fmt.Sprintf("{name: store-001, kubernetes: {kubeconfig: %q, context: store-001}}", l.Kubeconfig),
		fmt.Sprintf("{name: store-002, kubernetes: {kubeconfig: %q, context: store-002}}", road.Kubeconfig),
		fmt.Sprintf("{name: store-003, kubernetes: {kubeconfig: %q, context: store-003}}", l.Kubeconfig))
	killed := make(chan struct{})
	road.Before(func(request string) {
		if strings.HasPrefix(request, "PATCH") && !strings.Contains(request, "dryRun") {
			select {
			case <-killed:
			default:
				victim.Kill(t)
				close(killed)
			}
		}
	})
	failed := o.Exits(t, 1, "apply", "--sandbox", lab.Box, "--yes")
	<-killed
	if !strings.Contains(string(failed.Stdout)+string(failed.Stderr), "store-002") {
		t.Errorf("nothing says which cluster failed:\n%s%s", failed.Stdout, failed.Stderr)
	}
	holds(t, l.Cluster(t, "store-001"))
	holds(t, l.Cluster(t, "store-003"))
	o.Exits(t, 1, "plan", "--sandbox", lab.Box) // What the cluster holds is unknown.
	victim.Start(t)
	o.Exits(t, 0, "apply", "--sandbox", lab.Box, "--yes")
	eachHoldsItsOwn(t, o, l.Clusters())
	o.Exits(t, 0, "plan", "--sandbox", lab.Box)
}
