package peers

import (
	"bytes"
	"context"
	"debug/buildinfo"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

const (
	// patience bounds one run of a client, which takes about a second: one that hangs fails its check, not the whole test.
	patience = 2 * time.Minute
	// spare is what a test needs to stop its server before go test ends it, when the time is up.
	spare = time.Minute
)

// A program is an executable under test.
type program struct {
	name    string // as people call it: "aws-cli"
	version string // as the program tells it: "2.9.19"
	path    string
}

func (p program) String() string { return p.name + " " + p.version }

// An outcome is how a program ended.
type outcome struct {
	code   int
	stdout []byte // may hold a secret: no message shows it
	stderr string
}

// succeeded ends the test where the program failed.
func (o outcome) succeeded(t *testing.T) outcome {
	t.Helper()
	if o.code != 0 {
		t.Fatalf("it ended with %d: %s", o.code, o.stderr)
	}
	return o
}

// text is what the program printed, without the end of the line.
func (o outcome) text() string { return strings.TrimRight(string(o.stdout), "\n") }

// run runs the program with nothing but the given environment.
func (p program) run(t *testing.T, env []string, stdin io.Reader, args ...string) outcome {
	t.Helper()
	ctx, cancel := context.WithDeadline(t.Context(), latest(t))
	defer cancel()
	var stdout, stderr bytes.Buffer
	cmd := exec.CommandContext(ctx, p.path, args...)
	cmd.Env, cmd.Stdin, cmd.Stdout, cmd.Stderr = env, stdin, &stdout, &stderr
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && (!errors.As(err, &exit) || ctx.Err() != nil) {
		t.Fatalf("running %s: %v: %s", p, err, stderr.String())
	}
	t.Logf("%s %s: ended with %d", p, brief(args), cmd.ProcessState.ExitCode())
	return outcome{cmd.ProcessState.ExitCode(), stdout.Bytes(), stderr.String()}
}

// latest is when a client that is started now must have ended.
func latest(t *testing.T) time.Time {
	end := time.Now().Add(patience)
	if last, ok := t.Deadline(); ok && last.Add(-spare).Before(end) {
		return last.Add(-spare)
	}
	return end
}

// brief leaves out documents, which take several lines, and a registry's password.
func brief(args []string) string {
	words := slices.Clone(args)
	for i, word := range words {
		if strings.Contains(word, "\n") || strings.HasPrefix(word, "AWS:") {
			words[i] = "…"
		}
	}
	return strings.Join(words, " ")
}

// programs are what run.sh found and built.
type programs struct {
	aws        []program
	crane      program
	oras       program
	helm       program
	kubelet    program // the credential provider
	injector   program // the packages controller's
	containerd program
	sdk        sdk
	pullpass   program
}

// findPrograms reads what run.sh says: PEERS_AWS is a list of paths in the form of PATH, PEERS_BIN the directory of what was
// built, the others are one path each.
func findPrograms(t *testing.T) programs {
	t.Helper()
	const injectorModule = "github.com/aws/eks-anywhere-packages"
	found := programs{
		crane:      built(t, "crane", ""),
		oras:       built(t, "oras", ""),
		helm:       built(t, "helm", ""),
		kubelet:    built(t, "ecr-credential-provider", ""),
		injector:   built(t, "injector", injectorModule),
		containerd: program{name: "containerd", path: setting(t, "PEERS_CONTAINERD")},
		sdk:        findSDK(t),
		pullpass:   program{name: "pullpass", path: setting(t, "PEERS_PULLPASS")},
	}
	found.injector.name = "eks-anywhere-packages"
	found.containerd.version = versionAfter(t, found.containerd, "containerd github.com/containerd/containerd ")
	for _, path := range filepath.SplitList(setting(t, "PEERS_AWS")) {
		aws := program{name: "aws-cli", path: path}
		aws.version = versionAfter(t, aws, "aws-cli/")
		found.aws = append(found.aws, aws)
	}
	return found
}

// built is a Go program that run.sh built. Its version is that of its own module, or of another that it is made of.
func built(t *testing.T, name, module string) program {
	t.Helper()
	path := filepath.Join(setting(t, "PEERS_BIN"), name)
	info, err := buildinfo.ReadFile(path)
	if err != nil {
		t.Fatalf("reading the version of %s: %v", name, err)
	}
	version := info.Main.Version
	for _, dependency := range info.Deps {
		if dependency.Path == module {
			version = dependency.Version
		}
	}
	return program{name: name, version: strings.TrimPrefix(version, "v"), path: path}
}

func setting(t *testing.T, name string) string {
	t.Helper()
	value := os.Getenv(name)
	if value == "" {
		t.Fatalf("%s is not set: run test/peers/run.sh", name)
	}
	return value
}

// versionAfter takes "2.9.19" out of "aws-cli/2.9.19 Python/3.11.2 …".
func versionAfter(t *testing.T, p program, prefix string) string {
	t.Helper()
	banner := p.run(t, os.Environ(), nil, "--version").succeeded(t).text()
	rest, ok := strings.CutPrefix(banner, prefix)
	version, _, _ := strings.Cut(rest, " ")
	if !ok || version == "" {
		t.Fatalf("%s is no %s: it calls itself %q", p.path, p.name, banner)
	}
	return version
}

// jsonField reads a field of a JSON file.
func jsonField(t *testing.T, path, name string) string {
	t.Helper()
	var fields map[string]any
	if err := json.Unmarshal(readFile(t, path), &fields); err != nil {
		t.Fatalf("reading %s: %v", path, err)
	}
	value, ok := fields[name].(string)
	if !ok {
		t.Fatalf("%s has no %s", path, name)
	}
	return value
}
