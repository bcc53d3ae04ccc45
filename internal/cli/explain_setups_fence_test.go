package cli_test

import (
	"github.com/pullpass/pullpass/arn"
	"github.com/pullpass/pullpass/internal/explain"
	"github.com/pullpass/pullpass/internal/verify"
	"github.com/pullpass/pullpass/sandbox"
	"github.com/pullpass/pullpass/sandbox/sandboxtest"
)

// organized puts both sides into an organization that another account manages. One of its policies binds an account.
func organized(bind func(*sandbox.Organization)) func(*sandbox.Seed) {
	return func(seed *sandbox.Seed) {
		seed.Organization = &sandbox.Organization{
			ID: "o-a1b2c3d4e5", Management: sandboxtest.Other,
			Members: []arn.AccountID{sandboxtest.Source, sandboxtest.Destination},
		}
		bind(seed.Organization)
	}
}

func bySCP(account arn.AccountID, statement string) func(*sandbox.Seed) {
	return organized(func(o *sandbox.Organization) {
		o.ServiceControlPolicies = map[arn.AccountID][]sandbox.PolicyText{account: {policyText(statement)}}
	})
}

func byRCP(account arn.AccountID, statement string) func(*sandbox.Seed) {
	return organized(func(o *sandbox.Organization) {
		o.ResourceControlPolicies = map[arn.AccountID][]sandbox.PolicyText{account: {policyText(statement)}}
	})
}

func policyText(statement string) sandbox.PolicyText {
	return sandbox.PolicyText(`{"Version":"2012-10-17","Statement":[` + statement + `]}`)
}

// brokenFences are policies of an organization, which no member account can read.
func brokenFences() map[string]setup {
	return map[string]setup{
		"an SCP denies the destination's users every role": {
			seed:   bySCP(sandboxtest.Destination, `{"Sid":"NoRoles","Effect":"Deny","Action":"sts:AssumeRole","Resource":"*"}`),
			beyond: true,
			code:   "AccessDenied",
			fault: fault{link: verify.LinkRole, account: sandboxtest.Destination, kind: explain.ByScp, fix: "sts:AssumeRole", likely: true, from: nobody}.
				of(explain.SCP, ""),
		},
		"an SCP denies the source's roles tokens of ECR": {
			maker:  byThePage,
			seed:   bySCP(sandboxtest.Source, `{"Sid":"NoRegistries","Effect":"Deny","Action":"ecr:*","Resource":"*"}`),
			beyond: true,
			code:   "AccessDeniedException",
			fault: fault{link: verify.LinkToken, account: sandboxtest.Source, kind: explain.ByScp, fix: "ecr:GetAuthorizationToken", from: anybody}.
				of(explain.SCP, "p-111111111111-1"),
		},
		"an SCP denies the source's roles whatever is not their own": {
			seed: bySCP(sandboxtest.Source, `{"Effect":"Deny","Action":["ecr:BatchGetImage","ecr:GetDownloadUrlForLayer"],"Resource":"*",`+
				`"Condition":{"StringNotEquals":{"aws:ResourceAccount":"111111111111"}}}`),
			beyond: true,
			code:   "DENIED",
			fault: fault{link: verify.LinkManifest, account: sandboxtest.Source, kind: explain.ByScp, fix: "ecr:BatchGetImage", likely: true, from: inSource}.
				of(explain.SCP, ""),
		},
		"the trust names another account, in an organization that keeps to its Region": {
			seed: bySCP(sandboxtest.Destination, `{"Sid":"OneRegion","Effect":"Deny","NotAction":"iam:*","Resource":"*",`+
				`"Condition":{"StringNotEquals":{"aws:RequestedRegion":"us-west-2"}}}`),
			breaks: func(b *bench) { b.trustWith("999999999999:root", "222222222222:root") },
			code:   "AccessDenied",
			fault:  trustFault(explain.TrustMissing, appliedRole, "arn:aws:iam::999999999999:root"),
		},
		"the trust names another account, in an organization whose policy asks for what no simulation is given": {
			seed: bySCP(sandboxtest.Destination, `{"Sid":"Here","Effect":"Deny","Action":"sts:*","Resource":"*",`+
				`"Condition":{"NotIpAddress":{"aws:SourceIp":"127.0.0.0/8"}}}`),
			breaks: func(b *bench) { b.trustWith("999999999999:root", "222222222222:root") },
			code:   "AccessDenied",
			fault:  trustFault(explain.TrustMissing, appliedRole, "arn:aws:iam::999999999999:root"),
		},
		"an RCP keeps the source's roles from whoever is not in it": {
			maker: byThePage,
			seed: byRCP(sandboxtest.Source, `{"Effect":"Deny","Principal":"*","Action":"sts:AssumeRole","Resource":"*",`+
				`"Condition":{"StringNotEquals":{"aws:PrincipalAccount":"111111111111"}}}`),
			beyond: true,
			code:   "AccessDenied",
			fault: fault{link: verify.LinkRole, account: sandboxtest.Source, kind: explain.ByRcp, fix: "sts:AssumeRole", likely: true, from: nobody}.
				of(explain.RCP, ""),
		},
	}
}
