package crash

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"

	"github.com/pullpass/pullpass/arn"
	"github.com/pullpass/pullpass/internal/credential"
	"github.com/pullpass/pullpass/sandbox/sandboxtest"
)

// mustRun runs a command that has to end with an exit code.
func (w *world) mustRun(want int, args ...string) {
	w.t.Helper()
	if got := w.run(here, &gate{}, args...); got.code != want {
		w.t.Fatalf("%v: exit code %d, want %d\n%s%s", args, got.code, want, got.stdout, got.stderr)
	}
}

// userOf is the user of store-001.
func userOf(posture string) string {
	if posture == "documented" {
		return "curated-packages-user"
	}
	return "pullpass-packages-store-001"
}

// madeKey is the effect that makes the key of store-001.
func madeKey(posture string) effect { return effect("CreateAccessKey " + userOf(posture) + " #1") }

// loseKey takes the key of store-001 away, and what was delivered of it.
func (w *world) loseKey(posture string) {
	w.t.Helper()
	client, user := w.iam(sandboxtest.Destination), aws.String(userOf(posture))
	listed, err := client.ListAccessKeys(w.t.Context(), &iam.ListAccessKeysInput{UserName: user})
	w.must(err)
	for _, key := range listed.AccessKeyMetadata {
		_, err := client.DeleteAccessKey(w.t.Context(), &iam.DeleteAccessKeyInput{UserName: user, AccessKeyId: key.AccessKeyId})
		w.must(err)
	}
	w.must(os.RemoveAll(w.path("out", "store-001")))
	if posture == "documented" { // where it is the key of both
		w.must(os.RemoveAll(w.path("out", "store-002")))
	}
}

// The documents of AWS's page, "Share access to EKS Anywhere Curated Packages".
const (
	pageReads = `{"Version":"2012-10-17","Statement":[{"Sid":"ECRRead","Effect":"Allow","Action":[
		"ecr:DescribeImageScanFindings","ecr:GetDownloadUrlForLayer","ecr:DescribeRegistry","ecr:DescribePullThroughCacheRules",
		"ecr:DescribeImageReplicationStatus","ecr:ListTagsForResource","ecr:ListImages","ecr:BatchGetImage","ecr:DescribeImages",
		"ecr:DescribeRepositories","ecr:BatchCheckLayerAvailability"],"Resource":"arn:aws:ecr:*:346438352937:repository/*"},
		{"Sid":"ECRLogin","Effect":"Allow","Action":["ecr:GetAuthorizationToken"],"Resource":"*"}]}`
	pageTrust = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::999999999999:root"},
		"Action":"sts:AssumeRole"}]}`
	pageAssumes = `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"sts:AssumeRole",
		"Resource":"arn:aws:iam::111111111111:role/curated-packages-role"}}`
	pageConfig = `[default]
source_profile=curated-packages-user
role_arn=arn:aws:iam::111111111111:role/curated-packages-role
region=us-west-2

[profile curated-packages-user]
aws_access_key_id=%s
aws_secret_access_key=%s
`
)

// makeByHand does what the page says, and gives both stores the one key.
func (w *world) makeByHand() {
	w.t.Helper()
	source, destination := w.iam(sandboxtest.Source), w.iam(sandboxtest.Destination)
	role, user := aws.String("curated-packages-role"), aws.String("curated-packages-user")
	reads := w.makePolicy(source, "curated-packages-policy", pageReads)
	_, err := source.CreateRole(w.t.Context(), &iam.CreateRoleInput{RoleName: role, AssumeRolePolicyDocument: aws.String(pageTrust)})
	w.must(err)
	_, err = source.AttachRolePolicy(w.t.Context(), &iam.AttachRolePolicyInput{RoleName: role, PolicyArn: reads})
	w.must(err)
	assumes := w.makePolicy(destination, "curated-packages-assume-role-policy", pageAssumes)
	_, err = destination.CreateUser(w.t.Context(), &iam.CreateUserInput{UserName: user})
	w.must(err)
	_, err = destination.AttachUserPolicy(w.t.Context(), &iam.AttachUserPolicyInput{UserName: user, PolicyArn: assumes})
	w.must(err)
	made, err := destination.CreateAccessKey(w.t.Context(), &iam.CreateAccessKeyInput{UserName: user})
	w.must(err)
	text := fmt.Sprintf(pageConfig, aws.ToString(made.AccessKey.AccessKeyId), aws.ToString(made.AccessKey.SecretAccessKey))
	for _, s := range twoStores() {
		w.must(os.MkdirAll(w.path("out", s.cluster), 0o700))
		for name, content := range map[string][]byte{
			credential.ConfigFileName: []byte(text), credential.ManifestFileName: credential.RenderManifest([]byte(text)),
		} {
			w.must(os.WriteFile(filepath.Join(w.path("out", s.cluster), name), content, 0o600))
		}
	}
}

func (w *world) makePolicy(in *iam.Client, name, document string) *string {
	w.t.Helper()
	made, err := in.CreatePolicy(w.t.Context(), &iam.CreatePolicyInput{PolicyName: aws.String(name), PolicyDocument: aws.String(document)})
	w.must(err)
	return made.Policy.Arn
}

// overgrow gives every policy of the share as many versions as IAM keeps, of which the last says more than it should.
func (w *world) overgrow() {
	w.t.Helper()
	const more = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["ecr:*","sts:AssumeRole"],"Resource":"*"}]}`
	for _, account := range []arn.AccountID{sandboxtest.Source, sandboxtest.Destination} {
		client := w.iam(account)
		out, err := client.ListPolicies(w.t.Context(), &iam.ListPoliciesInput{Scope: "Local"})
		w.must(err)
		for _, policy := range out.Policies {
			for range 4 {
				_, err := client.CreatePolicyVersion(w.t.Context(), &iam.CreatePolicyVersionInput{
					PolicyArn: policy.Arn, PolicyDocument: aws.String(more), SetAsDefault: true,
				})
				w.must(err)
			}
		}
	}
}
