//go:build linux

// Command leaks runs a command and reports the secrets of the embedded AWS that it, and all that it starts, write.
//
//	leaks COMMAND ARG…
//
// It reads standard output, standard error and every file that was open for writing, when it is closed, wherever it is and
// whatever became of it: a file that is removed or renamed at once is read all the same. It needs root, for a mount
// namespace in which fanotify(7) tells of the command's files and of nobody else's. What it cannot see is what was in a file
// only until it was closed, or was written over in the very moment after that.
//
// What the command says is shown in headlines, and all of it, but for secrets, where the command fails. The exit code is
// the command's, or 1 where the command ends well and there are leaks.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"syscall"

	"golang.org/x/sys/unix"
)

func main() {
	if len(os.Args) < 2 {
		fail(fmt.Errorf("usage: leaks COMMAND ARG"))
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	// This thread alone is in the namespace: it makes the watch, and starts the command.
	runtime.LockOSThread()
	if err := unix.Unshare(unix.CLONE_NEWNS); err != nil {
		fail(fmt.Errorf("entering a mount namespace, which takes root: %w", err))
	}
	r, err := keep(ctx, os.Args[1:])
	if err != nil {
		fail(err)
	}
	r.print(os.Stdout)
	os.Exit(r.exitCode())
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, "leaks:", err)
	os.Exit(2)
}
