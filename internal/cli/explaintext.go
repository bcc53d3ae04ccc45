package cli

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/pullpass/pullpass/internal/trouble"
)

// errUnrecognised is for a text in which nothing is known.
var errUnrecognised = errors.New("nothing in it is known")

// maxMessage bounds how much of a log is read.
const maxMessage = 8 << 20

// messageHelp is what the help of `pullpass explain` says of --message.
const messageHelp = `--message explains what a program said instead, and asks nobody: kubelet's events, the logs of the packages controller,
docker, containerd, helm, oras, crane, the AWS CLI and the AWS SDKs. It says which link that is, what is certain of it, and
what to run next. Give the text itself, @FILE for a file with it, or - for stdin. Of several messages the one of the
earliest link is the cause. Nothing is repeated but what was recognised: a text that was pasted may hold a secret. The exit
code is 1 where nothing in it is known.`

// registerMessage adds --message to the command.
func registerMessage(cmd *cobra.Command, message *string) {
	cmd.Flags().StringVar(message, "message", "", "explain this `TEXT` of a program, of @FILE, or of stdin (-)")
}

// onlyMessage finds flags that ask about something else than a text.
func onlyMessage(cmd *cobra.Command) error {
	for _, flag := range []string{"config", "principal", "action", "resource", "profile", "artifact", "destination"} {
		if cmd.Flags().Changed(flag) {
			return usagef("--message is about a text, and --%s about something else", flag)
		}
	}
	return nil
}

// explainMessage says what is known about a text. The share is not read: its name goes into what to run next.
func (a *app) explainMessage(cmd *cobra.Command, o explainOptions) error {
	text, err := a.messageText(o.message)
	if err != nil {
		return usage(err)
	}
	var place trouble.Place
	if cmd.Flags().Changed("share") {
		place.Share = o.file
	}
	if len(o.clusters) == 1 {
		place.Cluster = o.clusters[0]
	}
	reading := trouble.Read(text, place)
	if err := a.result(reading, messageWriter(reading, a.onStdout())); err != nil {
		return err
	}
	if reading.Cause == nil {
		return withHint(fmt.Errorf("reading a text (lines: %d): %w", reading.Lines, errUnrecognised),
			"paste the whole line, or walk the chain instead: pullpass verify, pullpass explain")
	}
	return nil
}

// messageText is the text that --message names.
func (a *app) messageText(message string) (string, error) {
	if name, found := strings.CutPrefix(message, "@"); found {
		file, err := os.Open(name)
		if err != nil {
			return "", err
		}
		defer func() { _ = file.Close() }() // It was only read.
		return bounded(file, name)
	}
	if message != "-" {
		return message, nil
	}
	return bounded(a.stdin, "stdin")
}

// bounded reads a text that may be a log without end. What is too long is refused: its end may be what counts.
func bounded(from io.Reader, name string) (string, error) {
	src, err := io.ReadAll(io.LimitReader(from, maxMessage+1))
	switch {
	case err != nil:
		return "", fmt.Errorf("reading %s: %w", name, err)
	case len(src) > maxMessage:
		return "", fmt.Errorf("%s has more than %d MiB: give its last lines, such as with tail", name, maxMessage>>20)
	}
	return string(src), nil
}

// messageWriter writes a reading for people; nothing where nothing was recognised.
func messageWriter(r trouble.Reading, colours palette) func(io.Writer) error {
	return func(w io.Writer) error {
		if r.Cause == nil {
			return nil
		}
		var b strings.Builder
		writeCause(&b, *r.Cause, colours)
		if len(r.Also) > 0 {
			b.WriteString("\nIt also says, and most of this follows from the cause:\n")
		}
		for _, f := range r.Also {
			fmt.Fprintf(&b, "  line %d: %s\n    %s\n", f.Line, heard(f), f.Meaning)
		}
		_, err := io.WriteString(w, b.String())
		return err
	}
}

func writeCause(b *strings.Builder, f trouble.Finding, colours palette) {
	fmt.Fprintf(b, "line %d: %s\n\n", f.Line, heard(f))
	for _, link := range f.Proven {
		fmt.Fprintf(b, "  %s    %-10s this message comes after it\n", colours.paint(green, "ok"), link)
	}
	if f.Link != "" {
		fmt.Fprintf(b, "  %s  %s\n", colours.paint(red, "FAIL"), f.Link)
	} else {
		b.WriteString("  It is none of the links of a pull.\n")
	}
	fmt.Fprintf(b, "\n%s\n", f.Meaning)
	if f.Kind != "" {
		fmt.Fprintf(b, "Cause (%s): %s\n", f.Conclusion, f.Kind)
	}
	if len(f.Candidates) > 0 {
		words := make([]string, len(f.Candidates))
		for i, kind := range f.Candidates {
			words[i] = string(kind)
		}
		fmt.Fprintf(b, "It can be: %s\n", strings.Join(words, ", "))
	}
	if len(f.Next) > 0 {
		b.WriteString("\nNext:\n")
	}
	for _, step := range f.Next {
		text := step.Text
		if step.Account != "" {
			text += " (account " + step.Account + ")"
		}
		fmt.Fprintf(b, "  - %s\n", text)
		if step.Command != "" {
			fmt.Fprintf(b, "    %s\n", step.Command)
		}
	}
}

// heard is a message on one line.
func heard(f trouble.Finding) string {
	var words []string
	if call := strings.TrimSpace(f.Said.Service + " " + f.Said.Operation); call != "" {
		words = append(words, call)
	}
	for _, word := range []string{f.Said.Code, f.Said.Message} {
		if word != "" {
			words = append(words, word)
		}
	}
	return strings.Join(words, ": ")
}
