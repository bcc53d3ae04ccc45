package crash

import (
	"bytes"
	"crypto/rand"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/iam"

	"github.com/pullpass/pullpass/arn"
	"github.com/pullpass/pullpass/internal/cli"
	"github.com/pullpass/pullpass/sandbox"
	"github.com/pullpass/pullpass/sandbox/sandboxtest"
)

// outset is how far the clock of a new world is ahead. It is behind, because certificates of servers go by it, and the
// clients that check them by the real one: whatever was issued since the outset is good.
const outset = -5 * 24 * time.Hour

// A world is an AWS, two machines that work on one share, and the clusters that live on what is delivered.
type world struct {
	t     testing.TB
	dir   string
	clock *sandboxtest.Clock
	box   *sandboxtest.Sandbox
	// client reaches AWS under its real names, as clusters do.
	client  *http.Client
	secrets *secrets
	pullers []*puller
}

// A machine is where an operator works. Both deliver to the same place, as two people do who share a repository, and see
// each other's runs only in AWS.
type machine string

const (
	here      machine = "here"
	elsewhere machine = "elsewhere"
)

// open opens the world of a directory, which is made if it is not there yet.
func open(t testing.TB, dir string, at time.Duration) *world {
	t.Helper()
	t = newScope(t)
	w := &world{t: t, dir: dir, clock: sandboxtest.ClockAhead(at), secrets: newSecrets()}
	w.box = sandboxtest.Start(t, sandbox.Config{Dir: w.path("box"), Clock: w.clock.Now, Wait: w.clock.Wait})
	transport, err := w.box.Server.Ready().Transport()
	w.must(err)
	t.Cleanup(transport.CloseIdleConnections)
	w.client = &http.Client{Transport: transport}
	return w
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) path(parts ...string) string {
	return filepath.Join(append([]string{w.dir}, parts...)...)
}

// declare writes the share on both machines.
func (w *world) declare(share string) {
	w.t.Helper()
	for _, m := range []machine{here, elsewhere} {
		w.must(os.MkdirAll(w.path(string(m)), 0o700))
		w.must(os.WriteFile(w.path(string(m), "share.yaml"), []byte(share), 0o600))
	}
}

// copyTree copies a world of which nothing is at work, with the modes of its files.
func copyTree(to, from string) error {
	return filepath.WalkDir(from, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		target := filepath.Join(to, strings.TrimPrefix(path, from))
		if d.IsDir() {
			return os.Mkdir(target, info.Mode().Perm())
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		return os.WriteFile(target, text, info.Mode().Perm())
	})
}

// A said is what a run ended with.
type said struct {
	code           int
	stdout, stderr string
}

// run runs a command on a machine, through a gate.
func (w *world) run(m machine, g *gate, args ...string) said {
	w.t.Helper()
	g.secrets = w.secrets
	var stdout, stderr bytes.Buffer
	code := cli.Main(w.t.Context(), w.line(m, args), env(w.clock, m, &stdout, &stderr, g))
	w.mustNotTell(stdout.Bytes(), "stdout of", args)
	w.mustNotTell(stderr.Bytes(), "stderr of", args)
	return said{code, stdout.String(), stderr.String()}
}

// env is what a run of pullpass finds on a machine.
func env(c *sandboxtest.Clock, m machine, stdout, stderr io.Writer, g *gate) cli.Env {
	return cli.Env{
		Stdin: strings.NewReader(""), Stdout: stdout, Stderr: stderr, Hostname: string(m), TempDir: os.TempDir(),
		Now: c.Now, Wait: c.Wait, Elapse: c.Elapse, Random: rand.Reader, Carry: g.over,
	}
}

// line is the command line on a machine.
func (w *world) line(m machine, args []string) []string {
	return append([]string{args[0], "-f", w.path(string(m), "share.yaml"), "--sandbox", w.path("box")}, args[1:]...)
}

func (w *world) mustNotTell(text []byte, what string, args []string) {
	w.t.Helper()
	if w.secrets.in(text) {
		w.t.Errorf("%s %s holds a secret", what, strings.Join(args, " "))
	}
}

// iam is a client that signs as the administrator of an account, whose clock is the real one: it corrects itself at once.
func (w *world) iam(account arn.AccountID) *iam.Client {
	w.t.Helper()
	return iam.NewFromConfig(w.box.As(account), func(o *iam.Options) {
		o.RetryMaxAttempts = 2
		o.Retryer = retry.NewStandard(func(o *retry.StandardOptions) {
			o.Backoff = retry.BackoffDelayerFunc(func(int, error) (time.Duration, error) { return 0, nil })
		})
	})
}

// later lets time pass.
func (w *world) later(d time.Duration) {
	w.t.Helper()
	w.must(w.clock.Wait(w.t.Context(), d))
}
