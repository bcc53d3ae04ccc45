package kube

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/pullpass/pullpass/test/kube/lab"
)

// A permitted is a command that is run with what `pullpass rbac` prints for it.
type permitted struct {
	command string
	// before sees to it, with all permissions, that there is something to do, and all of it; nil for nothing.
	before func(*testing.T, *lab.Operator, *lab.Lab)
	runs   []permittedRun
	// reveals says that what it prints is the credential.
	reveals bool
}

// run runs the command, and forgets what no message may show.
func (p permitted) run(t *testing.T, o *lab.Operator, flags []string) lab.Outcome {
	t.Helper()
	args := append([]string{p.command}, flags...)
	if !p.reveals {
		return o.Pullpass(t, args...)
	}
	outcome := o.Reveals(t, args...)
	outcome.Stdout = nil
	return outcome
}

// A permittedRun is one of the runs of a command that it takes to do all of it.
type permittedRun struct {
	flags []string
	// ends is the exit code where nothing is missing.
	ends int
	// then is what happens in the clusters before the next one; nil for nothing.
	then func(*testing.T, *lab.Operator, *lab.Lab)
}

func permittedCommands() []permitted {
	unattended := []string{"--sandbox", lab.Box, "--yes", "--take-over"}
	once := func(flags ...string) []permittedRun { return []permittedRun{{flags: flags}} }
	rotation := append(slices.Clone(unattended), "--settle", "0s", "--follow", "0s", "--grace", "0s", "--watch", "0s")
	handingOver := once("--cluster", "hub")
	return []permitted{
		{command: "config", runs: handingOver, reveals: true},
		{command: "secret", runs: handingOver, reveals: true},
		{command: "exec", runs: once("--sandbox", lab.Box, "--cluster", "hub", "--", "true")},
		{command: "plan", runs: once("--sandbox", lab.Box)},
		{command: "status", runs: once("--sandbox", lab.Box)},
		{command: "verify", runs: once("--sandbox", lab.Box)},
		{command: "explain", runs: once("--sandbox", lab.Box)},
		{command: "lint", runs: once("--live")},
		{command: "apply", before: loseKeys, runs: once(append(slices.Clone(unattended), "--no-verify")...)},
		{
			command: "rotate",
			before: func(t *testing.T, o *lab.Operator, l *lab.Lab) {
				loseKeys(t, o, l)
				giveAccess(t, o)
				loseSecret(t, l.Cluster(t, "hub")) // So that the new key makes one.
				l.Cluster(t, "hub").RunController(t, time.Now().Add(-time.Hour))
			},
			runs: []permittedRun{
				{flags: append(slices.Clone(rotation), "--force"), ends: 1, then: func(t *testing.T, o *lab.Operator, l *lab.Lab) {
					l.Cluster(t, "hub").RunController(t, aSecondLater(t))
					fetchToken(t, o, l.Cluster(t, "hub"))
				}},
				{flags: rotation},
			},
		},
		{
			command: "revoke",
			before: func(t *testing.T, o *lab.Operator, l *lab.Lab) {
				loseKeys(t, o, l)
				giveAccess(t, o)
			},
			runs: once(append(slices.Clone(unattended), "--cluster", "hub")...),
		},
	}
}

// loseKeys leaves nothing of what was delivered, and none of the keys.
func loseKeys(t *testing.T, o *lab.Operator, l *lab.Lab) {
	t.Helper()
	for _, c := range l.Clusters() {
		loseSecret(t, c)
	}
	o.DeleteKeys(t) // Whose secrets nobody has any more.
	l.Cluster(t, "hub").RunController(t, time.Now().Add(-time.Hour))
}

func giveAccess(t *testing.T, o *lab.Operator) {
	t.Helper()
	o.Exits(t, 0, "apply", "--sandbox", lab.Box, "--yes", "--no-verify", "--take-over", "--lift-denies")
}

func loseSecret(t *testing.T, c *lab.Cluster) {
	t.Helper()
	c.Kubectl(t, "-n", lab.Namespace, "delete", "secret", lab.Secret, "--ignore-not-found").Succeeded(t)
}

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
	for _, p := range permittedCommands() {
		share(l.Kubeconfig)
		giveAccess(t, o)
		roles := string(o.Exits(t, 0, "rbac", p.command).Stdout)
		kubeconfig := hub.User(t, p.command)
		// Whoever is missing something is shown it by the word of the API server.
		run := func(t *testing.T, manifests string) (said string, asIf, missed bool) {
			t.Helper()
			share(l.Kubeconfig)
			if p.before != nil {
				p.before(t, o, l)
			}
			hub.Grant(t, p.command, manifests)
			defer hub.Revoke(t, p.command, manifests)
			share(kubeconfig)
			asIf = true
			for _, r := range p.runs {
				outcome := p.run(t, o, r.flags)
				said += fmt.Sprintf("exit code %d\n%s%s", outcome.Code, outcome.Stdout, outcome.Stderr)
				asIf = asIf && outcome.Code == r.ends
				if r.then != nil {
					r.then(t, o, l)
				}
			}
			return said, asIf, strings.Contains(said, "forbidden")
		}
		t.Run(p.command+" has enough", func(t *testing.T) {
			if said, asIf, missed := run(t, roles); !asIf || missed {
				t.Errorf("it needs more:\n%s", said)
			}
		})
		for _, less := range lab.EachLess(t, roles) {
			t.Run(p.command+" without "+less.Name, func(t *testing.T) {
				if said, _, missed := run(t, less.Manifests); !missed {
					t.Errorf("nothing was missed:\n%s", said)
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
