package kube

import (
	"path/filepath"
	"testing"

	"github.com/pullpass/pullpass/test/kube/lab"
)

// TestOperator shows that pullpass runs beside the clusters, on an AWS that only it has.
func TestOperator(t *testing.T) {
	o := lab.Start(t, "store-001").Operator(t)
	o.WriteShareOf(t, "{name: store-001, directory: out/store-001}")
	o.Exits(t, 0, "apply", "--sandbox", lab.Box, "--yes")
	c := o.Lab.Cluster(t, "store-001")
	c.InstallPackages(t)
	c.Kubectl(t, "apply", "-f", filepath.Join(o.Dir, "out", "store-001", "aws-secret.yaml")).Succeeded(t)
	if got := len(o.Keys(t)); got != 1 {
		t.Errorf("there are %d access keys, not one", got)
	}
}
