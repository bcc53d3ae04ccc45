package cli_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"strings"
	"testing"
	"time"

	"github.com/pullpass/pullpass/internal/cli"
	"github.com/pullpass/pullpass/sandbox"
	"github.com/pullpass/pullpass/sandbox/sandboxtest"
)

// alarm ends a run at its first call to IAM that changes something.
type alarm struct{ ring context.CancelFunc }

func (a alarm) Write(line []byte) (int, error) {
	if bytes.Contains(line, []byte(`"action":"iam:Create`)) {
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
			sandboxtest.Start(t, sandbox.Config{Dir: term.dir + "/box", Requests: alarm{ring}})
			var out, errs bytes.Buffer
			code := discreetly(ctx, t, term.here("apply", "--yes"), cli.Env{
				Stdin: strings.NewReader(""), Stdout: &out, Stderr: &errs, Hostname: "lab", TempDir: term.dir,
				Now: time.Now, Random: rand.Reader,
			})
			if (code != 0) != stopped || strings.Contains(errs.String(), want) != stopped {
				t.Errorf("exit code %d, said:\n%s", code, &errs)
			}
		})
	}
}
