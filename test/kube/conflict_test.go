package kube

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/pullpass/pullpass/internal/credential"
	"github.com/pullpass/pullpass/test/kube/lab"
)

// TestAForeignManager delivers where a GitOps controller keeps the Secret.
func TestAForeignManager(t *testing.T) {
	l := lab.Start(t, "store-001")
	c := l.Cluster(t, "store-001")
	installed(t, c)
	c.Kubectl(t, "-n", lab.Namespace, "delete", "secret", lab.Secret).Succeeded(t)
	c.Apply(t, string(credential.RenderManifest([]byte(byHand))), "--server-side", "--field-manager=argocd-controller")
	o := l.Operator(t)
	o.WriteShare(t, c)
	t.Run("it is a conflict by name, and no key is made", func(t *testing.T) {
		planned := o.Exits(t, 1, "plan", "--sandbox", lab.Box, "-o", "json")
		var result struct {
			Accounts []struct {
				Problems []struct{ Kind, Cluster, Message string }
			}
		}
		if err := json.Unmarshal(planned.Stdout, &result); err != nil {
			t.Fatal(err)
		}
		problems := result.Accounts[1].Problems
		if len(problems) != 1 || problems[0].Kind != "field-conflict" || !strings.Contains(problems[0].Message, "argocd-controller") {
			t.Errorf("problems: %+v", problems)
		}
		if !strings.Contains(planned.Stderr, "--force-conflicts") {
			t.Errorf("no hint:\n%s", planned.Stderr)
		}
		o.Exits(t, 1, "apply", "--sandbox", lab.Box, "--yes")
		if keys := o.Keys(t); len(keys) != 0 {
			t.Errorf("keys were made: %v", keys)
		}
	})
	t.Run("--force-conflicts takes the config and nothing else", func(t *testing.T) {
		applied := o.Exits(t, 0, "apply", "--sandbox", lab.Box, "--yes", "--force-conflicts")
		if !strings.Contains(applied.Stderr, "config taken by force from: argocd-controller") {
			t.Errorf("the plan does not say so:\n%s", applied.Stderr)
		}
		eachHoldsItsOwn(t, o, l.Clusters())
		for _, owner := range c.Owners(t) {
			if owner.Manager == "argocd-controller" && len(owner.Keys) != 3 {
				t.Errorf("argocd-controller keeps %v, want its other three keys", owner.Keys)
			}
		}
		o.Exits(t, 0, "plan", "--sandbox", lab.Box)
	})
}

// TestANamespaceThatIsMissing delivers where the packages controller was never installed.
func TestANamespaceThatIsMissing(t *testing.T) {
	l := lab.Start(t, "store-001")
	o := l.Operator(t)
	o.WriteShare(t, l.Clusters()...)
	refused := o.Exits(t, 1, "apply", "--sandbox", lab.Box, "--yes")
	if !strings.Contains(refused.Stderr, "eksctl anywhere install packagecontroller") || len(o.Keys(t)) != 0 {
		t.Errorf("want the command that installs it, and no key, of %d:\n%s", len(o.Keys(t)), refused.Stderr)
	}
	made := o.Exits(t, 0, "apply", "--sandbox", lab.Box, "--yes", "--create-namespace")
	if !strings.Contains(string(made.Stdout), "not seen: the packages controller is not installed") {
		t.Errorf("what cannot be seen is not said:\n%s", made.Stdout)
	}
	eachHoldsItsOwn(t, o, l.Clusters())
	o.Exits(t, 0, "plan", "--sandbox", lab.Box)
}
