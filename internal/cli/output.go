package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"sync"

	"github.com/spf13/cobra"
)

// format is how a command writes its result.
type format string

const (
	textFormat format = "text"
	jsonFormat format = "json"
)

// String implements pflag.Value.
func (f *format) String() string { return string(*f) }

// Type implements pflag.Value.
func (f *format) Type() string { return "text|json" }

// Set implements pflag.Value.
func (f *format) Set(s string) error {
	switch format(s) {
	case textFormat, jsonFormat:
		*f = format(s)
		return nil
	}
	return fmt.Errorf("want text or json")
}

func (a *app) formatFlag(cmd *cobra.Command) {
	a.format = textFormat
	cmd.Flags().VarP(&a.format, "output", "o", "how to write the result")
}

// say writes a line for people, on stderr.
func (a *app) say(format string, args ...any) {
	a.saying.Lock()
	defer a.saying.Unlock()
	// Nobody can be told that stderr cannot be written to.
	_, _ = fmt.Fprintf(a.env.Stderr, format+"\n", args...)
}

// progress is say, unless --quiet.
func (a *app) progress(format string, args ...any) {
	if !a.quiet {
		a.say(format, args...)
	}
}

// repeating tells each reason why calls are repeated once, so that what is slow says so.
func (a *app) repeating() func(error) {
	var told sync.Map
	return func(err error) {
		if _, before := told.LoadOrStore(err.Error(), true); !before {
			a.progress("note: trying again: %s", err)
		}
	}
}

// result writes a command's result on stdout: the value as JSON, or text as it writes itself.
func (a *app) result(value any, text func(io.Writer) error) error {
	if a.format != jsonFormat {
		return text(a.env.Stdout)
	}
	encoder := json.NewEncoder(a.env.Stdout)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(value); err != nil {
		return fmt.Errorf("writing the result: %w", err)
	}
	return nil
}

// palette says whether a stream takes colour.
type palette bool

// onStdout is the palette of results.
func (a *app) onStdout() palette { return a.palette(a.env.Terminals.Stdout) }

// onStderr is the palette of everything else.
func (a *app) onStderr() palette { return a.palette(a.env.Terminals.Stderr) }

// palette gives terminals colour, unless NO_COLOR is set to anything (https://no-color.org).
func (a *app) palette(terminal bool) palette {
	return palette(terminal && a.env.getenv("NO_COLOR") == "")
}

// paint colours a word.
func (p palette) paint(c colour, word string) string {
	if !p {
		return word
	}
	return string(c) + word + "\x1b[0m"
}

// colour is an escape sequence of ECMA-48, "SGR".
type colour string

const (
	green colour = "\x1b[32m"
	red   colour = "\x1b[31m"
	faint colour = "\x1b[2m"
)
