package cli_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/google/go-cmp/cmp"

	"github.com/pullpass/pullpass/arn"
	"github.com/pullpass/pullpass/sandbox/sandboxtest"
)

// calls counts what was asked of the services, by account, and forgets it.
func (l *lines) calls(t *testing.T) map[arn.AccountID]map[string]int {
	t.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	found := map[arn.AccountID]map[string]int{}
	for line := range bytes.Lines(l.text.Bytes()) {
		var entry struct {
			Account arn.AccountID
			Action  string
		}
		if err := json.Unmarshal(line, &entry); err != nil {
			t.Fatalf("request log: %v in %s", err, line)
		}
		if found[entry.Account] == nil {
			found[entry.Account] = map[string]int{}
		}
		found[entry.Account][entry.Action]++
	}
	l.text.Reset()
	return found
}

// The calls are those that `pullpass status --help` counts: for the source 1 caller, 4 for its policy, 2 for its role, and 1
// for the subscription; for the destination 1 caller, 4 for its policy, 3 for its user and 1 for the key.
func TestStatusTakesNoCallTooMany(t *testing.T) {
	o := goOut(t, "fair")
	o.oneStore("")
	o.subscribed()
	o.must(o.here("apply", "--yes", "--no-verify")...)
	o.log.calls(t)
	o.must(o.here("status")...)
	want := map[arn.AccountID]map[string]int{
		sandboxtest.Source: {
			"sts:GetCallerIdentity": 1, "eks:DescribeEksAnywhereSubscription": 1,
			"iam:GetPolicy": 1, "iam:ListPolicyVersions": 1, "iam:GetPolicyVersion": 1, "iam:ListEntitiesForPolicy": 1,
			"iam:GetRole": 1, "iam:ListAttachedRolePolicies": 1,
		},
		sandboxtest.Destination: {
			"sts:GetCallerIdentity": 1,
			"iam:GetPolicy":         1, "iam:ListPolicyVersions": 1, "iam:GetPolicyVersion": 1, "iam:ListEntitiesForPolicy": 1,
			"iam:GetUser": 1, "iam:ListAttachedUserPolicies": 1, "iam:ListAccessKeys": 1, "iam:GetAccessKeyLastUsed": 1,
		},
	}
	if diff := cmp.Diff(want, o.log.calls(t)); diff != "" {
		t.Errorf("calls (-want +got):\n%s", diff)
	}
}

// What is not as it was made costs a call each: here a key that was made by hand, one that is delivered and gone, and a user that
// the share no longer asks for.
func TestStatusTakesACallForEachThingThatIsOff(t *testing.T) {
	o := goOut(t, "fair")
	o.stores("store-001", "store-002", "store-003")
	o.must(o.here("apply", "--yes", "--no-verify")...)
	o.stores("store-001", "store-002")
	destination := o.box.IAM(sandboxtest.Destination)
	if _, err := destination.CreateAccessKey(t.Context(), &iam.CreateAccessKeyInput{UserName: aws.String("pullpass-packages-store-001")}); err != nil {
		t.Fatal(err)
	}
	gone := &iam.DeleteAccessKeyInput{UserName: aws.String("pullpass-packages-store-002"), AccessKeyId: aws.String(o.heldBy("store-002"))}
	if _, err := destination.DeleteAccessKey(t.Context(), gone); err != nil {
		t.Fatal(err)
	}
	o.log.calls(t)
	o.ends(3, o.here("status")...)
	want := map[string]int{
		"sts:GetCallerIdentity": 1,
		"iam:GetPolicy":         1, "iam:ListPolicyVersions": 1, "iam:GetPolicyVersion": 1, "iam:ListEntitiesForPolicy": 1,
		"iam:GetUser": 2 + 1, "iam:ListAttachedUserPolicies": 2, "iam:ListAccessKeys": 2, "iam:GetAccessKeyLastUsed": 2 + 1,
	}
	if diff := cmp.Diff(want, o.log.calls(t)[sandboxtest.Destination]); diff != "" {
		t.Errorf("calls (-want +got):\n%s", diff)
	}
}

