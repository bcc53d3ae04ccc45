package plan

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// WriteText writes the plan for people: by account, each step with its mark, documents in full, and the sum of it in the
// last line. The same plan gives the same bytes.
func (p *Plan) WriteText(w io.Writer) error {
	var t textWriter
	t.printf(0, "Share %s, %s posture, packages in %s", p.Share, p.Posture, p.Registry.Host())
	for _, side := range p.Sides {
		t.side(p, side)
	}
	t.printf(0, "")
	t.printf(0, "%s", p.Summary())
	_, err := io.WriteString(w, t.b.String())
	if err != nil {
		return fmt.Errorf("writing the plan: %w", err)
	}
	return nil
}

// String gives the last line of a plan.
func (s Summary) String() string {
	if s == (Summary{}) {
		return "Plan: nothing to change."
	}
	text := fmt.Sprintf("Plan: %d to create, %d to change, %d to delete", s.Create, s.Change, s.Delete)
	if s.HandedOver > 0 {
		text += fmt.Sprintf("; %d %s handed over", s.HandedOver, plural(s.HandedOver, "side"))
	}
	if s.Stopped > 0 {
		text += fmt.Sprintf("; %d %s stopped", s.Stopped, plural(s.Stopped, "side"))
	}
	return text + "."
}

func plural(n int, word string) string {
	if n == 1 {
		return word
	}
	return word + "s"
}

type textWriter struct{ b strings.Builder }

// printf writes one line, without the white space that an empty value leaves at its end.
func (t *textWriter) printf(indent int, format string, args ...any) {
	line := strings.Repeat(" ", indent) + fmt.Sprintf(format, args...)
	t.b.WriteString(strings.TrimRight(strings.Map(harmless, line), " ") + "\n")
}

// harmless takes away what a terminal would obey: some of what is printed comes out of accounts and clusters.
func harmless(r rune) rune {
	if unicode.IsControl(r) && r != '\n' && r != '\t' {
		return utf8.RuneError
	}
	return r
}

func (t *textWriter) side(p *Plan, side Side) {
	t.printf(0, "")
	t.printf(0, "%s (%s)%s", side.Account, side.Part, sideText(side.State))
	before := t.b.Len()
	for _, problem := range p.Problems {
		if problem.Account == side.Account {
			t.printf(2, "! %s", problem)
		}
	}
	for _, step := range p.StepsOf(side.Account) {
		t.step(step)
	}
	for _, left := range p.LeftBehind {
		if left.Account == side.Account {
			t.printf(2, "* %s is left behind: the share no longer asks for it", left.Target)
		}
	}
	for _, note := range p.Notes {
		if note.Account == side.Account {
			t.printf(2, "* %s", note.Msg)
		}
	}
	if t.b.Len() == before {
		t.printf(2, "= nothing to change")
	}
}

func sideText(state SideState) string {
	switch state {
	case HandedOver:
		return ": no access, handed over to its administrator; what is there already was not read"
	case Stopped:
		return ": stopped"
	case Ready:
	}
	return ""
}

// String says the problem in one line.
func (p Problem) String() string {
	var parts []string
	if p.Cluster != "" {
		parts = append(parts, "cluster "+p.Cluster)
	}
	if p.Target != "" {
		parts = append(parts, p.Target)
	}
	return strings.Join(append(parts, p.Msg), ": ")
}

func (t *textWriter) step(s Step) {
	t.printf(2, "%s %s", s.Mark(), s.phrase())
	for _, c := range s.Changes {
		t.change(s.Verb, c)
	}
}

// phrase says what the step does; the mark says create, update and delete for their part.
func (s Step) phrase() string {
	switch s.Verb {
	case Attach:
		return "attach " + s.Target
	case Tag:
		return "tag " + s.Target
	case Untag:
		return "untag " + s.Target
	case Restart:
		return "restart " + s.Target
	case Deactivate:
		return "deactivate " + s.Target
	case Reactivate:
		return "reactivate " + s.Target
	case Create, Update, Write, Delete:
	}
	return s.Target
}

func (t *textWriter) change(verb Verb, c Change) {
	multiline := strings.Contains(c.Before+c.After, "\n")
	switch {
	case !multiline && c.Before == "":
		t.printf(6, "%s: %s", c.Field, c.After)
	case !multiline && c.After == "":
		t.printf(6, "%s: %s", c.Field, c.Before)
	case !multiline:
		t.printf(6, "%s: %s -> %s", c.Field, c.Before, c.After)
	case verb == Create || c.Before == "":
		t.printf(6, "%s:", c.Field)
		for line := range strings.SplitSeq(c.After, "\n") {
			t.printf(8, "%s", line)
		}
	default:
		t.printf(6, "%s:", c.Field)
		for _, line := range diffLines(strings.Split(c.Before, "\n"), strings.Split(c.After, "\n")) {
			t.printf(6, "%s %s", line.mark, line.text)
		}
	}
}

// A diffLine is one line of a comparison: " " on both sides, "-" before only, "+" after only.
type diffLine struct{ mark, text string }

// diffLines compares two texts line by line along their longest common subsequence. It takes time and space in the
// product of their lengths, which policy documents keep small.
func diffLines(before, after []string) []diffLine {
	common := make([][]int, len(before)+1)
	for i := range common {
		common[i] = make([]int, len(after)+1)
	}
	for i, b := range slices.Backward(before) {
		for j, a := range slices.Backward(after) {
			if a == b {
				common[i][j] = common[i+1][j+1] + 1
			} else {
				common[i][j] = max(common[i+1][j], common[i][j+1])
			}
		}
	}
	var lines []diffLine
	i, j := 0, 0
	for i < len(before) || j < len(after) {
		switch {
		case i < len(before) && j < len(after) && before[i] == after[j]:
			lines = append(lines, diffLine{" ", before[i]})
			i, j = i+1, j+1
		case i < len(before) && (j == len(after) || common[i+1][j] >= common[i][j+1]):
			lines = append(lines, diffLine{"-", before[i]})
			i++
		default:
			lines = append(lines, diffLine{"+", after[j]})
			j++
		}
	}
	return lines
}
