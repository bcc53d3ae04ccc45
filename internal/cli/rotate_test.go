package cli_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/google/go-cmp/cmp"

	"github.com/pullpass/pullpass/internal/delivery"
	"github.com/pullpass/pullpass/internal/plan"
	"github.com/pullpass/pullpass/internal/registry"
	"github.com/pullpass/pullpass/internal/runlock"
	"github.com/pullpass/pullpass/internal/verify"
	"github.com/pullpass/pullpass/sandbox/sandboxtest"
)

// ends runs a command that has to end with an exit code, and returns what it said.
func (o *outdoors) ends(want int, args ...string) (stdout, stderr string) {
	o.t.Helper()
	var out, errs bytes.Buffer
	code := discreetly(o.t.Context(), o.t, args, o.unattended(&out, &errs))
	if code != want {
		o.t.Fatalf("pullpass %s: exit code %d, want %d\n%s\n%s", strings.Join(args, " "), code, want, &out, &errs)
	}
	return out.String(), errs.String()
}

// later lets time pass.
func (o *outdoors) later(d time.Duration) {
	o.t.Helper()
	if err := o.clock.Wait(o.t.Context(), d); err != nil {
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
	}, verify.Config{HTTPClient: p.client, Now: p.o.clock.Now, Wait: p.o.clock.Wait, Elapse: p.o.clock.Elapse})
	if broken, found := chain.Broken(); found && ctx.Err() == nil {
		p.o.t.Errorf("pull %d of %s failed: %s: %v", p.pulls, p.cluster, broken.Link, broken.Err)
	}
}

