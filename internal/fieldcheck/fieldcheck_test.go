package fieldcheck_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/google/go-cmp/cmp"

	"github.com/pullpass/pullpass/arn"
	"github.com/pullpass/pullpass/internal/fieldcheck"
	"github.com/pullpass/pullpass/sandbox"
	"github.com/pullpass/pullpass/sandbox/sandboxtest"
)

// golden holds what the checks see in fair weather.
const golden = "testdata/sandbox.txt"

var update = flag.Bool("update", false, "write what the checks see into testdata")

// lines are the compared lines of all checks.
func lines(seen map[fieldcheck.ID]fieldcheck.Observation) string {
	var b strings.Builder
	for _, check := range fieldcheck.Checks() {
		o := seen[check.ID]
		fmt.Fprintf(&b, "%s\n", check.ID)
		for _, line := range o.Lines {
			fmt.Fprintf(&b, "  %s\n", line)
		}
		if o.NotSeen != "" {
			fmt.Fprintf(&b, "  not seen: %s\n", o.NotSeen)
		}
		if o.Error != "" {
			fmt.Fprintf(&b, "  failed: %s\n", o.Error)
		}
	}
	return b.String()
}

func TestWhatTheChecksSeeInTheSandbox(t *testing.T) {
	l := newLab(t, sandbox.Config{})
	seen, err := l.run(t.Context(), l.field())
	if err != nil {
		t.Fatal(err)
	}
	got := lines(seen)
	if *update {
		if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("what was seen (-want +got):\n%s", diff)
	}
	l.mustBeEmpty()
}

