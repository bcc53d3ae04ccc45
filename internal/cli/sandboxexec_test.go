package cli_test

import (
	"testing"

	"github.com/pullpass/pullpass/internal/cli"
)

// A key such as Ctrl-C goes to all of a terminal's programs, whichever of their streams are redirected. A command that got
// it twice would not end in good order: two interrupts are how people tell programs to give up.
func TestACommandAtATerminalGetsItsInterruptFromThere(t *testing.T) {
	// The command sends the program that runs it an interrupt, and where that is not passed on, what always is.
	const (
		passed = `trap 'exit 3' INT; kill -INT $PPID; while :; do :; done`
		kept   = `trap 'exit 3' INT; trap 'exit 4' TERM; kill -INT $PPID; kill -TERM $PPID; while :; do :; done`
	)
	for sentence, test := range map[string]struct {
		streams cli.Terminals
		script  string
		want    int
	}{
		"no stream is a terminal":                 {cli.Terminals{}, passed, 3},
		"all are":                                 {cli.Terminals{Stdin: true, Stdout: true, Stderr: true}, kept, 4},
		"input comes from elsewhere":              {cli.Terminals{Stdout: true, Stderr: true}, kept, 4},
		"input and output are redirected":         {cli.Terminals{Stderr: true}, kept, 4},
		"output is redirected, and errors go too": {cli.Terminals{Stdin: true}, kept, 4},
	} {
		t.Run(sentence, func(t *testing.T) {
			term := newTerminal(t)
			term.streams = test.streams
			code, _, errs := term.run("", "sandbox", "exec", "--", "/bin/sh", "-c", test.script)
			if code != test.want {
				t.Errorf("exit code %d, want %d\n%s", code, test.want, errs)
			}
		})
	}
}
