package cli_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"github.com/pullpass/pullpass/arn"
	"github.com/pullpass/pullpass/internal/cli"
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

// meanwhile runs a command while every cluster pulls all the time.
func (s *storm) meanwhile(command func()) {
	ctx, cancel := context.WithCancel(s.t.Context())
	var group sync.WaitGroup
	group.Go(func() {
		s.each(func(_ int, d *downstream) {
			for ctx.Err() == nil {
				d.pull(s.t.Context())
			}
		})
	})
	defer group.Wait()
	defer cancel()
	command()
}

// rotate runs the command until every key is in a state, as a daily job does: on a bad day a run may have to leave an
// account to the next one.
func (s *storm) rotate(want string, more ...string) {
	s.t.Helper()
	const days = 3
	users := map[string]bool{}
	for day := 1; ; day++ {
		var out, errs bytes.Buffer
		code := discreetly(s.t.Context(), s.t, s.here("rotate", append([]string{"--yes", "-o", "json"}, more...)...), cli.Env{
			Stdin: strings.NewReader(""), Stdout: &out, Stderr: &errs, Hostname: "lab", TempDir: s.dir,
			Now: s.clock.now, Wait: s.clock.wait, Elapse: s.clock.elapse, Random: rand.Reader,
		})
		var report struct {
			Users []struct{ User, State string }
		}
		if err := json.Unmarshal(out.Bytes(), &report); err != nil {
			s.t.Fatalf("%v in %s\n%s", err, &out, &errs)
		}
		for _, u := range report.Users {
			if u.State == want {
				users[u.User] = true
			}
		}
		if len(users) == s.keys {
			return
		}
		if day == days {
			s.t.Fatalf("exit code %d; of %d keys %d are %s:\n%s\n%s", code, s.keys, len(users), want, &out, &errs)
		}
	}
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
	s.meanwhile(func() { s.rotate("pending", "--force") })
	for i := range quiet {
		s.later(step)
		s.each(func(n int, d *downstream) {
			if n%7 == i {
				d.visit()
			}
			d.pull(s.t.Context())
		})
	}
	s.meanwhile(func() { s.rotate("rotated") })
	s.rotated += s.keys
}

// mustEnd checks what is left once the sky has cleared.
func (s *storm) mustEnd() {
	s.t.Helper()
	s.clear()
	left := map[string]bool{}
	for cluster, account := range s.accounts {
		held, err := delivery.Directory{Path: filepath.Join(s.dir, "out", cluster)}.Read(s.t.Context())
		if err != nil {
			s.t.Fatal(err)
		}
		for _, k := range s.keysBeside(account, string(held.Config.Key.ID)) {
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
