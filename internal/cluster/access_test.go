package cluster_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pullpass/pullpass/internal/cluster"
)

// kubeconfig has the contexts store-001, store-002 and lab; users is the text of its users.
func kubeconfig(t *testing.T, current, users string) string {
	t.Helper()
	text := `apiVersion: v1
kind: Config
current-context: "` + current + `"
clusters: [{name: c, cluster: {server: "https://127.0.0.1:1"}}, {name: nowhere, cluster: {}}]
contexts:
- {name: store-001, context: {cluster: c, user: u}}
- {name: store-002, context: {cluster: c, user: u}}
- {name: lab, context: {cluster: nowhere, user: u}}
users: ` + users + "\n"
	path := filepath.Join(t.TempDir(), "config")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

const token = `[{name: u, user: {token: secret-token}}]`

func TestOpen(t *testing.T) {
	absent := filepath.Join(t.TempDir(), "absent")
	for name, test := range map[string]struct {
		access cluster.Access
		want   string // the cluster's name
		err    []string
		is     error
	}{
		"a context by name": {
			access: cluster.Access{Kubeconfig: kubeconfig(t, "", token), Context: "store-002"}, want: "context store-002",
		},
		"the current context": {
			access: cluster.Access{Kubeconfig: kubeconfig(t, "store-001", token)}, want: "context store-001",
		},
		"kubectl's files, of which some are not there": {
			access: cluster.Access{Precedence: []string{absent, kubeconfig(t, "store-001", token)}}, want: "context store-001",
		},
		"a file that is not there": {
			access: cluster.Access{Kubeconfig: absent}, err: []string{"kubeconfig " + absent, "no such file"}, is: fs.ErrNotExist,
		},
		"kubectl's files, none of which is there": {
			access: cluster.Access{Precedence: []string{absent}}, err: []string{absent}, is: fs.ErrNotExist,
		},
		"no file at all": {
			access: cluster.Access{}, err: []string{"no kubeconfig"}, is: fs.ErrNotExist,
		},
		"a context that is not there names the nearest first": {
			access: cluster.Access{Kubeconfig: kubeconfig(t, "", token), Context: "stor-002"},
			err:    []string{`no context "stor-002": it has store-002, store-001, lab`},
		},
		"no context that is current": {
			access: cluster.Access{Kubeconfig: kubeconfig(t, "", token)}, err: []string{"no context is current: it has lab, store-001, store-002"},
		},
		"a context without a server": {
			access: cluster.Access{Kubeconfig: kubeconfig(t, "lab", token)}, err: []string{"no server"},
		},
		"a sign-in program that is not installed": {
			access: cluster.Access{Kubeconfig: kubeconfig(t, "store-001", `[{name: u, user: {exec: {apiVersion: client.authentication.k8s.io/v1, `+
				`command: no-such-program, installHint: get it at example.com, interactiveMode: Never}}}]`)},
			err: []string{"no-such-program", "not found", "get it at example.com"},
		},
		"outside of any pod": {
			access: cluster.Access{InCluster: true}, err: []string{"the cluster that this program runs in"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := cluster.Open(test.access)
			if len(test.err) == 0 {
				if err != nil || got.String() != test.want {
					t.Errorf("got %v, %v; want %s", got, err, test.want)
				}
				return
			}
			if !errors.Is(err, cluster.ErrAccess) || test.is != nil && !errors.Is(err, test.is) {
				t.Fatalf("got %v, %v", got, err)
			}
			for _, part := range test.err {
				if !strings.Contains(err.Error(), part) {
					t.Errorf("%v does not say %q", err, part)
				}
			}
			if strings.Contains(err.Error(), "secret-token") {
				t.Errorf("the error shows the token: %v", err)
			}
		})
	}
}

func TestAKubeconfigIsReadOnce(t *testing.T) {
	file := kubeconfig(t, "", token)
	var opener cluster.Opener
	for _, context := range []string{"store-001", "store-002"} {
		if c, err := opener.Open(cluster.Access{Kubeconfig: file, Context: context}); err != nil || c.String() != "context "+context {
			t.Errorf("got %v, %v", c, err)
		}
		if err := os.WriteFile(file, []byte("what is no kubeconfig"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := opener.Open(cluster.Access{Precedence: []string{file}, Context: "store-001"}); err == nil {
		t.Error("the same file was taken for another's, by kubectl's rules")
	}
}

func TestNoServer(t *testing.T) {
	c, err := cluster.Open(cluster.Access{Kubeconfig: kubeconfig(t, "store-001", token)})
	if err != nil {
		t.Fatal(err)
	}
	_, err = c.MirrorCredential(t.Context())
	if !errors.Is(err, cluster.ErrUnreachable) {
		t.Errorf("got %v", err)
	}
	want := "reading Secret eksa-packages/registry-mirror-cred in context store-001: the API server cannot be reached: dial tcp 127.0.0.1:1: "
	if err == nil || !strings.HasPrefix(err.Error(), want) {
		t.Errorf("got %v\nwant %s…", err, want)
	}
}
