package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
)

// readLine reads one line from stdin. What follows it stays unread, as far as a pipe allows.
func (a *app) readLine() (string, error) {
	line, err := bufio.NewReader(a.env.Stdin).ReadString('\n')
	if err != nil && (!errors.Is(err, io.EOF) || line == "") {
		return "", err
	}
	return strings.TrimRight(line, "\r\n"), nil
}

// confirm asks whether to go on, or fails where there is nobody to ask.
func (a *app) confirm(yes bool, question string) error {
	if yes {
		return nil
	}
	if !a.env.Terminals.interactive() {
		return withHint(usagef("there is no terminal to ask for a confirmation"), "say --yes to go on without being asked")
	}
	// The question is for people even where --quiet asks for few words.
	_, _ = fmt.Fprintf(a.env.Stderr, "%s Only yes goes on: ", question)
	answer, err := a.readLine()
	if err != nil {
		return fmt.Errorf("reading the answer: %w", err)
	}
	if answer != "yes" {
		return fmt.Errorf("not confirmed; nothing was changed")
	}
	return nil
}

// tokenPrompt asks for MFA codes on a terminal; it is nil elsewhere, which makes them an error that names the profile.
func (a *app) tokenPrompt() func(context.Context, string) (string, error) {
	if !a.env.Terminals.interactive() {
		return nil
	}
	return func(_ context.Context, serial string) (string, error) {
		_, _ = fmt.Fprintf(a.env.Stderr, "MFA code of %s: ", serial)
		code, err := a.readLine()
		if err != nil {
			return "", fmt.Errorf("reading the MFA code: %w", err)
		}
		return code, nil
	}
}
