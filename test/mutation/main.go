// Command mutation changes one condition of the decision at a time and runs the corpus on each change.
//
// A change that the corpus does not notice is a rule that no entry holds. Each is made in a copy of the tree, by its exact
// text: a text that is no longer found, or found twice, is an error, so that the table follows the code.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"regexp"
	"sync"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "mutation:", err)
		os.Exit(1)
	}
}

var errSurvived = errors.New("not every change was noticed")

func run(ctx context.Context, args []string, out io.Writer) error {
	flags := flag.NewFlagSet("mutation", flag.ContinueOnError)
	root := flags.String("root", "../..", "the tree of the main module")
	test := flags.String("test", "^TestCorpus$", "the tests of authz to run on each change, a regular expression")
	only := flags.String("only", "", "make those changes alone whose description matches, a regular expression")
	workers := flags.Int("workers", 2, "how many changes to test at once")
	check := flags.Bool("check", false, "only look whether each text is found once")
	if err := flags.Parse(args); err != nil {
		return err
	}
	selected, err := selection(*only)
	if err != nil {
		return err
	}
	for _, m := range selected {
		if _, err := m.apply(os.DirFS(*root)); err != nil {
			return err
		}
	}
	if *check {
		_, err := fmt.Fprintf(out, "%d changes can be made\n", len(selected))
		return err
	}
	lab, err := newLab(ctx, *root, *test)
	if err != nil {
		return err
	}
	if err := lab.unchanged(ctx); err != nil {
		return err
	}
	results, err := lab.all(ctx, selected, *workers)
	return errors.Join(err, report(out, results))
}

func selection(only string) ([]mutation, error) {
	pattern, err := regexp.Compile(only)
	if err != nil {
		return nil, fmt.Errorf("reading -only: %w", err)
	}
	var selected []mutation
	for _, m := range mutations() {
		if pattern.MatchString(m.what) {
			selected = append(selected, m)
		}
	}
	return selected, nil
}

// all tests each change in one of the workers' copies of the tree. The results are in the order of the changes.
func (l lab) all(ctx context.Context, selected []mutation, workers int) ([]result, error) {
	results, errs := make([]result, len(selected)), make([]error, workers)
	next := make(chan int)
	var group sync.WaitGroup
	for w := range workers {
		group.Go(func() { errs[w] = l.work(ctx, selected, results, next) })
	}
	for i := range selected {
		next <- i
	}
	close(next)
	group.Wait()
	return results, errors.Join(errs...)
}

// work takes changes until there are no more. It goes on past one that cannot be tested, to tell of all of them.
func (l lab) work(ctx context.Context, selected []mutation, results []result, next <-chan int) error {
	dir, failed := l.copied()
	defer func() { _ = os.RemoveAll(dir) }()
	for i := range next {
		var err error
		results[i], err = l.try(ctx, dir, selected[i])
		failed = errors.Join(failed, err)
	}
	return failed
}

// report prints a row for each change, as docs/testing.md has them.
func report(out io.Writer, results []result) error {
	survivors := 0
	for _, r := range results {
		if r.file == "" {
			continue // could not be tested
		}
		by := "**nothing**"
		if len(r.caughtBy) > 0 {
			by = summary(r.caughtBy)
		} else {
			survivors++
		}
		if _, err := fmt.Fprintf(out, "| %s | %s | %s |\n", r.file, r.what, by); err != nil {
			return err
		}
	}
	if _, err := fmt.Fprintf(out, "\n%d changes, %d noticed\n", len(results), len(results)-survivors); err != nil {
		return err
	}
	if survivors > 0 {
		return errSurvived
	}
	return nil
}
