package cli_test

import (
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/random"
	"github.com/google/go-containerregistry/pkg/v1/remote"

	"github.com/pullpass/pullpass/arn"
	"github.com/pullpass/pullpass/internal/registry"
	"github.com/pullpass/pullpass/sandbox/sandboxtest"
)

// The documents of AWS's page "Share access to EKS Anywhere Curated Packages", laid out as people save them.
const (
	pageRead = `{
  "Version": "2012-10-17",
  "Statement": [
    {
      "Sid": "ECRRead",
      "Effect": "Allow",
      "Action": [
        "ecr:DescribeImageScanFindings",
        "ecr:GetDownloadUrlForLayer",
        "ecr:DescribeRegistry",
        "ecr:DescribePullThroughCacheRules",
        "ecr:DescribeImageReplicationStatus",
        "ecr:ListTagsForResource",
        "ecr:ListImages",
        "ecr:BatchGetImage",
        "ecr:DescribeImages",
        "ecr:DescribeRepositories",
        "ecr:BatchCheckLayerAvailability"
      ],
      "Resource": "arn:aws:ecr:*:346438352937:repository/*"
    },
    {
      "Sid": "ECRLogin",
      "Effect": "Allow",
      "Action": [
        "ecr:GetAuthorizationToken"
      ],
      "Resource": "*"
    }
  ]
}`
	pageTrust = `{
  "Version": "2012-10-17",
  "Statement": [
    {
      "Effect": "Allow",
      "Principal": {
        "AWS": "arn:aws:iam::999999999999:root"
      },
      "Action": "sts:AssumeRole"
    }
  ]
}`
	pageAssume = `{
  "Version": "2012-10-17",
  "Statement": {
    "Effect": "Allow",
    "Action": "sts:AssumeRole",
    "Resource": "arn:aws:iam::111111111111:role/curated-packages-role"
  }
}`
)

// followThePage does the page's steps 2 to 6.
func (b *bench) followThePage() {
	b.t.Helper()
	b.makesPolicy(b.read, pageRead)
	b.makesRole("/", pageTrust)
	b.makesPolicy(b.assume, pageAssume)
	b.makesUser("/")
	out, err := b.destination().CreateAccessKey(b.t.Context(), &iam.CreateAccessKeyInput{UserName: aws.String(b.user.Name())})
	b.did(out, err)
	b.did(nil, os.MkdirAll(filepath.Join(b.dir, "out", "store-001"), 0o700))
	b.write(filepath.Join("out", "store-001", "aws-config"), fmt.Sprintf(
		"[default]\nsource_profile=%s\nrole_arn=%s\nregion=us-west-2\n\n[profile %[1]s]\naws_access_key_id=%[3]s\naws_secret_access_key=%s\n",
		b.user.Name(), b.role, aws.ToString(out.AccessKey.AccessKeyId), aws.ToString(out.AccessKey.SecretAccessKey)))
}

func (b *bench) makesPolicy(policy arn.ARN, document string) {
	b.t.Helper()
	b.did(b.admin(policy).CreatePolicy(b.t.Context(), &iam.CreatePolicyInput{
		PolicyName: aws.String(policy.Name()), PolicyDocument: &document,
	}))
}

// makesRole makes the role under a path, with its policy.
func (b *bench) makesRole(path, trust string) {
	b.t.Helper()
	b.did(b.source().CreateRole(b.t.Context(), &iam.CreateRoleInput{
		RoleName: aws.String(b.role.Name()), Path: &path, AssumeRolePolicyDocument: &trust,
	}))
	b.did(b.source().AttachRolePolicy(b.t.Context(), &iam.AttachRolePolicyInput{
		RoleName: aws.String(b.role.Name()), PolicyArn: aws.String(b.read.String()),
	}))
}

// makesUser makes the user under a path, with its policy.
func (b *bench) makesUser(path string) {
	b.t.Helper()
	b.did(b.destination().CreateUser(b.t.Context(), &iam.CreateUserInput{UserName: aws.String(b.user.Name()), Path: &path}))
	b.did(b.destination().AttachUserPolicy(b.t.Context(), &iam.AttachUserPolicyInput{
		UserName: aws.String(b.user.Name()), PolicyArn: aws.String(b.assume.String()),
	}))
}

// ownRegistry puts the artifact that is pulled as a proof into a repository of account 222222222222, which lets the source in.
func (b *bench) ownRegistry() {
	b.t.Helper()
	owner := b.box.ECR(sandboxtest.Other)
	artifact := registry.Probe()
	b.did(owner.CreateRepository(b.t.Context(), &ecr.CreateRepositoryInput{RepositoryName: &artifact.Repository}))
	b.letsIn(sandboxtest.Source)
	login, err := owner.GetAuthorizationToken(b.t.Context(), &ecr.GetAuthorizationTokenInput{})
	b.did(login, err)
	basic, err := base64.StdEncoding.DecodeString(aws.ToString(login.AuthorizationData[0].AuthorizationToken))
	b.did(basic, err)
	image, err := random.Image(100, 1)
	b.did(image, err)
	ref, err := name.ParseReference(artifact.Reference(registry.Registry{Account: sandboxtest.Other, Region: sandboxtest.Region}))
	b.did(ref, err)
	transport, err := b.box.Server.Ready().Transport()
	b.did(transport, err)
	b.t.Cleanup(transport.CloseIdleConnections)
	_, password, _ := strings.Cut(string(basic), ":")
	b.did(nil, remote.Write(ref, image, remote.WithContext(b.t.Context()), remote.WithTransport(transport),
		remote.WithAuth(&authn.Basic{Username: "AWS", Password: password})))
}

// letsIn gives the repository of account 222222222222 a policy that lets another account pull.
func (b *bench) letsIn(account arn.AccountID) {
	b.t.Helper()
	b.did(b.box.ECR(sandboxtest.Other).SetRepositoryPolicy(b.t.Context(), &ecr.SetRepositoryPolicyInput{
		RepositoryName: aws.String(registry.Probe().Repository),
		PolicyText: aws.String(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::` + string(account) +
			`:root"},"Action":["ecr:BatchGetImage","ecr:GetDownloadUrlForLayer"]}]}`),
	}))
}
