package cli_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"

	"github.com/pullpass/pullpass/sandbox/sandboxtest"
)

// fleetOf is a share of so many clusters of one destination.
func fleetOf(clusters int) string {
	var b strings.Builder
	b.WriteString(`apiVersion: pullpass.dev/v1alpha1
kind: Share
metadata: {name: packages}
spec:
  registry: {region: us-west-2}
  source: {account: "111111111111", access: {profile: "111111111111"}}
  destinations:
    - account: "999999999999"
      access: {profile: "999999999999"}
      clusters:
`)
	for i := range clusters {
		fmt.Fprintf(&b, "        - {name: store-%03d, directory: out/store-%03d}\n", i+1, i+1)
	}
	return b.String()
}

// asked counts what IAM was asked of which account, by action and resource.
func (l *lines) asked(t *testing.T) map[string]int {
	t.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	counts := map[string]int{}
	for line := range bytes.Lines(l.text.Bytes()) {
		var entry struct {
			Account, Service, Action string
			Resources                []string
		}
		if err := json.Unmarshal(line, &entry); err != nil {
			t.Fatalf("request log: %v in %s", err, line)
		}
		if entry.Service == "iam" {
			counts[strings.Join(append([]string{entry.Account, entry.Action}, entry.Resources...), " ")]++
		}
	}
	l.text.Reset()
	return counts
}

// However many clusters ask, an account is read once: what they have in common is read for the first of them, and of each
// user every part once.
func TestAFleetIsExplainedWithEachAccountReadOnce(t *testing.T) {
	t.Parallel()
	const clusters = 100
	b := &bench{outdoors: goOut(t, "fair")}
	b.write("share.yaml", fleetOf(clusters))
	b.must(b.here("apply", "--yes", "--quiet", "--no-verify")...)
	document := `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::222222222222:root"},"Action":"sts:AssumeRole"}]}`
	b.did(b.box.IAM(sandboxtest.Source).UpdateAssumeRolePolicy(t.Context(), &iam.UpdateAssumeRolePolicyInput{
		RoleName: aws.String("pullpass-packages-999999999999"), PolicyDocument: &document,
	}))
	b.log.asked(t)
	stdout, _ := b.ends(1, b.here("explain")...)
	if got := strings.Count(stdout, "\nCause (certain): In account 111111111111, "); got != clusters {
		t.Errorf("%d of %d clusters are explained", got, clusters)
	}
	counts := b.readOnce()
	// Of a user: itself, its keys, its groups, its attached policies and those in it. Of what they share: the role in three
	// calls, two policies in three, and what the two organizations say.
	if want := clusters*5 + 3 + 2*3 + 2; len(counts) != want {
		t.Errorf("%d calls, want %d", len(counts), want)
	}
	b.ends(4, b.here("verify")...)
	b.readOnce() // The end of a proof explains with the same reading.
}

// readOnce returns what IAM was asked, of which nothing may be twice.
func (b *bench) readOnce() map[string]int {
	b.t.Helper()
	counts := b.log.asked(b.t)
	for _, call := range slices.Sorted(maps.Keys(counts)) {
		if counts[call] > 1 {
			b.t.Errorf("asked %d times: %s", counts[call], call)
		}
	}
	return counts
}
