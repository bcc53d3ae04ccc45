package kube

import (
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/yaml"

	"github.com/pullpass/pullpass/test/kube/lab"
)

// TestHandOver takes a credential that is in a cluster and in no file, and hands it on.
func TestHandOver(t *testing.T) {
	o := lab.Start(t, "store-001").Operator(t)
	c := o.Lab.Cluster(t, "store-001")
	c.InstallPackages(t)
	o.WriteShare(t, c)
	o.Exits(t, 0, "apply", "--sandbox", lab.Box, "--yes", "--no-verify")
	want := string(secretOf(t, c).Data["config"])
	t.Run("exec gives it to a program", func(t *testing.T) {
		got := o.Reveals(t, "exec", "--sandbox", lab.Box, "--cluster", "store-001", "--", "sh", "-c", "cat $EKSA_AWS_CONFIG_FILE").Succeeded(t)
		if string(got.Stdout) != want {
			t.Error("the file is not what is in the cluster")
		}
	})
	t.Run("secret hands it to git", func(t *testing.T) {
		var manifest corev1.Secret
		if err := yaml.UnmarshalStrict(o.Reveals(t, "secret", "--cluster", "store-001").Succeeded(t).Stdout, &manifest); err != nil {
			t.Fatal(err)
		}
		if string(manifest.Data["config"]) != want {
			t.Error("the Secret is not what is in the cluster")
		}
	})
	t.Run("env has no file to point to", func(t *testing.T) {
		if got := o.Exits(t, 1, "env", "--cluster", "store-001"); !strings.Contains(got.Stderr, "hint: pullpass exec makes a file") {
			t.Errorf("it said:\n%s", got.Stderr)
		}
	})
}
