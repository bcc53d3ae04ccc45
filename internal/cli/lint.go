package cli

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/pullpass/pullpass/internal/atomicfile"
	"github.com/pullpass/pullpass/internal/lint"
)

// errFindings is lint's outcome where the credential does not work. The findings have been shown by then.
var errFindings = errors.New("there are findings")

// lintOptions are those of `pullpass lint`.
type lintOptions struct {
	shareFlags
	fix, strict, environment, live bool
	explain                        string
	output                         lintFormat
}

func (a *app) lintCommand() *cobra.Command {
	o := lintOptions{output: lintFormat(textFormat)}
	cmd := &cobra.Command{
		Use:   "lint FILE… | lint --live",
		Short: "Find the known mistakes in an AWS config file, a Secret made by hand, or a running cluster",
		Long: `Looks for the known mistakes in AWS config files and in manifests, YAML or JSON, with the Secret aws-secret. What a
file is, its content tells; - is stdin. For each finding it says what the packages controller and kubelet do with it
today, and how to mend it. AWS is not asked: that the credential works, pullpass verify proves. Secrets are never shown.

--fix writes what is safe to mend without asking: base64 too much or over several lines, a missing word profile, a byte
order mark, white space at the end of a key, a missing empty key. These are of ` + safeRules() + `.
The file keeps its mode.

--live looks at the clusters of a share instead: the Secret, the settings, the packages controller and the copies of
workload clusters. It changes nothing there.

--environment looks at the variables, too, with which eksctl anywhere would make a cluster now from the config file.

The exit code is 0 where nothing is an error (with --strict: nor a warning), 1 where something is, and 2 where a file
or a cluster could not be looked at, or the usage is wrong.`,
		Example: "  pullpass lint aws-config aws-secret.yaml\n  kubectl get secret -n eksa-packages aws-secret -o yaml | pullpass lint -\n" +
			"  pullpass lint --explain PP003",
		RunE: func(cmd *cobra.Command, args []string) error {
			if o.explain != "" {
				return a.explainRule(o, args)
			}
			if o.live {
				return a.lintLive(cmd.Context(), o, args)
			}
			targets, err := a.lintTargets(o, args)
			if err != nil {
				return err
			}
			return a.lint(o, targets)
		},
	}
	cmd.Flags().BoolVar(&o.fix, "fix", false, "mend in place what is safe to mend")
	cmd.Flags().BoolVar(&o.strict, "strict", false, "fail for warnings too")
	cmd.Flags().BoolVar(&o.environment, "environment", false, "look at the EKSA_AWS_ and AWS_ variables, too")
	cmd.Flags().BoolVar(&o.live, "live", false, "look at the clusters of the share")
	cmd.Flags().StringVarP(&o.file, "share", "f", "share.yaml", "with --live: the share document, a `FILE`")
	o.registerParts(cmd)
	cmd.Flags().StringVar(&o.explain, "explain", "", "print what is known about the rule of this `CODE`, or about all")
	cmd.Flags().VarP(&o.output, "output", "o", "how to write the findings")
	return cmd
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
func (a *app) lint(o lintOptions, targets []lintTarget) error {
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
