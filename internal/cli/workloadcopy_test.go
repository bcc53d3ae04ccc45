package cli_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// kubernetes answers with Secrets by the last parts of their paths, namespace/secrets/name, and with a refusal for the rest.
func kubernetes(t *testing.T, secrets map[string]map[string]string) (kubeconfig string) {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		for path, data := range secrets {
			if strings.HasSuffix(r.URL.Path, "/"+path) {
				_, _ = fmt.Fprintf(w, `{"kind": "Secret", "metadata": {"name": %q}, "type": "Opaque", "data": {`, filepath.Base(path))
				for key, value := range data {
					_, _ = fmt.Fprintf(w, `%q: %q`, key, base64.StdEncoding.EncodeToString([]byte(value)))
				}
				_, _ = fmt.Fprint(w, "}}")
				return
			}
		}
		w.WriteHeader(http.StatusForbidden)
		_, _ = fmt.Fprint(w, `{"kind": "Status", "apiVersion": "v1", "status": "Failure", "code": 403, "reason": "Forbidden", "message": "no"}`)
	}))
	t.Cleanup(server.Close)
	return kubeconfigOf(server.URL)
}

func kubeconfigOf(url string) string {
	return fmt.Sprintf(`{apiVersion: v1, kind: Config, current-context: c, contexts: [{name: c, context: {cluster: c, user: u}}],
		clusters: [{name: c, cluster: {server: %q}}], users: [{name: u, user: {token: t}}]}`, url)
}

const (
	hubAlone = `apiVersion: pullpass.dev/v1alpha1
kind: Share
metadata: {name: packages}
spec:
  registry: {region: us-west-2, account: "346438352937"}
  source: {account: "111111111111"}
  destinations:
    - account: "999999999999"
      clusters:
        - name: hub
          kubernetes: {kubeconfig: kubeconfig, context: c}
`
	hubAndEdge = hubAlone + "          workloadClusters: [edge]\n"
)

func (term *terminal) write(share, kubeconfig string) {
	term.t.Helper()
	for name, text := range map[string]string{"share.yaml": share, "kubeconfig": kubeconfig} {
		if err := os.WriteFile(filepath.Join(term.dir, name), []byte(text), 0o600); err != nil {
			term.t.Fatal(err)
		}
	}
}

// TestACopyThatWasRead: what was read of a workload cluster is proven or broken. Only what nobody may read is not seen.
func TestACopyThatWasRead(t *testing.T) {
	for sentence, test := range map[string]struct {
		workload map[string]map[string]string
		seen     bool
	}{
		"a copy that makes no sense":   {map[string]map[string]string{"eksa-packages/secrets/aws-secret": {"config": "[default"}}, true},
		"a copy without a config":      {map[string]map[string]string{"eksa-packages/secrets/aws-secret": {"REGION": "us-west-2"}}, true},
		"a copy that nobody may see":   {nil, false},
		"a config in base64 once more": {map[string]map[string]string{"eksa-packages/secrets/aws-secret": {"config": "W2RlZmF1bHRdCg=="}}, true},
	} {
		t.Run(sentence, func(t *testing.T) {
			term := newTerminal(t)
			hub := kubernetes(t, map[string]map[string]string{"eksa-system/secrets/edge-kubeconfig": {"value": kubernetes(t, test.workload)}})
			term.write(hubAndEdge, hub)
			code, out, errs := term.run("", term.here("verify", "-o", "json")...)
			var report struct {
				Clusters []struct {
					Cluster, Unseen string
					Proofs          []struct{ Link, Outcome, Error string }
				}
			}
			if err := json.Unmarshal([]byte(out), &report); err != nil || code != 4 || len(report.Clusters) != 2 {
				t.Fatalf("exit code %d, %v\n%s%s", code, err, out, errs)
			}
			for _, proof := range report.Clusters[0].Proofs {
				if strings.Contains(proof.Error, "\n") {
					t.Errorf("%s fills lines: %q", proof.Link, proof.Error)
				}
			}
			edge := report.Clusters[1]
			if seen := edge.Unseen == ""; seen != test.seen {
				t.Errorf("seen: %t, want %t: %s", seen, test.seen, edge.Unseen)
			}
			if test.seen && (len(edge.Proofs) == 0 || edge.Proofs[0].Outcome != "failed") {
				t.Errorf("proofs: %v", edge.Proofs)
			}
		})
	}
}

// TestAClusterThatDoesNotAnswer: nothing is said of the inside of a cluster by whatever answers in its place.
func TestAClusterThatDoesNotAnswer(t *testing.T) {
	for sentence, test := range map[string]struct {
		answer string
		links  int
	}{
		"a refusal":         {`{"kind": "Status", "apiVersion": "v1", "status": "Failure", "code": 403, "reason": "Forbidden"}`, 13},
		"a page to sign in": {"<html>", 7},
	} {
		t.Run(sentence, func(t *testing.T) {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", "application/json")
				if strings.HasPrefix(test.answer, "{") {
					w.WriteHeader(http.StatusForbidden)
				}
				_, _ = fmt.Fprint(w, test.answer)
			}))
			t.Cleanup(server.Close)
			term := newTerminal(t)
			term.write(hubAlone, kubeconfigOf(server.URL))
			code, out, errs := term.run("", term.here("verify", "-o", "json")...)
			var report struct {
				Clusters []struct{ Proofs []struct{ Link string } }
			}
			if err := json.Unmarshal([]byte(out), &report); err != nil || code != 4 || len(report.Clusters) != 1 {
				t.Fatalf("exit code %d, %v\n%s%s", code, err, out, errs)
			}
			if got := report.Clusters[0].Proofs; len(got) != test.links {
				t.Errorf("links %v, want %d", got, test.links)
			}
		})
	}
}
