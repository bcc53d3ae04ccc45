package cli_test

import (
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecr"

	"github.com/pullpass/pullpass/internal/explain"
	"github.com/pullpass/pullpass/internal/registry"
	"github.com/pullpass/pullpass/internal/verify"
	"github.com/pullpass/pullpass/sandbox"
	"github.com/pullpass/pullpass/sandbox/sandboxtest"
)

// subscribed changes the source's subscription.
func subscribed(change func(*sandbox.Subscription)) func(*sandbox.Seed) {
	return func(seed *sandbox.Seed) {
		for _, account := range seed.Accounts {
			for i := range account.Subscriptions {
				change(&account.Subscriptions[i])
			}
		}
	}
}

// elsewhere moves the source's subscription to another Region, and leaves somebody else one in the registry's.
func elsewhere(seed *sandbox.Seed) {
	subscribed(func(s *sandbox.Subscription) { s.Region = "us-east-1" })(seed)
	for i := range seed.Accounts {
		if seed.Accounts[i].ID == sandboxtest.Other {
			seed.Accounts[i].Subscriptions = []sandbox.Subscription{{ID: "0b5de0a6-1f4c-4f0e-9d3c-3a8c1c6e2d11", Region: sandboxtest.Region}}
		}
	}
}

// brokenRegistries are registries that do not let the source in.
func brokenRegistries() map[string]setup {
	ended := func(s *sandbox.Subscription) {
		s.Effective, s.Expires = s.Effective.AddDate(-1, 0, 0), s.Expires.AddDate(-1, 0, 0)
	}
	return map[string]setup{
		"the subscription has ended": {
			seed: subscribed(ended),
			code: "DENIED",
			fault: fault{link: verify.LinkManifest, account: sandboxtest.Source, kind: explain.Subscription,
				fix: "e29fd0d2-d8a8-4ed4-be54-c6c0dd0f7964", from: inSource},
			mend: func(b *bench) { b.weather("clock: {offset: -2160h}") }, // back to when it had not ended
		},
		"the subscription of a documented share has the status EXPIRED": {
			maker:  byThePage,
			seed:   subscribed(func(s *sandbox.Subscription) { s.Status = "EXPIRED" }),
			beyond: true,
			code:   "DENIED",
			fault: fault{link: verify.LinkManifest, account: sandboxtest.Source, kind: explain.Subscription,
				fix: "e29fd0d2-d8a8-4ed4-be54-c6c0dd0f7964", from: inSource},
		},
		"the subscription is of another Region than the registry": {
			seed:   elsewhere,
			beyond: true,
			code:   "DENIED",
			fault: fault{link: verify.LinkManifest, account: sandboxtest.Source, kind: explain.RegistryRegion,
				fix: "us-west-2", likely: true, from: inSource},
		},
		"the repository has no policy": {
			maker: byElsewhere,
			breaks: func(b *bench) {
				b.did(b.box.ECR(sandboxtest.Other).DeleteRepositoryPolicy(b.t.Context(), &ecr.DeleteRepositoryPolicyInput{
					RepositoryName: aws.String(registry.Probe().Repository),
				}))
			},
			code: "DENIED",
			fault: fault{link: verify.LinkManifest, account: sandboxtest.Other, kind: explain.ByRepository,
				fix: "set-repository-policy", likely: true, from: nobody}.of(explain.Repository, ""),
			mend: func(b *bench) { b.letsIn(sandboxtest.Source) },
		},
		"the repository's policy lets another account in": {
			maker:  byElsewhere,
			breaks: func(b *bench) { b.letsIn(sandboxtest.Stranger) },
			code:   "DENIED",
			fault: fault{link: verify.LinkManifest, account: sandboxtest.Other, kind: explain.ByRepository,
				fix: "set-repository-policy", likely: true, from: nobody}.of(explain.Repository, ""),
			mend: func(b *bench) { b.letsIn(sandboxtest.Source) },
		},
	}
}
