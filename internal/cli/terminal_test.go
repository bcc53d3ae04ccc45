package cli_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pullpass/pullpass/arn"
	"github.com/pullpass/pullpass/examples"
	"github.com/pullpass/pullpass/internal/cli"
	"github.com/pullpass/pullpass/sandbox"
	"github.com/pullpass/pullpass/sandbox/sandboxtest"
)

// terminal runs command lines as somebody at a terminal, in a directory with the example share.
type terminal struct {
	t   *testing.T
	dir string
	env []string
	// clock is the one that commands go by: what they wait for takes no time.
	clock *sandboxtest.Clock
	// streams are all terminals unless a test redirects one.
	streams cli.Terminals
}

func newTerminal(t *testing.T) *terminal {
	t.Helper()
	term := &terminal{
		t: t, dir: t.TempDir(), clock: &sandboxtest.Clock{}, streams: cli.Terminals{Stdin: true, Stdout: true, Stderr: true},
	}
	if err := os.WriteFile(filepath.Join(term.dir, "share.yaml"), examples.Share, 0o600); err != nil {
		t.Fatal(err)
	}
	return term
}

// unattended is what a command has that somebody runs without a terminal, on a machine called lab.
func (term *terminal) unattended(out, errs io.Writer) cli.Env {
	return cli.Env{
		Stdin: strings.NewReader(""), Stdout: out, Stderr: errs, Hostname: "lab", TempDir: term.dir,
		Now: term.clock.Now, Wait: term.clock.Wait, Elapse: term.clock.Elapse, Random: rand.Reader,
	}
}

// run types a line and returns the exit code and both streams.
func (term *terminal) run(typed string, args ...string) (code int, stdout, stderr string) {
	term.t.Helper()
	return term.runUntil(term.t.Context(), typed, args...)
}

// runUntil does, for as long as the context lasts.
func (term *terminal) runUntil(ctx context.Context, typed string, args ...string) (code int, stdout, stderr string) {
	term.t.Helper()
	var out, errs bytes.Buffer
	env := term.unattended(&out, &errs)
	env.Stdin, env.Terminals, env.Environ = strings.NewReader(typed), term.streams, term.env
	code = discreetly(ctx, term.t, args, env)
	return code, out.String(), errs.String()
}

// here are the flags that lead to the terminal's share and sandbox.
func (term *terminal) here(command string, more ...string) []string {
	return append([]string{command, "-f", filepath.Join(term.dir, "share.yaml"), "--sandbox", filepath.Join(term.dir, "box")}, more...)
}

func TestApplyAsksOnATerminal(t *testing.T) {
	for sentence, test := range map[string]struct {
		typed   string
		code    int
		stderr  string
		applied bool
	}{
		"yes goes on":                    {"yes\n", 0, "Carry this out? Only yes goes on: ", true},
		"no changes nothing":             {"no\n", 1, "not confirmed; nothing was changed", false},
		"y is not yes":                   {"y\n", 1, "not confirmed; nothing was changed", false},
		"the end of input is no yes":     {"", 1, "reading the answer", false},
		"yes without a line end counts":  {"yes", 0, "Carry this out?", true},
		"yes with more behind it is not": {"yes please\n", 1, "not confirmed", false},
	} {
		t.Run(sentence, func(t *testing.T) {
			term := newTerminal(t)
			code, _, stderr := term.run(test.typed, term.here("apply", "--cluster", "store-001")...)
			if code != test.code || !strings.Contains(stderr, test.stderr) {
				t.Errorf("exit code %d, want %d; stderr:\n%s", code, test.code, stderr)
			}
			_, err := os.Stat(filepath.Join(term.dir, "out", "store-001", "aws-config"))
			if applied := err == nil; applied != test.applied {
				t.Errorf("applied: %t, want %t", applied, test.applied)
			}
		})
	}
}

// A question must not outlive the wish to be asked: Ctrl-C ends the context, and nobody types.
func TestAnInterruptAtTheQuestionEndsTheRun(t *testing.T) {
	term := newTerminal(t)
	silence, typed := io.Pipe()
	t.Cleanup(func() { _ = typed.Close() }) // A pipe's Close returns no error.
	ctx, interrupt := context.WithCancel(t.Context())
	stderr := &interrupter{when: "Only yes goes on: ", interrupt: interrupt}
	env := term.unattended(io.Discard, stderr)
	env.Stdin, env.Terminals = silence, term.streams
	code := discreetly(ctx, t, term.here("apply"), env)
	if code != 1 || !strings.HasSuffix(stderr.String(), "error: interrupted; nothing was changed\n") {
		t.Errorf("exit code %d, stderr:\n%s", code, stderr)
	}
}

// interrupter is a stream that interrupts the program once it has said something.
type interrupter struct {
	bytes.Buffer
	when      string
	interrupt func()
}

func (i *interrupter) Write(p []byte) (int, error) {
	n, err := i.Buffer.Write(p)
	if strings.HasSuffix(i.String(), i.when) {
		i.interrupt()
	}
	return n, err
}

