package cli_test

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pullpass/pullpass/sandbox"
	"github.com/pullpass/pullpass/sandbox/sandboxtest"
)

// fieldCheck runs `pullpass fieldcheck` at a terminal.
func fieldCheck(ctx context.Context, term *terminal, typed string, args ...string) (code int, stdout, stderr string) {
	term.t.Helper()
	return term.runUntil(ctx, typed, append([]string{
		"fieldcheck", "--sandbox", filepath.Join(term.dir, "box"), "--source", "111111111111", "--destination", "999999999999",
	}, args...)...)
}

func TestAFieldCheckOfASandboxFindsItTheSame(t *testing.T) {
	term := newTerminal(t)
	file := filepath.Join(term.dir, "report.md")
	code, stdout, stderr := fieldCheck(t.Context(), term, "yes\n", "--subscription", "e29fd0d2-d8a8-4ed4-be54-c6c0dd0f7964", "--report", file)
	if code != 0 {
		t.Fatalf("exit code %d\n%s%s", code, stdout, stderr)
	}
	if diff := cmp.Diff("28 checks: 27 same, 0 differ, 1 not seen, 0 failed.\n", stdout); diff != "" {
		t.Errorf("the summary (-want +got):\n%s", diff)
	}
	for _, said := range []string{
		"in 111111111111 (source)", "in 999999999999 (destination)", "at most 1500 requests", "cost nothing",
		"Make and remove all that? Only yes goes on: ",
	} {
		if !strings.Contains(stderr, said) {
			t.Errorf("it did not say %q:\n%s", said, stderr)
		}
	}
	report, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for _, hidden := range []string{"111111111111", "999999999999", "e29fd0d2", "AKIA", "AIDA"} {
		if bytes.Contains(report, []byte(hidden)) {
			t.Errorf("the report holds %s", hidden)
		}
	}
	if left, err := filepath.Glob(filepath.Join(term.dir, "pullpass-fieldcheck-*")); err != nil || len(left) > 0 {
		t.Errorf("the sandbox for comparison is left: %v %v", left, err)
	}
}

func TestAFieldCheckThatFindsADifferenceSaysSo(t *testing.T) {
	term := newTerminal(t)
	// Here the packages registry lets the destination in, because that has a subscription too.
	startBox(t, term, sandbox.Config{Seed: sandbox.Seed{Accounts: []sandbox.Account{
		{ID: sandboxtest.Source}, {ID: sandboxtest.Destination, Subscriptions: []sandbox.Subscription{{ID: "own", Region: "us-west-2"}}},
	}}})
	code, stdout, stderr := fieldCheck(t.Context(), term, "", "--yes", "--only", "registry/denied,subscription", "-o", "json")
	if code != 5 {
		t.Fatalf("exit code %d, want 5\n%s%s", code, stdout, stderr)
	}
	var report struct {
		Checks []struct{ ID, Verdict string }
	}
	if err := json.Unmarshal([]byte(stdout), &report); err != nil {
		t.Fatal(err)
	}
	want := []struct{ ID, Verdict string }{{"subscription/registry", "not seen"}, {"registry/denied", "differs"}}
	if diff := cmp.Diff(want, report.Checks); diff != "" {
		t.Errorf("verdicts (-want +got):\n%s", diff)
	}
}

func startBox(t *testing.T, term *terminal, config sandbox.Config) *outdoors {
	t.Helper()
	o := &outdoors{terminal: term, log: &lines{}}
	config.Dir, config.Requests = filepath.Join(term.dir, "box"), o.log
	o.box = sandboxtest.Start(t, config)
	return o
}

