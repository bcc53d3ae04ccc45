// Package lab runs Kubernetes API servers on one machine for a test.
//
// They are the programs of Kubernetes itself, built by test/kube/build.sh: each with its own certificates and its own
// prefix in an etcd that they share, all on loopback. There is no controller-manager and no kubelet: nothing makes pods of
// a Deployment, nothing collects garbage, and a deleted Namespace stays Terminating. What a test needs of that it makes.
package lab

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"testing"
	"time"
)

// patience bounds the start of a server and one run of a program, each a few seconds on an idle machine: what hangs fails
// its test with the reason, before go test ends all of them without.
const patience = 3 * time.Minute

// A Lab is one etcd with the clusters on it.
type Lab struct {
	// Programs are the client programs, for what only they do.
	Programs Programs
	// Kubeconfig is a file with a context for each cluster, of the cluster's name, whose user may do everything. The
	// current context is the first cluster's.
	Kubeconfig string

	dir      string
	etcd     *etcd
	clusters []*Cluster
}

// Start starts etcd and an API server for each name, side by side, and waits until they are ready. They end with the test.
// A name is a DNS label, as EKS Anywhere demands of a cluster's name.
func Start(t testing.TB, names ...string) *Lab {
	t.Helper()
	l := &Lab{Programs: FindPrograms(t), dir: t.TempDir()}
	begun := time.Now()
	var took time.Duration
	t.Cleanup(func() { l.report(t, took) }) // The first cleanup runs last: when all servers have ended.
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	var err error
	if l.etcd, err = startEtcd(ctx, t, l.Programs.etcd, l.dir); err != nil {
		t.Fatalf("starting etcd: %v", err)
	}
	for _, name := range names {
		l.clusters = append(l.clusters, l.newCluster(t, name))
	}
	if err := l.startAll(ctx); err != nil {
		t.Fatal(err)
	}
	l.Kubeconfig = l.writeKubeconfig(t)
	took = time.Since(begun)
	return l
}

func (l *Lab) startAll(ctx context.Context) error {
	errs := make([]error, len(l.clusters))
	var wg sync.WaitGroup
	for i, c := range l.clusters {
		wg.Go(func() { errs[i] = c.start(ctx) })
	}
	wg.Wait()
	return errors.Join(errs...)
}

// Cluster returns the cluster of a name that Start was given.
func (l *Lab) Cluster(t testing.TB, name string) *Cluster {
	t.Helper()
	for _, c := range l.clusters {
		if c.Name == name {
			return c
		}
	}
	t.Fatalf("the lab has no cluster %q", name)
	return nil
}

// Clusters are all clusters in the order in which Start was given their names.
func (l *Lab) Clusters() []*Cluster { return l.clusters }

// report says what the lab took until it was ready, in the file that run.sh prints at the end.
func (l *Lab) report(t testing.TB, took time.Duration) {
	if t.Failed() {
		return
	}
	var most Bytes
	for _, c := range l.clusters {
		most = max(most, c.peak)
	}
	l.Tell(t, fmt.Sprintf("%d API servers ready after %.1f s; at most %s each, etcd %s",
		len(l.clusters), took.Seconds(), most, l.etcd.peak))
}

// Tell puts a line into the file that run.sh prints at the end.
func (l *Lab) Tell(t testing.TB, line string) {
	t.Helper()
	appendLine(t, setting(t, "KUBE_REPORT"), t.Name()+": "+line)
}

// file is a place in the lab's directory.
func (l *Lab) file(name string) string { return filepath.Join(l.dir, name) }
