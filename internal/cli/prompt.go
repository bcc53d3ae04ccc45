package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
)

// errInterrupted says that somebody stopped the program at a question.
var errInterrupted = errors.New("interrupted")

// readLine reads one line from stdin, or gives up when the context ends: a read cannot be called back, so it is left behind
// for the program's end. One line is read at a time, and what was typed ahead waits for the next question.
func (a *app) readLine(ctx context.Context) (string, error) {
	type answer struct {
		line string
		err  error
	}
	read := make(chan answer, 1)
	go func() {
		line, err := a.stdin.ReadString('\n')
		read <- answer{line, err}
	}()
	select {
	case got := <-read:
		if got.err != nil && (!errors.Is(got.err, io.EOF) || got.line == "") {
			return "", got.err
		}
		return strings.TrimRight(got.line, "\r\n"), nil
	case <-ctx.Done():
		return "", errInterrupted
	}
}

// confirm asks whether to go on, or fails where there is nobody to ask.
func (a *app) confirm(ctx context.Context, yes bool, question string) error {
	if yes {
		return nil
	}
	if !a.env.Terminals.interactive() {
		return withHint(usagef("there is no terminal to ask for a confirmation"), "say --yes to go on without being asked")
	}
	// The question is for people even where --quiet asks for few words.
	_, _ = fmt.Fprintf(a.env.Stderr, "%s Only yes goes on: ", question)
	answer, err := a.readLine(ctx)
	switch {
	case errors.Is(err, errInterrupted):
		return fmt.Errorf("%w; nothing was changed", err)
	case err != nil:
		return fmt.Errorf("reading the answer: %w", err)
	case answer != "yes":
		return fmt.Errorf("not confirmed; nothing was changed")
	}
	return nil
}

// tokenPrompt asks for MFA codes on a terminal, for one account after the other; it is nil elsewhere, which makes them an
// error that names the profile.
func (a *app) tokenPrompt() func(context.Context, string) (string, error) {
	if !a.env.Terminals.interactive() {
		return nil
	}
	var asking sync.Mutex
	return func(ctx context.Context, serial string) (string, error) {
		asking.Lock()
		defer asking.Unlock()
		if ctx.Err() != nil {
			return "", errInterrupted
		}
		_, _ = fmt.Fprintf(a.env.Stderr, "MFA code of %s: ", serial)
		code, err := a.readLine(ctx)
		if err != nil {
			return "", fmt.Errorf("reading the MFA code: %w", err)
		}
		return code, nil
	}
}