func TestAFieldCheckThatIsNotWantedMakesNothing(t *testing.T) {
	for sentence, test := range map[string]struct {
		typed  string
		args   []string
		code   int
		stderr string
	}{
		"no is no":                  {"no\n", nil, 1, "not confirmed; nothing was changed"},
		"cleaning asks too":         {"no\n", []string{"--clean"}, 1, "not confirmed; nothing was changed"},
		"one account is not enough": {"yes\n", []string{"--destination", "111111111111"}, 2, "both profiles lead to account 111111111111"},
		"an unknown check":          {"yes\n", []string{"--only", "weather"}, 2, "hint: the checks are: subscription/registry, registry/challenge, "},
		"an unknown profile":        {"yes\n", []string{"--source", "nobody"}, 2, `unknown profile "nobody"`},
		"a wait without end":        {"yes\n", []string{"--wait", "1h"}, 2, "want a time of 3m0s at most"},
		"a Region of China":         {"yes\n", []string{"--region", "cn-north-1"}, 2, "checking in cn-north-1: no packages registry exists"},
		"a Region that is none":     {"yes\n", []string{"--region", "Oregon"}, 2, `invalid Region "Oregon"`},
	} {
		t.Run(sentence, func(t *testing.T) {
			term := newTerminal(t)
			o := startBox(t, term, sandbox.Config{})
			code, stdout, stderr := fieldCheck(t.Context(), term, test.typed, test.args...)
			if code != test.code || !strings.Contains(stderr, test.stderr) || stdout != "" {
				t.Errorf("exit code %d, want %d\n%s%s", code, test.code, stdout, stderr)
			}
			if effective, _ := o.log.writes(t); len(effective) > 0 {
				t.Errorf("it changed something: %v", effective)
			}
		})
	}
}

func TestAFieldCheckThatIsInterruptedCleansUpAndReportsWhatItSaw(t *testing.T) {
	term := newTerminal(t)
	o := startBox(t, term, sandbox.Config{})
	ctx, interrupt := context.WithCancel(t.Context())
	defer interrupt()
	var out bytes.Buffer
	errs := &interrupter{when: "check registry/denied\n", interrupt: interrupt}
	code := discreetly(ctx, t, []string{
		"fieldcheck", "--sandbox", filepath.Join(term.dir, "box"), "--source", "111111111111", "--destination", "999999999999",
		"--yes", "--only", "registry",
	}, o.unattended(&out, errs))
	if code != 1 || !strings.HasSuffix(errs.String(), "error: interrupted; what was made is removed\n") {
		t.Errorf("exit code %d\n%s", code, errs)
	}
	for _, row := range []string{"| registry/missing | seen | same |", "| registry/redirect | seen | not seen |"} {
		if !strings.Contains(out.String(), row) {
			t.Errorf("the report lacks %s:\n%s", row, &out)
		}
	}
	for _, thing := range o.made() {
		if strings.Contains(thing, "fieldcheck") {
			t.Errorf("this is left: %s", thing)
		}
	}
}

func TestAFieldCheckWhileIAMLagsCleansUpAndCleanFindsNothing(t *testing.T) {
	o := goOut(t, "lag") // In worse weather the SDK waits in real time: see package fieldcheck.
	var out, errs bytes.Buffer
	args := []string{"--sandbox", filepath.Join(o.dir, "box"), "--source", "111111111111", "--destination", "999999999999", "--yes"}
	env := o.unattended(&out, &errs)
	code := discreetly(t.Context(), t, append([]string{"fieldcheck", "--only", "denial,trust,session"}, args...), env)
	if code != 0 && code != 5 {
		t.Errorf("exit code %d\n%s%s", code, &out, &errs)
	}
	o.clear()
	errs.Reset()
	if code := discreetly(t.Context(), t, append([]string{"fieldcheck", "--clean"}, args...), env); code != 0 || !strings.HasSuffix(errs.String(), "nothing is left\n") {
		t.Errorf("exit code %d of --clean\n%s", code, &errs)
	}
	for _, thing := range o.made() {
		if strings.Contains(thing, "fieldcheck") {
			t.Errorf("this is left: %s", thing)
		}
	}
}
