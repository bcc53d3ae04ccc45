package cli_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/testscript"

	"github.com/pullpass/pullpass/internal/awsid"
	"github.com/pullpass/pullpass/internal/cli"
	"github.com/pullpass/pullpass/internal/leak"
)

// discreetly runs a command line of which neither stream, nor the audit trail, may show a secret.
func discreetly(ctx context.Context, t *testing.T, args []string, env cli.Env) (code int) {
	t.Helper()
	code, shown := observed(ctx, t, args, env)
	for where, found := range shown {
		t.Errorf("pullpass %s: %s shows %v", strings.Join(args, " "), where, found)
	}
	return code
}

// observed runs a command line and returns the secrets that it shows, by where.
func observed(ctx context.Context, t *testing.T, args []string, env cli.Env) (code int, shown map[string][]leak.Finding) {
	t.Helper()
	var out, errs leak.Scanner
	env.Stdout, env.Stderr = io.MultiWriter(&out, env.Stdout), io.MultiWriter(&errs, env.Stderr)
	code = cli.Main(ctx, args, env)
	trails, err := filepath.Glob(filepath.Join(env.TempDir, "*.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	shown = map[string][]leak.Finding{"stdout": out.Findings(), "stderr": errs.Findings()}
	for _, trail := range trails {
		shown[filepath.Base(trail)] = scanned(t, trail)
	}
	maps.DeleteFunc(shown, func(_ string, found []leak.Finding) bool { return len(found) == 0 })
	return code, shown
}

func scanned(t *testing.T, name string) []leak.Finding {
	t.Helper()
	written, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	found, _, err := leak.Scan(bytes.NewReader(written))
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// A discreetT fails a script that logs a secret, where it has not said that it would.
type discreetT struct{ *testing.T }

func (t discreetT) Run(name string, f func(testscript.T)) {
	t.T.Run(name, func(t *testing.T) { f(discreetT{t}) })
}

// Verbose has the script log all that its commands print, so that all of it is seen here.
func (t discreetT) Verbose() bool { return true }

// Log is called once, with the whole log of a script.
func (t discreetT) Log(args ...any) {
	t.Helper()
	log, leaks := inspected(fmt.Sprint(args...))
	for _, leaked := range leaks {
		t.Error(leaked)
	}
	if !testing.Verbose() {
		log = lastPhase(log)
	}
	t.T.Log(log)
}

// announces is what the log has for command reveals.
const announces = "> reveals "

// inspected returns the log of a script without its secrets, and what is wrong about those: a command that shows one
// unannounced, or shows none although that was announced.
func inspected(log string) (masked string, wrong []string) {
	announced := false
	for i, section := range strings.SplitAfter(log, "\n> ") {
		if i > 0 {
			section = "> " + section
		}
		section = strings.TrimSuffix(section, "> ")
		clean := string(leak.Mask([]byte(section)))
		command, _, _ := strings.Cut(clean, "\n")
		shows := clean != section
		if shows && !announced {
			wrong = append(wrong, "a secret is shown by "+command)
		}
		if announced && !shows {
			wrong = append(wrong, "no secret is shown by "+command+", although the line before says so")
		}
		announced = strings.HasPrefix(section, announces)
		masked += clean
	}
	return masked, wrong
}

// lastPhase leaves out the details of the phases that a script has left behind, as testscript does.
func lastPhase(log string) string {
	var kept strings.Builder
	last := strings.LastIndex(log, "\n# ")
	for line := range strings.Lines(log[:max(last, 0)]) {
		if strings.HasPrefix(line, "# ") {
			kept.WriteString(line)
		}
	}
	return kept.String() + log[last+1:]
}

// reveals announces that the next command of a script shows a secret, as it is meant to.
func reveals(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: reveals WHY")
	}
}

func TestASecretThatACommandShowsIsSeen(t *testing.T) {
	term := newTerminal(t)
	if code, _, errs := term.run("", term.here("apply", "--yes", "--quiet", "--no-verify", "--cluster", "store-001")...); code != 0 {
		t.Fatalf("apply: exit code %d\n%s", code, errs)
	}
	trail := filepath.Join(term.dir, "planted.jsonl")
	config, err := os.ReadFile(filepath.Join(term.dir, "out", "store-001", "aws-config"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(trail, config, 0o600); err != nil {
		t.Fatal(err)
	}
	args := []string{"config", "--cluster", "store-001", "-f", filepath.Join(term.dir, "share.yaml")}
	_, shown := observed(t.Context(), t, args, term.unattended(io.Discard, io.Discard))
	var where []string
	for place, found := range shown {
		where = append(where, fmt.Sprintf("%s: %s", place, found[0].Kind))
	}
	slices.Sort(where)
	want := []string{"planted.jsonl: secret access key", "stdout: secret access key"}
	if diff := cmp.Diff(want, where); diff != "" {
		t.Errorf("secrets (-want +seen):\n%s", diff)
	}
}

func TestASecretInAScriptsLogMustBeAnnounced(t *testing.T) {
	secret, err := awsid.NewSecretAccessKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	const masked = "[secret access key]"
	for sentence, test := range map[string]struct {
		log   string
		wrong []string
	}{
		"nothing is shown": {"# phase\n> exec pullpass plan\n[stdout]\nno changes\n", nil},
		"a secret is shown": {
			"> exec pullpass plan\n[stdout]\n" + masked + "\n> exists x\n", []string{"a secret is shown by > exec pullpass plan"},
		},
		"a secret is announced": {"> reveals 'why'\n> exec pullpass config\n[stdout]\nkey=" + masked + "\n> exists x\n", nil},
		"the command after the announced one shows one too": {
			"> reveals 'why'\n> one\n" + masked + "\n> two\n" + masked + "\n", []string{"a secret is shown by > two"},
		},
		"an announcement has become idle": {
			"> reveals 'why'\n> exec pullpass config\n[stdout]\nnothing\n",
			[]string{"no secret is shown by > exec pullpass config, although the line before says so"},
		},
		"a secret stands before the first command": {"HOME=" + masked + "\n", []string{"a secret is shown by HOME=" + masked}},
	} {
		t.Run(sentence, func(t *testing.T) {
			log, wrong := inspected(strings.ReplaceAll(test.log, masked, secret.Reveal()))
			if diff := cmp.Diff(test.wrong, wrong); diff != "" {
				t.Errorf("wrong (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(test.log, log); diff != "" {
				t.Errorf("log (-want +got):\n%s", diff)
			}
		})
	}
}
