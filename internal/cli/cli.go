// Package cli is the command line of pullpass.
package cli

import (
	"bufio"
	"context"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"
)

// Env is the world as main hands it in.
type Env struct {
	Stdin          io.Reader
	Stdout, Stderr io.Writer
	// Environ are the environment variables, each as NAME=value.
	Environ []string
	// Terminals says which of the streams are terminals.
	Terminals Terminals
	// Columns is the width of the terminal behind Stdout in characters; 0 where it is not known.
	Columns int
	// Hostname is this machine's name, by which its runs are told from those of others.
	Hostname string
	// TempDir is where the demo makes its directory.
	TempDir string
	Now     func() time.Time
	// Wait returns after a time of that clock, or with the context's error when that ends; nil waits in real time.
	Wait func(context.Context, time.Duration) error
	// Elapse lets a time of that clock pass which a client of AWS waits before it repeats a call, and returns what is left of
	// it to be slept; nil leaves all.
	Elapse func(time.Duration) time.Duration
	// Random gives run ids their uniqueness.
	Random io.Reader
	// Carry is given what carries requests to a sandbox, and returns what is to carry them; nil leaves it as it is.
	Carry func(http.RoundTripper) http.RoundTripper
}

// getenv returns an environment variable, of several alike the last; empty if there is none.
func (e Env) getenv(name string) string {
	for _, variable := range slices.Backward(e.Environ) {
		if value, found := strings.CutPrefix(variable, name+"="); found {
			return value
		}
	}
	return ""
}

// Terminals says which of the standard streams lead to a person.
type Terminals struct{ Stdin, Stdout, Stderr bool }

func (t Terminals) any() bool { return t.Stdin || t.Stdout || t.Stderr }

// interactive reports whether somebody can be asked a question.
func (t Terminals) interactive() bool { return t.Stdin && t.Stderr }

// Main runs one command line, without the program's name, and returns the exit code: see errors.go.
func Main(ctx context.Context, args []string, env Env) int {
	a := &app{env: env, stdin: bufio.NewReader(env.Stdin)}
	root := a.root()
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	if err != nil && !a.started {
		err = usage(err) // Cobra's own: an unknown command or flag, a missing argument.
	}
	return a.report(err)
}

// app is what the commands of one command line share.
type app struct {
	env     Env
	stdin   *bufio.Reader
	started bool
	quiet   bool
	format  format
	saying  sync.Mutex // held while a line is written
}

func (a *app) root() *cobra.Command {
	root := &cobra.Command{
		Use:   "pullpass",
		Short: "Lend access to a private ECR registry, and prove that it works",
		Long: `pullpass gives AWS accounts, and the EKS Anywhere clusters that they run, a working pass to pull
EKS Anywhere Curated Packages; it proves that the pass works. See it first: pullpass demo`,
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          cobra.NoArgs,
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
		PersistentPreRun: func(*cobra.Command, []string) {
			a.started = true
		},
	}
	root.SetIn(a.env.Stdin)
	root.SetOut(a.env.Stdout)
	root.SetErr(a.env.Stderr)
	root.PersistentFlags().BoolVar(&a.quiet, "quiet", false, "say nothing but results and errors")
	root.AddCommand(
		a.lintCommand(),
		a.demoCommand(), a.registryCommand(), a.planCommand(), a.applyCommand(), a.acceptCommand(), a.rotateCommand(), a.revokeCommand(), a.statusCommand(), a.verifyCommand(), a.explainCommand(),
		a.configCommand(), a.secretCommand(), a.rbacCommand(), a.auditCommand(), a.execCommand(), a.envCommand(), a.simulateCommand(), a.fieldcheckCommand(),
		a.schemaCommand(), a.sandboxCommand(), a.versionCommand(),
	)
	return root
}
