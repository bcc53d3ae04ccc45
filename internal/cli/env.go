package cli

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/pullpass/pullpass/internal/credential"
)

// createEnvOptions are those of `pullpass env`.
type createEnvOptions struct {
	shareFlags
	format envFormat
}

func (a *app) envCommand() *cobra.Command {
	o := createEnvOptions{format: "sh"}
	cmd := &cobra.Command{
		Use:   "env [--share FILE] --cluster NAME",
		Short: "Print shell exports for creating a cluster that has its credential from the start",
		Long: `Prints what a shell must export, and unset, before eksctl anywhere create cluster:

  eval "$(pullpass env --cluster store-003)"            sh, bash, zsh
  pullpass env --cluster store-003 -o fish | source     fish

These are the variables that pullpass exec runs a program with, except that EKSA_AWS_CONFIG_FILE is the delivered file
itself: nothing is proven (pullpass verify does that), and the file is not removed. The variables hold no secret. In the
shell that takes them other programs find no AWS keys and no profile any more. With -o json, null stands for a variable to
unset.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.createEnv(cmd.Context(), o) },
	}
	cmd.Flags().StringVarP(&o.file, "share", "f", "share.yaml", "the share document, a `FILE`")
	o.registerParts(cmd)
	cmd.Flags().VarP(&o.format, "output", "o", "how to write it")
	return cmd
}

func (a *app) createEnv(ctx context.Context, o createEnvOptions) error {
	s, cluster, err := a.openOne(o.shareFlags)
	if err != nil {
		return err
	}
	given, err := s.handoverOf(ctx, cluster)
	if err != nil {
		return err
	}
	place, err := s.directory(cluster)
	if err != nil {
		return withHint(err, "pullpass exec makes a file for as long as eksctl runs; pullpass config prints what is in it")
	}
	file, err := filepath.Abs(filepath.Join(place.Path, credential.ConfigFileName))
	if err != nil {
		return fmt.Errorf("naming the delivered file: %w", err)
	}
	// A delivery that lacks it can be read all the same, from its manifest.
	if _, err := os.Stat(file); err != nil {
		return withHint(fmt.Errorf("looking for the delivered file: %w", err), "have it written anew: pullpass apply")
	}
	a.noteCopy()
	return o.format.write(a.env.Stdout, given.environment(file))
}