// stores gives the share clusters with these names.
func (o *outdoors) stores(names ...string) {
	o.t.Helper()
	head, _, _ := strings.Cut(oneCluster, "      clusters:\n")
	var text strings.Builder
	text.WriteString(head + "      clusters:\n")
	for _, name := range names {
		fmt.Fprintf(&text, "        - {name: %s, directory: out/%s}\n", name, name)
	}
	if err := os.WriteFile(filepath.Join(o.dir, "share.yaml"), []byte(text.String()), 0o600); err != nil {
		o.t.Fatal(err)
	}
}

// statusAt runs status as it would be that much later, and returns what it says. Only the program's clock is ahead.
func (o *outdoors) statusAt(ahead time.Duration, want int) string {
	o.t.Helper()
	var out, errs bytes.Buffer
	env := o.unattended(&out, &errs)
	env.Now = func() time.Time { return o.clock.Now().Add(ahead) }
	code := discreetly(o.t.Context(), o.t, o.here("status"), env)
	if code != want {
		o.t.Fatalf("status after %s: exit code %d, want %d\n%s\n%s", ahead, code, want, &out, &errs)
	}
	return out.String()
}

// What a year brings: first nothing is due, then the rotation, then it is overdue, and at last the subscription ends.
func TestStatusSaysWhatIsDueAsTimePasses(t *testing.T) {
	const day = 24 * time.Hour
	o := goOut(t, "fair")
	o.oneStore("  keys: {maxAge: 30d}\n")
	o.subscribed()
	o.must(o.here("apply", "--yes", "--no-verify")...)
	key := o.held()
	o.statusAt(15*day, 0)
	for _, stage := range []struct {
		after time.Duration
		want  string
	}{
		{17 * day, "access key " + key + " is 17 days old: pullpass rotate, by "},
		{31 * day, "access key " + key + " is 31 days old: pullpass rotate, overdue since "},
		{330 * day, " ends, and pulls with it, by "},
		{340 * day, " ends, and pulls with it, overdue since "},
	} {
		if stdout := o.statusAt(stage.after, 3); !strings.Contains(stdout, stage.want) {
			t.Errorf("want %q in\n%s", stage.want, stdout)
		}
	}
}

// subscribed has the share name its subscription.
func (o *outdoors) subscribed() {
	o.t.Helper()
	file := filepath.Join(o.dir, "share.yaml")
	text, err := os.ReadFile(file)
	if err != nil {
		o.t.Fatal(err)
	}
	named := strings.Replace(string(text), "{region: us-west-2", "{region: us-west-2, subscription: e29fd0d2-d8a8-4ed4-be54-c6c0dd0f7964", 1)
	if err := os.WriteFile(file, []byte(named), 0o600); err != nil {
		o.t.Fatal(err)
	}
}

// Who holds a key is told with what it opens, and after a rotation the old one is still told of.
func TestStatusSaysWhoHoldsAKey(t *testing.T) {
	o := goOut(t, "fair")
	o.oneStore("")
	o.must(o.here("apply", "--yes")...)
	old := o.held()
	stdout, _ := o.ends(0, o.here("status", "--key", old)...)
	for _, want := range []string{
		"access key " + old + " is user pullpass-packages-store-001 of account 999999999999: active, 0 days old, last used ",
		"\n  held by 999999999999 store-001 (out/store-001), use unseen\n",
		"\n  assumes arn:aws:iam::111111111111:role/",
		"\n  opens   346438352937.dkr.ecr.us-west-2.amazonaws.com\n",
	} {
		if !strings.Contains(stdout, want) {
			t.Errorf("want %q in\n%s", want, stdout)
		}
	}
	o.ends(1, o.here("rotate", "--yes", "--force")...)
	if stdout, _ := o.ends(3, o.here("status")...); !strings.Contains(stdout, "the rotation of access key "+old+" has not ended") {
		t.Errorf("after half a rotation:\n%s", stdout)
	}
	if stdout, _ := o.ends(0, o.here("status", "--key", old)...); strings.Contains(stdout, "held by") || !strings.Contains(stdout, "active") {
		t.Errorf("the old key:\n%s", stdout)
	}
}
