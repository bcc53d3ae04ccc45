// Command pullpass lends access to a private ECR registry. See package cli.
package main

import (
	"context"
	"crypto/rand"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"
	"time"

	"golang.org/x/term"

	"github.com/pullpass/pullpass/internal/cli"
	"github.com/pullpass/pullpass/internal/cluster"
)

// gcPercent is how much garbage may pile up beside what is in use, in percent of it. A run is short and holds little, so
// that collecting it less often than Go does of itself costs a few MiB and saves a tenth of its CPU time (BenchmarkApply).
const gcPercent = 400

func main() {
	cluster.Quiet()
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(gcPercent)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // A second signal does not wait for what is under way.
	host, err := os.Hostname()
	if err != nil {
		host = "" // Runs of this machine then share the name "unknown".
	}
	code := cli.Main(ctx, os.Args[1:], cli.Env{
		Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr,
		Environ: os.Environ(),
		Terminals: cli.Terminals{
			Stdin:  term.IsTerminal(int(os.Stdin.Fd())),
			Stdout: term.IsTerminal(int(os.Stdout.Fd())),
			Stderr: term.IsTerminal(int(os.Stderr.Fd())),
		},
		Columns:  columns(),
		Hostname: host, TempDir: os.TempDir(),
		Now: time.Now, Random: rand.Reader,
	})
	stop()
	os.Exit(code)
}

// columns is the width of the terminal behind stdout, 0 where there is none.
func columns() int {
	width, _, err := term.GetSize(int(os.Stdout.Fd()))
	if err != nil {
		return 0
	}
	return width
}
