package sandbox_test

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pullpass/pullpass/sandbox"
	"github.com/pullpass/pullpass/sandbox/sandboxtest"
)

func TestTheComparisonStartsAsksAndStopsWhatItComparesWith(t *testing.T) {
	t.Setenv("PATH", filepath.Dir(build(t, motoProgram, "./testdata/moto"))+":"+t.TempDir())
	found, err := exec.LookPath(motoProgram)
	if err != nil {
		t.Fatal(err)
	}
	c := startMoto(t, found)
	for name, q := range map[string]query{"GetCallerIdentity": c.whoAmI, "AssumeRole": c.assumeRole} {
		if err := q.send(t.Context(), c.route); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if got := c.memory(t); got.now < 1 || got.peak < got.now {
		t.Errorf("its memory is %.1f MiB, and was %.1f", got.now, got.peak)
	}
	if c.started <= 0 {
		t.Errorf("it took %s to start", c.started)
	}
	c.stop(t)
	if err := c.whoAmI.send(t.Context(), c.route); err == nil {
		t.Error("it still answers after it was stopped")
	}
}

func TestAServerThatEndsAtOnceIsNotWaitedFor(t *testing.T) {
	p := start(t, build(t, motoProgram, "./testdata/moto"), "-H", "127.0.0.1", "-p", "99999")
	defer p.stop(t)
	_, err := p.until(t.Context(), func() error { return sandbox.ErrNotServed })
	if err == nil || !strings.Contains(err.Error(), "it has ended") || !strings.Contains(err.Error(), "99999") {
		t.Errorf("got %v, want that it has ended, and why", err)
	}
}

func TestTheComparedCallsAreVerifiedByTheSandbox(t *testing.T) {
	s := sandboxtest.Start(t, sandbox.Config{})
	user := shareByHand(t, s.IAM(sandboxtest.Source), s.IAM(sandboxtest.Destination))
	to := plain(s)
	for sentence, test := range map[string]struct {
		query   query
		refused bool
	}{
		"with the user's key":     {query{whoAmI, user}, false},
		"with a key of nobody":    {query{whoAmI, anyKeys}, true},
		"the role that is shared": {assuming(user), false},
	} {
		if err := test.query.send(t.Context(), to); (err != nil) != test.refused {
			t.Errorf("%s: got %v, want it refused: %t", sentence, err, test.refused)
		}
	}
}
