package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/pullpass/pullpass/internal/child"
)

// execOptions are those of `pullpass sandbox exec`.
type execOptions struct{ dir, account, accounts string }

func (a *app) sandboxExecCommand() *cobra.Command {
	var o execOptions
	cmd := &cobra.Command{
		Use:   "exec [--dir DIR] [--account ID] -- CMD [ARG…]",
		Short: "Run one command against a sandbox, under AWS's real host names",
		Long: `Runs a command whose AWS calls reach a sandbox in place of AWS, under AWS's real host names and with none of the AWS_*
variables of this shell:

  pullpass sandbox exec -- aws sts get-caller-identity

The sandbox is the one that is served from DIR, or is started in DIR for as long as the command runs; without --dir it
is a new one that is gone afterwards. The exit code is the command's own; 127 if it was not found.`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return a.sandboxExec(cmd.Context(), o, args) },
	}
	cmd.Flags().SetInterspersed(false) // What follows the command is the command's.
	cmd.Flags().StringVar(&o.dir, "dir", "", "keep the state in this `DIR` (default: a new one that is removed)")
	cmd.Flags().StringVar(&o.account, "account", "111111111111", "act as the administrator of this account `ID`")
	cmd.Flags().StringVar(&o.accounts, "accounts", "", "a YAML `FILE` with the accounts that a new sandbox holds")
	return cmd
}

func (a *app) sandboxExec(ctx context.Context, o execOptions, args []string) (err error) {
	seed, err := readSeed(o.accounts)
	if err != nil {
		return err
	}
	if o.dir == "" {
		dir, err := os.MkdirTemp(a.env.TempDir, "pullpass-sandbox-")
		if err != nil {
			return fmt.Errorf("making a directory for the sandbox: %w", err)
		}
		defer func() { _ = os.RemoveAll(dir) }() // It is in the directory for temporary files: what stays will be removed.
		o.dir = dir
	}
	box, err := a.serveSandbox(ctx, o.dir, seed)
	if err != nil {
		return err
	}
	// The signal that ended the command has ended ctx as well.
	defer func() { err = endedWith(err, box.close(context.WithoutCancel(ctx))) }()
	way, err := box.way(o.account, true)
	if err != nil {
		return err
	}
	program := child.Program{
		Name: args[0], Args: args[1:], Env: follow(a.env.Environ, way),
		Stdin: a.env.Stdin, Stdout: a.env.Stdout, Stderr: a.env.Stderr, Terminal: a.env.Terminals.any(),
	}
	code, err := program.Run(ctx)
	if code != 0 {
		return &childExit{code, err}
	}
	return err
}

// endedWith adds what went wrong after a command has run, so that it is said also where the command's own end is not.
func endedWith(err, after error) error {
	var ended *childExit
	if after != nil && errors.As(err, &ended) {
		return &childExit{ended.code, errors.Join(ended.err, after)}
	}
	return errors.Join(err, after)
}

// follow is an environment without what leads off the way, and with the way.
func follow(environ []string, way []variable) []string {
	return override(environ, slices.Concat(way, strays(environ, way)))
}

// override is an environment in which the variables are as given: set, or not there.
func override(environ []string, variables []variable) []string {
	kept := slices.DeleteFunc(slices.Clone(environ), func(entry string) bool {
		name, _, _ := strings.Cut(entry, "=")
		return names(variables, name)
	})
	for _, v := range variables {
		if v.value != nil {
			kept = append(kept, v.name+"="+*v.value)
		}
	}
	return kept
}

// childExit is the end of a command that was run for the user with a code other than 0, which becomes our own. Err is what
// we have to say ourselves, such as why it did not begin; nil where it has said all itself.
type childExit struct {
	code int
	err  error
}

func (e *childExit) Error() string {
	if e.err == nil {
		return fmt.Sprintf("the command ended with exit code %d", e.code)
	}
	return e.err.Error()
}

func (e *childExit) Unwrap() error { return e.err }
