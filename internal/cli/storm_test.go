package cli_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/google/go-cmp/cmp"

	"github.com/pullpass/pullpass/arn"
	"github.com/pullpass/pullpass/internal/delivery"
	"github.com/pullpass/pullpass/internal/plan"
	"github.com/pullpass/pullpass/sandbox/sandboxtest"
)

// fleet is a share of ten clusters.
const fleet = `apiVersion: pullpass.dev/v1alpha1
kind: Share
metadata: {name: packages}
spec:
  registry: {region: us-west-2}
  posture: %s
  keys: {idle: 1h}
  source: {account: "111111111111", access: default}
  destinations:
`

// A storm is a fleet in the worst weather, of whose keys each round replaces every one.
type storm struct {
	*outdoors
	clusters []*downstream
	accounts map[string]arn.AccountID
	tally    tally
	keys     int
	rotated  int
}

// brew applies the share of ten clusters, dealt out to accounts, and has couriers carry what is delivered.
func brew(t *testing.T, posture string, keys int, accounts ...arn.AccountID) *storm {
	t.Helper()
	s := &storm{outdoors: goOut(t, "storm"), keys: keys, accounts: map[string]arn.AccountID{}}
	text := fmt.Sprintf(fleet, posture)
	const clusters = 10
	for i, account := range accounts {
		text += fmt.Sprintf("    - account: %q\n      access: default\n      clusters:\n", account)
		for n := i; n < clusters; n += len(accounts) {
			name := fmt.Sprintf("store-%03d", n)
			text += fmt.Sprintf("        - {name: %s, directory: out/%s}\n", name, name)
			s.accounts[name] = account
		}
	}
	if err := os.WriteFile(filepath.Join(s.dir, "share.yaml"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	s.must(s.here("apply", "--yes", "--no-verify")...)
	s.later(20 * time.Second) // for IAM to be the same everywhere
	for n := range clusters {
		s.clusters = append(s.clusters, s.downstream(fmt.Sprintf("store-%03d", n), n%2 == 0, &s.tally))
	}
	return s
}

// each does something with every cluster, side by side.
func (s *storm) each(do func(int, *downstream)) {
	var group sync.WaitGroup
	for i, d := range s.clusters {
		group.Go(func() { do(i, d) })
	}
	group.Wait()
}

// meanwhile runs a command while every cluster pulls all the time, and nodes join where they follow what is delivered at once.
func (s *storm) meanwhile(command func()) {
	ctx, cancel := context.WithCancel(s.t.Context())
	var group sync.WaitGroup
	group.Go(func() {
		s.each(func(_ int, d *downstream) {
			for ctx.Err() == nil {
				if d.mounted {
					d.join(s.t.Context())
				} else {
					d.pull(s.t.Context())
				}
			}
		})
	})
	defer group.Wait()
	defer cancel()
	command()
}

// rotate runs the command until every key is in one of the states, as a daily job does: on a bad day a run may have to leave
// an account, or the last step, to the next one.
func (s *storm) rotate(states []string, more ...string) {
	s.t.Helper()
	const days = 3
	users := map[string]bool{}
	for day := 1; ; day++ {
		var out, errs bytes.Buffer
		code := discreetly(s.t.Context(), s.t, s.here("rotate", append([]string{"--yes", "-o", "json"}, more...)...), s.unattended(&out, &errs))
		var report struct {
			Users []struct{ User, State string }
		}
		if err := json.Unmarshal(out.Bytes(), &report); err != nil && code == 0 {
			s.t.Fatalf("%v in %s\n%s", err, &out, &errs)
		}
		for _, u := range report.Users {
			if slices.Contains(states, u.State) {
				users[u.User] = true
			}
		}
		if len(users) == s.keys {
			return
		}
		if day == days {
			s.t.Fatalf("exit code %d; of %d keys %d are %s:\n%s\n%s", code, s.keys, len(users), states, &out, &errs)
		}
	}
}

// unmoved runs an apply, as a daily job may, and checks that every cluster holds what it held.
func (s *storm) unmoved() {
	s.t.Helper()
	before := s.delivered()
	if code, said := s.says("apply", "--yes", "--no-verify"); code != 0 && code != 1 { // On a bad day an account may be left to the next run.
		s.t.Errorf("exit code %d:\n%s", code, said)
	}
	if diff := cmp.Diff(before, s.delivered()); diff != "" {
		s.t.Errorf("what the clusters hold has changed (-before +after):\n%s", diff)
	}
}

// delivered are the ids of the keys that the clusters hold.
func (s *storm) delivered() map[string]string {
	s.t.Helper()
	keys := map[string]string{}
	for cluster := range s.accounts {
		held, err := delivery.Directory{Path: filepath.Join(s.dir, "out", cluster)}.Read(s.t.Context())
		if err != nil {
			s.t.Fatal(err)
		}
		keys[cluster] = string(held.Config.Key.ID)
	}
	return keys
}

const (
	// step is the time between two pulls of a quiet day.
	step = 5 * time.Minute
	// quiet is how many of them pass until the old keys have lain idle, with what is added for clocks that differ.
	quiet = 24
)

// round replaces every key: the new ones are delivered, couriers carry them, each at its own time, the old ones lie idle,
// and go.
func (s *storm) round() {
	s.t.Helper()
	before := s.delivered()
	s.meanwhile(func() {
		s.rotate([]string{"pending"}, "--force")
		s.unmoved() // What IAM shows late is no reason to make another key.
	})
	for i := range quiet {
		s.later(step)
		s.each(func(n int, d *downstream) {
			if n%7 == i {
				d.visit()
			}
			d.pull(s.t.Context())
		})
	}
	s.meanwhile(func() { s.rotate([]string{"rotated", "not-due"}) })
	s.count(before)
}

// count counts the keys that have taken another's place.
func (s *storm) count(before map[string]string) {
	s.t.Helper()
	fresh := map[string]bool{}
	for cluster, key := range s.delivered() {
		if key == before[cluster] {
			s.t.Errorf("cluster %s holds the key that it held", cluster)
		}
		fresh[key] = true
	}
	s.rotated += len(fresh)
}

// mustEnd checks what is left once the sky has cleared.
func (s *storm) mustEnd() {
	s.t.Helper()
	s.clear()
	left := map[string]bool{}
	for cluster, key := range s.delivered() {
		for _, k := range s.keysBeside(s.accounts[cluster], key) {
			left[aws.ToString(k.AccessKeyId)] = true
			if k.Status != types.StatusTypeActive {
				s.t.Errorf("access key %s is inactive", aws.ToString(k.AccessKeyId))
			}
		}
	}
	s.t.Logf("%d rotations, %d pulls, %d tried again, %d failed, %d keys at the end", s.rotated, s.tally.pulls.Load(),
		s.tally.retries.Load(), s.tally.failed.Load(), len(left))
	if len(left) != s.keys {
		s.t.Errorf("%d keys are left, want %d", len(left), s.keys)
	}
}

// keysBeside are the keys of the user who has one, and who must bear no mark.
func (s *storm) keysBeside(account arn.AccountID, id string) []types.AccessKeyMetadata {
	s.t.Helper()
	config := s.box.As(account)
	config.RetryMaxAttempts = 3 // The first tells the SDK what time it is there.
	client := iam.NewFromConfig(config)
	used, err := client.GetAccessKeyLastUsed(s.t.Context(), &iam.GetAccessKeyLastUsedInput{AccessKeyId: aws.String(id)})
	if err != nil {
		s.t.Fatal(err)
	}
	user, err := client.GetUser(s.t.Context(), &iam.GetUserInput{UserName: used.UserName})
	if err != nil {
		s.t.Fatal(err)
	}
	for _, tag := range user.User.Tags {
		if key := aws.ToString(tag.Key); key == plan.TagPending || key == plan.TagRetiring {
			s.t.Errorf("user %s bears the mark %s=%s", aws.ToString(used.UserName), key, aws.ToString(tag.Value))
		}
	}
	out, err := client.ListAccessKeys(s.t.Context(), &iam.ListAccessKeysInput{UserName: used.UserName})
	if err != nil {
		s.t.Fatal(err)
	}
	return out.AccessKeyMetadata
}

// However bad the days are, keys are rotated and nobody fails to pull.
func TestAFleetIsRotatedThroughAStormWithoutAFailedPull(t *testing.T) {
	for sentence, test := range map[string]struct {
		posture  string
		accounts []arn.AccountID
		keys     int
	}{
		"each cluster has a key of its own": {"hardened", []arn.AccountID{sandboxtest.Destination, sandboxtest.Other}, 10},
		"ten clusters share one key":        {"documented", []arn.AccountID{sandboxtest.Destination}, 1},
	} {
		t.Run(strings.ReplaceAll(sentence, " ", "_"), func(t *testing.T) {
			t.Parallel()
			s := brew(t, test.posture, test.keys, test.accounts...)
			for range stormRounds {
				s.round()
			}
			s.mustEnd()
		})
	}
}

// What follows a delivery at once is refused with a key that AWS does not know everywhere yet: at each moment at which the
// run waits for something a node joins.
func TestWhatFollowsADeliveryAtOnceIsNotRefused(t *testing.T) {
	t.Parallel()
	o := goOut(t, "lag")
	o.oneStore("")
	o.must(o.here("apply", "--yes", "--no-verify")...)
	o.later(20 * time.Second)
	before := o.held()
	var counts tally
	d := o.downstream("store-001", true, &counts)
	var out bytes.Buffer
	env := o.unattended(&out, &out)
	env.Wait = func(ctx context.Context, wait time.Duration) error {
		d.newcomer.http.CloseIdleConnections() // Another connection may lead to another replica.
		d.join(t.Context())
		return o.clock.Wait(ctx, wait)
	}
	code := discreetly(t.Context(), t, o.here("rotate", "--yes", "--force"), env)
	d.join(t.Context())
	if code != 1 || o.held() == before || counts.pulls.Load() < 2 {
		t.Errorf("exit code %d after %d pulls:\n%s", code, counts.pulls.Load(), &out)
	}
}
