package cli_test

import (
	"bytes"
	stdcmp "cmp"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/testscript"

	"github.com/pullpass/pullpass/sandbox/sandboxtest"
)

// recorded is a line of an audit trail, as far as tests look at it.
type recorded struct {
	Run, Step, Account, Operator, Action, Resource string
	told
	Earlier []told
}

type told struct{ Result, RequestID string }

func parseTrail(text []byte) (all []recorded, err error) {
	for line := range bytes.Lines(text) {
		var one recorded
		if err := json.Unmarshal(line, &one); err != nil {
			return nil, fmt.Errorf("%w in %s", err, line)
		}
		all = append(all, one)
	}
	return all, nil
}

// asked is a line of the sandbox's log of requests.
type asked struct {
	ID, Account, Principal, Action, Outcome, UserAgent string
	Weather                                            []string
}

// unheard reports whether nobody got the answer.
func (a asked) unheard() bool {
	return a.Outcome == "cut" || slices.ContainsFunc(a.Weather, func(w string) bool { return strings.HasPrefix(w, "reset") })
}

// takeChanges returns the calls of IAM that are no reads, and forgets all.
func (l *lines) takeChanges() (all []asked, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for line := range bytes.Lines(l.text.Bytes()) {
		var one asked
		if err := json.Unmarshal(line, &one); err != nil {
			return nil, err
		}
		name, isIAM := strings.CutPrefix(one.Action, "iam:")
		if isIAM && !strings.HasPrefix(name, "Get") && !strings.HasPrefix(name, "List") {
			all = append(all, one)
		}
	}
	l.text.Reset()
	return all, nil
}

// compareTrail returns how a trail differs from what the sandbox was asked to change.
func compareTrail(trail []recorded, requests []asked) string {
	var recorded, heard []string
	runs := map[string]bool{}
	for _, line := range trail {
		runs[line.Run] = true
		if !strings.HasPrefix(line.Action, "iam:") {
			continue
		}
		for _, attempt := range append(line.Earlier, line.told) {
			if attempt.RequestID != "" {
				recorded = append(recorded, strings.Join([]string{attempt.RequestID, line.Account, line.Operator, line.Action, attempt.Result}, " "))
			}
		}
	}
	for _, r := range requests {
		if _, run, _ := strings.Cut(r.UserAgent, " run/"); !runs[strings.Fields(run)[0]] {
			return r.ID + " has the user agent " + r.UserAgent
		}
		if !r.unheard() {
			// The sandbox does not look who it is whose request it does not handle.
			principal := stdcmp.Or(r.Principal, "arn:aws:iam::"+r.Account+":user/administrator")
			heard = append(heard, strings.Join([]string{r.ID, r.Account, principal, r.Action, r.Outcome}, " "))
		}
	}
	slices.Sort(recorded)
	slices.Sort(heard)
	return cmp.Diff(heard, recorded)
}

// outOfOrder returns what stands before something that it needed.
func outOfOrder(trail []recorded) string {
	at := func(from int, action, resource string) int {
		return slices.IndexFunc(trail[from:], func(r recorded) bool {
			return r.Action == action && (resource == "" || strings.HasSuffix(strings.Fields(r.Resource)[0], resource))
		})
	}
	if trail[0].Action != "run:begin" {
		return "the first line is no beginning"
	}
	for i, line := range trail {
		user := strings.Fields(line.Resource + " -")[0]
		switch line.Action {
		case "iam:AttachUserPolicy", "iam:CreateAccessKey":
			if made := at(0, "iam:CreateUser", "/"+strings.TrimPrefix(user, "user/")); made < 0 || made > i {
				return fmt.Sprintf("line %d, %s: %s was not made before", i+1, line.Action, user)
			}
		case "iam:UntagUser":
			if made := at(0, "iam:CreateAccessKey", user); made < 0 || made > i {
				return fmt.Sprintf("line %d: the mark of %s went before its key was made", i+1, user)
			}
		case "file:write":
			key := slices.IndexFunc(trail, func(r recorded) bool { return r.Step == line.Step && r.Action == "iam:CreateAccessKey" })
			unmarked := slices.IndexFunc(trail, func(r recorded) bool { return r.Step == line.Step && r.Action == "iam:UntagUser" })
			if key < 0 || key > i || unmarked < i {
				return fmt.Sprintf("line %d: %s was written before there was a key, or after the mark was taken away", i+1, line.Resource)
			}
		}
	}
	return ""
}

// audited fails unless a trail tells of the very calls that a sandbox was asked since the last time.
func audited(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: audited DIR FILE")
	}
	trail, err := parseTrail([]byte(ts.ReadFile(args[1])))
	ts.Check(err)
	requests, err := labIn(ts, args[0]).requests.takeChanges()
	ts.Check(err)
	if diff := compareTrail(trail, requests); diff != "" || len(requests) == 0 {
		ts.Fatalf("%d requests; asked of the sandbox (-), in the trail (+):\n%s", len(requests), diff)
	}
	if wrong := outOfOrder(trail); wrong != "" {
		ts.Fatalf("%s", wrong)
	}
}

