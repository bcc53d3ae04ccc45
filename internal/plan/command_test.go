package plan_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pullpass/pullpass/arn"
	"github.com/pullpass/pullpass/internal/awsid"
	"github.com/pullpass/pullpass/internal/credential"
	"github.com/pullpass/pullpass/internal/plan"
	"github.com/pullpass/pullpass/internal/share"
)

func TestCommandsReadAsWritten(t *testing.T) {
	for name, spec := range map[string][]string{
		"commands-documented": {documented},
		"commands-hardened":   {`  iam: {tags: {team: "Käthes team = 2"}}`},
	} {
		t.Run(name, func(t *testing.T) {
			d := desired(t, spec...)
			p := fresh(t, d).diff(d, options())
			var all []string
			for _, account := range []arn.AccountID{source, retail} {
				all = append(all, "# "+string(account))
				all = append(all, p.Commands(account)...)
			}
			golden(t, name+".sh", strings.Join(all, "\n")+"\n")
		})
	}
}

func TestOtherOperationsAreCommandsToo(t *testing.T) {
	policy := arn.IAM(source, "policy", "/p/", "read")
	role, user := arn.IAM(source, "role", "/p/", "r"), arn.IAM(source, "user", "/p/", "u")
	doc := document(t, 0, `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"a:B","Resource":"*"}}`)
	const printed = `'{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"a:B","Resource":"*"}]}'`
	for name, test := range map[string]struct {
		op   plan.Op
		want string
	}{
		"a new version of a policy": {
			plan.UpdatePolicy{Policy: policy, Document: doc},
			"aws iam create-policy-version --policy-arn arn:aws:iam::111111111111:policy/p/read --policy-document " + printed + " --set-as-default",
		},
		"a new version in the place of the oldest": {
			plan.UpdatePolicy{Policy: policy, Document: doc, DeleteVersion: "v3"},
			"aws iam delete-policy-version --policy-arn arn:aws:iam::111111111111:policy/p/read --version-id v3 &&\n" +
				"aws iam create-policy-version --policy-arn arn:aws:iam::111111111111:policy/p/read --policy-document " + printed + " --set-as-default",
		},
		"a trust": {
			plan.UpdateTrust{Role: role, Trust: doc},
			"aws iam update-assume-role-policy --role-name r --policy-document " + printed,
		},
		"a boundary": {
			plan.PutBoundary{Entity: user, Boundary: policy},
			"aws iam put-user-permissions-boundary --user-name u --permissions-boundary arn:aws:iam::111111111111:policy/p/read",
		},
		"tags": {
			plan.PutTags{Entity: role, Tags: map[string]string{"b": "2", "a": "x y"}},
			`aws iam tag-role --role-name r --tags 'Key=a,Value="x y"' Key=b,Value=2`,
		},
		"a tag less": {
			plan.RemoveTags{Entity: user, Keys: []string{plan.TagPending}},
			"aws iam untag-user --user-name u --tag-keys pullpass:pending",
		},
		"a tag less on a policy": {
			plan.RemoveTags{Entity: policy, Keys: []string{plan.TagAdopted}},
			"aws iam untag-policy --policy-arn arn:aws:iam::111111111111:policy/p/read --tag-keys pullpass:adopted",
		},
		"a key that is not to work": {
			plan.SuspendKey{User: user, Key: k1}, "aws iam update-access-key --user-name u --access-key-id AKIAQAAAAAAAAAAAAA01 --status Inactive",
		},
		"a deny, with the mark by which it is found again": {
			plan.DenySessions{Role: role, Deny: plan.Deny{Policy: "d", At: time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)}, Document: doc},
			"aws iam tag-role --role-name r --tags Key=pullpass:revoked,Value=2026-11-23T12:00:00Z &&\n" +
				"aws iam put-role-policy --role-name r --policy-name d --policy-document " + printed,
		},
		"denies that are over": {
			plan.LiftDenies{Role: role, Policies: []string{"d", "e"}},
			"aws iam delete-role-policy --role-name r --policy-name d &&\naws iam delete-role-policy --role-name r --policy-name e",
		},
		"the last denies, with the mark": {
			plan.LiftDenies{Role: role, Policies: []string{"d"}, Last: true},
			"aws iam delete-role-policy --role-name r --policy-name d &&\naws iam untag-role --role-name r --tag-keys pullpass:revoked",
		},
		"a policy less": {
			plan.RemovePolicy{Removal: plan.Removal{Entity: policy}}, "aws iam delete-policy --policy-arn arn:aws:iam::111111111111:policy/p/read",
		},
		"a role less": {
			plan.RemoveRole{Removal: plan.Removal{Entity: role}}, `(
  set -eu
  for policy in $(aws iam list-attached-role-policies --role-name r --query 'AttachedPolicies[].PolicyArn' --output text); do
    aws iam detach-role-policy --role-name r --policy-arn "$policy"
  done
  for name in $(aws iam list-role-policies --role-name r --query 'PolicyNames[]' --output text); do
    aws iam delete-role-policy --role-name r --policy-name "$name"
  done
  aws iam delete-role --role-name r
)`,
		},
		"a user less": {
			plan.RemoveUser{Removal: plan.Removal{Entity: user}}, `(
  set -eu
  for key in $(aws iam list-access-keys --user-name u --query 'AccessKeyMetadata[].AccessKeyId' --output text); do
    aws iam delete-access-key --user-name u --access-key-id "$key"
  done
  for policy in $(aws iam list-attached-user-policies --user-name u --query 'AttachedPolicies[].PolicyArn' --output text); do
    aws iam detach-user-policy --user-name u --policy-arn "$policy"
  done
  for name in $(aws iam list-user-policies --user-name u --query 'PolicyNames[]' --output text); do
    aws iam delete-user-policy --user-name u --policy-name "$name"
  done
  aws iam delete-user --user-name u
)`,
		},
		"a key less": {
			plan.DeleteKey{User: user, Key: k1},
			"aws iam delete-access-key --user-name u --access-key-id AKIAQAAAAAAAAAAAAA01",
		},
	} {
		t.Run(name, func(t *testing.T) {
			p := plan.Plan{Steps: []plan.Step{{Account: source, Op: test.op}}}
			if diff := cmp.Diff([]string{test.want}, p.Commands(source)); diff != "" {
				t.Errorf("commands (-want +got):\n%s", diff)
			}
		})
	}
}

