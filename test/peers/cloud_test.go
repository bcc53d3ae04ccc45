package peers

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// A cloud is a sandbox that `pullpass sandbox serve` serves.
type cloud struct {
	dir   string
	ready ready
}

// ready is the line that the server prints once it serves.
type ready struct {
	Endpoint   string            `json:"endpoint"`
	Proxy      string            `json:"proxy"`
	CA         string            `json:"ca"`
	Registries map[string]string `json:"registries"` // URLs on loopback, by real host name
}

// startCloud serves a fresh sandbox until the test ends, then demands that the server stops cleanly. An empty accounts
// text stands for the default accounts.
func startCloud(t *testing.T, pullpass program, accounts string) cloud {
	t.Helper()
	started := cloud{dir: filepath.Join(t.TempDir(), "sandbox")}
	args := []string{"sandbox", "serve", "--dir", started.dir, "--listen", "127.0.0.1:0"}
	if accounts != "" {
		file := filepath.Join(t.TempDir(), "accounts.yaml")
		writeFile(t, file, accounts)
		args = append(args, "--accounts", file)
	}
	var stderr bytes.Buffer
	cmd := exec.Command(pullpass.path, args...)
	cmd.Stderr = &stderr
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { stop(t, cmd, &stderr) })
	if err := json.NewDecoder(stdout).Decode(&started.ready); err != nil {
		t.Fatalf("the server did not say that it is ready: %v", err)
	}
	return started
}

// stop ends a server by its own handle, the way a service manager does. One that does not heed the signal is killed, which
// its exit status shows.
func stop(t *testing.T, server *exec.Cmd, stderr *bytes.Buffer) {
	t.Helper()
	if err := server.Process.Signal(syscall.SIGTERM); err != nil {
		t.Errorf("stopping the server: %v", err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	defer context.AfterFunc(ctx, func() { _ = server.Process.Kill() })()
	if err := server.Wait(); err != nil {
		t.Errorf("the server did not stop cleanly: %v: %s", err, stderr.String())
	}
}

// exports returns what `eval "$(pullpass sandbox env …)"` exports in a shell.
func (c cloud) exports(t *testing.T, pullpass program, flags ...string) []string {
	t.Helper()
	env := []string{"PATH=" + os.Getenv("PATH")}
	const script = `exports=$("$@") && eval "$exports" && exec env -0`
	args := append([]string{"-c", script, "sh", pullpass.path, "sandbox", "env", "--dir", c.dir}, flags...)
	var exported []string
	for variable := range strings.SplitSeq(shell().run(t, env, nil, args...).succeeded(t).text(), "\x00") {
		name, _, _ := strings.Cut(variable, "=")
		switch name {
		case "", "_", "PATH", "PWD", "OLDPWD", "SHLVL":
		default:
			exported = append(exported, variable)
		}
	}
	return exported
}

func shell() program { return program{name: "sh", path: "/bin/sh"} }

func writeFile(t *testing.T, path, content string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

func readFile(t *testing.T, path string) []byte {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return content
}
