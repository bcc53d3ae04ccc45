package cli

//go:generate go run generate_lint.go

import (
	"fmt"
	"io"
	"runtime/debug"
	"strings"

	"github.com/pullpass/pullpass/internal/lint"
	"github.com/pullpass/pullpass/internal/lint/sarif"
)

// lintFormat is a format, or SARIF.
type lintFormat string

const sarifFormat lintFormat = "sarif"

// String implements pflag.Value.
func (f *lintFormat) String() string { return string(*f) }

// Type implements pflag.Value.
func (f *lintFormat) Type() string { return "text|json|sarif" }

// Set implements pflag.Value.
func (f *lintFormat) Set(s string) error {
	switch lintFormat(s) {
	case lintFormat(textFormat), lintFormat(jsonFormat), sarifFormat:
		*f = lintFormat(s)
		return nil
	}
	return fmt.Errorf("want text, json or sarif")
}

// lintResult is what lint found.
type lintResult struct {
	Files    []string      `json:"files"`
	Mended   []lintFinding `json:"mended,omitempty"`
	Findings []lintFinding `json:"findings"`

	mended, found []lint.Finding
}

// lintFinding is a finding as JSON.
type lintFinding struct {
	Code     lint.Code     `json:"code"`
	Severity lint.Severity `json:"severity"`
	File     string        `json:"file"`
	Line     int           `json:"line,omitempty"`
	Column   int           `json:"column,omitempty"`
	// Key and KeyLine are the place within a Secret's data.
	Key     string `json:"key,omitempty"`
	KeyLine int    `json:"keyLine,omitempty"`
	Title   string `json:"title"`
	Message string `json:"message"`
	Today   string `json:"today"`
	Fix     string `json:"fix"`
	// Fixable says that --fix would mend it.
	Fixable bool `json:"fixable"`
}

func newLintFindings(findings []lint.Finding) []lintFinding {
	shown := []lintFinding{}
	for _, f := range findings {
		shown = append(shown, lintFinding{
			Code: f.Rule.Code, Severity: f.Severity, File: f.File, Line: f.Line, Column: f.Column, Key: f.Key, KeyLine: f.KeyLine,
			Title: f.Rule.Title, Message: f.Message, Today: f.Rule.Today, Fix: f.Rule.Fix, Fixable: f.Fix != nil,
		})
	}
	return shown
}

func (r lintResult) count(s lint.Severity) int {
	n := 0
	for _, f := range r.found {
		if f.Severity == s {
			n++
		}
	}
	return n
}

func (a *app) showLint(o lintOptions, r lintResult) error {
	if o.output == sarifFormat {
		a.format = jsonFormat
		return a.result(sarif.New(lintVersion(), r.found), nil)
	}
	a.format = format(o.output)
	r.Findings = newLintFindings(r.found)
	if len(r.mended) > 0 {
		r.Mended = newLintFindings(r.mended)
	}
	if err := a.result(r, r.write); err != nil {
		return err
	}
	a.progress("%s", r.summary())
	return nil
}

// lintVersion is the version that SARIF names; it is empty where the program does not know its own.
func lintVersion() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return ""
	}
	return versionOf(info).Version
}

func (r lintResult) summary() string {
	text := fmt.Sprintf("%s, %s in %s", plural(r.count(lint.Error), "error"), plural(r.count(lint.Warning), "warning"),
		plural(len(r.Files), "file"))
	if len(r.mended) > 0 {
		text += fmt.Sprintf("; %d mended", len(r.mended))
	}
	return text
}

func plural(n int, word string) string {
	if n == 1 {
		return "1 " + word
	}
	return fmt.Sprintf("%d %ss", n, word)
}

// write shows each finding in the form that editors and terminals make links of. What a rule says follows its first one.
func (r lintResult) write(w io.Writer) error {
	var b strings.Builder
	for _, f := range r.mended {
		fmt.Fprintf(&b, "%s: %s mended: %s\n", f.Position, f.Rule.Code, inside(f, f.Fix.What))
		for _, line := range []struct{ sign, text string }{{"-", f.Fix.Before}, {"+", f.Fix.After}} {
			if line.text != "" {
				fmt.Fprintf(&b, "  %s %s\n", line.sign, line.text)
			}
		}
	}
	told := map[lint.Code]bool{}
	for _, f := range r.found {
		fmt.Fprintf(&b, "%s: %s %s: %s\n", f.Position, f.Rule.Code, f.Severity, inside(f, f.Message))
		if !told[f.Rule.Code] {
			fmt.Fprintf(&b, "  today: %s\n  fix: %s\n", f.Rule.Today, f.Rule.Fix)
		}
		told[f.Rule.Code] = true
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func inside(f lint.Finding, message string) string {
	if at := f.Inside(); at != "" {
		return at + ": " + message
	}
	return message
}

// explainRule prints one rule, or all.
func (a *app) explainRule(o lintOptions, args []string) error {
	if len(args) > 0 || o.fix || o.output == sarifFormat {
		return usagef("--explain prints rules, as text or json, and looks at no file")
	}
	rules, text := lint.Rules(), lint.Markdown()
	if o.explain != "all" {
		rule, ok := lint.Find(lint.Code(strings.ToUpper(o.explain)))
		if !ok {
			return usagef("there is no rule %q; --explain all prints every rule", o.explain)
		}
		rules, text = []lint.Rule{rule}, rule.Markdown()
	}
	a.format = format(o.output)
	return a.result(rules, func(w io.Writer) error {
		_, err := io.WriteString(w, text)
		return err
	})
}

// safeRules lists the rules that --fix may mend.
func safeRules() string {
	var codes []string
	for _, rule := range lint.Rules() {
		if rule.Safe {
			codes = append(codes, string(rule.Code))
		}
	}
	return strings.Join(codes, ", ")
}
