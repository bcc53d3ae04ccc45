package fieldcheck

import (
	"fmt"
	"io"
	"slices"
	"strings"
)

// Verdict is what a check says of an assumption.
type Verdict string

// The verdicts.
const (
	Same    Verdict = "same"     // both sides showed the same
	Differs Verdict = "differs"  // they did not: the sandbox, and what rests on the assumption, is to be corrected
	NotSeen Verdict = "not seen" // the check could not tell
	Failed  Verdict = "failed"   // the check did not come to its end
)

// Row is a check with what it showed on both sides.
type Row struct {
	ID         ID          `json:"id"`
	Assumption string      `json:"assumption"`
	Mark       Mark        `json:"mark"`
	Verdict    Verdict     `json:"verdict"`
	Field      Observation `json:"field"`
	Sandbox    Observation `json:"sandbox"`
}

// Report is what AWS did beside what the sandbox does. It holds no account, key, id or date.
type Report struct {
	// Field is what was checked, in words.
	Field  string `json:"field"`
	Region string `json:"region"`
	Rows   []Row  `json:"checks"`
}

// Compare lays the observations of two fields side by side, check by check.
func Compare(checks []Check, field, sandbox map[ID]Observation) []Row {
	rows := make([]Row, len(checks))
	for i, check := range checks {
		rows[i] = Row{
			ID: check.ID, Assumption: check.Assumption, Mark: check.Mark,
			Field: observed(field, check.ID), Sandbox: observed(sandbox, check.ID),
		}
		rows[i].Verdict = verdict(rows[i].Field, rows[i].Sandbox)
	}
	return rows
}

func observed(seen map[ID]Observation, id ID) Observation {
	o, begun := seen[id]
	if !begun {
		o.NotSeen = "the run ended before this check"
	}
	if o.Lines == nil {
		o.Lines = []string{}
	}
	return o
}

func verdict(field, sandbox Observation) Verdict {
	switch {
	case field.Error != "" || sandbox.Error != "":
		return Failed
	case field.NotSeen != "" || sandbox.NotSeen != "":
		return NotSeen
	case slices.Equal(field.Lines, sandbox.Lines):
		return Same
	}
	return Differs
}

// Count is how many checks have a verdict.
func (r Report) Count(v Verdict) int {
	n := 0
	for _, row := range r.Rows {
		if row.Verdict == v {
			n++
		}
	}
	return n
}

// Summary is the report in one line.
func (r Report) Summary() string {
	return fmt.Sprintf("%d checks: %d same, %d differ, %d not seen, %d failed.",
		len(r.Rows), r.Count(Same), r.Count(Differs), r.Count(NotSeen), r.Count(Failed))
}

// WriteMarkdown writes the report for people.
func (r Report) WriteMarkdown(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "# Field check of %s, %s\n\n", r.Field, r.Region)
	b.WriteString("What is between angle brackets stands for an id, an account or a time. Figures are not compared.\n\n")
	b.WriteString("| check | mark | verdict |\n|---|---|---|\n")
	for _, row := range r.Rows {
		fmt.Fprintf(&b, "| %s | %s | %s |\n", row.ID, row.Mark, row.Verdict)
	}
	for _, row := range r.Rows {
		row.write(&b, r.Field)
	}
	fmt.Fprintf(&b, "\n%s\n", r.Summary())
	_, err := io.WriteString(w, b.String())
	return err
}

func (row Row) write(b *strings.Builder, field string) {
	fmt.Fprintf(b, "\n## %s: %s\n\n%s [%s]\n", row.ID, row.Verdict, row.Assumption, row.Mark)
	if row.Verdict == Same {
		row.Field.write(b, "Both")
		return
	}
	row.Field.write(b, strings.ToUpper(field[:1])+field[1:])
	row.Sandbox.write(b, "The sandbox")
}

// write is indented as Markdown's code, so that nothing in an answer of AWS's is taken for markup.
func (o Observation) write(b *strings.Builder, who string) {
	fmt.Fprintf(b, "\n%s:\n\n", who)
	for _, line := range o.Lines {
		fmt.Fprintf(b, "    %s\n", line)
	}
	for _, figure := range o.Measured {
		fmt.Fprintf(b, "    (%s)\n", figure)
	}
	if o.NotSeen != "" {
		fmt.Fprintf(b, "    not seen: %s\n", o.NotSeen)
	}
	if o.Error != "" {
		fmt.Fprintf(b, "    failed: %s\n", o.Error)
	}
}
