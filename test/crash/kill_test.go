package crash

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/pullpass/pullpass/internal/cli"
	"github.com/pullpass/pullpass/sandbox/sandboxtest"
)

// victim is the name by which this program is started to be pullpass, and to be killed.
const victim = "victim"

func TestMain(m *testing.M) {
	if filepath.Base(os.Args[0]) == victim {
		os.Exit(play(os.Args[1:]))
	}
	os.Exit(m.Run())
}

// play is pullpass on a machine, whose clock is so much ahead, and which is killed at a call to AWS, if at any.
func play(args []string) int {
	ahead, err := time.ParseDuration(args[0])
	if err == nil {
		err = followed()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	g := &gate{at: effect(args[2]), stop: paused, secrets: newSecrets(), meanwhile: die}
	return cli.Main(context.Background(), args[3:], env(sandboxtest.ClockAhead(ahead), machine(args[1]), os.Stdout, os.Stderr, g))
}

// die kills this process, which does nothing more, not even what it has put off until it ends.
func die() {
	self, err := os.FindProcess(os.Getpid())
	if err == nil {
		err = self.Kill()
	}
	fmt.Fprintln(os.Stderr, "still alive:", err)
	select {}
}

// perish runs a command in a process of its own, that a tracer follows; at is the call to AWS at which it is killed.
func (w *world) perish(t *tracer, at effect, args ...string) said {
	w.t.Helper()
	self, err := os.Executable()
	w.must(err)
	null, err := os.Open(os.DevNull)
	w.must(err)
	aside := w.t.TempDir()
	stdout, err := os.Create(filepath.Join(aside, "stdout"))
	w.must(err)
	stderr, err := os.Create(filepath.Join(aside, "stderr"))
	w.must(err)
	line := append([]string{victim, w.clock.Ahead().String(), string(here), string(at)}, w.line(here, args)...)
	w.must(t.follow(self, line, []*os.File{null, stdout, stderr}))
	for _, f := range []*os.File{null, stdout, stderr} {
		w.must(f.Close())
	}
	got := said{stdout: string(w.delivered(stdout.Name())), stderr: string(w.delivered(stderr.Name()))}
	w.mustNotTell([]byte(got.stdout+got.stderr), "output of", args)
	return got
}

// killEverywhere kills the command, as a process, before and after each call by which it changes a file or a directory, and
// at some of its calls to AWS.
func (s scenario) killEverywhere(t *testing.T, tried *tally, dir string, at time.Duration, calls []effect) {
	name := s.name + ", killed"
	var files []effect
	if !t.Run("followed", func(t *testing.T) { files = s.followed(copied(t, dir, at)) }) {
		return
	}
	for _, e := range files {
		for _, how := range []stop{before, after} {
			if !tried.chosen(name) {
				continue
			}
			t.Run(fmt.Sprintf("killed %s %s", how, e), func(t *testing.T) {
				t.Parallel()
				w := copied(t, dir, at)
				s.killAt(w, w.tracer(e, how), "")
				tried.done(name)
			})
		}
	}
	for chunk := range slices.Chunk(calls, 3) {
		if !tried.chosen(name) {
			continue
		}
		t.Run(fmt.Sprintf("killed before %s", chunk[0]), func(t *testing.T) {
			t.Parallel()
			w := copied(t, dir, at)
			s.killAt(w, w.tracer("", ""), chunk[0])
			tried.done(name)
		})
	}
}

// A tracer follows a process at each call of the operating system that changes something in a directory, and kills it there.
type tracer struct {
	// root is the directory. What is done elsewhere, such as in the sandbox's, is not followed.
	root string
	// at is the effect at which the process is killed, empty for none; stop is before or after.
	at   effect
	stop stop

	seen    map[effect]int
	passed  []effect
	reached bool
	// leaving is the thread that is let out of the call at which the process is to be killed.
	leaving int
}

func (w *world) tracer(at effect, how stop) *tracer {
	return &tracer{root: w.dir, at: at, stop: how, seen: map[effect]int{}}
}

// followed runs the command to its end, and returns what it does to files.
func (s scenario) followed(w *world) []effect {
	w.t.Helper()
	s.begin(w)
	t := w.tracer("", "")
	got := w.perish(t, "", s.command...)
	if traces && len(t.passed) == 0 {
		w.t.Fatalf("it does nothing to files:\n%s%s", got.stdout, got.stderr)
	}
	return t.passed
}

// killAt kills the command, and lets it be run again.
func (s scenario) killAt(w *world, t *tracer, at effect) {
	w.t.Helper()
	s.begin(w)
	got := w.perish(t, at, s.command...)
	if t.at != "" && !t.reached {
		w.t.Fatalf("it was not reached; what was: %v\n%s%s", t.passed, got.stdout, got.stderr)
	}
	w.look("the kill")
	s.goOnAs(w, here)
	w.mustBeSettled(s.sites)
}
