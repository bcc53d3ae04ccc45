package cli_test

import (
	"strings"

	"github.com/pullpass/pullpass/internal/explain"
	"github.com/pullpass/pullpass/internal/verify"
	"github.com/pullpass/pullpass/sandbox/sandboxtest"
)

// The roles by name.
const (
	appliedRole = "pullpass-packages-999999999999"
	pageRole    = "curated-packages-role"
)

// trustFault is one of the first statement of a role's trust, which the source can see.
func trustFault(kind explain.Kind, role, fix string) fault {
	f := fault{link: verify.LinkRole, account: sandboxtest.Source, kind: kind, fix: fix, from: inSource}
	return f.of(explain.Trust, role).at(1, 1, "").lacks()
}

// roleFault is one of the role itself, or of its being where it is.
func roleFault(kind explain.Kind, fix string) fault {
	return fault{link: verify.LinkRole, account: sandboxtest.Source, kind: kind, fix: fix, from: inSource}
}

// brokenTrusts are faults of the role in the source: who may assume it.
func brokenTrusts() map[string]setup {
	return map[string]setup{
		"the trust names another account": {
			breaks: func(b *bench) { b.trustWith("999999999999:root", "222222222222:root") },
			code:   "AccessDenied",
			fault:  trustFault(explain.TrustMissing, appliedRole, "arn:aws:iam::999999999999:root"),
		},
		"the trust of the page names another account": {
			maker:  byHand,
			breaks: func(b *bench) { b.trustWith("999999999999", "222222222222") },
			code:   "AccessDenied",
			fault:  trustFault(explain.TrustMissing, pageRole, "arn:aws:iam::999999999999:root").at(1, 4, ""),
		},
		"the trust lets a service assume the role, and nobody else": {
			maker: byThePage,
			breaks: func(b *bench) {
				b.trusts(`{"Version":"2012-10-17","Statement":[{"Sid":"Machines","Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}]}`)
			},
			code:  "AccessDenied",
			fault: trustFault(explain.TrustMissing, pageRole, "arn:aws:iam::999999999999:root").at(1, 1, "Machines"),
		},
		"the trust allows another action": {
			maker:  byThePage,
			breaks: func(b *bench) { b.trustWith("sts:AssumeRole", "sts:TagSession") },
			code:   "AccessDenied",
			fault:  trustFault(explain.TrustMissing, pageRole, "sts:AssumeRole"),
		},
		"the trust denies the user beside the statement that lets it in": {
			maker: byHand,
			breaks: func(b *bench) {
				b.trusts(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::999999999999:root"},"Action":"sts:AssumeRole"},` + "\n" +
					`{"Sid":"Closed","Effect":"Deny","Principal":"*","Action":"sts:AssumeRole","Condition":{"StringLike":{"aws:PrincipalArn":"*:user/curated-*"}}}]}`)
			},
			code: "AccessDenied",
			fault: fault{link: verify.LinkRole, account: sandboxtest.Source, kind: explain.ExplicitDeny, fix: pageRole, from: inSource}.
				of(explain.Trust, pageRole).at(2, 2, "Closed"),
		},
		"the trust lets in the users of another path": {
			breaks: func(b *bench) { b.trustWith("user/pullpass/packages/*", "user/pullpass/stores/*") },
			code:   "AccessDenied",
			fault:  trustFault(explain.PrincipalPath, appliedRole, "user/pullpass/packages/*"),
		},
		"the trust asks for the user's name without its path": {
			breaks: func(b *bench) { b.trustWith("user/pullpass/packages/*", "user/pullpass-packages-store-001") },
			code:   "AccessDenied",
			fault:  trustFault(explain.PrincipalPath, appliedRole, "user/pullpass/packages/"),
		},
		"the trust asks for another external id than the share's": {
			maker:  byExternal,
			breaks: func(b *bench) { b.trustWith("the-share", "another-share") },
			code:   "AccessDenied",
			fault:  trustFault(explain.ExternalID, appliedRole, "the-share"),
		},
		"a trust made by hand asks for an external id that the file does not send": {
			maker: byHand,
			breaks: func(b *bench) {
				b.trustWith(`"Action": "sts:AssumeRole"`, `"Action": "sts:AssumeRole", "Condition": {"StringEquals": {"sts:ExternalId": "packages-7"}}`)
			},
			code:  "AccessDenied",
			fault: trustFault(explain.ExternalID, pageRole, pageRole).at(1, 4, ""),
		},
		"the trust asks for another session name than the user's": {
			breaks: func(b *bench) { b.trustWith("${aws:username}", "${aws:userid}") },
			code:   "AccessDenied",
			fault:  trustFault(explain.SessionName, appliedRole, "${aws:username}"),
		},
		"the trust asks for a second factor, which a key does not have": {
			maker: byThePage,
			breaks: func(b *bench) {
				b.trustWith(`"Action":"sts:AssumeRole"`, `"Action":"sts:AssumeRole","Condition":{"Bool":{"aws:MultiFactorAuthPresent":"true"}}`)
			},
			code:  "AccessDenied",
			fault: trustFault(explain.TrustMissing, pageRole, pageRole),
		},
		"the trust asks for another organization": {
			breaks: func(b *bench) {
				b.trustWith(`"sts:RoleSessionName"`, `"aws:PrincipalOrgID":"o-a1b2c3d4e5","sts:RoleSessionName"`)
			},
			code:  "AccessDenied",
			fault: trustFault(explain.TrustMissing, appliedRole, appliedRole).seenBy(nobody),
		},
		"the user that the trust names was deleted and made again": {
			maker: byHand,
			breaks: func(b *bench) {
				b.trustWith("arn:aws:iam::999999999999:root", b.user.String())
				b.mustPull()
				b.unmakesUser()
				b.makesUser("/")
				b.makesKey()
				if !strings.Contains(b.trust(), `"AIDA`) {
					b.t.Fatalf("the trust does not show the id of the user that is gone: %s", b.trust())
				}
			},
			code:  "AccessDenied",
			fault: trustFault(explain.PrincipalRecreated, pageRole, "arn:aws:iam::999999999999:user/curated-packages-user"),
		},
		"the role was deleted": {
			breaks: func(b *bench) { b.unmakesRole() },
			code:   "AccessDenied",
			fault:  roleFault(explain.RoleMissing, appliedRole),
		},
		"the role of a share made by hand was deleted": {
			maker:  byHand,
			breaks: func(b *bench) { b.unmakesRole() },
			code:   "AccessDenied",
			fault:  roleFault(explain.RoleMissing, pageRole),
		},
		"the role was made again under another path": {
			maker: byHand,
			breaks: func(b *bench) {
				b.unmakesRole()
				b.makesRole("/service/", pageTrust)
			},
			code:  "AccessDenied",
			fault: roleFault(explain.RolePath, "/service/"),
			mend: func(b *bench) {
				b.unmakesRole()
				b.makesRole("/", pageTrust)
			},
		},
		"the hardened role was made again without its path": {
			breaks: func(b *bench) {
				trust := b.trust()
				b.unmakesRole()
				b.makesRole("/", trust)
			},
			code:  "AccessDenied",
			fault: roleFault(explain.RolePath, "path"),
			mend: func(b *bench) {
				b.unmakesRole()
				b.must(b.here("apply", "--yes", "--quiet")...)
			},
		},
	}
}
