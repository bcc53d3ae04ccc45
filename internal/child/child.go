// Package child runs a program in the place of this one.
package child

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"syscall"
)

// A Program is what runs. The streams are handed to it as they are, so that a file stays one and a terminal a terminal.
type Program struct {
	Name           string // looked up in PATH unless it has a slash
	Args           []string
	Env            []string // NAME=value
	Stdin          io.Reader
	Stdout, Stderr io.Writer
	// Terminal says that the program has a terminal, which sends it the signals of keys by itself.
	Terminal bool
	// Signals are passed on to the program. Nil means that they are caught for no longer than it runs.
	Signals *Signals
}

// The exit codes of shells, for what a program could not tell by one of its own
// (https://pubs.opengroup.org/onlinepubs/9799919799/utilities/V3_chap02.html#tag_19_08_02).
const (
	NotExecutable = 126
	NotFound      = 127
	signalled     = 128 // and the signal's number
)

// Run runs the program and returns its exit code; with an error where it could not be started. Signals are passed on to
// it, for which ctx is no reason to end earlier than the program does: what ends it has reached the program too.
func (p Program) Run(ctx context.Context) (code int, err error) {
	cmd := exec.CommandContext(context.WithoutCancel(ctx), p.Name, p.Args...)
	cmd.Env, cmd.Stdin, cmd.Stdout, cmd.Stderr = p.Env, p.Stdin, p.Stdout, p.Stderr
	// Signals are taken before the program begins, so that none between the two ends this process alone.
	signals := p.Signals
	if signals == nil {
		signals = Catch()
		defer signals.Release()
	}
	if err := cmd.Start(); err != nil {
		return unstarted(err), fmt.Errorf("starting %s: %w", p.Name, err)
	}
	ended := make(chan struct{})
	passed := make(chan struct{})
	go func() {
		defer close(passed)
		p.pass(signals.caught, ended, cmd.Process)
	}()
	err = cmd.Wait()
	close(ended)
	<-passed
	return exitCode(cmd.ProcessState, err)
}

// pass hands signals on until the program has ended.
func (p Program) pass(signals <-chan os.Signal, ended <-chan struct{}, to *os.Process) {
	for {
		select {
		case s := <-signals:
			if p.Terminal && (s == os.Interrupt || s == syscall.SIGQUIT) {
				continue
			}
			_ = to.Signal(s) // It fails where the program has just ended, which Wait tells.
		case <-ended:
			return
		}
	}
}

func unstarted(err error) int {
	if errors.Is(err, exec.ErrNotFound) || errors.Is(err, fs.ErrNotExist) {
		return NotFound
	}
	return NotExecutable
}

// exitCode reads what became of a program that ran. An error without an exit is one of the streams.
func exitCode(state *os.ProcessState, err error) (int, error) {
	if status, ok := state.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		return signalled + int(status.Signal()), nil
	}
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		return 1, fmt.Errorf("carrying a program's streams: %w", err)
	}
	return state.ExitCode(), nil
}
