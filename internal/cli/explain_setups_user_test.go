package cli_test

import (
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"

	"github.com/pullpass/pullpass/internal/explain"
	"github.com/pullpass/pullpass/internal/verify"
	"github.com/pullpass/pullpass/sandbox/sandboxtest"
)

// userFault is one of the destination's at the link role, which the destination can see.
func userFault(kind explain.Kind, fix string) fault {
	return fault{link: verify.LinkRole, account: sandboxtest.Destination, kind: kind, fix: fix, from: inDestination}
}

// of adds the policy that the fault is in.
func (f fault) of(as explain.PolicyKind, policy string) fault {
	f.as, f.policy = as, policy
	return f
}

// at adds the statement, from 1, that is at fault, with its line.
func (f fault) at(nth, line int, sid string) fault {
	f.nth, f.line, f.sid = nth, line, sid
	return f
}

// seenBy says who can tell with the access to his own side alone.
func (f fault) seenBy(w witnesses) fault {
	f.from = w
	return f
}

// lacks says that a statement that allows is missing.
func (f fault) lacks() fault {
	f.missing = true
	return f
}

// brokenUsers are faults of the destination: what its user may do.
func brokenUsers() map[string]setup {
	return map[string]setup{
		"the user lost its policy": {
			breaks: func(b *bench) { b.detaches(b.user) },
			code:   "AccessDenied",
			fault:  userFault(explain.ActionMissing, "pullpass-packages-assume-role").lacks(),
		},
		"the user of the documented posture lost its policy": {
			maker:  byThePage,
			breaks: func(b *bench) { b.detaches(b.user) },
			code:   "AccessDenied",
			fault:  userFault(explain.ActionMissing, "curated-packages-assume-role-policy").lacks(),
		},
		"the user's policy names the role without its path": {
			breaks: func(b *bench) {
				b.policyWith(b.assume, ":role/pullpass/packages/pullpass-packages-999999999999", ":role/pullpass-packages-999999999999")
			},
			code:  "AccessDenied",
			fault: userFault(explain.RolePath, "role/pullpass/packages/").of(explain.Identity, "pullpass-packages-assume-role").at(1, 1, "").lacks(),
		},
		"the user's policy names the role in another account": {
			maker:  byHand,
			breaks: func(b *bench) { b.policyWith(b.assume, "111111111111", "111111111112") },
			code:   "AccessDenied",
			fault: userFault(explain.ActionMissing, "arn:aws:iam::111111111111:role/curated-packages-role").
				of(explain.Identity, "curated-packages-assume-role-policy").at(1, 3, "").lacks(),
		},
		"the user's policy names another role of the account": {
			maker:  byThePage,
			breaks: func(b *bench) { b.policyWith(b.assume, "role/curated-packages-role", "role/packages") },
			code:   "AccessDenied",
			fault: userFault(explain.ActionMissing, "role/curated-packages-role").
				of(explain.Identity, "curated-packages-assume-role-policy").at(1, 1, "").lacks(),
		},
		"the user's policy allows another action of STS": {
			breaks: func(b *bench) { b.policyWith(b.assume, "sts:AssumeRole", "sts:TagSession") },
			code:   "AccessDenied",
			fault: userFault(explain.ActionMissing, "sts:AssumeRole").
				of(explain.Identity, "pullpass-packages-assume-role").at(1, 1, "").lacks(),
		},
		"an older version of the user's policy was made the default": {
			maker: byHand,
			breaks: func(b *bench) {
				b.policyWith(b.assume, "curated-packages-role", "curated-*")
				b.policyWith(b.assume, "111111111111:role/curated-*", "111111111111:role/draft")
			},
			code: "AccessDenied",
			fault: userFault(explain.ActionMissing, "role/curated-packages-role").
				of(explain.Identity, "curated-packages-assume-role-policy").at(1, 3, "").lacks(),
		},
		"a policy of the user's own denies": {
			breaks: func(b *bench) {
				b.inline(b.user, "no-roles", "{\n  \"Version\": \"2012-10-17\",\n  \"Statement\": [\n"+
					"    {\"Sid\": \"Reads\", \"Effect\": \"Allow\", \"Action\": \"ecr:Describe*\", \"Resource\": \"*\"},\n"+
					"    {\"Sid\": \"NoRoles\", \"Effect\": \"Deny\", \"Action\": \"sts:*\", \"Resource\": \"*\"}\n  ]\n}")
			},
			code:  "AccessDenied",
			fault: userFault(explain.ExplicitDeny, "no-roles").of(explain.Identity, "no-roles").at(2, 5, "NoRoles"),
		},
		"a policy denies the user whatever does not come from the office": {
			maker: byThePage,
			breaks: func(b *bench) {
				b.inline(b.user, "office", `{"Version":"2012-10-17","Statement":{"Sid":"OfficeOnly","Effect":"Deny","Action":"*",`+
					`"Resource":"*","Condition":{"NotIpAddress":{"aws:SourceIp":"203.0.113.0/24"}}}}`)
			},
			code:  "AccessDenied",
			fault: userFault(explain.ExplicitDeny, "office").of(explain.Identity, "office").at(1, 1, "OfficeOnly").seenBy(nobody),
		},
		"a group of the user's account is no way in: the boundary allows other things": {
			breaks: func(b *bench) {
				b.bounds(b.user, "developers", `{"Version":"2012-10-17","Statement":[{"Sid":"Storage","Effect":"Allow","Action":"s3:*","Resource":"*"}]}`)
			},
			code:  "AccessDenied",
			fault: userFault(explain.ByBoundary, "developers").of(explain.Boundary, "developers").lacks(),
		},
		"the user's boundary denies": {
			maker: byThePage,
			breaks: func(b *bench) {
				b.bounds(b.user, "fence", `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"},`+
					`{"Sid":"NoRoles","Effect":"Deny","Action":"sts:AssumeRole","Resource":"*"}]}`)
			},
			code:  "AccessDenied",
			fault: userFault(explain.ByBoundary, "fence").of(explain.Boundary, "fence").at(2, 1, "NoRoles"),
		},
		"the user was moved to another path": {
			breaks: func(b *bench) {
				b.did(b.destination().UpdateUser(b.t.Context(), &iam.UpdateUserInput{
					UserName: aws.String(b.user.Name()), NewPath: aws.String("/stores/"),
				}))
			},
			code: "AccessDenied",
			fault: fault{
				link: verify.LinkRole, account: sandboxtest.Destination, kind: explain.PrincipalPath,
				fix: "/pullpass/packages/", from: inSource, byShare: true,
			}.of(explain.Trust, "pullpass-packages-999999999999").at(1, 1, "").lacks(),
		},
	}
}
