package lab

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"github.com/pullpass/pullpass/internal/leak"
	"github.com/pullpass/pullpass/sandbox"
	"github.com/pullpass/pullpass/sandbox/sandboxtest"
)

const (
	// Source is the account of the sandbox that owns the subscription, Destination the one that receives access.
	Source, Destination = "111111111111", "999999999999"
	// Box is the sandbox's directory, seen from the operator's: the value of --sandbox.
	Box = "box"
	// Region is that of the subscription.
	Region = "us-west-2"
)

// An Operator runs pullpass in a directory of his own, on an embedded AWS of his own.
type Operator struct {
	// Dir is where pullpass runs: share.yaml and the directory [Box] are there.
	Dir string
	// Env is all of pullpass's environment. The proxy is the sandbox's, which lets nothing out; API servers on loopback
	// are reached directly.
	Env []string

	// AWS is the embedded AWS, with clients of the real SDK for its accounts.
	AWS *sandboxtest.Sandbox

	Lab *Lab
}

// Operator serves an embedded AWS until the test ends, for one who runs pullpass.
func (l *Lab) Operator(t testing.TB) *Operator {
	t.Helper()
	return l.OperatorIn(t, sandbox.Forecast{})
}

// OperatorIn does so in a weather.
func (l *Lab) OperatorIn(t testing.TB, weather sandbox.Forecast) *Operator {
	t.Helper()
	dir := t.TempDir()
	o := &Operator{Dir: dir, AWS: sandboxtest.Start(t, sandbox.Config{Dir: filepath.Join(dir, Box), Weather: weather}), Lab: l}
	o.Env = []string{
		"HOME=" + o.Dir, "PATH=" + os.Getenv("PATH"), "LANG=C.UTF-8", "AWS_EC2_METADATA_DISABLED=true",
		"HTTPS_PROXY=" + o.AWS.Server.Ready().Proxy, "NO_PROXY=127.0.0.1,localhost",
	}
	return o
}

// Pullpass runs pullpass with arguments; a command that works with AWS has to be told `--sandbox box`. Neither what it says
// nor its audit trail may show a secret.
func (o *Operator) Pullpass(t testing.TB, args ...string) Outcome {
	t.Helper()
	outcome := o.Reveals(t, args...)
	for where, found := range o.shown(t, outcome) {
		t.Errorf("pullpass %s: %s shows %v", strings.Join(args, " "), where, found)
	}
	return outcome
}

// Reveals does so with a command that shows a secret on purpose.
func (o *Operator) Reveals(t testing.TB, args ...string) Outcome {
	t.Helper()
	return Command{Program: o.Lab.Programs.Pullpass, Env: o.Env, Dir: o.Dir}.Run(t, args...)
}

// shown finds the secrets in what a run said and in the audit trails, by where.
func (o *Operator) shown(t testing.TB, said Outcome) map[string][]leak.Finding {
	t.Helper()
	written := map[string][]byte{"stdout": said.Stdout, "stderr": []byte(said.Stderr)}
	trails, err := filepath.Glob(filepath.Join(o.Dir, "*.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	for _, trail := range trails {
		if written[trail], err = os.ReadFile(trail); err != nil {
			t.Fatal(err)
		}
	}
	found := map[string][]leak.Finding{}
	for where, text := range written {
		secrets, _, err := leak.Scan(bytes.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		if len(secrets) > 0 {
			found[where] = secrets
		}
	}
	return found
}

// Exits runs pullpass, which must end with a certain exit code.
func (o *Operator) Exits(t testing.TB, code int, args ...string) Outcome {
	t.Helper()
	outcome := o.Pullpass(t, args...)
	if outcome.Code != code {
		t.Fatalf("pullpass %s ended with %d, not %d:\n%s%s", strings.Join(args, " "), outcome.Code, code, outcome.Stdout, outcome.Stderr)
	}
	return outcome
}

// Write writes a file in the operator's directory.
func (o *Operator) Write(t testing.TB, name, content string) {
	t.Helper()
	writeFile(t, filepath.Join(o.Dir, name), []byte(content))
}

// WriteShare writes share.yaml for these clusters of the destination, each reached with the lab's kubeconfig.
func (o *Operator) WriteShare(t testing.TB, clusters ...*Cluster) {
	t.Helper()
	lines := make([]string, 0, len(clusters))
	for _, c := range clusters {
		lines = append(lines, clusterLine(c.Name, o.Lab.Kubeconfig))
	}
	o.WriteShareOf(t, lines...)
}

// WriteShareOver writes share.yaml for clusters that are reached by roads, each of its road's name.
func (o *Operator) WriteShareOver(t testing.TB, roads ...*Road) {
	t.Helper()
	lines := make([]string, 0, len(roads))
	for _, r := range roads {
		lines = append(lines, clusterLine(r.Name, r.Kubeconfig))
	}
	o.WriteShareOf(t, lines...)
}

// clusterLine is a cluster of a share whose context has its name.
func clusterLine(name, kubeconfig string) string {
	return fmt.Sprintf("{name: %s, kubernetes: {kubeconfig: %q, context: %s}}", name, kubeconfig, name)
}

// WriteShareOf writes share.yaml with clusters that are given as YAML, a line each.
func (o *Operator) WriteShareOf(t testing.TB, clusters ...string) {
	t.Helper()
	const head = `apiVersion: pullpass.dev/v1alpha1
kind: Share
metadata: {name: packages}
spec:
  registry: {region: REGION, subscription: e29fd0d2-d8a8-4ed4-be54-c6c0dd0f7964}
  source: {account: "SOURCE", access: {profile: "SOURCE"}}
  destinations:
    - account: "DESTINATION"
      access: {profile: "DESTINATION"}
      clusters:
`
	var share strings.Builder
	share.WriteString(strings.NewReplacer("REGION", Region, "SOURCE", Source, "DESTINATION", Destination).Replace(head))
	for _, cluster := range clusters {
		share.WriteString("        - " + cluster + "\n")
	}
	o.Write(t, "share.yaml", share.String())
}

// Keys are the ids of all access keys of pullpass's users in the destination, as IAM lists them.
func (o *Operator) Keys(t testing.TB) []string {
	t.Helper()
	var ids []string
	for _, key := range o.keys(t) {
		ids = append(ids, aws.ToString(key.AccessKeyId))
	}
	slices.Sort(ids)
	return ids
}

// DeleteKeys deletes all those keys.
func (o *Operator) DeleteKeys(t testing.TB) {
	t.Helper()
	for _, key := range o.keys(t) {
		gone := &iam.DeleteAccessKeyInput{UserName: key.UserName, AccessKeyId: key.AccessKeyId}
		if _, err := o.AWS.IAM(Destination).DeleteAccessKey(t.Context(), gone); err != nil {
			t.Fatal(err)
		}
	}
}

func (o *Operator) keys(t testing.TB) []types.AccessKeyMetadata {
	t.Helper()
	client := o.AWS.IAM(Destination)
	users, err := client.ListUsers(t.Context(), &iam.ListUsersInput{PathPrefix: aws.String("/pullpass/")})
	if err != nil {
		t.Fatal(err)
	}
	var all []types.AccessKeyMetadata
	for _, user := range users.Users {
		keys, err := client.ListAccessKeys(t.Context(), &iam.ListAccessKeysInput{UserName: user.UserName})
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, keys.AccessKeyMetadata...)
	}
	return all
}
