package cli_test

import (
	"bytes"
	"encoding/json"
	"io"
	"maps"
	"net/http"
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
	"github.com/pullpass/pullpass/sandbox"
	"github.com/pullpass/pullpass/sandbox/sandboxtest"
)

// lines is a request log.
type lines struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

// writes are the calls to IAM that had an effect, by action, and of these the ones of which nobody was told.
func (l *lines) writes(t *testing.T) (effective, untold map[string]int) {
	t.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	effective, untold = map[string]int{}, map[string]int{}
	for line := range bytes.Lines(l.text.Bytes()) {
		var entry struct {
			Service, Action, Outcome string
			Weather                  []string
		}
		if err := json.Unmarshal(line, &entry); err != nil {
			t.Fatalf("request log: %v in %s", err, line)
		}
		name := strings.TrimPrefix(entry.Action, "iam:")
		if entry.Service != "iam" || entry.Outcome != "ok" || strings.HasPrefix(name, "Get") || strings.HasPrefix(name, "List") ||
			strings.HasPrefix(name, "Simulate") {
			continue
		}
		effective[name]++
		if slices.Contains(entry.Weather, "reset after") {
			untold[name]++
		}
	}
	return effective, untold
}

// outdoors is a terminal at a sandbox that has weather.
type outdoors struct {
	*terminal
	box *sandboxtest.Sandbox
	log *lines
}

func goOut(t *testing.T, weather string) *outdoors {
	t.Helper()
	forecast, known := sandbox.NamedForecast(weather)
	if !known {
		t.Fatalf("there is no weather called %s", weather)
	}
	o := &outdoors{terminal: newTerminal(t), log: &lines{}}
	o.box = sandboxtest.Start(t, sandbox.Config{
		Dir: filepath.Join(o.dir, "box"), Clock: o.clock.Now, Wait: o.clock.Wait, Weather: forecast, Requests: o.log,
	})
	return o
}

// must runs a command that has to end well.
func (o *outdoors) must(args ...string) {
	o.t.Helper()
	var out, errs bytes.Buffer
	code := discreetly(o.t.Context(), o.t, args, o.unattended(&out, &errs))
	if code != 0 {
		o.t.Fatalf("pullpass %s: exit code %d\n%s\n%s", strings.Join(args, " "), code, &out, &errs)
	}
}

// clear makes the weather fair.
func (o *outdoors) clear() {
	o.t.Helper()
	request, err := http.NewRequestWithContext(o.t.Context(), http.MethodPut, o.box.Server.Ready().Control+"/weather", strings.NewReader("fair"))
	if err != nil {
		o.t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		o.t.Fatal(err)
	}
	text, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode >= 300 {
		o.t.Fatalf("clearing the weather: %s %s %v", response.Status, text, err)
	}
	if err := response.Body.Close(); err != nil {
		o.t.Fatal(err)
	}
}

// made is what IAM holds in the share's accounts, ids, dates and keys apart: a line a thing.
func (o *outdoors) made() []string {
	o.t.Helper()
	var things []string
	for _, account := range []arn.AccountID{sandboxtest.Source, sandboxtest.Destination, sandboxtest.Other} {
		out, err := o.box.IAM(account).GetAccountAuthorizationDetails(o.t.Context(), &iam.GetAccountAuthorizationDetailsInput{})
		if err != nil {
			o.t.Fatal(err)
		}
		for _, u := range out.UserDetailList {
			things = append(things, thing(u.Arn, nil, u.AttachedManagedPolicies, u.Tags))
		}
		for _, r := range out.RoleDetailList {
			things = append(things, thing(r.Arn, r.AssumeRolePolicyDocument, r.AttachedManagedPolicies, r.Tags))
		}
		for _, p := range out.Policies {
			for _, v := range p.PolicyVersionList {
				things = append(things, thing(p.Arn, v.Document, nil, nil))
			}
		}
	}
	slices.Sort(things)
	return things
}

func thing(name, document *string, attached []types.AttachedPolicy, tags []types.Tag) string {
	words := []string{aws.ToString(name), aws.ToString(document)}
	for _, a := range attached {
		words = append(words, "has "+aws.ToString(a.PolicyArn))
	}
	for _, tag := range tags {
		words = append(words, aws.ToString(tag.Key)+"="+aws.ToString(tag.Value))
	}
	slices.Sort(words[2:])
	return strings.Join(words, " ")
}

// mustHoldTheOnlyKeys checks that every cluster holds the only key of its user.
func (o *outdoors) mustHoldTheOnlyKeys() {
	o.t.Helper()
	for cluster, account := range map[string]arn.AccountID{
		"store-001": sandboxtest.Destination, "store-002": sandboxtest.Destination,
		"plant-north": sandboxtest.Other, "plant-south": sandboxtest.Other,
	} {
		held, err := delivery.Directory{Path: filepath.Join(o.dir, "out", cluster)}.Read(o.t.Context())
		if err != nil {
			o.t.Fatal(err)
		}
		out, err := o.box.IAM(account).ListAccessKeys(o.t.Context(), &iam.ListAccessKeysInput{
			UserName: aws.String("pullpass-curated-packages-" + cluster),
		})
		if err != nil {
			o.t.Fatal(err)
		}
		if len(out.AccessKeyMetadata) != 1 || aws.ToString(out.AccessKeyMetadata[0].AccessKeyId) != string(held.Config.Key.ID) {
			o.t.Errorf("cluster %s holds %s, its user has %d keys", cluster, held.Config.Key.ID, len(out.AccessKeyMetadata))
		}
	}
}

// On a bad day a share is made and proven as on a good one, in the same run, with no call too many.
func TestAShareIsMadeAndProvenInAllWeathers(t *testing.T) {
	t.Parallel()
	fair := goOut(t, "fair")
	fair.must(fair.here("apply", "--yes")...)
	want := fair.made()
	needed, _ := fair.log.writes(t)
	for _, weather := range []string{"slow", "lag", "throttled", "flaky", "storm"} {
		t.Run(weather, func(t *testing.T) {
			t.Parallel()
			o := goOut(t, weather)
			o.must(o.here("apply", "--yes")...)
			if err := o.clock.Wait(t.Context(), 20*time.Second); err != nil { // for IAM to be the same everywhere
				t.Fatal(err)
			}
			written, untold := o.log.writes(t)
			o.must(o.here("verify")...)
			o.must(o.here("apply", "--yes")...)
			if again, _ := o.log.writes(t); !maps.Equal(again, written) {
				t.Errorf("a second apply wrote: %v became %v", written, again)
			}
			for action, n := range written {
				most := needed[action] + untold[action]
				if action == "DeleteAccessKey" {
					most += untold["CreateAccessKey"]
				}
				if n > most {
					t.Errorf("%s was called %d times, %d would do", action, n, most)
				}
			}
			o.clear()
			if diff := cmp.Diff(want, o.made()); diff != "" {
				t.Errorf("what was made (-in fair weather, +here):\n%s", diff)
			}
			o.mustHoldTheOnlyKeys()
		})
	}
}
