// Command oracle holds package authz against iam-simulate, an engine that was not written here, on cases made up from a
// seed.
//
// It prints how often the two agree, which cases could not be compared, which disagreements AWS's documents settle, and
// every other one at its smallest; if there is any of these, it exits with status 1. run.sh installs what it needs.
package main

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/pullpass/pullpass/test/oracle/compare"
	"github.com/pullpass/pullpass/test/oracle/engine"
	"github.com/pullpass/pullpass/test/oracle/settled"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	seed := flag.Uint64("seed", 0, "seed of the cases; 0 picks one")
	count := flag.Int("count", 20_000, "how many cases to make")
	processes := flag.Int("processes", 2, "how many oracles to ask at the same time")
	flag.Parse()
	clean, err := run(ctx, *seed, *count, *processes)
	if err != nil {
		fmt.Fprintln(os.Stderr, "oracle:", err)
	}
	if err != nil || !clean {
		os.Exit(1)
	}
}

func run(ctx context.Context, seed uint64, count, processes int) (clean bool, err error) {
	if seed == 0 {
		if seed, err = freshSeed(); err != nil {
			return false, err
		}
	}
	var pairs []compare.Pair
	for range processes {
		node, err := engine.StartNode(ctx, "oracle.mjs")
		if err != nil {
			return false, err
		}
		defer func() { _ = node.Close() }() // every answer has been read by then
		pairs = append(pairs, compare.Pair{Ours: engine.Authz{}, Theirs: node})
	}
	r := newReport(seed, settled.Differences(), os.Stderr)
	err = compare.Run(ctx, pairs, seed, count, 500, func(p compare.Pair, batch []compare.Opinion) error {
		return r.add(ctx, p, batch)
	})
	// A run that was cut short tells what it has found.
	return r.clean(), errors.Join(err, r.print(os.Stdout))
}

func freshSeed() (uint64, error) {
	var b [4]byte
	if _, err := rand.Read(b[:]); err != nil {
		return 0, fmt.Errorf("picking a seed: %w", err)
	}
	return 1 + uint64(binary.BigEndian.Uint32(b[:])), nil
}
