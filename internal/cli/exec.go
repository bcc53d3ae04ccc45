package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"

	"github.com/pullpass/pullpass/internal/child"
	"github.com/pullpass/pullpass/internal/credential"
	"github.com/pullpass/pullpass/internal/explain"
	"github.com/pullpass/pullpass/internal/registry"
	"github.com/pullpass/pullpass/internal/verify"
)

// createOptions are those of `pullpass exec`.
type createOptions struct {
	shareFlags
	noVerify bool
}

func (a *app) execCommand() *cobra.Command {
	o := createOptions{shareFlags: shareFlags{proving: true}}
	cmd := &cobra.Command{
		Use:   "exec [--share FILE] --cluster NAME -- eksctl anywhere create cluster …",
		Short: "Create a cluster that has its credential from the start",
		Long: `Runs eksctl anywhere, or a program that runs it, with the credential that was delivered for a new cluster:

  pullpass exec --cluster store-003 -- eksctl anywhere create cluster -f store-003.yaml

Before that it walks the chain of proofs, as pullpass verify does, with the very file that eksctl is given; where a link
is broken nothing is started, and the exit code is 4. The file is private, and gone when the program has ended, also by a
signal; only a kill -9 of pullpass itself leaves it. eksctl keeps a copy: <cluster>/generated/values.yaml.

The program finds EKSA_AWS_CONFIG_FILE, EKSA_AWS_REGION and an empty AWS_SHARED_CREDENTIALS_FILE, and none of the variables
that would win over the file: keys, session, profile, role, web identity and Region, of AWS_ as of EKSA_AWS_. All others
stay as they are. Standard input, signals and exit code are the program's own; 127 if it was not found.`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return a.exec(cmd.Context(), o, args) },
	}
	cmd.Flags().SetInterspersed(false) // What follows the command is the command's.
	o.register(cmd)
	cmd.Flags().BoolVar(&o.noVerify, "no-verify", false, "start it without the proofs; AWS is not asked then")
	return cmd
}

func (a *app) exec(ctx context.Context, o createOptions, args []string) error {
	given, err := a.handOver(ctx, o)
	if err != nil {
		return err
	}
	a.noteCopy()
	return a.runWith(ctx, given, args)
}

// handOver returns the credential of the one cluster, proven unless that is not wanted.
func (a *app) handOver(ctx context.Context, o createOptions) (given handover, err error) {
	if o.noVerify {
		s, cluster, err := a.openOne(o.shareFlags)
		if err != nil {
			return handover{}, err
		}
		return s.handoverOf(ctx, cluster)
	}
	err = a.withShare(ctx, o.shareFlags, func(s *session) error {
		cluster, err := only(s.desired)
		if err != nil {
			return err
		}
		if given, err = s.handoverOf(ctx, cluster); err != nil {
			return err
		}
		return s.proveHandover(ctx, given)
	})
	return given, err
}

// errNotStarted says that nothing was run, because the cluster could not pull.
var errNotStarted = errors.New("the program was not started: its credential does not pull")

// proveHandover walks the chain with the file that is handed over. What is broken is shown as pullpass verify shows it.
func (s *session) proveHandover(ctx context.Context, given handover) error {
	report := s.unproven(registry.Probe())
	report.Clusters = slices.DeleteFunc(report.Clusters, func(c clusterReport) bool { return c.delivery.ManagedBy != "" })
	c := &report.Clusters[0] // There is one: see only.
	chain := verify.Verify(ctx, verify.Input{
		File:     func(context.Context) ([]byte, error) { return given.file, nil },
		Registry: s.desired.Registry, Subscription: s.subscription(),
	}, s.proofs())
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("proving the credential of cluster %s: %w", given.cluster, err)
	}
	c.OK, c.chain = chain.OK(), chain
	c.Notices = append(c.Notices, chain.Notices...)
	for _, p := range chain.Proofs {
		c.Proofs = append(c.Proofs, newProofReport(p))
	}
	if c.OK {
		for _, notice := range c.Notices {
			s.app.progress("note: %s", notice)
		}
		s.app.progress("proven: %s pulls %s from %s", given.cluster, report.Artifact, report.Registry)
		return nil
	}
	evidence := s.evidence(ctx, c, registry.Probe())
	evidence.File = readFile(explain.File{Name: "the file for cluster " + given.cluster}, given.file, nil)
	s.explainCluster(ctx, s.inquire(ctx), c, evidence)
	if err := report.writer(s.app.onStderr())(s.app.env.Stderr); err != nil {
		return err
	}
	return errNotStarted
}

// runWith runs a program that finds the credential in a private file, for as long as it runs.
func (a *app) runWith(ctx context.Context, given handover, args []string) (err error) {
	// No signal ends this process between the writing of the file and its removal.
	signals := child.Catch()
	defer signals.Release()
	if err := ctx.Err(); err != nil { // Whoever ended this before could not have ended the program.
		return fmt.Errorf("starting %s: %w", args[0], err)
	}
	dir, err := os.MkdirTemp(a.env.TempDir, "pullpass-exec-") // Nobody else may enter it.
	if err != nil {
		return fmt.Errorf("making a directory for the credential: %w", err)
	}
	defer func() {
		if removeErr := os.RemoveAll(dir); removeErr != nil {
			err = endedWith(err, fmt.Errorf("removing the credential: %w", removeErr))
		}
	}()
	file, err := filepath.Abs(filepath.Join(dir, credential.ConfigFileName)) // The program may work elsewhere.
	if err != nil {
		return fmt.Errorf("naming the credential's file: %w", err)
	}
	if err := os.WriteFile(file, given.file, 0o600); err != nil {
		return fmt.Errorf("writing the credential: %w", err)
	}
	program := child.Program{
		Name: args[0], Args: args[1:], Env: override(a.env.Environ, given.environment(file)),
		Stdin: a.env.Stdin, Stdout: a.env.Stdout, Stderr: a.env.Stderr, Terminal: a.env.Terminals.any(), Signals: signals,
	}
	code, err := program.Run(ctx)
	if code != 0 {
		return &childExit{code, err}
	}
	return err
}
