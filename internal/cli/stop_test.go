package cli_test

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pullpass/pullpass/sandbox"
	"github.com/pullpass/pullpass/sandbox/sandboxtest"
)

// alarm ends a run at its first call of an action of IAM, of which the beginning is given.
type alarm struct {
	action string
	ring   context.CancelFunc
}

func (a alarm) Write(line []byte) (int, error) {
	if bytes.Contains(line, []byte(`"action":"iam:`+a.action)) {
		a.ring()
	}
	return len(line), nil
}

// Apply finishes the steps under way, which can take minutes on a bad day: it says so to whoever stops it.
func TestWhoStopsApplyIsToldWhatItWaitsFor(t *testing.T) {
	const want = "stopping: what has begun is finished; a second signal does not wait for it\n"
	for sentence, stopped := range map[string]bool{"it is stopped": true, "it is left alone": false} {
		t.Run(sentence, func(t *testing.T) {
			term := newTerminal(t)
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			ring := func() {}
			if stopped {
				ring = cancel
			}
			sandboxtest.Start(t, sandbox.Config{Dir: term.dir + "/box", Requests: alarm{"Create", ring}})
			var out, errs bytes.Buffer
			code := discreetly(ctx, t, term.here("apply", "--yes"), term.unattended(&out, &errs))
			if (code != 0) != stopped || strings.Contains(errs.String(), want) != stopped {
				t.Errorf("exit code %d, said:\n%s", code, &errs)
			}
		})
	}
}

// A revocation that is stopped removes nothing from then on, shows what it has seen, and leaves the rest to the next run.
func TestARevocationThatIsStoppedGoesOnFromThere(t *testing.T) {
	term := newTerminal(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	sandboxtest.Start(t, sandbox.Config{Dir: term.dir + "/box", Requests: alarm{"UpdateAccessKey", cancel}})
	if code, _, stderr := term.run("", term.here("apply", "--yes", "--no-verify")...); code != 0 {
		t.Fatalf("apply ended with %d:\n%s", code, stderr)
	}
	revoke := term.here("revoke", "--yes", "--cluster", "store-001")
	var out, errs bytes.Buffer
	code := discreetly(ctx, t, revoke, term.unattended(&out, &errs))
	if code != 1 || !strings.Contains(errs.String(), "stopped before the end; run it again: it goes on from here\n") ||
		!strings.Contains(out.String(), "not proven: the proof was cut short") {
		t.Errorf("exit code %d, said:\n%s%s", code, &out, &errs)
	}
	delivered := filepath.Join(term.dir, "out", "store-001", "aws-config")
	if _, err := os.Stat(delivered); err != nil {
		t.Errorf("what was delivered is gone: %v", err)
	}
	if code, stdout, stderr := term.run("", revoke...); code != 0 {
		t.Errorf("run again: exit code %d\n%s%s", code, stdout, stderr)
	}
	if _, err := os.Stat(delivered); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("what was delivered is there yet: %v", err)
	}
}