// The document's policies are enough for a run, and let nothing be changed elsewhere.
func TestTheDocumentedPermissionsAreEnough(t *testing.T) {
	text, err := os.ReadFile("../../docs/field-check.md")
	if err != nil {
		t.Fatal(err)
	}
	policies := regexp.MustCompile("(?s)```json\n(.*?)```").FindAllStringSubmatch(string(text), -1)
	if len(policies) != 2 {
		t.Fatalf("the document has %d policies, want that of the source and that of the destination", len(policies))
	}
	l := newLab(t, sandbox.Config{})
	var config strings.Builder
	for i, account := range []arn.AccountID{sandboxtest.Source, sandboxtest.Destination} {
		key, err := l.box.User(account, "checker", policies[i][1]).Credentials.Retrieve(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&config, "[profile %s]\naws_access_key_id = %s\naws_secret_access_key = %s\n", account, key.AccessKeyID, key.SecretAccessKey)
	}
	file := filepath.Join(t.TempDir(), "config")
	if err := os.WriteFile(file, []byte(config.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	seen, err := l.run(t.Context(), l.fieldOf(file))
	if err != nil {
		t.Fatal(err)
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), lines(seen)); diff != "" {
		t.Errorf("what was seen (-as an administrator, +with the documented permissions):\n%s", diff)
	}
}

// On a bad day some checks may see something else; but each comes to its end, and nothing is left.
func TestARunEndsAndCleansUpInAllWeathers(t *testing.T) {
	text, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	fairly := string(text)
	for _, weather := range []string{"slow", "lag", "throttled", "flaky", "storm"} {
		t.Run(weather, func(t *testing.T) {
			t.Parallel()
			forecast, known := sandbox.NamedForecast(weather)
			if !known {
				t.Fatalf("there is no weather called %s", weather)
			}
			clock := &sandboxtest.Clock{}
			l := newLab(t, sandbox.Config{Weather: forecast, Clock: clock.Now, Wait: clock.Wait})
			config := l.field()
			config.Now, config.Wait = clock.Now, clock.Wait
			seen, err := l.run(t.Context(), config)
			if err != nil {
				t.Fatal(err)
			}
			for id, o := range seen {
				if o.Error != "" {
					t.Errorf("%s did not come to its end: %s", id, o.Error)
				}
			}
			// How long IAM takes is the one thing that weather may change.
			if diff := cmp.Diff(withoutTimes(t, fairly), withoutTimes(t, lines(seen))); diff != "" {
				t.Errorf("what was seen (-in fair weather, +here):\n%s", diff)
			}
			l.clear()
			clock.Reset() // The SDK, which looks now, goes by the real one.
			l.mustBeEmpty()
		})
	}
}

// withoutTimes leaves out the checks on propagation, which come last.
func withoutTimes(t *testing.T, seen string) string {
	t.Helper()
	others, _, found := strings.Cut(seen, "propagation/")
	if !found {
		t.Fatalf("nothing was seen of propagation:\n%s", seen)
	}
	return others
}

// Whoever interrupts a run finds nothing left of it, at whichever request that was.
func TestAnInterruptedRunCleansUp(t *testing.T) {
	for _, at := range interruptions(t) {
		for _, after := range []bool{false, true} {
			t.Run(fmt.Sprintf("at request %d, after it %t", at, after), func(t *testing.T) {
				l := newLab(t, sandbox.Config{})
				ctx, interrupt := context.WithCancel(t.Context())
				defer interrupt()
				l.transport = &interruption{next: l.transport, at: at, after: after, end: interrupt}
				seen, err := l.run(ctx, l.field())
				if err != nil {
					t.Fatal(err)
				}
				if ctx.Err() == nil || len(seen) == len(fieldcheck.Checks()) {
					t.Errorf("the run was not interrupted: %d checks were begun", len(seen))
				}
				l.mustBeEmpty()
			})
		}
	}
}

// A run that is killed cannot clean up; what it has left goes with the next --clean, and nothing else does.
func TestCleanRemovesWhatAKilledRunHasLeft(t *testing.T) {
	for _, at := range interruptions(t) {
		t.Run(fmt.Sprintf("at request %d", at), func(t *testing.T) {
			l := newLab(t, sandbox.Config{})
			reach := l.transport
			var dead atomic.Bool
			l.transport = roundTripper(func(r *http.Request) (*http.Response, error) {
				if dead.Load() {
					return nil, errors.New("the process is dead")
				}
				return reach.RoundTrip(r)
			})
			l.transport = &interruption{next: l.transport, at: at, end: func() { dead.Store(true) }}
			if _, err := l.run(t.Context(), l.field()); err == nil {
				t.Error("a run that reached nobody says that it cleaned up")
			}
			l.transport = reach
			if err := l.start(l.field()).Clean(t.Context()); err != nil {
				t.Fatal(err)
			}
			l.mustBeEmpty()
		})
	}
}

// interruptions are requests at which a run is ended: the first ones, and a sample of the others.
func interruptions(t *testing.T) []int64 {
	t.Helper()
	l := newLab(t, sandbox.Config{})
	counting := &interruption{next: l.transport}
	l.transport = counting
	if _, err := l.run(t.Context(), l.field()); err != nil {
		t.Fatal(err)
	}
	total := counting.count.Load()
	t.Logf("a run in fair weather sends %d requests", total)
	if total > fieldcheck.MostCalls {
		t.Errorf("a run in fair weather sends more than the %d requests that it promises", fieldcheck.MostCalls)
	}
	var at []int64
	for i := int64(1); i < total/2; i += 1 + total/14 {
		at = append(at, i)
	}
	return at
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// What others have made is left alone, wherever it is.
func TestWhatOthersMadeIsLeftAlone(t *testing.T) {
	l := newLab(t, sandbox.Config{})
	admin := l.box.IAM(sandboxtest.Source)
	for _, in := range []*iam.CreateUserInput{
		{UserName: aws.String("fieldcheck-lookalike")},
		{UserName: aws.String("untagged"), Path: aws.String(fieldcheck.Path + "0badc0de/")},
		{UserName: aws.String("elsewhere"), Path: aws.String("/pullpass/"),
			Tags: []types.Tag{{Key: aws.String(fieldcheck.Tag), Value: aws.String("0badc0de")}}},
		{UserName: aws.String("other-run"), Path: aws.String(fieldcheck.Path + "0badc0de/"),
			Tags: []types.Tag{{Key: aws.String(fieldcheck.Tag), Value: aws.String("deadbeef")}}},
	} {
		if _, err := admin.CreateUser(t.Context(), in); err != nil {
			t.Fatal(err)
		}
	}
	before := l.things()
	var told []string
	config := l.field()
	config.Progress = func(what string) { told = append(told, what) }
	if err := l.start(config).Clean(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := l.run(t.Context(), l.field(), "key"); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(before, l.things()); diff != "" {
		t.Errorf("what there is (-before +after):\n%s", diff)
	}
	if text := strings.Join(told, "\n"); strings.Count(text, "left alone") != 2 {
		t.Errorf("two things at the path lack their tag; it said:\n%s", text)
	}
}

func TestARunStopsWhenItsTimeIsUsedUp(t *testing.T) {
	l := newLab(t, sandbox.Config{})
	config := l.field()
	var late time.Duration
	config.Now = func() time.Time { return time.Now().Add(late) }
	config.Progress = func(what string) {
		late = 0
		if what == "check key/wrong-secret" {
			late = fieldcheck.MostTime + time.Second
		}
	}
	seen, err := l.run(t.Context(), config, "key/unknown", "key/wrong-secret")
	if err != nil {
		t.Fatal(err)
	}
	if first := seen["key/unknown"]; first.Error != "" {
		t.Errorf("the check within the time says %s", first.Error)
	}
	if second := seen["key/wrong-secret"]; !strings.Contains(second.Error, fieldcheck.ErrSpent.Error()) {
		t.Errorf("the check past the time says %+v", second)
	}
	l.mustBeEmpty()
}

func TestACheckThatCannotTellSaysWhyAndNamesNobody(t *testing.T) {
	l := newLab(t, sandbox.Config{})
	reach := l.transport
	l.transport = roundTripper(func(r *http.Request) (*http.Response, error) {
		if r.URL.Host == "api.ecr.us-east-1.amazonaws.com" {
			return &http.Response{StatusCode: http.StatusForbidden, Header: http.Header{}, Request: r, Body: io.NopCloser(
				strings.NewReader(`{"__type":"AccessDeniedException","message":"User: arn:aws:iam::111111111111:user/u may not"}`))}, nil
		}
		return reach.RoundTrip(r)
	})
	config := l.field()
	config.Subscription = ""
	seen, err := l.run(t.Context(), config, "registry/other-region", "subscription")
	if err != nil {
		t.Fatal(err)
	}
	want := map[fieldcheck.ID]fieldcheck.Observation{
		"subscription/registry": {NotSeen: "no subscription was given (--subscription)"},
		"registry/other-region": {NotSeen: "ECR in us-east-1 gave no token in time: 403 AccessDeniedException: User: arn:aws:iam::<source>:user/u may not"},
	}
	if diff := cmp.Diff(want, seen); diff != "" {
		t.Errorf("what was seen (-want +got):\n%s", diff)
	}
}

func TestAClockThatIsOffDoesNotCount(t *testing.T) {
	for _, off := range []time.Duration{-3 * time.Minute, 3 * time.Minute} {
		l := newLab(t, sandbox.Config{})
		config := l.field()
		right, err := l.run(t.Context(), config, "clock")
		if err != nil {
			t.Fatal(err)
		}
		config.Now = func() time.Time { return time.Now().Add(off) }
		wrong, err := l.run(t.Context(), config, "clock")
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(lines(right), lines(wrong)); diff != "" {
			t.Errorf("with a clock %s off (-right +wrong):\n%s", off, diff)
		}
	}
}

func TestNoSecretAndNoAccountIsInAReport(t *testing.T) {
	l := newLab(t, sandbox.Config{})
	secrets := &secrets{next: l.transport}
	l.transport = secrets
	seen, err := l.run(t.Context(), l.field())
	if err != nil {
		t.Fatal(err)
	}
	checks := fieldcheck.Checks()
	report := fieldcheck.Report{Field: "AWS", Region: "us-west-2", Rows: fieldcheck.Compare(checks, seen, seen)}
	var text bytes.Buffer
	if err := report.WriteMarkdown(&text); err != nil {
		t.Fatal(err)
	}
	encoded, err := json.Marshal(report)
	if err != nil {
		t.Fatal(err)
	}
	whole := text.String() + string(encoded)
	if len(secrets.found) < 10 {
		t.Fatalf("only %d secrets were on the wire: the test looks for them in the wrong place", len(secrets.found))
	}
	for _, secret := range append(secrets.found, string(sandboxtest.Source), string(sandboxtest.Destination), subscription) {
		if strings.Contains(whole, secret) {
			t.Errorf("the report holds %q", secret)
		}
	}
}
