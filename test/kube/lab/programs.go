package lab

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// Programs are the paths of the programs that a test runs, and the chart that Helm installs.
type Programs struct {
	Kubectl, Helm, Pullpass string
	// Chart is the folder of the chart eks-anywhere-packages in the published Go module.
	Chart string

	etcd, apiServer string
}

// FindPrograms reads what run.sh says: KUBE_ASSETS is the folder of what build.sh built.
func FindPrograms(t testing.TB) Programs {
	t.Helper()
	assets := setting(t, "KUBE_ASSETS")
	return Programs{
		Kubectl: filepath.Join(assets, "kubectl"), Helm: filepath.Join(assets, "helm"),
		Pullpass: setting(t, "KUBE_PULLPASS"), Chart: setting(t, "KUBE_CHART"),
		etcd: filepath.Join(assets, "etcd"), apiServer: filepath.Join(assets, "kube-apiserver"),
	}
}

func setting(t testing.TB, name string) string {
	t.Helper()
	value := os.Getenv(name)
	if value == "" {
		t.Fatalf("%s is not set: run test/kube/run.sh", name)
	}
	return value
}

// An Outcome is how a program ended.
type Outcome struct {
	Code   int
	Stdout []byte // may hold a secret: no message shows it
	Stderr string
	Took   time.Duration
	Peak   Bytes // the most memory that was resident at once
}

// Succeeded ends the test where the program failed.
func (o Outcome) Succeeded(t testing.TB) Outcome {
	t.Helper()
	if o.Code != 0 {
		t.Fatalf("it ended with %d: %s", o.Code, o.Stderr)
	}
	return o
}

// Text is what the program printed, without the end of the last line.
func (o Outcome) Text() string { return strings.TrimRight(string(o.Stdout), "\n") }

// A Command is one run of a program.
type Command struct {
	Program string   // its path
	Env     []string // all of its environment
	Dir     string   // where it runs; empty for the test's own directory
	Stdin   io.Reader
}

// Run runs the program to its end, which is awaited for a bounded time.
func (c Command) Run(t testing.TB, args ...string) Outcome {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	var stdout, stderr bytes.Buffer
	cmd := exec.CommandContext(ctx, c.Program, args...)
	cmd.Env, cmd.Dir, cmd.Stdin, cmd.Stdout, cmd.Stderr = c.Env, c.Dir, c.Stdin, &stdout, &stderr
	begun := time.Now()
	if err := cmd.Start(); err != nil {
		t.Fatalf("starting %s: %v", filepath.Base(c.Program), err)
	}
	peak := watchPeak(cmd.Process.Pid)
	err := cmd.Wait()
	took, most := time.Since(begun), peak()
	var exit *exec.ExitError
	if err != nil && (!errors.As(err, &exit) || ctx.Err() != nil) {
		t.Fatalf("running %s: %v: %s", filepath.Base(c.Program), err, stderr.String())
	}
	return Outcome{
		Code: cmd.ProcessState.ExitCode(), Stdout: stdout.Bytes(), Stderr: stderr.String(),
		Took: took, Peak: most,
	}
}

func writeFile(t testing.TB, path string, content []byte) {
	t.Helper()
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
}

func appendLine(t testing.TB, path, line string) {
	t.Helper()
	file, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	_, err = file.WriteString(line + "\n")
	if err := errors.Join(err, file.Close()); err != nil {
		t.Error(err)
	}
}
