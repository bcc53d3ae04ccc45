// Package lint finds the known mistakes in what carries a credential to a cluster.
//
// Each mistake is a Rule with a code that never changes. What a rule says happens is what the real consumers of the
// credential do: the packages controller, kubelet's credential provider, the AWS SDK for Go.
package lint

import (
	"cmp"
	"fmt"
	"slices"
)

// A Severity says how bad a finding is.
type Severity string

// The severities.
const (
	// Error is a credential that does not work, or a cluster that does not use it.
	Error Severity = "error"
	// Warning is something that works by luck, or does something else than it seems to.
	Warning Severity = "warning"
	// Info is worth knowing and needs no action.
	Info Severity = "info"
)

// A Position is where a finding is. Fields that do not apply are zero.
type Position struct {
	// File is the name of the input.
	File string
	// Line and Column count from 1, the column in characters.
	Line, Column int
	// Key is the key of the Secret's data that the finding is about.
	Key string
	// KeyLine is the line within the decoded value of Key, from 1.
	KeyLine int
}

// String gives file:line:column, as far as they are known.
func (p Position) String() string {
	if p.Line == 0 {
		return p.File
	}
	return fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Column)
}

// Inside gives the place within a Secret's data, such as "config:3"; it is empty outside.
func (p Position) Inside() string {
	if p.KeyLine == 0 {
		return p.Key
	}
	return fmt.Sprintf("%s:%d", p.Key, p.KeyLine)
}

func (p Position) compare(other Position) int {
	return cmp.Or(cmp.Compare(p.File, other.File), cmp.Compare(p.Line, other.Line), cmp.Compare(p.Column, other.Column),
		cmp.Compare(p.Key, other.Key), cmp.Compare(p.KeyLine, other.KeyLine))
}

// A Finding is one place at which a rule is broken. It never holds a secret in the clear.
type Finding struct {
	Rule Rule
	// Severity is the rule's, unless something beside it makes it milder or worse.
	Severity Severity
	Position
	// Message says what is wrong here.
	Message string
	// Fix is the change that mends it; nil where somebody has to decide.
	Fix *Edit
}

// maxFindings bounds how often a rule is reported: whoever has more has given the wrong file.
const maxFindings = 100

// report collects findings.
type report struct {
	rules    map[Code]Rule
	times    map[Code]int
	findings []Finding
}

func newReport() *report {
	r := &report{rules: map[Code]Rule{}, times: map[Code]int{}}
	for _, rule := range Rules() {
		r.rules[rule.Code] = rule
	}
	return r
}

// add records a finding and returns it for what deviates from its rule, or says more.
func (r *report) add(code Code, at Position, format string, args ...any) *Finding {
	rule := r.rules[code]
	found := Finding{Rule: rule, Severity: rule.Severity, Position: at, Message: fmt.Sprintf(format, args...)}
	r.times[code]++
	switch {
	case r.times[code] > maxFindings:
		return &found
	case r.times[code] == maxFindings:
		found.Message += "; further ones are not listed"
	}
	r.findings = append(r.findings, found)
	return &r.findings[len(r.findings)-1]
}

// sorted returns the findings by place, then by code.
func (r *report) sorted() []Finding {
	slices.SortStableFunc(r.findings, func(a, b Finding) int {
		return cmp.Or(a.compare(b.Position), cmp.Compare(a.Rule.Code, b.Rule.Code))
	})
	return r.findings
}

// maxSize bounds an input, in bytes: what Kubernetes takes for a Secret, and base64 and text around it.
const maxSize = 2 << 20

// Check lints one input: an AWS config file, or a manifest in YAML or JSON with the Secret of a cluster in it. Which of
// the two it is, its content tells. The findings are sorted by place.
func Check(name string, src []byte) []Finding {
	out := newReport()
	switch {
	case len(src) > maxSize:
		out.add(unreadable, Position{File: name, Line: 1, Column: 1}, "the input has %d bytes; at most %d are read", len(src), maxSize)
	case isManifest(src):
		checkManifest(out, name, src)
	default:
		source := file{name: name, text: newText(string(src))}
		checkConfig(out, source.text, source)
	}
	return out.sorted()
}
