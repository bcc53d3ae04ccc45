package cluster_test

import (
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pullpass/pullpass/internal/cluster"
)

// TestSigningIn goes the ways by which a kubeconfig leads to a server: the server here says only whom it saw.
func TestSigningIn(t *testing.T) {
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		seen := base64.StdEncoding.EncodeToString([]byte(r.Header.Get("Authorization") + " by " + r.UserAgent()))
		_, _ = fmt.Fprintf(w, `{"kind": "Secret", "apiVersion": "v1", "metadata": {"name": "registry-mirror-cred"}, "data": {"config.json": %q}}`, seen) // Whoever asked sees what is missing.
	}))
	t.Cleanup(server.Close)
	authority := base64.StdEncoding.EncodeToString(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}))
	dir := t.TempDir()
	program := func(name, script string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte("#!/bin/sh\n"+script+"\n"), 0o700); err != nil {
			t.Fatal(err)
		}
		return fmt.Sprintf("exec: {apiVersion: client.authentication.k8s.io/v1, command: %q, interactiveMode: Never}", path)
	}
	const credential = `echo '{"apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential", "status": {"token": "of-the-program"}}'`
	for name, test := range map[string]struct {
		user, clusterMore, want, err string
	}{
		"with a token":                {user: "token: of-the-file", want: "Bearer of-the-file by pullpass/test"},
		"with a program":              {user: program("good", credential), want: "Bearer of-the-program by pullpass/test"},
		"with a program that fails":   {user: program("bad", "exit 3"), err: "failed with exit code 3"},
		"through a proxy that is off": {user: "token: of-the-file", clusterMore: `, proxy-url: "http://127.0.0.1:1"`, err: "proxyconnect tcp: dial tcp 127.0.0.1:1"},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "config")
			text := fmt.Sprintf(`{apiVersion: v1, kind: Config, current-context: c, contexts: [{name: c, context: {cluster: c, user: u}}],
				clusters: [{name: c, cluster: {server: %q, certificate-authority-data: %q%s}}], users: [{name: u, user: {%s}}]}`,
				server.URL, authority, test.clusterMore, test.user)
			if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			wrapped := 0
			c, err := cluster.Open(cluster.Access{Kubeconfig: path, UserAgent: "pullpass/test", Wrap: func(next http.RoundTripper) http.RoundTripper {
				wrapped++
				return next
			}})
			if err != nil {
				t.Fatal(err)
			}
			got, err := c.MirrorCredential(t.Context())
			if test.err != "" {
				if err == nil || !strings.Contains(err.Error(), test.err) {
					t.Errorf("error %v, want %q", err, test.err)
				}
				return
			}
			if err != nil || string(got) != test.want || wrapped != 1 {
				t.Errorf("seen %q, %v; wrapped %d times", got, err, wrapped)
			}
		})
	}
}
