package kube

import (
	"bytes"
	"context"
	"crypto/rand"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pullpass/pullpass/internal/cli"
	"github.com/pullpass/pullpass/internal/leak"
	"github.com/pullpass/pullpass/sandbox"
	"github.com/pullpass/pullpass/sandbox/sandboxtest"
	"github.com/pullpass/pullpass/test/kube/lab"
)

// hubName manages the cluster of edgeName.
const hubName, edgeName = "hub", "edge"

// A stage is a management cluster with a workload cluster, on which one world follows the other.
type stage struct {
	lab       *lab.Lab
	hub, edge *lab.Cluster
	// roads are all that a run has to them, by name.
	roads map[string]*lab.Road

	mu    sync.Mutex
	gates map[machine]*gate // of those who are at work
	clock *sandboxtest.Clock
}

func openStage(t *testing.T) *stage {
	t.Helper()
	l := lab.Start(t, hubName, edgeName)
	s := &stage{
		lab: l, hub: l.Cluster(t, hubName), edge: l.Cluster(t, edgeName), roads: map[string]*lab.Road{}, gates: map[machine]*gate{},
	}
	for _, c := range l.Clusters() {
		s.roads[c.Name] = c.Slow(t, 0)
		s.roads[c.Name].Through(func(onwards http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
				s.pass(c.Name, s.timed(onwards), w, request)
			})
		})
	}
	installed(t, s.hub)
	makeNamespace(t, s.edge, lab.Namespace)
	makeNamespace(t, s.hub, "eksa-system")
	keepKubeconfig(t, s.hub, edgeName, s.roads[edgeName].Kubeconfig)
	s.hub.Apply(t, `{apiVersion: packages.eks.amazonaws.com/v1alpha1, kind: PackageBundleController,
		metadata: {name: edge, namespace: eksa-packages}, spec: {defaultRegistry: `+registryHost+`, defaultImageRegistry: `+registryHost+`}}`)
	return s
}

// pass leads a request through the gate of the run that it names. Before a run has a name it only reads.
func (s *stage) pass(cluster string, onwards http.Handler, w http.ResponseWriter, request *http.Request) {
	s.mu.Lock()
	var g *gate
	for m, of := range s.gates {
		if strings.Contains(request.UserAgent(), "."+string(m)+"_") {
			g = of
		}
	}
	s.mu.Unlock()
	if g == nil {
		g = &gate{} // Which counts for nothing.
	}
	g.pass(cluster, onwards, w, request)
}

func (s *stage) through(m machine, g *gate) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.gates[m] = g
}

// A machine is where an operator works. Each has the share; they see each other's runs only in AWS and in the clusters.
type machine string

const (
	here      machine = "here"
	elsewhere machine = "elsewhere"
)

// A crashWorld is an AWS, two machines, and the clusters with what was delivered to them.
type crashWorld struct {
	testing.TB
	stage  *stage
	dir    string
	box    *sandboxtest.Sandbox
	clock  *sandboxtest.Clock
	copies bool

	controller controllerPod
	consumers  []*consumer
}

// open opens the world of a directory, which is made if it is not there yet.
func (s *stage) open(t *testing.T, dir string, ahead time.Duration, copies bool) *crashWorld {
	t.Helper()
	w := &crashWorld{TB: t, stage: s, dir: dir, clock: sandboxtest.ClockAhead(ahead), copies: copies}
	w.box = sandboxtest.Start(t, sandbox.Config{Dir: w.path("box"), Clock: w.clock.Now})
	s.mu.Lock()
	defer s.mu.Unlock()
	s.clock = w.clock
	return w
}

func (w *crashWorld) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

func (w *crashWorld) path(parts ...string) string {
	return filepath.Join(append([]string{w.dir}, parts...)...)
}

func (w *crashWorld) write(text string, parts ...string) {
	w.Helper()
	w.must(os.MkdirAll(filepath.Dir(w.path(parts...)), 0o700))
	w.must(os.WriteFile(w.path(parts...), []byte(text), 0o600))
}

// A said is what a run ended with.
type said struct {
	code           int
	stdout, stderr string
}

// run runs a command on a machine, through a gate.
func (w *crashWorld) run(m machine, g *gate, args ...string) said {
	w.Helper()
	w.stage.through(m, g)
	defer w.stage.through(m, nil)
	line := append([]string{args[0], "-f", w.path(string(m), "share.yaml"), "--sandbox", w.path("box")}, args[1:]...)
	var stdout, stderr bytes.Buffer
	own := &runClock{world: w.clock, gate: g}
	code := cli.Main(w.Context(), line, cli.Env{
		Stdin: strings.NewReader(""), Stdout: &stdout, Stderr: &stderr, Environ: []string{"HOME=" + w.dir}, Hostname: string(m),
		TempDir: w.dir, Now: own.now, Wait: own.wait, Elapse: own.elapse, Random: rand.Reader, Carry: g.over,
	})
	w.mustNotShow(stdout.Bytes(), "stdout of "+args[0])
	w.mustNotShow(stderr.Bytes(), "stderr of "+args[0])
	return said{code, stdout.String(), stderr.String()}
}

// mustRun runs a command that has to end with an exit code.
func (w *crashWorld) mustRun(want int, args ...string) {
	w.Helper()
	if got := w.run(here, &gate{}, args...); got.code != want {
		w.Fatalf("%v: exit code %d, want %d\n%s%s", args, got.code, want, got.stdout, got.stderr)
	}
}

// mustNotShow holds a text to showing no secret.
func (w *crashWorld) mustNotShow(text []byte, what string) {
	w.Helper()
	found, _, err := leak.Scan(bytes.NewReader(text))
	if err != nil || len(found) > 0 {
		w.Errorf("%s shows %v, %v", what, found, err)
	}
}

// outset is how far the clock of a new world is ahead. It is behind, because certificates of servers go by it, and the
// clients that check them by the real one: whatever was issued since the outset is good.
const outset = -5 * 24 * time.Hour

// A runClock is that of one run, for which waiting takes no time.
type runClock struct {
	world  *sandboxtest.Clock
	waited atomic.Int64
	gate   *gate
}

func (c *runClock) now() time.Time { return c.world.Now().Add(time.Duration(c.waited.Load())) }

// wait takes the clock on. Who was stopped waits for nothing.
func (c *runClock) wait(ctx context.Context, d time.Duration) error {
	if c.gate.isDead() {
		return errCut{}
	}
	c.waited.Add(int64(max(d, 0)))
	return ctx.Err()
}

func (c *runClock) elapse(d time.Duration) time.Duration {
	c.waited.Add(int64(max(d, 0)))
	return 0
}
