package cli_test

import (
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"github.com/pullpass/pullpass/internal/explain"
	"github.com/pullpass/pullpass/internal/verify"
	"github.com/pullpass/pullpass/sandbox/sandboxtest"
)

// brokenTwice are shares with two faults: the one that is mended brings up the other.
func brokenTwice() map[string]setup {
	policyLost := userFault(explain.ActionMissing, "pullpass-packages-assume-role").lacks()
	otherAccount := trustFault(explain.TrustMissing, appliedRole, "arn:aws:iam::999999999999:root")
	policyLost.either = &otherAccount
	roleEmpty := readFault(verify.LinkToken, explain.ActionMissing, appliedRead).lacks()
	otherRegion := readFault(verify.LinkManifest, explain.WrongRegion, "arn:aws:ecr:us-west-2:346438352937:repository/*").
		of(explain.Identity, appliedRead).at(1, 1, "ECRRead").lacks()
	return map[string]setup{
		"neither side allows: the user lost its policy, and the trust names another account": {
			breaks: func(b *bench) {
				b.detaches(b.user)
				b.trustWith("999999999999:root", "222222222222:root")
			},
			code: "AccessDenied", fault: policyLost, then: &otherAccount,
		},
		"the key is switched off, and the role lost its policy": {
			breaks: func(b *bench) {
				b.switchesKey(types.StatusTypeInactive)
				b.detaches(b.role)
			},
			code: "InvalidClientTokenId",
			fault: fault{link: verify.LinkIdentity, account: sandboxtest.Destination, kind: explain.KeyInactive,
				fix: "update-access-key", from: inDestination},
			then: &roleEmpty,
		},
		"the file names another Region, and so does the role's policy": {
			breaks: func(b *bench) {
				b.edit("region=us-west-2", "region=us-east-1")
				b.policyWith(b.read, "arn:aws:ecr:us-west-2:", "arn:aws:ecr:us-east-1:")
			},
			fault: fault{link: verify.LinkConfig, kind: explain.WrongRegion, fix: "us-west-2", from: anybody},
			then:  &otherRegion,
		},
		"the trust lets in another path, and the user has a boundary": {
			breaks: func(b *bench) {
				b.trustWith("user/pullpass/packages/*", "user/pullpass/stores/*")
				b.bounds(b.user, "developers", `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*"}]}`)
			},
			code: "AccessDenied",
			fault: pair(trustFault(explain.PrincipalPath, appliedRole, "user/pullpass/packages/*"),
				userFault(explain.ByBoundary, "developers").of(explain.Boundary, "developers").lacks()),
		},
		"the role may ask for no token, and read no layer": {
			maker: byHand,
			breaks: func(b *bench) {
				b.policyWith(b.read, "ecr:GetAuthorizationToken", "ecr:DescribeRegistry")
				b.policyWith(b.read, "        \"ecr:GetDownloadUrlForLayer\",\n", "")
			},
			code: "AccessDeniedException",
			fault: readFault(verify.LinkToken, explain.ActionMissing, "ecr:GetAuthorizationToken").
				of(explain.Identity, pageReads).at(2, 21, "ECRLogin").lacks(),
			then: second(readFault(verify.LinkLayer, explain.ActionMissing, "ecr:GetDownloadUrlForLayer").
				of(explain.Identity, pageReads).at(1, 0, "ECRRead").lacks()),
		},
		"the external id and the session name both differ": {
			maker: byExternal,
			breaks: func(b *bench) {
				b.trustWith("the-share", "another-share")
				b.edit("role_session_name=pullpass-packages-store-001", "role_session_name=store-001")
			},
			code: "AccessDenied",
			fault: pair(trustFault(explain.ExternalID, appliedRole, "the-share"), fault{
				link: verify.LinkRole, kind: explain.SessionName, fix: "pullpass-packages-store-001", from: inSource,
			}.of(explain.Trust, appliedRole).at(1, 1, "").lacks()),
		},
		"the role is gone, and the user lost its policy": {
			maker: byThePage,
			breaks: func(b *bench) {
				b.unmakesRole()
				b.detaches(b.user)
			},
			code:  "AccessDenied",
			fault: pair(userFault(explain.ActionMissing, "curated-packages-assume-role-policy").lacks(), roleFault(explain.RoleMissing, pageRole)),
		},
		"a policy denies, and another that should allow is gone": {
			breaks: func(b *bench) {
				b.inline(b.role, "no-logins", `{"Version":"2012-10-17","Statement":[{"Sid":"NoLogins","Effect":"Deny","Action":"ecr:GetAuthorizationToken","Resource":"*"}]}`)
				b.detaches(b.role)
			},
			code:  "AccessDeniedException",
			fault: readFault(verify.LinkToken, explain.ExplicitDeny, "no-logins").of(explain.Identity, "no-logins").at(1, 1, "NoLogins"),
			then:  &roleEmpty,
		},
	}
}

// pair is a fault beside another one of the same link: nothing says which comes first.
func pair(first, other fault) fault {
	first.either = &other
	return first
}

func second(f fault) *fault { return &f }
