//go:build linux

package main

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"sync"

	"github.com/pullpass/pullpass/internal/child"
	"github.com/pullpass/pullpass/internal/leak"
)

// readers is how many files are read at once.
const readers = 2

// keep runs a command in a temporary directory of its own, and reports what it wrote. The caller is on the one thread that
// is in the namespace, and so are the calls here that open files: none of them is in another goroutine.
func keep(ctx context.Context, command []string) (*report, error) {
	dir, err := os.MkdirTemp("", "leaks")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(dir) }() // what a test leaves there is nobody's
	w, err := newWatch()
	if err != nil {
		return nil, err
	}
	here, err := filepath.EvalSymlinks(dir) // as the kernel names it
	if err != nil {
		return nil, errors.Join(err, w.Close())
	}
	r := newReport()
	last := filepath.Join(here, "leaks-end")
	wait := r.follow(w, last)
	running := r.run(ctx, command, dir)
	// Files are told of in the order of their closing: once this one is, all have been.
	ending := os.WriteFile(last, nil, 0o600)
	if ending != nil {
		ending = errors.Join(ending, w.Close())
	}
	return r, errors.Join(running, ending, wait(), w.Close())
}

// follow reads the files that a watch is told of, until the last. It returns what waits for that.
func (r *report) follow(w *watch, last string) (wait func() error) {
	var err error
	var all sync.WaitGroup
	closed := make(chan *os.File, 256)
	all.Go(func() {
		defer close(closed)
		err = w.each(last, func(f *os.File) { closed <- f })
	})
	for range readers {
		all.Go(func() {
			for file := range closed {
				r.read(file)
			}
		})
	}
	return func() error {
		all.Wait()
		return err
	}
}

// run runs the command, with both streams through scanners.
func (r *report) run(ctx context.Context, command []string, dir string) (err error) {
	var out, errs stream
	p := child.Program{
		Name: command[0], Args: command[1:], Env: append(os.Environ(), "TMPDIR="+dir), Stdin: os.Stdin,
		Stdout: io.MultiWriter(&out, &headlines{to: os.Stdout}), Stderr: &errs,
	}
	if r.code, err = p.Run(ctx); err != nil {
		return err
	}
	r.heard("standard output", &out)
	r.heard("standard error", &errs)
	if r.code == 0 {
		return nil
	}
	_, err = os.Stdout.Write(leak.Mask(append(out.said, errs.said...)))
	return err
}

// A stream is scanned, and kept.
type stream struct {
	leak.Scanner
	said []byte
}

func (s *stream) Write(p []byte) (int, error) {
	s.said = append(s.said, p...)
	return s.Scanner.Write(p)
}
