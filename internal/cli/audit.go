package cli

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/pullpass/pullpass/internal/audit"
)

// registerAudit is for the commands that change things.
func registerAudit(cmd *cobra.Command, file *string) {
	cmd.Flags().StringVar(file, "audit", "", "record what is done in this `FILE` (default: beside the share, as NAME.audit.jsonl)")
}

func (a *app) auditCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "audit",
		Short: "Check the record of what was done",
		Args:  cobra.NoArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(a.auditVerifyCommand())
	return cmd
}

// errBroken says that a trail is not what was written.
var errBroken = errors.New("the audit trail is broken")

func (a *app) auditVerifyCommand() *cobra.Command {
	var document string
	var noted []string
	cmd := &cobra.Command{
		Use:   "verify [FILE]",
		Short: "Check that an audit trail is what was written",
		Long: `Reads the audit trail of a share, or FILE, and checks that every line is as it was written and stands where it was
written. A line that was changed, removed, inserted or moved shows, and so does one that was never finished. What no chain of
hashes shows by itself is that lines are missing at the end, or that somebody wrote the whole file anew: note the head that
each command prints somewhere else, and ask for it with --head.

The exit code is 0 if the trail is intact, and 4 if it is broken.`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 1 {
				return usagef("want the FILE of one audit trail")
			}
			return nil
		},
		RunE: func(_ *cobra.Command, args []string) error {
			file := auditPath(document)
			if len(args) == 1 {
				file = args[0]
			}
			return a.verifyTrail(file, noted)
		},
	}
	cmd.Flags().StringVarP(&document, "share", "f", "share.yaml", "check the trail of the share document in this `FILE`")
	cmd.Flags().StringArrayVar(&noted, "head", nil, "a `HASH` that was the trail's last, and must still be in it (repeatable)")
	a.formatFlag(cmd)
	return cmd
}

// trailResult is the result of `pullpass audit verify`.
type trailResult struct {
	File   string `json:"file"`
	Intact bool   `json:"intact"`
	audit.Report
}

func (a *app) verifyTrail(file string, noted []string) error {
	var heads []audit.Hash
	for _, text := range noted {
		head, err := audit.ParseHash(text)
		if err != nil {
			return usage(fmt.Errorf("--head: %w", err))
		}
		heads = append(heads, head)
	}
	f, err := os.Open(file)
	if err != nil {
		return withHint(fmt.Errorf("reading the audit trail: %w", err), "name its FILE, or its share with -f")
	}
	report, err := audit.Verify(f, heads...)
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	result := trailResult{File: file, Intact: report.Intact(), Report: report}
	if err := a.result(result, result.write); err != nil {
		return err
	}
	if !result.Intact {
		return errBroken
	}
	return nil
}

func (r trailResult) write(w io.Writer) error {
	var b strings.Builder
	for _, n := range r.Torn {
		fmt.Fprintf(&b, "line %d: torn: it was never finished, and the next run went on after it\n", n)
	}
	for _, broken := range r.Breaks {
		fmt.Fprintln(&b, broken)
	}
	if r.Intact {
		fmt.Fprintf(&b, "Intact: %d lines of %s, head %s\n", r.Lines, r.File, r.Head)
	} else {
		fmt.Fprintf(&b, "Broken: %s is not what was written. What stands before line %d is.\n", r.File, r.Breaks[0].Line)
	}
	_, err := io.WriteString(w, b.String())
	return err
}
