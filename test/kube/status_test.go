package kube

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/pullpass/pullpass/internal/credential"
	"github.com/pullpass/pullpass/test/kube/lab"
)

// auditIDShape is that of the ids under which an API server's own audit log has a request: a UUID.
var auditIDShape = regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)

// effect is a line of an audit trail, as far as it is looked at here.
type effect struct{ Account, Step, Action, Resource, Result, RequestID string }

func effects(t *testing.T, o *lab.Operator) []effect {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(o.Dir, "share.audit.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	var all []effect
	for line := range bytes.Lines(text) {
		var one effect
		if err := json.Unmarshal(line, &one); err != nil {
			t.Fatalf("%v in %s", err, line)
		}
		all = append(all, one)
	}
	return all
}

// TestStatusOfClusters applies a share to two clusters, and looks at what the trail and the status say of them, when all is
// well, when somebody has changed a Secret, and when an API server is away.
func TestStatusOfClusters(t *testing.T) {
	l := lab.Start(t, "store-001", "store-002")
	for _, c := range l.Clusters() {
		installed(t, c)
	}
	o := l.Operator(t)
	o.WriteShare(t, l.Clusters()...)
	o.Exits(t, 0, "apply", "--sandbox", lab.Box, "--yes", "--no-verify")
	one, two := l.Cluster(t, "store-001"), l.Cluster(t, "store-002")

	t.Run("each write into a cluster is recorded under the id of the cluster's own log", func(t *testing.T) {
		found := map[string]int{}
		for _, e := range effects(t, o) {
			if e.Action != "kubernetes:apply" && e.Action != "kubernetes:patch" {
				continue
			}
			found[e.Action]++
			if !auditIDShape.MatchString(e.RequestID) || e.Result != "ok" || e.Account == "" || e.Step == "" {
				t.Errorf("the line is %+v", e)
			}
		}
		if found["kubernetes:apply"] != 2 || found["kubernetes:patch"] != 2 {
			t.Errorf("the trail tells of %v, want the Secret and the restart of each cluster", found)
		}
		o.Exits(t, 0, "audit", "verify")
	})
	t.Run("each cluster's line tells its key, when it got that, and when it was proven", func(t *testing.T) {
		before := report(t, o, 0)
		for i, c := range l.Clusters() {
			got := before.Clusters[i]
			if got.Key != holds(t, c) || got.KeyState != "active" || got.UseUnseen || got.Proof.Outcome != "not-recorded" || len(got.Drift) > 0 {
				t.Errorf("cluster %s: %+v", c.Name, got)
			}
			// What Kubernetes says of times is to the second.
			if age := time.Since(got.Delivered); age < -time.Second || age > 10*time.Minute {
				t.Errorf("cluster %s: delivered at %s", c.Name, got.Delivered)
			}
		}
		o.Pullpass(t, "verify", "--sandbox", lab.Box) // Its end is not looked at: the clusters run no controller of their own.
		for _, got := range report(t, o, -1).Clusters {
			if got.Proof.Outcome == "not-recorded" || !got.Proof.Recorded || got.Proof.Key != got.Key {
				t.Errorf("after verify: %+v", got)
			}
		}
	})
	t.Run("what somebody has taken out of a Secret is drift", func(t *testing.T) {
		patch := `[{"op":"remove","path":"/data/` + credential.KeyRegion + `"}]`
		two.Kubectl(t, "-n", lab.Namespace, "patch", "secret", credential.SecretName, "--type=json", "-p", patch).Succeeded(t)
		got := report(t, o, -1)
		if len(got.Clusters[0].Drift) > 0 || len(got.Clusters[1].Drift) == 0 {
			t.Errorf("the drift is %v and %v", got.Clusters[0].Drift, got.Clusters[1].Drift)
		}
		o.Exits(t, 0, "apply", "--sandbox", lab.Box, "--yes", "--no-verify")
	})
	t.Run("a cluster that is away is unknown, and nothing is taken from the other", func(t *testing.T) {
		two.Kill(t)
		got := report(t, o, 1)
		if got.Clusters[1].State != "unknown" || got.Clusters[1].Error == "" || got.Clusters[0].Key != holds(t, one) || len(got.Unknown) == 0 {
			t.Errorf("%+v", got)
		}
		two.Start(t)
		report(t, o, -1)
	})
	t.Run("a Secret that is gone is nothing delivered", func(t *testing.T) {
		if err := one.Client.CoreV1().Secrets(lab.Namespace).Delete(t.Context(), credential.SecretName, metav1.DeleteOptions{}); err != nil {
			t.Fatal(err)
		}
		if got := report(t, o, 3); got.Clusters[0].State != "none" || len(got.Clusters[0].Drift) == 0 {
			t.Errorf("%+v", got.Clusters[0])
		}
	})
}

// statusOf is what the status of a share says, as far as it is looked at here.
type statusOf struct {
	Clusters []struct {
		Cluster, State, Error, Key, KeyState string
		Delivered                            time.Time
		UseUnseen                            bool
		Drift                                []string
		Proof                                struct {
			Outcome, Key string
			Recorded     bool
		}
	}
	Unknown []struct{ What string }
}

// report asks for the status, which has to end with an exit code; below 0 any will do.
func report(t *testing.T, o *lab.Operator, code int) statusOf {
	t.Helper()
	args := []string{"status", "--sandbox", lab.Box, "-o", "json"}
	said := lab.Outcome{}
	if code < 0 {
		said = o.Pullpass(t, args...)
	} else {
		said = o.Exits(t, code, args...)
	}
	var got statusOf
	if err := json.Unmarshal(said.Stdout, &got); err != nil || len(got.Clusters) != 2 {
		t.Fatalf("%v in\n%s%s", err, said.Stdout, said.Stderr)
	}
	return got
}
