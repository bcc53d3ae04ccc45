package cli_test

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pullpass/pullpass/sandbox"
	"github.com/pullpass/pullpass/sandbox/sandboxtest"
)

// leftovers are the files that exec has made and not removed.
func leftovers(t *testing.T, dir string) []string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(dir, "pullpass-exec-*"))
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// applied is a terminal where the share was applied to one cluster.
func applied(t *testing.T) *terminal {
	t.Helper()
	term := newTerminal(t)
	if code, _, errs := term.run("", term.here("apply", "--yes", "--quiet", "--cluster", "store-001")...); code != 0 {
		t.Fatalf("apply: exit code %d\n%s", code, errs)
	}
	return term
}

// Ctrl-C at eksctl is for eksctl to answer: it may have a cluster half made.
func TestAnInterruptOfTheTerminalIsLeftToTheProgram(t *testing.T) {
	term := applied(t)
	const script = `trap 'exit 3' INT; trap 'exit 4' TERM; kill -INT $PPID; kill -TERM $PPID; while :; do :; done`
	code, _, errs := term.run("", term.here("exec", "--no-verify", "--cluster", "store-001", "--", "/bin/sh", "-c", script)...)
	if code != 4 {
		t.Errorf("exit code %d, want that of the signal that no terminal sends\n%s", code, errs)
	}
	if left := leftovers(t, term.dir); left != nil {
		t.Errorf("left behind: %v", left)
	}
}

// bell rings at the first request of an action.
type bell struct {
	action string
	ring   func()
}

func (b bell) Write(line []byte) (int, error) {
	if bytes.Contains(line, []byte(`"action":"`+b.action)) {
		b.ring()
	}
	return len(line), nil
}

func TestWhoStopsBeforeTheProgramDoesNotStartIt(t *testing.T) {
	term := applied(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var errs bytes.Buffer
	started := filepath.Join(term.dir, "started")
	code := discreetly(ctx, t, term.here("exec", "--no-verify", "--cluster", "store-001", "--", "touch", started), term.unattended(&errs, &errs))
	if code != 1 || !strings.Contains(errs.String(), "starting touch: context canceled") {
		t.Errorf("exit code %d, said:\n%s", code, &errs)
	}
	if _, err := os.Stat(started); err == nil {
		t.Error("the program was started")
	}
}

// What is cut short is called neither broken nor denied, and no program is started on it.
func TestWhoStopsALookIsToldNothingElse(t *testing.T) {
	for command, want := range map[string]string{
		"explain": "explaining: context canceled", "verify": "proving share curated-packages: context canceled",
		"exec": "proving the credential of cluster store-001: context canceled",
	} {
		t.Run(command, func(t *testing.T) {
			term := applied(t)
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			sandboxtest.Start(t, sandbox.Config{Dir: filepath.Join(term.dir, "box"), Requests: bell{"sts:AssumeRole", cancel}})
			var out, errs bytes.Buffer
			args, started := term.here(command, "--cluster", "store-001"), filepath.Join(term.dir, "started")
			if command == "exec" {
				args = append(args, "--", "touch", started)
			}
			code := discreetly(ctx, t, args, term.unattended(&out, &errs))
			if code != 1 || out.Len() > 0 || !strings.Contains(errs.String(), want) {
				t.Errorf("exit code %d, said:\n%s%s", code, &out, &errs)
			}
			if _, err := os.Stat(started); err == nil {
				t.Error("the program was started")
			}
		})
	}
}