func TestColourIsForTerminalsThatWantIt(t *testing.T) {
	for sentence, test := range map[string]struct {
		noColor string
		streams cli.Terminals
		want    bool
	}{
		"a terminal gets colour":            {"", cli.Terminals{Stdin: true, Stdout: true, Stderr: true}, true},
		"NO_COLOR set to anything stops it": {"0", cli.Terminals{Stdin: true, Stdout: true, Stderr: true}, false},
		"a file gets none":                  {"", cli.Terminals{Stdin: true, Stderr: true}, false},
	} {
		t.Run(sentence, func(t *testing.T) {
			term := newTerminal(t)
			term.streams = test.streams
			term.env = append(term.env, "NO_COLOR="+test.noColor)
			code, stdout, _ := term.run("", term.here("verify")...)
			if code != 4 {
				t.Errorf("exit code %d, want 4", code)
			}
			if got := strings.Contains(stdout, "\x1b["); got != test.want {
				t.Errorf("colour: %t, want %t:\n%q", got, test.want, stdout)
			}
		})
	}
}

// What happens where there is no terminal is seen by a script.
func TestMFAIsAskedForOnATerminal(t *testing.T) {
	box := sandboxtest.Start(t, sandbox.Config{})
	id, secret, err := box.Credentials(sandboxtest.Source)
	if err != nil {
		t.Fatal(err)
	}
	term := newTerminal(t)
	file := filepath.Join(term.dir, "config")
	text := fmt.Sprintf("[profile lead]\nrole_arn = arn:aws:iam::111111111111:role/lead\nsource_profile = keys\n"+
		"mfa_serial = arn:aws:iam::111111111111:mfa/administrator\nservices = box\nregion = us-west-2\n"+
		"[profile keys]\naws_access_key_id = %s\naws_secret_access_key = %s\nregion = us-west-2\nservices = box\n"+
		"[services box]\nsts =\n  endpoint_url = %[3]s\neks =\n  endpoint_url = %[3]s\n", id, secret.Reveal(), box.Endpoint())
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	term.env = append(term.env, "AWS_CONFIG_FILE="+file)
	code, _, stderr := term.run("123456\n", "registry", "--region", "us-west-2", "--profile", "lead",
		"--subscription", "e29fd0d2-d8a8-4ed4-be54-c6c0dd0f7964")
	if code != 1 || !strings.HasPrefix(stderr, "MFA code of arn:aws:iam::111111111111:mfa/administrator: ") {
		t.Errorf("exit code %d, stderr:\n%s", code, stderr)
	}
	if !strings.Contains(stderr, "AccessDenied") || strings.Contains(stderr, "RequestID") {
		t.Errorf("the code was not sent to STS, or its refusal is not said plainly:\n%s", stderr)
	}
}

// Two accounts are signed in to at the same time; their questions come one after the other, and an answer that was typed
// ahead is not lost.
func TestEachMFAQuestionGetsAnAnswerOfItsOwn(t *testing.T) {
	box := sandboxtest.Start(t, sandbox.Config{})
	term := newTerminal(t)
	var text strings.Builder
	for _, account := range []arn.AccountID{sandboxtest.Source, sandboxtest.Destination} {
		id, secret, err := box.Credentials(account)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&text, "[profile lead-%[1]s]\nrole_arn = arn:aws:iam::%[1]s:role/lead\nsource_profile = keys-%[1]s\n"+
			"mfa_serial = arn:aws:iam::%[1]s:mfa/lead\nservices = box\nregion = us-west-2\n"+
			"[profile keys-%[1]s]\naws_access_key_id = %[2]s\naws_secret_access_key = %[3]s\nregion = us-west-2\nservices = box\n",
			account, id, secret.Reveal())
	}
	fmt.Fprintf(&text, "[services box]\nsts =\n  endpoint_url = %[1]s\niam =\n  endpoint_url = %[1]s\n", box.Endpoint())
	for name, content := range map[string]string{
		"config":     text.String(),
		"share.yaml": strings.ReplaceAll(strings.Replace(oneCluster, "default", "{profile: lead-111111111111}", 1), "default", "{profile: lead-999999999999}"),
	} {
		if err := os.WriteFile(filepath.Join(term.dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	term.env = append(term.env, "AWS_CONFIG_FILE="+filepath.Join(term.dir, "config"))
	code, stdout, stderr := term.run("111111\n222222\n", "plan", "-f", filepath.Join(term.dir, "share.yaml"))
	if code != 1 || strings.Contains(stdout, "EOF") || strings.Count(stdout, "AccessDenied") != 2 {
		t.Errorf("exit code %d; not every question was answered:\n%s%s", code, stdout, stderr)
	}
	if strings.Contains(stderr, "the others can go on") {
		t.Errorf("no side can go on, and the hint says otherwise:\n%s", stderr)
	}
	for _, account := range []string{"111111111111", "999999999999"} {
		if question := "MFA code of arn:aws:iam::" + account + ":mfa/lead: "; strings.Count(stderr, question) != 1 {
			t.Errorf("%q was not asked once:\n%s", question, stderr)
		}
	}
}
