package cli_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pullpass/pullpass/internal/cli"
	"github.com/pullpass/pullpass/internal/registry"
	"github.com/pullpass/pullpass/internal/verify"
)

// ends runs a command that has to end with an exit code, and returns what it said.
func (o *outdoors) ends(want int, args ...string) (stdout, stderr string) {
	o.t.Helper()
	var out, errs bytes.Buffer
	code := cli.Main(o.t.Context(), args, cli.Env{
		Stdin: strings.NewReader(""), Stdout: &out, Stderr: &errs, Hostname: "lab", TempDir: o.dir,
		Now: o.clock.now, Wait: o.clock.wait, Random: rand.Reader,
	})
	if code != want {
		o.t.Fatalf("pullpass %s: exit code %d, want %d\n%s\n%s", strings.Join(args, " "), code, want, &out, &errs)
	}
	return out.String(), errs.String()
}

// later lets time pass.
func (o *outdoors) later(d time.Duration) {
	o.t.Helper()
	if err := o.clock.wait(o.t.Context(), d); err != nil {
		o.t.Fatal(err)
	}
}

// A puller is a cluster far away: it has a copy of the delivered file, which somebody carries there, and pulls with it all
// the time.
type puller struct {
	o       *outdoors
	cluster string
	client  *http.Client
	mu      sync.Mutex
	file    []byte
	pulls   int
}

// carry takes what is delivered now to where the puller is.
func (p *puller) carry() {
	p.o.t.Helper()
	file, err := os.ReadFile(filepath.Join(p.o.dir, "out", p.cluster, "aws-config"))
	if err != nil {
		p.o.t.Fatal(err)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.file = file
}

// pull pulls once. On a bad day the clients of a cluster try again, as the proof does.
func (p *puller) pull(ctx context.Context) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.pulls++
	chain := verify.Verify(ctx, verify.Input{
		File:     func(context.Context) ([]byte, error) { return p.file, nil },
		Registry: registry.Registry{Account: "346438352937", Region: "us-west-2"},
	}, verify.Config{HTTPClient: p.client, Now: p.o.clock.now, Wait: p.o.clock.wait})
	if broken, found := chain.Broken(); found && ctx.Err() == nil {
		p.o.t.Errorf("pull %d of %s failed: %s: %v", p.pulls, p.cluster, broken.Link, broken.Err)
	}
}

// pulling lets pullers pull until the function that it returns is called.
func (o *outdoors) pulling(pullers []*puller) (end func()) {
	ctx, cancel := context.WithCancel(o.t.Context())
	var group sync.WaitGroup
	for _, p := range pullers {
		group.Go(func() {
			for ctx.Err() == nil {
				p.pull(ctx)
			}
		})
	}
	return func() {
		cancel()
		group.Wait()
		for _, p := range pullers {
			p.pull(o.t.Context()) // With what there is at the end.
			if p.pulls < 2 {
				o.t.Errorf("%s pulled %d times", p.cluster, p.pulls)
			}
		}
	}
}

func (o *outdoors) puller(cluster string) *puller {
	o.t.Helper()
	transport, err := o.box.Server.Ready().Transport()
	if err != nil {
		o.t.Fatal(err)
	}
	o.t.Cleanup(transport.CloseIdleConnections)
	p := &puller{o: o, cluster: cluster, client: &http.Client{Transport: transport}}
	p.carry()
	return p
}

// pullers are those of the example share.
func (o *outdoors) pullers() []*puller {
	o.t.Helper()
	var all []*puller
	for _, cluster := range []string{"store-001", "store-002", "plant-north", "plant-south"} {
		all = append(all, o.puller(cluster))
	}
	return all
}

// On no day does the rotation of every key of a share fail a pull, of clusters that get their files a moment later.
func TestKeysAreRotatedInAllWeathersWithoutAFailedPull(t *testing.T) {
	for _, weather := range []string{"fair", "slow", "lag", "throttled", "flaky", "storm"} {
		t.Run(weather, func(t *testing.T) {
			t.Parallel()
			o := goOut(t, weather)
			o.must(o.here("apply", "--yes")...)
			o.later(20 * time.Second) // for IAM to be the same everywhere
			pullers := o.pullers()
			end := o.pulling(pullers)
			// Of files nobody sees who takes them over, and the keys are in use.
			if stdout, _ := o.ends(1, o.here("rotate", "--yes", "--force")...); !strings.HasSuffix(stdout, "Keys: 4 pending.\n") {
				t.Errorf("at first:\n%s", stdout)
			}
			for _, p := range pullers {
				p.carry()
			}
			// Who knows that they were taken over can end the waiting.
			o.ends(1, o.here("rotate", "--yes", "--not-later-than", "0h")...)
			if stdout, _ := o.ends(0, o.here("rotate", "--yes", "--not-later-than", "2026-01-01")...); !strings.HasSuffix(stdout, "Keys: 4 rotated.\n") {
				t.Errorf("in the end:\n%s", stdout)
			}
			end()
			o.later(20 * time.Second)
			if stdout, _ := o.ends(0, o.here("rotate", "--yes")...); stdout != "Keys: 4 not due.\n" {
				t.Errorf("afterwards:\n%s", stdout)
			}
			o.clear()
			o.mustHoldTheOnlyKeys()
		})
	}
}

// Files are carried on by somebody, some day: a key that lies idle for long enough has no user left.
func TestAKeyGoesOnceItHasLainIdle(t *testing.T) {
	o := goOut(t, "fair")
	idle := strings.Replace(oneCluster, "spec:\n", "spec:\n  keys: {idle: 1h}\n", 1)
	if err := os.WriteFile(filepath.Join(o.dir, "share.yaml"), []byte(idle), 0o600); err != nil {
		t.Fatal(err)
	}
	o.must(o.here("apply", "--yes")...)
	p := o.puller("store-001")
	o.ends(1, o.here("rotate", "--yes", "--force")...)
	o.later(70 * time.Minute)
	p.pull(t.Context()) // It has the old key yet.
	p.carry()
	stdout, _ := o.ends(1, o.here("rotate", "--yes")...)
	if !strings.Contains(stdout, "missing: nothing shows whether whatever took over the files of store-001 has moved") {
		t.Errorf("used a moment ago:\n%s", stdout)
	}
	o.later(70 * time.Minute)
	o.ends(1, o.here("rotate", "--yes")...) // The clock here may be ahead of IAM's.
	o.later(6 * time.Minute)
	if stdout, _ = o.ends(0, o.here("rotate", "--yes")...); !strings.HasSuffix(stdout, "Keys: 1 rotated.\n") {
		t.Errorf("idle for more than an hour:\n%s", stdout)
	}
	p.pull(t.Context())
}
