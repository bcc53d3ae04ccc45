package authz_test

import (
	"strings"
	"testing"

	"github.com/pullpass/pullpass/authz"
	"github.com/pullpass/pullpass/iampolicy"
)

// The two decisions of the page "Share access to EKS Anywhere Curated Packages": a user of the destination assumes the
// role of the source, and the role's session pulls from the registry.

func assumeRole(b testing.TB) (*authz.Request, *authz.Policies) {
	b.Helper()
	req := &authz.Request{
		Principal: authz.Principal{
			Kind: authz.User, Account: "999999999999", ID: "AIDACURATED000000001",
			ARN: "arn:aws:iam::999999999999:user/curated-packages-user",
		},
		Action:          "sts:AssumeRole",
		Resource:        "arn:aws:iam::111111111111:role/curated-packages-role",
		ResourceAccount: "111111111111",
	}
	setCommonKeys(&req.Context, "arn:aws:iam::999999999999:user/curated-packages-user")
	return req, &authz.Policies{
		Identity: []*authz.Policy{compile(b, iampolicy.Identity, `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"sts:AssumeRole","Resource":"arn:aws:iam::111111111111:role/curated-packages-role"}}`)},
		Resource: compile(b, iampolicy.Trust, `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::999999999999:root"},"Action":"sts:AssumeRole"}]}`),
		Trust:    true,
	}
}

func assumeRoleHardened(b testing.TB) (*authz.Request, *authz.Policies) {
	b.Helper()
	req := &authz.Request{
		Principal: authz.Principal{
			Kind: authz.User, Account: "999999999999", ID: "AIDACURATED000000001",
			ARN: "arn:aws:iam::999999999999:user/pullpass/s/store-001",
		},
		Action:          "sts:AssumeRole",
		Resource:        "arn:aws:iam::111111111111:role/pullpass-s-999999999999",
		ResourceAccount: "111111111111",
	}
	setCommonKeys(&req.Context, "arn:aws:iam::999999999999:user/pullpass/s/store-001")
	req.Context.Set("aws:username", "store-001")
	req.Context.Set("sts:RoleSessionName", "store-001")
	return req, &authz.Policies{
		Identity: []*authz.Policy{compile(b, iampolicy.Identity, `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"sts:AssumeRole","Resource":"arn:aws:iam::111111111111:role/pullpass-s-999999999999"}}`)},
		Resource: compile(b, iampolicy.Trust, `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::999999999999:root"},"Action":"sts:AssumeRole",
"Condition":{"ArnLike":{"aws:PrincipalArn":"arn:aws:iam::999999999999:user/pullpass/s/*"},"StringEquals":{"sts:RoleSessionName":"${aws:username}"}}}]}`),
		Trust: true,
	}
}

func batchGetImage(b testing.TB) (*authz.Request, *authz.Policies) {
	b.Helper()
	req := &authz.Request{
		Principal: authz.Principal{
			Kind: authz.RoleSession, Account: "111111111111", ID: "AROACURATED000000001",
			ARN:     "arn:aws:sts::111111111111:assumed-role/curated-packages-role/store-001",
			RoleARN: "arn:aws:iam::111111111111:role/curated-packages-role",
		},
		Action:          "ecr:BatchGetImage",
		Resource:        "arn:aws:ecr:us-west-2:346438352937:repository/eks-anywhere-packages-bundles",
		ResourceAccount: "346438352937",
	}
	setCommonKeys(&req.Context, req.Principal.RoleARN)
	return req, &authz.Policies{
		Identity: []*authz.Policy{compile(b, iampolicy.Identity, `{"Version":"2012-10-17","Statement":[
{"Sid":"ECRRead","Effect":"Allow","Action":["ecr:DescribeImageScanFindings","ecr:GetDownloadUrlForLayer","ecr:DescribeRegistry","ecr:DescribePullThroughCacheRules","ecr:DescribeImageReplicationStatus","ecr:ListTagsForResource","ecr:ListImages","ecr:BatchGetImage","ecr:DescribeImages","ecr:DescribeRepositories","ecr:BatchCheckLayerAvailability"],"Resource":"arn:aws:ecr:*:346438352937:repository/*"},
{"Sid":"ECRLogin","Effect":"Allow","Action":["ecr:GetAuthorizationToken"],"Resource":"*"}]}`)},
		Resource: compile(b, iampolicy.Resource, `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"111111111111"},"Action":["ecr:BatchGetImage","ecr:GetDownloadUrlForLayer","ecr:BatchCheckLayerAvailability"]}]}`),
	}
}

// BenchmarkConditionOnLongValue meets the pattern that a matcher which goes back would drown in.
func BenchmarkConditionOnLongValue(b *testing.B) {
	req := &authz.Request{Principal: authz.Principal{Kind: authz.User, Account: "111111111111"}, Action: "s3:GetObject", Resource: "*"}
	req.Context.Set("k", strings.Repeat("a", 10_000))
	p := &authz.Policies{Identity: []*authz.Policy{compile(b, iampolicy.Identity,
		`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"StringLike":{"k":["*a*a*a*b","*a?a*a?b*"]}}}}`)}}
	for b.Loop() {
		if authz.Evaluate(req, p).Allowed() {
			b.Fatal("allowed")
		}
	}
}

func setCommonKeys(c *authz.Context, principal string) {
	c.Set("aws:PrincipalArn", principal)
	c.Set("aws:CurrentTime", "2026-01-01T00:00:00Z")
	c.Set("aws:SecureTransport", "true")
	c.Set("aws:SourceIp", "127.0.0.1")
}

func decide(b *testing.B, req *authz.Request, p *authz.Policies) {
	b.Helper()
	b.ReportAllocs()
	for b.Loop() {
		if !authz.Evaluate(req, p).Allowed() {
			b.Fatal("denied")
		}
	}
}

func BenchmarkAssumeRole(b *testing.B) {
	req, p := assumeRole(b)
	decide(b, req, p)
}

func BenchmarkAssumeRoleHardened(b *testing.B) {
	req, p := assumeRoleHardened(b)
	decide(b, req, p)
}

func BenchmarkBatchGetImage(b *testing.B) {
	req, p := batchGetImage(b)
	decide(b, req, p)
}

// The limit of the two decisions on allocations holds in every test run; their time is for the benchmarks to say.
func TestAllocations(t *testing.T) {
	for name, build := range map[string]func(testing.TB) (*authz.Request, *authz.Policies){
		"AssumeRole": assumeRole, "BatchGetImage": batchGetImage,
	} {
		req, p := build(t)
		if got := testing.AllocsPerRun(100, func() { authz.Evaluate(req, p) }); got > 2 {
			t.Errorf("%s makes %v allocations; want at most 2", name, got)
		}
	}
}
