package cluster

import (
	"errors"
	"strings"
	"testing"
)

// A kubeconfig out of a cluster decides nothing about this machine.
func TestAKubeconfigFromAClusterLeadsNowhereElse(t *testing.T) {
	const head = `{apiVersion: v1, kind: Config, current-context: w, contexts: [{name: w, context: {cluster: w, user: w}}], `
	server := func(more string) string {
		return `clusters: [{name: w, cluster: {server: "https://127.0.0.1:1"` + more + `}}], `
	}
	user := func(user string) string { return `users: [{name: w, user: {` + user + `}}]}` }
	for name, test := range map[string]struct {
		kubeconfig string
		err        string
	}{
		"a token":               {head + server("") + user("token: abc"), ""},
		"a program":             {head + server("") + user("exec: {apiVersion: client.authentication.k8s.io/v1, command: sh}"), errForeignMeans.Error()},
		"an auth provider":      {head + server("") + user("auth-provider: {name: oidc}"), errForeignMeans.Error()},
		"a token of a file":     {head + server("") + user("tokenFile: /etc/hostname"), errForeignMeans.Error()},
		"a certificate's file":  {head + server("") + user("client-certificate: /etc/hostname"), errForeignMeans.Error()},
		"a key's file":          {head + server("") + user("client-key: /etc/hostname"), errForeignMeans.Error()},
		"an authority's file":   {head + server(", certificate-authority: /etc/hostname") + user("token: abc"), errForeignMeans.Error()},
		"nothing":               {"", "no context is current"},
		"what is no kubeconfig": {"[", "yaml"},
	} {
		t.Run(name, func(t *testing.T) {
			c, err := Access{}.fromKubeconfig("workload cluster w", []byte(test.kubeconfig))
			if test.err == "" {
				if err != nil || c.String() != "workload cluster w" {
					t.Errorf("got %v, %v", c, err)
				}
				return
			}
			if !errors.Is(err, ErrAccess) || !strings.Contains(err.Error(), test.err) {
				t.Errorf("got %v, want %q", err, test.err)
			}
		})
	}
}
