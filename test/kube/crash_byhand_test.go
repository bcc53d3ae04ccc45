package kube

import (
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/iam"

	"github.com/pullpass/pullpass/arn"
	"github.com/pullpass/pullpass/internal/credential"
	"github.com/pullpass/pullpass/sandbox/sandboxtest"
	"github.com/pullpass/pullpass/test/kube/lab"
)

// What AWS's page, "Share access to EKS Anywhere Curated Packages", has one make.
const (
	handRole, handUser = "curated-packages-role", "curated-packages-user"

	handReads = `{"Version":"2012-10-17","Statement":[{"Sid":"ECRRead","Effect":"Allow","Action":[
		"ecr:DescribeImageScanFindings","ecr:GetDownloadUrlForLayer","ecr:DescribeRegistry","ecr:DescribePullThroughCacheRules",
		"ecr:DescribeImageReplicationStatus","ecr:ListTagsForResource","ecr:ListImages","ecr:BatchGetImage","ecr:DescribeImages",
		"ecr:DescribeRepositories","ecr:BatchCheckLayerAvailability"],"Resource":"arn:aws:ecr:*:346438352937:repository/*"},
		{"Sid":"ECRLogin","Effect":"Allow","Action":["ecr:GetAuthorizationToken"],"Resource":"*"}]}`
	handTrust = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::999999999999:root"},
		"Action":"sts:AssumeRole"}]}`
	handAssumes = `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"sts:AssumeRole",
		"Resource":"arn:aws:iam::111111111111:role/curated-packages-role"}}`
	handConfig = `[default]
source_profile=curated-packages-user
role_arn=arn:aws:iam::111111111111:role/curated-packages-role
region=us-west-2

[profile curated-packages-user]
aws_access_key_id=%s
aws_secret_access_key=%s
`
)

// makeByHand does what the page says, as far as `kubectl apply` in both clusters, and restarts the controller.
func (w *crashWorld) makeByHand() {
	w.Helper()
	source, destination := w.iam(sandboxtest.Source), w.iam(sandboxtest.Destination)
	role, user := aws.String(handRole), aws.String(handUser)
	reads := w.makePolicy(source, "curated-packages-policy", handReads)
	_, err := source.CreateRole(w.Context(), &iam.CreateRoleInput{RoleName: role, AssumeRolePolicyDocument: aws.String(handTrust)})
	w.must(err)
	_, err = source.AttachRolePolicy(w.Context(), &iam.AttachRolePolicyInput{RoleName: role, PolicyArn: reads})
	w.must(err)
	assumes := w.makePolicy(destination, "curated-packages-assume-role-policy", handAssumes)
	_, err = destination.CreateUser(w.Context(), &iam.CreateUserInput{UserName: user})
	w.must(err)
	_, err = destination.AttachUserPolicy(w.Context(), &iam.AttachUserPolicyInput{UserName: user, PolicyArn: assumes})
	w.must(err)
	made, err := destination.CreateAccessKey(w.Context(), &iam.CreateAccessKeyInput{UserName: user})
	w.must(err)
	config := fmt.Appendf(nil, handConfig, aws.ToString(made.AccessKey.AccessKeyId), aws.ToString(made.AccessKey.SecretAccessKey))
	for _, cluster := range []*lab.Cluster{w.stage.hub, w.stage.edge} {
		cluster.Apply(w, string(credential.RenderManifest(config)))
	}
	w.later()
	w.startController()
}

// iam is a client that signs as the administrator of an account, whose clock is the real one: it corrects itself at once.
func (w *crashWorld) iam(account arn.AccountID) *iam.Client {
	w.Helper()
	return iam.NewFromConfig(w.box.As(account), func(o *iam.Options) {
		o.RetryMaxAttempts = 2
		o.Retryer = retry.NewStandard(func(o *retry.StandardOptions) {
			o.Backoff = retry.BackoffDelayerFunc(func(int, error) (time.Duration, error) { return 0, nil })
		})
	})
}

func (w *crashWorld) makePolicy(in *iam.Client, name, document string) *string {
	w.Helper()
	made, err := in.CreatePolicy(w.Context(), &iam.CreatePolicyInput{PolicyName: aws.String(name), PolicyDocument: aws.String(document)})
	w.must(err)
	return made.Policy.Arn
}