// fakeCLI answers create-access-key as the AWS CLI does with --output text.
const fakeCLI = `#!/bin/sh
[ "$2" = create-access-key ] || exit 1
printf 'AKIAQAAAAAAAAAAAAA01\tSecret/With+Signs%%s\\n\n'
`

func TestTheCommandForAKeyWritesTheVeryFilesThatPullpassWrites(t *testing.T) {
	bin, work := t.TempDir(), t.TempDir()
	if err := os.WriteFile(filepath.Join(bin, "aws"), []byte(fakeCLI), 0o755); err != nil {
		t.Fatal(err)
	}
	config := credential.Config{
		Region: "us-west-2", RoleARN: arn.IAM(source, "role", "/", "it's"), UserProfile: "u", RoleSessionName: "u", ExternalID: "$HOME",
	}
	op := plan.CreateKey{User: arn.IAM(retail, "user", "/", "u"), Deliveries: []plan.DeliveryOf{
		{ClusterDelivery: share.ClusterDelivery{Cluster: "store 1", Directory: "out/store's 1", Config: config}},
	}}
	p := plan.Plan{Steps: []plan.Step{{Account: retail, Op: op}}}
	cmd := exec.CommandContext(t.Context(), "sh", "-c", strings.Join(p.Commands(retail), "\n"))
	cmd.Dir = work
	cmd.Env = []string{"PATH=" + bin + string(os.PathListSeparator) + os.Getenv("PATH")}
	if out, err := cmd.CombinedOutput(); err != nil || len(out) > 0 {
		t.Fatalf("%v: %s", err, out)
	}
	rendered, err := config.WithKey(credential.AccessKey{
		ID: awsid.AccessKeyID("AKIAQAAAAAAAAAAAAA01"), Secret: credential.NewSecret(`Secret/With+Signs%s\n`),
	}).Render()
	if err != nil {
		t.Fatal(err)
	}
	for file, want := range map[string][]byte{
		credential.ConfigFileName: rendered, credential.ManifestFileName: credential.RenderManifest(rendered),
	} {
		path := filepath.Join(work, "out", "store's 1", file)
		got, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), string(got)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", file, diff)
		}
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm() != 0o600 {
			t.Errorf("%s has mode %v, want 0600", file, info.Mode().Perm())
		}
	}
}
