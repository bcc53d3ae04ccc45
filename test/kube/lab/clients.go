package lab

import (
	"os"
	"strings"
	"testing"
)

// Kubectl runs kubectl as one who may do everything in the cluster.
func (c *Cluster) Kubectl(t testing.TB, args ...string) Outcome {
	t.Helper()
	return c.client(c.lab.Programs.Kubectl, "").Run(t, args...)
}

// Apply runs `kubectl apply` of manifests, with flags such as --server-side.
func (c *Cluster) Apply(t testing.TB, manifests string, flags ...string) {
	t.Helper()
	c.client(c.lab.Programs.Kubectl, manifests).Run(t, append([]string{"apply", "-f", "-"}, flags...)...).Succeeded(t)
}

// Helm runs Helm as one who may do everything in the cluster.
func (c *Cluster) Helm(t testing.TB, args ...string) Outcome {
	t.Helper()
	return c.client(c.lab.Programs.Helm, "").Run(t, args...)
}

// client is a program whose kubeconfig has this cluster alone, and whose home is the cluster's directory.
func (c *Cluster) client(program, stdin string) Command {
	return Command{
		Program: program,
		Env:     []string{"HOME=" + c.dir, "PATH=" + os.Getenv("PATH"), "LANG=C.UTF-8", "KUBECONFIG=" + c.file("admin.kubeconfig")},
		Stdin:   strings.NewReader(stdin),
	}
}