// pulling lets a puller pull until the function that it returns is called.
func (o *outdoors) pulling(p *puller) (end func()) {
	ctx, cancel := context.WithCancel(o.t.Context())
	var group sync.WaitGroup
	group.Go(func() {
		for ctx.Err() == nil {
			p.pull(ctx)
		}
	})
	return func() {
		cancel()
		group.Wait()
		p.pull(o.t.Context()) // With what there is at the end.
		if p.pulls < 2 {
			o.t.Errorf("%s pulled %d times", p.cluster, p.pulls)
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

// oneStore makes the share one of a single cluster.
func (o *outdoors) oneStore(keys string) {
	o.t.Helper()
	text := strings.Replace(oneCluster, "spec:\n", "spec:\n"+keys, 1)
	if err := os.WriteFile(filepath.Join(o.dir, "share.yaml"), []byte(text), 0o600); err != nil {
		o.t.Fatal(err)
	}
}

// held is the id of the key that the one store was given.
func (o *outdoors) held() string { return o.heldBy("store-001") }

// heldBy is the id of the key that a store was given.
func (o *outdoors) heldBy(store string) string {
	o.t.Helper()
	held, err := delivery.Directory{Path: filepath.Join(o.dir, "out", store)}.Read(o.t.Context())
	if err != nil {
		o.t.Fatal(err)
	}
	return string(held.Config.Key.ID)
}

// mustHoldTheOnlyKey checks that the one store holds the only key of its user.
func (o *outdoors) mustHoldTheOnlyKey() {
	o.t.Helper()
	out, err := o.box.IAM(sandboxtest.Destination).ListAccessKeys(o.t.Context(), &iam.ListAccessKeysInput{UserName: aws.String("pullpass-packages-store-001")})
	if err != nil {
		o.t.Fatal(err)
	}
	if keys := out.AccessKeyMetadata; len(keys) != 1 || aws.ToString(keys[0].AccessKeyId) != o.held() {
		o.t.Errorf("the user has %d keys, and %s is delivered", len(keys), o.held())
	}
}

// On no day does a rotation fail a pull, of a cluster that gets its files a moment later.
func TestAKeyIsRotatedInAllWeathersWithoutAFailedPull(t *testing.T) {
	t.Parallel()
	for _, weather := range []string{"fair", "slow", "lag", "throttled", "flaky", "storm"} {
		t.Run(weather, func(t *testing.T) {
			t.Parallel()
			o := goOut(t, weather)
			o.oneStore("")
			o.must(o.here("apply", "--yes", "--no-verify")...)
			o.later(20 * time.Second) // for IAM to be the same everywhere
			p := o.puller("store-001")
			end := o.pulling(p)
			// Of files nobody sees who takes them over, and the key is in use.
			if stdout, _ := o.ends(1, o.here("rotate", "--yes", "--force")...); !strings.HasSuffix(stdout, "Keys: 1 pending.\n") {
				t.Errorf("at first:\n%s", stdout)
			}
			p.carry()
			o.later(20 * time.Second)
			// Who knows that they were taken over can end the waiting.
			if stdout, _ := o.ends(0, o.here("rotate", "--yes", "--not-later-than", "2026-01-01")...); !strings.HasSuffix(stdout, "Keys: 1 rotated.\n") {
				t.Errorf("in the end:\n%s", stdout)
			}
			end()
			o.clear()
			o.mustHoldTheOnlyKey()
		})
	}
}

// Files are carried on by somebody, some day: a key that lies idle for long enough has no user left.
func TestAKeyGoesOnceItHasLainIdle(t *testing.T) {
	t.Parallel()
	o := goOut(t, "fair")
	o.oneStore("  keys: {idle: 1h}\n")
	o.must(o.here("apply", "--yes")...)
	p := o.puller("store-001")
	var report struct {
		Users []struct {
			State, OldKey, NewKey string
			Clusters              []string
			Missing               []struct{ Until time.Time }
		}
	}
	stdout, _ := o.ends(1, o.here("rotate", "--yes", "--key", o.held(), "-o", "json")...)
	if err := json.Unmarshal([]byte(stdout), &report); err != nil || len(report.Users) != 1 {
		t.Fatalf("%v in %s", err, stdout)
	}
	if u := report.Users[0]; u.State != "pending" || u.OldKey == "" || u.NewKey != o.held() || len(u.Missing) != 1 || !u.Missing[0].Until.After(o.clock.Now()) {
		t.Errorf("the report says %+v", u)
	}
	o.later(70 * time.Minute)
	p.pull(t.Context()) // It has the old key yet.
	p.carry()
	stdout, _ = o.ends(1, o.here("rotate", "--yes")...)
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

// keyStates are the ids of keys and whether they are active.
func keyStates(keys []types.AccessKeyMetadata) map[string]types.StatusType {
	states := map[string]types.StatusType{}
	for _, k := range keys {
		states[aws.ToString(k.AccessKeyId)] = k.Status
	}
	return states
}

// The SDK signs by AWS's clock once it has seen it, so that nothing else would stop a machine whose clock is two days ahead: a
// key in use would count as idle, and another run's new key as an orphan.
func TestAWrongClockTakesNoKeyAway(t *testing.T) {
	t.Parallel()
	for way, ahead := range map[string]time.Duration{"ahead of": 48 * time.Hour, "behind": -48 * time.Hour} {
		t.Run(way, func(t *testing.T) {
			t.Parallel()
			o := goOut(t, "fair")
			o.oneStore("")
			o.must(o.here("apply", "--yes", "--no-verify")...)
			o.ends(1, o.here("rotate", "--yes", "--force", "--settle", "0s")...)
			keys := o.keys()
			off := func(args ...string) (code int, said string) {
				var out bytes.Buffer
				env := o.unattended(&out, &out)
				env.Now = func() time.Time { return o.clock.Now().Add(ahead) }
				code = discreetly(t.Context(), t, args, env)
				return code, out.String()
			}
			want := ": the clock of this machine is wrong: it is 48h0m0s " + way + " AWS's"
			for _, args := range [][]string{o.here("rotate", "--yes"), o.here("rotate", "--dry-run"), o.here("apply", "--yes")} {
				if code, said := off(args...); code != 1 || !strings.Contains(said, "error"+want) || !strings.Contains(said, "hint: nothing was changed") {
					t.Errorf("pullpass %s: exit code %d\n%s", strings.Join(args, " "), code, said)
				}
			}
			if code, said := off(o.here("status")...); code != 3 || !strings.Contains(said, "note"+want) {
				t.Errorf("status: exit code %d\n%s", code, said)
			}
			if diff := cmp.Diff(keyStates(keys), keyStates(o.keys())); diff != "" || len(keys) != 2 {
				t.Errorf("keys (-before +after):\n%s", diff)
			}
		})
	}
}

// Two rotations on one machine do not find each other's work changed: the second waits, and says for whom.
func TestARotationWaitsForTheRunsBeforeIt(t *testing.T) {
	t.Parallel()
	o := goOut(t, "fair")
	o.oneStore("")
	other, err := plan.NewRunID("lab", time.Now().Add(-time.Minute), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	lock, err := runlock.Hold(t.Context(), filepath.Join(o.dir, ".pullpass", "runs"), other)
	if err != nil {
		t.Fatal(err)
	}
	var out, errs bytes.Buffer
	waited := 0
	env := o.unattended(&out, &errs)
	env.Wait = func(context.Context, time.Duration) error {
		if waited++; waited == 3 {
			return lock.Release()
		}
		return nil
	}
	code := discreetly(t.Context(), t, o.here("rotate", "--yes"), env)
	if want := "waiting for run " + string(other) + " of this machine to end"; code != 0 || waited != 3 || strings.Count(errs.String(), want) != 1 {
		t.Errorf("exit code %d after %d waits:\n%s", code, waited, &errs)
	}
}
