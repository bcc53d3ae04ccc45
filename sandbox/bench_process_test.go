package sandbox_test

import (
	"bufio"
	"bytes"
	"encoding/json"
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

// buildProgram builds pullpass for a benchmark, and returns its path.
func buildProgram(b *testing.B) string {
	b.Helper()
	path := filepath.Join(b.TempDir(), "pullpass")
	build := exec.CommandContext(b.Context(), "go", "build", "-o", path, "github.com/pullpass/pullpass/cmd/pullpass")
	if output, err := build.CombinedOutput(); err != nil {
		b.Fatalf("building pullpass: %v\n%s", err, output)
	}
	return path
}

// A process is a server that runs beside the benchmark.
type process struct {
	cmd    *exec.Cmd
	stderr *bytes.Buffer
}

// serveProcess starts pullpass's sandbox in a directory and returns once it has said that it is ready, which took as long
// as is returned.
func serveProcess(b *testing.B, program string, args ...string) (process, sandbox.Ready, time.Duration) {
	b.Helper()
	var stderr bytes.Buffer
	cmd := exec.CommandContext(b.Context(), program, append([]string{"sandbox", "serve"}, args...)...)
	cmd.Stderr = &stderr
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	begun := time.Now()
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	p := process{cmd, &stderr}
	line, err := bufio.NewReader(stdout).ReadBytes('\n')
	took := time.Since(begun)
	var ready sandbox.Ready
	if err := errors.Join(err, json.Unmarshal(line, &ready)); err != nil {
		p.stop(b)
		b.Fatalf("starting the sandbox: %v\n%s", err, &stderr)
	}
	return p, ready, took
}

// stop ends the process and waits for that.
func (p process) stop(b *testing.B) {
	b.Helper()
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		b.Errorf("ending %s: %v", p.cmd.Path, err)
	}
	var exit *exec.ExitError
	if err := p.cmd.Wait(); err != nil && !errors.As(err, &exit) {
		b.Errorf("ending %s: %v\n%s", p.cmd.Path, err, p.stderr)
	}
}

// memory is what a process takes of the machine's memory, in MiB.
type memory struct{ now, peak float64 }

// memory reads what Linux tells about a process (https://man7.org/linux/man-pages/man5/proc_pid_status.5.html).
func (p process) memory(b *testing.B) memory {
	b.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
	if err != nil {
		b.Fatal(err)
	}
	field := func(name string) float64 {
		_, rest, _ := strings.Cut(string(status), "\n"+name+":")
		line, _, _ := strings.Cut(rest, "\n")
		kilobytes, err := strconv.ParseFloat(strings.TrimSpace(strings.TrimSuffix(line, " kB")), 64)
		if err != nil {
			b.Fatalf("reading %s of %s: %v", name, p.cmd.Path, err)
		}
		return kilobytes / 1024
	}
	return memory{now: field("VmRSS"), peak: field("VmHWM")}
}
