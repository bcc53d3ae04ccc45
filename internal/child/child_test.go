package child_test

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/pullpass/pullpass/internal/child"
)

func sh(script string) child.Program {
	return child.Program{Name: "/bin/sh", Args: []string{"-c", script}, Env: []string{"GREETING=hello"}}
}

func TestTheExitCodeIsTheProgramsOwn(t *testing.T) {
	plain := filepath.Join(t.TempDir(), "plain")
	if err := os.WriteFile(plain, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for sentence, test := range map[string]struct {
		program child.Program
		want    int
		started bool
	}{
		"done":                           {sh("exit 0"), 0, true},
		"its own code":                   {sh("exit 7"), 7, true},
		"a signal is 128 and its number": {sh("kill -TERM $$"), 143, true},
		"a program that is not there":    {child.Program{Name: "/nowhere/at/all"}, child.NotFound, false},
		"a name that PATH does not have": {child.Program{Name: "no-such-program"}, child.NotFound, false},
		"a file that cannot be executed": {child.Program{Name: plain}, child.NotExecutable, false},
	} {
		t.Run(sentence, func(t *testing.T) {
			got, err := test.program.Run(t.Context())
			if got != test.want || (err == nil) != test.started {
				t.Errorf("got %d, %v; want %d", got, err, test.want)
			}
		})
	}
}

func TestStreamsAndEnvironmentAreThoseGiven(t *testing.T) {
	t.Setenv("LEFTOVER", "must not be seen")
	var out, errs bytes.Buffer
	p := sh(`cat; echo "$GREETING$LEFTOVER" >&2`)
	p.Stdin, p.Stdout, p.Stderr = strings.NewReader("typed"), &out, &errs
	if code, err := p.Run(t.Context()); code != 0 || err != nil {
		t.Fatal(code, err)
	}
	if out.String() != "typed" || errs.String() != "hello\n" {
		t.Errorf("stdout %q, stderr %q", &out, &errs)
	}
}

// runner runs what follows "--" as a child, for the test that sends signals to a process of its own.
const runner = "CHILD_TEST_RUNNER"

func TestMain(m *testing.M) {
	if os.Getenv(runner) == "" {
		os.Exit(m.Run())
	}
	p := child.Program{
		Name: os.Args[1], Args: os.Args[2:], Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr,
		Terminal: os.Getenv(runner) == "terminal",
	}
	code, err := p.Run(context.Background())
	if err != nil {
		os.Exit(99)
	}
	os.Exit(code)
}

func TestSignalsArePassedOn(t *testing.T) {
	const script = `trap 'echo interrupted; exit 3' INT; trap 'echo terminated; exit 4' TERM; echo ready; while :; do read line || exit 5; done`
	for sentence, test := range map[string]struct {
		as   string
		send []syscall.Signal
		want string
		code int
	}{
		"an interrupt":     {"program", []syscall.Signal{syscall.SIGINT}, "interrupted\n", 3},
		"a request to end": {"program", []syscall.Signal{syscall.SIGTERM}, "terminated\n", 4},
		"not the interrupt of a terminal, which it gets by itself": {
			"terminal", []syscall.Signal{syscall.SIGINT, syscall.SIGTERM}, "terminated\n", 4,
		},
	} {
		t.Run(sentence, func(t *testing.T) {
			cmd := exec.CommandContext(t.Context(), os.Args[0], "/bin/sh", "-c", script)
			cmd.Env = append(os.Environ(), runner+"="+test.as)
			// Standard input stays open, so that only a signal ends the script.
			if _, err := cmd.StdinPipe(); err != nil {
				t.Fatal(err)
			}
			out, err := cmd.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			ready := make([]byte, len("ready\n"))
			if _, err := out.Read(ready); err != nil {
				t.Fatal(err)
			}
			for _, s := range test.send {
				if err := cmd.Process.Signal(s); err != nil {
					t.Fatal(err)
				}
			}
			var said bytes.Buffer
			if _, err := said.ReadFrom(out); err != nil {
				t.Fatal(err)
			}
			_ = cmd.Wait() // The exit code tells.
			if said.String() != test.want || cmd.ProcessState.ExitCode() != test.code {
				t.Errorf("said %q and ended with %d, want %q and %d", &said, cmd.ProcessState.ExitCode(), test.want, test.code)
			}
		})
	}
}

func TestASignalBeforeTheProgramRunsIsPassedToIt(t *testing.T) {
	for sentence, sent := range map[string]syscall.Signal{
		"the terminal is gone":   syscall.SIGHUP,
		"a request to end":       syscall.SIGTERM,
		"what the program likes": syscall.SIGUSR1,
	} {
		t.Run(sentence, func(t *testing.T) {
			p := sh("read line")
			p.Signals = child.Catch()
			defer p.Signals.Release()
			seen := make(chan os.Signal, 1)
			signal.Notify(seen, sent)
			defer signal.Stop(seen)
			if err := syscall.Kill(os.Getpid(), sent); err != nil {
				t.Fatal(err)
			}
			<-seen // whoever catches signals from now on does not get it
			// Standard input stays open, so that only the signal ends the script.
			stdin, open, err := os.Pipe()
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _, _ = stdin.Close(), open.Close() }()
			p.Stdin = stdin
			if code, err := p.Run(t.Context()); code != 128+int(sent) || err != nil {
				t.Errorf("exit code %d, %v; want %d", code, err, 128+int(sent))
			}
		})
	}
}
