package cli

//go:generate go run generate_lint.go

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"

	"github.com/pullpass/pullpass/internal/atomicfile"
	"github.com/pullpass/pullpass/internal/lint"
	"github.com/pullpass/pullpass/internal/lint/sarif"
)

// errFindings is lint's outcome where the credential does not work. The findings have been shown by then.
var errFindings = errors.New("there are findings")

// lintOptions are those of `pullpass lint`.
type lintOptions struct {
	fix, strict, environment bool
	explain                  string
	output                   lintFormat
}

func (a *app) lintCommand() *cobra.Command {
	o := lintOptions{output: lintFormat(textFormat)}
	cmd := &cobra.Command{
		Use:   "lint FILE…",
		Short: "Find the known mistakes in an AWS config file or a Secret made by hand",
		Long: `Looks for the known mistakes in AWS config files and in manifests, YAML or JSON, with the Secret aws-secret. What a
file is, its content tells; - is stdin. For each finding it says what the packages controller and kubelet do with it
today, and how to mend it. AWS is not asked: that the credential works, pullpass verify proves. Secrets are never shown.

--fix writes what is safe to mend without asking: base64 too much or over several lines, a missing word profile, a byte
order mark, white space at the end of a key, a missing empty key. The file keeps its mode.

--environment looks at the variables, too, with which eksctl anywhere would make a cluster now from the config file.

The exit code is 0 where nothing is an error (with --strict: nor a warning), 1 where something is, and 2 where a file
could not be looked at, or the usage is wrong.`,
		Example: "  pullpass lint aws-config aws-secret.yaml\n  kubectl get secret -n eksa-packages aws-secret -o yaml | pullpass lint -\n" +
			"  pullpass lint --explain PP003",
		RunE: func(_ *cobra.Command, args []string) error {
			if o.explain != "" {
				return a.explainRule(o, args)
			}
			return a.lint(o, args)
		},
	}
	cmd.Flags().BoolVar(&o.fix, "fix", false, "mend in place what is safe to mend")
	cmd.Flags().BoolVar(&o.strict, "strict", false, "fail for warnings too")
	cmd.Flags().BoolVar(&o.environment, "environment", false, "look at the EKSA_AWS_ and AWS_ variables, too")
	cmd.Flags().StringVar(&o.explain, "explain", "", "print what is known about the rule of this `CODE`, or about all")
	cmd.Flags().VarP(&o.output, "output", "o", "how to write the findings")
	return cmd
}

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

// A lintTarget is one thing to lint.
type lintTarget struct {
	name string
	// check finds what is wrong with it.
	check func() []lint.Finding
	// mend makes the safe fixes and returns what they mended; nil where nothing can be written.
	mend func() ([]lint.Finding, error)
}

// lintTargets reads everything first, so that nothing is mended where something is missing.
func (a *app) lintTargets(o lintOptions, names []string) ([]lintTarget, error) {
	if len(names) == 0 {
		return nil, usagef("name the files to lint, or - for stdin")
	}
	var targets []lintTarget
	for _, name := range names {
		target, err := a.fileTarget(o, name)
		if err != nil {
			return nil, usage(err)
		}
		targets = append(targets, target)
	}
	return targets, nil
}

// maxLintInput is a little more than lint reads, so that it says itself what is too large.
const maxLintInput = 8 << 20

func (a *app) fileTarget(o lintOptions, name string) (lintTarget, error) {
	if name == "-" {
		return a.stdinTarget(o)
	}
	info, err := os.Stat(name)
	if err == nil && info.IsDir() {
		return lintTarget{}, fmt.Errorf("reading %s: it is a directory; name the files", name)
	}
	var src []byte
	if err == nil {
		src, err = readBounded(name)
	}
	if err != nil {
		return lintTarget{}, err
	}
	target := lintTarget{name: name}
	target.check = func() []lint.Finding { return a.lintSource(o, name, src) }
	target.mend = func() ([]lint.Finding, error) {
		fixed, mended := lint.Fix(name, src)
		if len(mended) == 0 {
			return nil, nil
		}
		src = fixed
		return mended, writeThrough(name, fixed, info.Mode().Perm())
	}
	return target, nil
}

func (a *app) stdinTarget(o lintOptions) (lintTarget, error) {
	if o.fix {
		return lintTarget{}, errors.New("--fix writes files; stdin is none")
	}
	src, err := io.ReadAll(io.LimitReader(a.stdin, maxLintInput))
	if err != nil {
		return lintTarget{}, fmt.Errorf("reading stdin: %w", err)
	}
	return lintTarget{name: "stdin", check: func() []lint.Finding { return a.lintSource(o, "stdin", src) }}, nil
}

func readBounded(name string) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }() // It was only read.
	src, err := io.ReadAll(io.LimitReader(f, maxLintInput))
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", name, err)
	}
	return src, nil
}

func (a *app) lintSource(o lintOptions, name string, src []byte) []lint.Finding {
	findings := lint.Check(name, src)
	if o.environment {
		findings = append(findings, lint.CheckEnvironment(src, a.env.getenv)...)
	}
	return findings
}

// lint checks all targets, after it has mended what it may.
func (a *app) lint(o lintOptions, names []string) error {
	targets, err := a.lintTargets(o, names)
	if err != nil {
		return err
	}
	var r lintResult
	for _, target := range targets {
		r.Files = append(r.Files, target.name)
		if o.fix && target.mend != nil {
			mended, err := target.mend()
			if err != nil {
				return err
			}
			r.mended = append(r.mended, mended...)
		}
		r.found = append(r.found, target.check()...)
	}
	if err := a.showLint(o, r); err != nil {
		return err
	}
	if r.count(lint.Error) > 0 || o.strict && r.count(lint.Warning) > 0 {
		return errFindings
	}
	return nil
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

// writeThrough writes a file, or the file that a link leads to.
func writeThrough(name string, data []byte, mode fs.FileMode) error {
	if info, err := os.Lstat(name); err == nil && info.Mode()&fs.ModeSymlink != 0 {
		target, err := filepath.EvalSymlinks(name)
		if err != nil {
			return fmt.Errorf("writing %s: %w", name, err)
		}
		name = target
	}
	return atomicfile.Write(name, data, mode)
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
