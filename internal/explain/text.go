package explain

import (
	"fmt"
	"io"
	"strings"
)

// WriteText writes the report for people: what AWS answered, what is wrong, what mends it, what is not known.
func (r Report) WriteText(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s\n", r.Subject.text(), r.headline())
	if a := r.Answered; a != nil {
		fmt.Fprintf(&b, "\nAWS answered %s %s:\n  %s: %s\n", a.Service, a.Operation, a.Code, a.Message)
		if a.RequestID != "" {
			fmt.Fprintf(&b, "  request %s\n", a.RequestID)
		}
	}
	r.writeFinding(&b)
	r.writeFix(&b)
	r.writeUnread(&b)
	r.writeChain(&b)
	_, err := io.WriteString(w, b.String())
	return err
}

func (s Subject) text() string {
	switch {
	case s.Cluster != "":
		return string(s.Account) + " " + s.Cluster
	case s.Config != "":
		return s.Config
	}
	return fmt.Sprintf("%s, %s on %s", s.Principal, s.Action, s.Resource)
}

func (r Report) headline() string {
	var broken []string
	for _, l := range r.Chain {
		if l.Outcome == Failed {
			broken = append(broken, string(l.Link))
		}
	}
	switch r.Outcome {
	case Works:
		return "works"
	case Denied:
		if len(broken) > 0 {
			return "denied at link " + broken[0]
		}
		return "denied"
	case Unused:
		if len(broken) > 0 {
			return "works, and the cluster does not use it: " + strings.Join(broken, ", ")
		}
	case Unknown:
	}
	return "not known"
}

func (r Report) writeFinding(b *strings.Builder) {
	if !r.Agrees {
		b.WriteString("\nAWS's answer and what was read contradict each other. ")
		if r.Outcome == Works {
			b.WriteString("AWS lets it through, and by what was read it should not:\n")
		} else {
			b.WriteString("By what was read AWS should have answered otherwise.\n")
		}
	}
	switch {
	case r.Cause != nil:
		fmt.Fprintf(b, "\nCause (%s): %s\n", r.Conclusion, r.Cause.Text)
		r.writePlace(b)
	case r.Outcome != Works && r.Agrees:
		b.WriteString("\nCause: open. What could not be read decides.\n")
	}
	for i, m := range r.Nearest {
		if r.Cause != nil && i == 0 && strings.Contains(r.Cause.Text, m.Text) {
			continue
		}
		fmt.Fprintf(b, "  also: %s\n        wants %s, found %s\n", m.Text, m.Expected, m.Found)
	}
}

// writePlace writes where the cause is, as somebody with a console looks for it.
func (r Report) writePlace(b *strings.Builder) {
	c := r.Cause
	if c.Account != "" {
		fmt.Fprintf(b, "  account    %s\n", c.Account)
	}
	if c.Policy != nil {
		name := c.Policy.ARN
		if name == "" {
			name = c.Policy.Name
		}
		fmt.Fprintf(b, "  policy     %s (%s)\n", name, c.Policy.Kind)
	}
	if s := c.Statement; s != nil {
		fmt.Fprintf(b, "  statement  %d", s.Index+1)
		if s.Sid != "" {
			fmt.Fprintf(b, " (%s)", s.Sid)
		}
		if s.Line > 1 {
			fmt.Fprintf(b, ", line %d", s.Line)
		}
		b.WriteByte('\n')
		if s.Text != "" {
			fmt.Fprintf(b, "             %s\n", s.Text)
		}
	}
}

func (r Report) writeFix(b *strings.Builder) {
	f := r.Fix
	if f == nil {
		return
	}
	fmt.Fprintf(b, "\nFix: %s\n", f.Text)
	for _, op := range f.Patch {
		fmt.Fprintf(b, "  patch      %s %s %s\n             of %s\n", op.Op, op.Path, op.Value, op.Of)
	}
	if f.Account != "" && len(f.Commands) > 0 {
		fmt.Fprintf(b, "  in account %s:\n", f.Account)
	}
	for _, c := range f.Commands {
		fmt.Fprintf(b, "    %s\n", strings.ReplaceAll(c, "\n", "\n    "))
	}
	if f.Pullpass != "" {
		fmt.Fprintf(b, "  or, where this program has access:\n    %s\n", f.Pullpass)
	}
}

func (r Report) writeUnread(b *strings.Builder) {
	if len(r.Unread) == 0 {
		return
	}
	b.WriteString("\nNot read:\n")
	for _, u := range r.Unread {
		account := ""
		if u.Account != "" {
			account = fmt.Sprintf(" (account %s)", u.Account)
		}
		fmt.Fprintf(b, "  %s%s: %s\n    %s\n", u.What, account, u.Error, u.Follows)
		if u.Command != "" {
			fmt.Fprintf(b, "    its administrator sees it with: %s\n", u.Command)
		}
	}
	for _, letter := range r.Send {
		fmt.Fprintf(b, "\nSend %s\n", strings.ReplaceAll(letter.String(), "\n", "\n  "))
	}
}

func (r Report) writeChain(b *strings.Builder) {
	b.WriteString("\nChain:\n")
	for _, l := range r.Chain {
		detail := l.Detail
		if l.Outcome == Failed && r.Answered != nil {
			detail = r.Answered.Code
		}
		fmt.Fprintf(b, "  %-11s %-10s %s\n", l.Outcome, l.Link, detail)
	}
}
