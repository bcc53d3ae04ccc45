package cli_test

import (
	"github.com/pullpass/pullpass/internal/explain"
	"github.com/pullpass/pullpass/internal/verify"
	"github.com/pullpass/pullpass/sandbox/sandboxtest"
)

// The policies that let the role read, by name.
const (
	appliedRead = "pullpass-packages-read"
	pageReads   = "curated-packages-policy"
)

// readFault is one of what the role may do, which the source can see.
func readFault(link verify.Link, kind explain.Kind, fix string) fault {
	return fault{link: link, account: sandboxtest.Source, kind: kind, fix: fix, from: inSource}
}

// brokenRoles are faults of the role in the source: what it may read.
func brokenRoles() map[string]setup {
	return map[string]setup{
		"the role lost its policy": {
			breaks: func(b *bench) { b.detaches(b.role) },
			code:   "AccessDeniedException",
			fault:  readFault(verify.LinkToken, explain.ActionMissing, appliedRead).lacks(),
		},
		"the role of the page never got its policy": {
			maker:  byHand,
			breaks: func(b *bench) { b.detaches(b.role) },
			code:   "AccessDeniedException",
			fault:  readFault(verify.LinkToken, explain.ActionMissing, pageReads).lacks(),
		},
		"the role may not ask for a token": {
			maker:  byHand,
			breaks: func(b *bench) { b.policyWith(b.read, "ecr:GetAuthorizationToken", "ecr-public:GetAuthorizationToken") },
			code:   "AccessDeniedException",
			fault: readFault(verify.LinkToken, explain.ActionMissing, "ecr:GetAuthorizationToken").
				of(explain.Identity, pageReads).at(2, 22, "ECRLogin").lacks(),
		},
		"the permission to ask for a token is limited to repositories": {
			breaks: func(b *bench) { b.policyWith(b.read, `"*"`, `"arn:aws:ecr:us-west-2:346438352937:repository/*"`) },
			code:   "AccessDeniedException",
			fault: readFault(verify.LinkToken, explain.ActionMissing, "ecr:GetAuthorizationToken").
				of(explain.Identity, appliedRead).at(2, 1, "ECRLogin").lacks(),
		},
		"the role may read the packages of another Region": {
			breaks: func(b *bench) { b.policyWith(b.read, "arn:aws:ecr:us-west-2:", "arn:aws:ecr:us-east-1:") },
			code:   "DENIED",
			fault: readFault(verify.LinkManifest, explain.WrongRegion, "arn:aws:ecr:us-west-2:346438352937:repository/*").
				of(explain.Identity, appliedRead).at(1, 1, "ECRRead").lacks(),
		},
		"the role may read the registry of another Region": {
			maker:  byHand,
			breaks: func(b *bench) { b.policyWith(b.read, "346438352937", "331113665574") },
			code:   "DENIED",
			fault: readFault(verify.LinkManifest, explain.RegistryRegion, "346438352937").
				of(explain.Identity, pageReads).at(1, 4, "ECRRead").lacks(),
		},
		"the role may read another account's registry": {
			maker:  byThePage,
			breaks: func(b *bench) { b.policyWith(b.read, "346438352937", "222222222222") },
			code:   "DENIED",
			fault: readFault(verify.LinkManifest, explain.ActionMissing, "346438352937").
				of(explain.Identity, pageReads).at(1, 1, "ECRRead").lacks(),
		},
		"the role may not read manifests": {
			maker:  byThePage,
			breaks: func(b *bench) { b.policyWith(b.read, `"ecr:BatchGetImage",`, "") },
			code:   "DENIED",
			fault: readFault(verify.LinkManifest, explain.ActionMissing, "ecr:BatchGetImage").
				of(explain.Identity, pageReads).at(1, 1, "ECRRead").lacks(),
		},
		"the role may not fetch layers": {
			breaks: func(b *bench) { b.policyWith(b.read, `"ecr:GetDownloadUrlForLayer"`, `"ecr:DescribeImages"`) },
			code:   "DENIED",
			fault: readFault(verify.LinkLayer, explain.ActionMissing, "ecr:GetDownloadUrlForLayer").
				of(explain.Identity, appliedRead).at(1, 1, "ECRRead").lacks(),
		},
		"a policy of the role's own denies tokens": {
			maker: byThePage,
			breaks: func(b *bench) {
				b.inline(b.role, "no-logins", `{"Version":"2012-10-17","Statement":[{"Sid":"NoLogins","Effect":"Deny","Action":"ecr:GetAuthorizationToken","Resource":"*"}]}`)
			},
			code:  "AccessDeniedException",
			fault: readFault(verify.LinkToken, explain.ExplicitDeny, "no-logins").of(explain.Identity, "no-logins").at(1, 1, "NoLogins"),
		},
		"a policy of the role's own denies the packages": {
			maker: byHand,
			breaks: func(b *bench) {
				b.inline(b.role, "frozen", `{"Version":"2012-10-17","Statement":[{"Sid":"Frozen","Effect":"Deny","NotAction":"ecr:GetAuthorizationToken","Resource":"*"}]}`)
			},
			code:  "DENIED",
			fault: readFault(verify.LinkManifest, explain.ExplicitDeny, "frozen").of(explain.Identity, "frozen").at(1, 1, "Frozen"),
		},
		"the role's boundary allows no tokens": {
			breaks: func(b *bench) {
				b.bounds(b.role, "reader", `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["ecr:BatchGetImage","ecr:GetDownloadUrlForLayer"],"Resource":"*"}]}`)
			},
			code:  "AccessDeniedException",
			fault: readFault(verify.LinkToken, explain.ByBoundary, "reader").of(explain.Boundary, "reader").lacks(),
		},
		"the role's boundary allows nothing in other accounts' registries": {
			maker: byThePage,
			breaks: func(b *bench) {
				b.bounds(b.role, "own-registry", `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"ecr:GetAuthorizationToken","Resource":"*"},`+
					`{"Sid":"Own","Effect":"Allow","Action":"ecr:*","Resource":"arn:aws:ecr:*:111111111111:repository/*"}]}`)
			},
			code:  "DENIED",
			fault: readFault(verify.LinkManifest, explain.ByBoundary, "own-registry").of(explain.Boundary, "own-registry").lacks(),
			then:  second(readFault(verify.LinkLayer, explain.ByBoundary, "own-registry").of(explain.Boundary, "own-registry").lacks()),
		},
	}
}
