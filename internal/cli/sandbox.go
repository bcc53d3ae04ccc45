package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"

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
type serveOptions struct {
	dir, listen, accounts, weather, log string
	expose                              bool
}

func (a *app) sandboxServeCommand() *cobra.Command {
	var o serveOptions
	cmd := &cobra.Command{
		Use:   "serve --dir DIR",
		Short: "Serve an embedded AWS until interrupted",
		Long: `Serves an embedded AWS on loopback: IAM, STS, EKS, ECR and the packages registries, every signature verified and
every policy evaluated. When it is ready it prints one line of JSON: endpoint (all APIs), proxy (a forward proxy that
answers for AWS's real host names), ca (the certificate of that proxy), registries (by host), control (where the weather
is set and the last requests are listed). DIR/aws/config gets a profile for each account, named by its id. The state is
kept in DIR.

The weather is AWS's bad days: latency, throttling, errors, lost answers, IAM's lag, a clock that is off. It is drawn from
the seed in its file; docs/weather.md has the format.

It listens on loopback. --expose lets --listen name an address that other machines can reach, and says what that means;
docs/sandbox-limits.md says more, and what a client can take of the sandbox.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.sandboxServe(cmd.Context(), o) },
	}
	cmd.Flags().StringVar(&o.dir, "dir", "", "keep the state in this `DIR`")
	cmd.Flags().StringVar(&o.listen, "listen", "127.0.0.1:0", "serve the APIs at this `ADDRESS`; port 0 picks a free one")
	cmd.Flags().BoolVar(&o.expose, "expose", false, "let --listen name an address that other machines can reach")
	cmd.Flags().StringVar(&o.accounts, "accounts", "", "a YAML `FILE` with the accounts that a new sandbox holds")
	cmd.Flags().StringVar(&o.weather, "weather", "",
		"a YAML `FILE` with the weather, or one of "+strings.Join(sandbox.ForecastNames(), ", "))
	cmd.Flags().StringVar(&o.log, "log", "", "append a line of JSON for each request to this `FILE`")
	return cmd
}

// servedGCPercent is less than the program sets for commands, which are over soon: a sandbox stays, and with 1,000 accounts it
// would take 150 MiB in place of 115 (BenchmarkSeed).
const servedGCPercent = 200

func (a *app) sandboxServe(ctx context.Context, o serveOptions) (err error) {
	if a.env.getenv("GOGC") == "" {
		defer debug.SetGCPercent(debug.SetGCPercent(servedGCPercent))
	}
	config, err := a.sandboxConfig(o)
	if err != nil {
		return err
	}
	if o.log != "" {
		log, openErr := os.OpenFile(o.log, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
		if openErr != nil {
			return fmt.Errorf("opening the log of requests: %w", openErr)
		}
		defer func() { err = errors.Join(err, log.Close()) }()
		config.Requests = log
	}
	box, err := sandbox.New(config)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, box.Close()) }()
	server, err := box.Listen(ctx, o.listen)
	if errors.Is(err, sandbox.ErrAddress) {
		return withHint(usage(err), listenHint)
	}
	if err != nil {
		return err
	}
	a.warnOfExposure(o)
	defer func() { err = errors.Join(err, server.Close(ctx)) }()
	if err := json.NewEncoder(a.env.Stdout).Encode(server.Ready()); err != nil {
		return fmt.Errorf("saying that the sandbox is ready: %w", err)
	}
	<-ctx.Done()
	return nil
}

func (a *app) sandboxConfig(o serveOptions) (sandbox.Config, error) {
	config := sandbox.Config{Clock: a.env.Now, Random: a.env.Random, Log: a.faults(), Expose: o.expose}
	if o.dir == "" {
		return config, usagef("--dir is missing")
	}
	if err := checkListen(o); err != nil {
		return config, err
	}
	var err error
	if config.Seed, err = readSeed(o.accounts); err != nil {
		return config, err
	}
	if config.Weather, err = readForecast(o.weather); err != nil {
		return config, err
	}
	// What the ready line names must be found from anywhere.
	if config.Dir, err = filepath.Abs(o.dir); err != nil {
		return config, fmt.Errorf("naming the sandbox's directory: %w", err)
	}
	return config, nil
}

// checkListen refuses before anything is made what Listen would refuse.
func checkListen(o serveOptions) error {
	loopback, err := sandbox.OnLoopback(o.listen)
	if err != nil {
		return withHint(usage(err), listenHint)
	}
	if !loopback && !o.expose {
		return withHint(usagef("--listen %s is %w", o.listen, sandbox.ErrNotLoopback),
			"take 127.0.0.1:0, or let other machines in with --expose, which says what that means")
	}
	return nil
}

const listenHint = "--listen takes an address of this machine and a port that is free, such as 127.0.0.1:0; port 0 picks one"

// warnOfExposure says what it means that other machines reach the sandbox, where they do.
func (a *app) warnOfExposure(o serveOptions) {
	if loopback, err := sandbox.OnLoopback(o.listen); err != nil || loopback {
		return
	}
	a.say(`warning: other machines can reach this sandbox, as --expose has it. That means:
- Whoever reaches its ports can act as any account whose key he has. %s holds administrators' keys:
  give it, and its users' keys, to nobody who should not have them.
- The endpoint and the registries have no TLS. Whoever is on the way reads what is asked and answered, new secret keys,
  session tokens and registry passwords included.
- The proxy answers in AWS's name. Who trusts its authority and goes through it speaks to this sandbox, not to AWS: take
  both back from clients that should reach AWS again.
- The control endpoint and the layers' own port stay on loopback: from elsewhere, pull through the proxy.`,
		sandbox.ConfigFile(o.dir))
}

// faults is where a sandbox says what goes wrong in itself: on stderr, because no client is told.
func (a *app) faults() *slog.Logger {
	return slog.New(slog.NewTextHandler(a.env.Stderr, &slog.HandlerOptions{Level: slog.LevelError}))
}

// readForecast reads the weather: a forecast that comes with the product has its name, any other a file. Without either
// the weather is fair.
func readForecast(nameOrFile string) (sandbox.Forecast, error) {
	if nameOrFile == "" {
		return sandbox.Forecast{}, nil
	}
	if named, ok := sandbox.NamedForecast(nameOrFile); ok {
		return named, nil
	}
	src, err := os.ReadFile(nameOrFile)
	if err != nil {
		return sandbox.Forecast{}, usage(fmt.Errorf("reading the weather (a file, or one of %s): %w",
			strings.Join(sandbox.ForecastNames(), ", "), err))
	}
	forecast, err := sandbox.ParseForecast(src)
	if err != nil {
		return sandbox.Forecast{}, usage(fmt.Errorf("reading the weather in %s: %w", nameOrFile, err))
	}
	return forecast, nil
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
