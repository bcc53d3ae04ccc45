package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/pullpass/pullpass/sandbox"
)

func (a *app) sandboxCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "sandbox",
		Short: "Serve the embedded AWS to any client",
		Args:  cobra.NoArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(a.sandboxServeCommand(), a.sandboxEnvCommand(), a.sandboxExecCommand())
	return cmd
}

// serveOptions are those of `pullpass sandbox serve`.
type serveOptions struct{ dir, listen, accounts string }

func (a *app) sandboxServeCommand() *cobra.Command {
	var o serveOptions
	cmd := &cobra.Command{
		Use:   "serve --dir DIR",
		Short: "Serve an embedded AWS until interrupted",
		Long: `Serves an embedded AWS on loopback: IAM, STS, EKS, ECR and the packages registries, every signature verified and
every policy evaluated. When it is ready it prints one line of JSON: endpoint (all APIs), proxy (a forward proxy that
answers for AWS's real host names), ca (the certificate of that proxy), registries (by host). DIR/aws/config gets a
profile for each account, named by its id. The state is kept in DIR.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.sandboxServe(cmd.Context(), o) },
	}
	cmd.Flags().StringVar(&o.dir, "dir", "", "keep the state in this `DIR`")
	cmd.Flags().StringVar(&o.listen, "listen", "127.0.0.1:0", "serve the APIs at this `ADDRESS`; port 0 picks a free one")
	cmd.Flags().StringVar(&o.accounts, "accounts", "", "a YAML `FILE` with the accounts that a new sandbox holds")
	return cmd
}

func (a *app) sandboxServe(ctx context.Context, o serveOptions) (err error) {
	if o.dir == "" {
		return usagef("--dir is missing")
	}
	seed, err := readSeed(o.accounts)
	if err != nil {
		return err
	}
	dir, err := filepath.Abs(o.dir) // what the ready line names must be found from anywhere
	if err != nil {
		return fmt.Errorf("naming the sandbox's directory: %w", err)
	}
	box, err := sandbox.New(sandbox.Config{Dir: dir, Seed: seed, Clock: a.env.Now, Random: a.env.Random})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, box.Close()) }()
	server, err := box.Listen(ctx, o.listen)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, server.Close(ctx)) }()
	if err := json.NewEncoder(a.env.Stdout).Encode(server.Ready()); err != nil {
		return fmt.Errorf("saying that the sandbox is ready: %w", err)
	}
	<-ctx.Done()
	return nil
}

// readSeed reads the accounts file; without one the sandbox has its default accounts.
func readSeed(file string) (sandbox.Seed, error) {
	if file == "" {
		return sandbox.Seed{}, nil
	}
	src, err := os.ReadFile(file)
	if err != nil {
		return sandbox.Seed{}, usage(fmt.Errorf("reading the accounts file: %w", err))
	}
	seed, err := sandbox.ParseSeed(src)
	if err != nil {
		return sandbox.Seed{}, usage(fmt.Errorf("reading the accounts file %s: %w", file, err))
	}
	return seed, nil
}
