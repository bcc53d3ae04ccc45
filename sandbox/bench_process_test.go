package sandbox_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/pullpass/pullpass/sandbox"
)

// build builds a program of this module, which a benchmark runs, and returns its path.
func build(tb testing.TB, name, packagePath string) string {
	tb.Helper()
	path := filepath.Join(tb.TempDir(), name)
	command := exec.CommandContext(tb.Context(), "go", "build", "-o", path, packagePath)
	if output, err := command.CombinedOutput(); err != nil {
		tb.Fatalf("building %s: %v\n%s", name, err, output)
	}
	return path
}

// A process is a server that runs beside the benchmark.
type process struct {
	cmd    *exec.Cmd
	ended  chan struct{} // closed when it has
	output string        // the file with what it printed
	begun  time.Time
}

// patience bounds how long a server may take to answer.
const patience = time.Minute

// start runs a program until it is stopped, or the benchmark ends.
func start(tb testing.TB, program string, args ...string) process {
	tb.Helper()
	output, err := os.Create(filepath.Join(tb.TempDir(), "output"))
	if err != nil {
		tb.Fatal(err)
	}
	defer func() { _ = output.Close() }() // The process has it open by itself.
	p := process{exec.CommandContext(tb.Context(), program, args...), make(chan struct{}), output.Name(), time.Now()}
	p.cmd.Stdout, p.cmd.Stderr = output, output
	if err := p.cmd.Start(); err != nil {
		tb.Fatal(err)
	}
	go func() {
		defer close(p.ended)
		_ = p.cmd.Wait() // How it ends that was told to is its own affair; who waits for it sees what it printed.
	}()
	return p
}

// until asks a server over and over whether it is there, and returns how long after its start it was. One that ends
// instead is an error.
func (p process) until(ctx context.Context, isThere func() error) (time.Duration, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	again := time.NewTicker(time.Millisecond)
	defer again.Stop()
	for {
		err := isThere()
		if err == nil {
			return time.Since(p.begun), nil
		}
		select {
		case <-again.C:
			continue
		case <-ctx.Done():
			err = errors.Join(ctx.Err(), err)
		case <-p.ended:
			err = errors.New("it has ended")
		}
		printed, readErr := os.ReadFile(p.output)
		return 0, fmt.Errorf("waiting for %s: %w; it printed: %s", p.cmd.Path, errors.Join(err, readErr), printed)
	}
}

// stop ends the process and waits for that.
func (p process) stop(tb testing.TB) {
	tb.Helper()
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		tb.Errorf("ending %s: %v", p.cmd.Path, err)
	}
	<-p.ended
}

// serveProcess starts pullpass's sandbox in a directory, and returns how long that took.
func serveProcess(tb testing.TB, program, dir string, args ...string) (process, sandbox.Ready, time.Duration) {
	tb.Helper()
	p := start(tb, program, append([]string{"sandbox", "serve", "--dir", dir}, args...)...)
	var ready sandbox.Ready
	took, err := p.until(tb.Context(), func() (err error) {
		ready, err = sandbox.ReadReady(dir)
		return err
	})
	if err != nil {
		p.stop(tb)
		tb.Fatal(err)
	}
	return p, ready, took
}

// memory is what a process takes of the machine's memory, in MiB.
type memory struct{ now, peak float64 }

// memory reads what Linux tells about a process (https://man7.org/linux/man-pages/man5/proc_pid_status.5.html).
func (p process) memory(tb testing.TB) memory {
	tb.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
	if err != nil {
		tb.Fatal(err)
	}
	field := func(name string) float64 {
		_, rest, _ := strings.Cut(string(status), "\n"+name+":")
		line, _, _ := strings.Cut(rest, "\n")
		kibibytes, err := strconv.ParseFloat(strings.TrimSpace(strings.TrimSuffix(line, " kB")), 64)
		if err != nil {
			tb.Fatalf("reading %s of %s: %v", name, p.cmd.Path, err)
		}
		return kibibytes / 1024
	}
	return memory{now: field("VmRSS"), peak: field("VmHWM")}
}
