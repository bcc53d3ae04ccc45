package peers

import (
	"bytes"
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// A containerd is a server of its own, with a client. Kubelet's images come through one.
type containerd struct {
	program // ctr, under containerd's name and version
	socket  string
}

// startContainerd serves until the test ends. Each namespace has its own content: no pull finds what another has fetched.
func startContainerd(t *testing.T, found programs) containerd {
	t.Helper()
	dir := t.TempDir()
	socket := filepath.Join(dir, "socket")
	config := filepath.Join(dir, "config.toml")
	writeFile(t, config, fmt.Sprintf(`version = 2
root = %q
state = %q
disabled_plugins = ["io.containerd.grpc.v1.cri"]
[grpc]
address = %q
[plugins."io.containerd.metadata.v1.bolt"]
content_sharing_policy = "isolated"
[plugins."io.containerd.internal.v1.opt"]
path = %q
`, filepath.Join(dir, "root"), filepath.Join(dir, "state"), socket, filepath.Join(dir, "opt")))
	var stderr bytes.Buffer
	server := exec.Command(found.containerd.path, "--config", config)
	server.Stderr = &stderr
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { stop(t, server, &stderr) })
	client := containerd{program{name: "containerd", version: found.containerd.version, path: setting(t, "PEERS_CTR")}, socket}
	client.awaitServer(t)
	return client
}

// awaitServer returns when the server answers. ctr itself waits for a server that is about to, up to its time limit.
func (c containerd) awaitServer(t *testing.T) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for ctx.Err() == nil {
		if c.run(t, nil, nil, "--address", c.socket, "--connect-timeout", "10s", "version").code == 0 {
			return
		}
	}
	t.Fatal("containerd does not answer")
}

// ctr runs the client in a namespace that is the attempt's own.
func (c containerd) ctr(t *testing.T, a attempt, args ...string) outcome {
	t.Helper()
	namespace := "attempt-" + digestOf([]byte(a.home))[len("sha256:"):][:16]
	return c.run(t, a.env(t), nil, append([]string{"--address", c.socket, "--namespace", namespace}, args...)...)
}

func containerdOperations(c containerd) []operation {
	return []operation{{c.program, "pull an image", pulls,
		func(t *testing.T, a attempt) outcome {
			args := []string{"images", "pull", "--snapshotter", "native"}
			if a.password != "" {
				args = append(args, "--user", "AWS:"+a.password)
			}
			return c.ctr(t, a, append(args, a.host+"/"+a.image)...)
		},
		func(t *testing.T, a attempt, _ outcome) string {
			t.Helper()
			checked := c.ctr(t, a, "images", "check", "--snapshotter", "native").succeeded(t).text()
			contains(t, checked, "complete (")
			return "complete and unpacked"
		},
		func(l *lending, cond condition) refusal {
			if cond.closesRegistry() {
				return refusal{"403", []string{"403 Forbidden"}} // It asks with HEAD, whose answer has no words.
			}
			return refusedAtRegistry(notAuthorized, aPackage)(l, cond)
		},
	}}
}