// In all weathers each attempt that was answered is in the trail under the request id of its answer.
func TestEveryCallIsRecordedInAllWeathers(t *testing.T) {
	t.Parallel()
	for _, weather := range []string{"fair", "lag", "throttled", "flaky", "storm"} {
		t.Run(weather, func(t *testing.T) {
			t.Parallel()
			o := goOut(t, weather)
			o.must(o.here("apply", "--yes")...)
			files, err := filepath.Glob(filepath.Join(o.dir, "*.audit.jsonl"))
			if err != nil || len(files) != 1 {
				t.Fatalf("trails: %v, %v", files, err)
			}
			text, err := os.ReadFile(files[0])
			if err != nil {
				t.Fatal(err)
			}
			trail, err := parseTrail(text)
			if err != nil {
				t.Fatal(err)
			}
			requests, err := o.log.takeChanges()
			if err != nil || len(requests) == 0 {
				t.Fatalf("%d requests, %v", len(requests), err)
			}
			if diff := compareTrail(trail, requests); diff != "" {
				t.Errorf("asked of the sandbox (-), in the trail (+):\n%s", diff)
			}
			if wrong := outOfOrder(trail); wrong != "" && weather == "fair" { // Else a user may be found that was made unheard.
				t.Error(wrong)
			}
			o.must("audit", "verify", files[0])
		})
	}
}

// CloudTrail tells the same story as the trail: every call bears the run's name, those of the proofs too, which are made with
// the delivered key.
func TestEveryCallBearsTheNameOfItsRun(t *testing.T) {
	t.Parallel()
	o := goOut(t, "fair")
	o.must(o.here("apply", "--yes")...)
	text, err := os.ReadFile(filepath.Join(o.dir, "share.audit.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	trail, err := parseTrail(text)
	if err != nil {
		t.Fatal(err)
	}
	mark, services := "run/"+trail[0].Run, map[string]int{}
	o.log.mu.Lock()
	defer o.log.mu.Unlock()
	for line := range bytes.Lines(o.log.text.Bytes()) {
		var one struct{ Service, Action, UserAgent string }
		if err := json.Unmarshal(line, &one); err != nil {
			t.Fatal(err)
		}
		if one.Service == "registry" || one.Service == "layers" {
			continue
		}
		services[one.Service]++
		if !slices.Contains(strings.Fields(one.UserAgent), mark) {
			t.Errorf("%s has the user agent %s", one.Action, one.UserAgent)
		}
	}
	if len(services) < 3 {
		t.Errorf("only %v were asked", services)
	}
}

// A thief takes a file away when a command says something.
type thief struct {
	bytes.Buffer
	of, when string
	err      error
}

func (th *thief) Write(p []byte) (int, error) {
	if bytes.Contains(p, []byte(th.when)) {
		th.err = os.Remove(th.of)
	}
	return th.Buffer.Write(p)
}

// Whose trail is taken away when it has deactivated a key, which shows when more is to be recorded, gives the key back, says so, and says what is not recorded.
func TestARotationThatCanNoLongerBeRecordedGivesTheKeyBack(t *testing.T) {
	t.Parallel()
	o := goOut(t, "fair")
	o.oneStore("")
	o.must(o.here("apply", "--yes")...)
	old := o.held()
	trail := filepath.Join(o.dir, "share.audit.jsonl")
	var out bytes.Buffer
	errs := &thief{of: trail, when: "done  deactivate access key"}
	env := o.unattended(&out, errs)
	if code := discreetly(t.Context(), t, o.here("rotate", "--yes", "--force", "--not-later-than", "2020-01-01"), env); code != 1 {
		t.Errorf("exit code %d", code)
	}
	for _, want := range []string{
		"done  reactivate access key " + old, "the audit trail cannot be written",
		"not recorded: iam:UpdateAccessKey of user/pullpass-packages-store-001 accesskey/" + old + " Active, which ended: ok",
	} {
		if !strings.Contains(errs.String(), want) {
			t.Errorf("nothing says %q:\n%s%s", want, &out, errs)
		}
	}
	if errs.err != nil {
		t.Error(errs.err)
	}
	if !strings.Contains(out.String(), "access key "+old+" was reactivated") {
		t.Errorf("the report does not say that the key was given back:\n%s", &out)
	}
	listed, err := o.box.IAM(sandboxtest.Destination).ListAccessKeys(t.Context(), &iam.ListAccessKeysInput{UserName: aws.String("pullpass-packages-store-001")})
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range listed.AccessKeyMetadata {
		if key.Status != types.StatusTypeActive {
			t.Errorf("access key %s is %s", aws.ToString(key.AccessKeyId), key.Status)
		}
	}
	o.ends(0, o.here("rotate", "--yes", "--not-later-than", "2020-01-01")...)
	o.mustHoldTheOnlyKey()
}
