package cli_test

import (
	"os"
	"path/filepath"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"github.com/pullpass/pullpass/internal/explain"
	"github.com/pullpass/pullpass/internal/verify"
	"github.com/pullpass/pullpass/sandbox/sandboxtest"
)

// fileFault is a mistake in the delivered file, which anybody who holds it can see. names is what is said about it: a rule
// of docs/lint.md or a value.
func fileFault(names string) fault {
	return fault{link: verify.LinkConfig, kind: explain.ConfigFile, fix: names, from: anybody}
}

// brokenFiles are mistakes in what was delivered.
func brokenFiles() map[string]setup {
	return map[string]setup{
		"nothing was delivered": {
			breaks: func(b *bench) { b.did(nil, os.RemoveAll(filepath.Join(b.dir, "out", "store-001"))) },
			fault:  fileFault("pullpass apply"),
		},
		"the file names another Region than the registry's": {
			breaks: func(b *bench) { b.edit("region=us-west-2", "region=us-east-1") },
			fault:  fault{link: verify.LinkConfig, kind: explain.WrongRegion, fix: "us-west-2", from: anybody},
		},
		"the file names no Region (PP003)": {
			breaks: func(b *bench) { b.edit("region=us-west-2\n", "") },
			fault:  fileFault("PP003"),
			mend:   func(b *bench) { b.edit("role_arn=", "region=us-west-2\nrole_arn=") },
		},
		"the profile's header lacks the word profile (PP004)": {
			breaks: func(b *bench) { b.edit("[profile ", "[") },
			fault:  fileFault("PP004"),
		},
		"source_profile is missing (PP005)": {
			maker:  byThePage,
			breaks: func(b *bench) { b.edit("source_profile=curated-packages-user\n", "") },
			fault:  fileFault("PP005"),
			mend:   func(b *bench) { b.edit("role_arn=", "source_profile=curated-packages-user\nrole_arn=") },
		},
		"source_profile names a profile that does not exist (PP008)": {
			maker:  byHand,
			breaks: func(b *bench) { b.edit("source_profile=curated-packages-user", "source_profile=packages-user") },
			fault:  fileFault("PP008"),
			mend:   func(b *bench) { b.edit("source_profile=packages-user", "source_profile=curated-packages-user") },
		},
		"half of the access key is missing (PP015)": {
			breaks: func(b *bench) { b.edit("aws_secret_access_key="+b.line("aws_secret_access_key")+"\n", "") },
			fault:  fileFault("PP015"),
			mend:   (*bench).deliversAgain,
		},
		"the role is called by its name instead of its ARN (PP011)": {
			maker:  byHand,
			breaks: func(b *bench) { b.edit(b.role.String(), "curated-packages-role") },
			fault:  fileFault("PP011"),
			mend:   func(b *bench) { b.edit("role_arn=curated-packages-role", "role_arn="+b.role.String()) },
		},
		"the file names a role of another account": {
			maker:  byHand,
			breaks: func(b *bench) { b.edit("role_arn=arn:aws:iam::111111111111", "role_arn=arn:aws:iam::111111111112") },
			code:   "AccessDenied",
			fault: fault{
				link: verify.LinkRole, kind: explain.ConfigFile, fix: "arn:aws:iam::111111111111:role/curated-packages-role",
				from: anybody, byShare: true,
			},
			mend: func(b *bench) { b.edit("role_arn=arn:aws:iam::111111111112", "role_arn=arn:aws:iam::111111111111") },
		},
		"the secret lost its last character (PP014)": {
			breaks: func(b *bench) {
				secret := b.line("aws_secret_access_key")
				b.edit(secret, secret[:len(secret)-1])
			},
			code:  "SignatureDoesNotMatch",
			fault: fault{link: verify.LinkIdentity, kind: explain.ConfigFile, fix: "secret", from: anybody},
			mend:  (*bench).deliversAgain,
		},
		"the secret is that of another key": {
			maker: byHand,
			breaks: func(b *bench) {
				old := b.line("aws_access_key_id")
				b.makesKey()
				b.edit(b.line("aws_access_key_id"), old)
			},
			code:  "SignatureDoesNotMatch",
			fault: fault{link: verify.LinkIdentity, kind: explain.ConfigFile, fix: "secret", from: anybody},
			mend: func(b *bench) {
				b.unmakesKey()
				b.makesKey()
			},
		},
		"the file holds a key of another user of the account": {
			breaks: func(b *bench) { b.holdsKeyOf(sandboxtest.Destination) },
			code:   "AccessDenied",
			fault:  fault{link: verify.LinkRole, kind: explain.ConfigFile, fix: "pullpass apply", from: anybody, byShare: true},
		},
		"the file of a share made by hand holds a key of another account": {
			maker:  byHand,
			breaks: func(b *bench) { b.holdsKeyOf(sandboxtest.Other) },
			code:   "AccessDenied",
			fault:  fault{link: verify.LinkRole, kind: explain.ConfigFile, fix: "curated-packages-user", from: anybody, byShare: true},
			mend:   func(b *bench) { b.makesKey() },
		},
		"the file holds a key of another user, which was switched off": {
			breaks: func(b *bench) {
				out, err := b.destination().CreateAccessKey(b.t.Context(), &iam.CreateAccessKeyInput{UserName: aws.String(blind)})
				b.did(out, err)
				b.edit(b.line("aws_access_key_id"), aws.ToString(out.AccessKey.AccessKeyId))
				b.edit(b.line("aws_secret_access_key"), aws.ToString(out.AccessKey.SecretAccessKey))
				b.did(b.destination().UpdateAccessKey(b.t.Context(), &iam.UpdateAccessKeyInput{
					UserName: aws.String(blind), AccessKeyId: out.AccessKey.AccessKeyId, Status: types.StatusTypeInactive,
				}))
			},
			code:  "InvalidClientTokenId",
			fault: fault{link: verify.LinkIdentity, kind: explain.ConfigFile, fix: "pullpass apply", from: inDestination, byShare: true},
		},
		"the file sends a session name that is not the user's": {
			breaks: func(b *bench) { b.edit("role_session_name=pullpass-packages-store-001", "role_session_name=store-001") },
			code:   "AccessDenied",
			fault: fault{
				link: verify.LinkRole, kind: explain.SessionName, policy: "pullpass-packages-999999999999", as: explain.Trust,
				nth: 1, line: 1, fix: "pullpass-packages-store-001", missing: true, from: inSource,
			},
		},
		"the file sends no session name, and the trust asks for the user's": {
			breaks: func(b *bench) { b.edit("role_session_name=pullpass-packages-store-001\n", "") },
			code:   "AccessDenied",
			fault: fault{
				link: verify.LinkRole, kind: explain.SessionName, policy: "pullpass-packages-999999999999", as: explain.Trust,
				nth: 1, line: 1, fix: "pullpass-packages-store-001", missing: true, from: inSource,
			},
		},
		"the file sends another external id than the share's": {
			maker:  byExternal,
			breaks: func(b *bench) { b.edit("external_id=the-share", "external_id=another") },
			code:   "AccessDenied",
			fault: fault{
				link: verify.LinkRole, kind: explain.ExternalID, policy: "pullpass-packages-999999999999", as: explain.Trust,
				nth: 1, line: 1, fix: "the-share", missing: true, from: inSource,
			},
		},
		"the file sends no external id, and the trust asks for one": {
			maker:  byExternal,
			breaks: func(b *bench) { b.edit("external_id=the-share\n", "") },
			code:   "AccessDenied",
			fault: fault{
				link: verify.LinkRole, kind: explain.ExternalID, policy: "pullpass-packages-999999999999", as: explain.Trust,
				nth: 1, line: 1, fix: "the-share", missing: true, from: inSource,
			},
		},
	}
}

// brokenKeys are keys that AWS does not take.
func brokenKeys() map[string]setup {
	return map[string]setup{
		"the key was switched off": {
			breaks: func(b *bench) { b.switchesKey(types.StatusTypeInactive) },
			code:   "InvalidClientTokenId",
			fault: fault{
				link: verify.LinkIdentity, account: sandboxtest.Destination, kind: explain.KeyInactive,
				fix: "update-access-key", from: inDestination,
			},
		},
		"the key of a share made by hand was switched off": {
			maker:  byHand,
			breaks: func(b *bench) { b.switchesKey(types.StatusTypeInactive) },
			code:   "InvalidClientTokenId",
			fault: fault{
				link: verify.LinkIdentity, account: sandboxtest.Destination, kind: explain.KeyInactive,
				fix: "update-access-key", from: inDestination,
			},
		},
		"the key was deleted": {
			breaks: func(b *bench) { b.unmakesKey() },
			code:   "InvalidClientTokenId",
			fault: fault{
				link: verify.LinkIdentity, account: sandboxtest.Destination, kind: explain.KeyDeleted,
				fix: "pullpass apply", from: inDestination,
			},
		},
		"the user of the key was deleted": {
			breaks: func(b *bench) { b.unmakesUser() },
			code:   "InvalidClientTokenId",
			fault: fault{
				link: verify.LinkIdentity, account: sandboxtest.Destination, kind: explain.UserMissing,
				fix: "pullpass apply", from: inDestination,
			},
		},
	}
}

// clocksOff are clocks at which AWS refuses good signatures: the Go SDK then goes by the Date of the refusal and signs again
// (aws/retry, "Clock Skew Correction"), so that the proof succeeds. Clients that do not so fail, and nobody sees why. Each
// is the forecast with what has to be said.
func clocksOff() map[string]struct{ forecast, found string } {
	return map[string]struct{ forecast, found string }{
		"the clock is seven minutes slow":  {"clock: {offset: 7m}", "7m"},
		"the clock is seven minutes fast":  {"clock: {offset: -7m}", "7m"},
		"the clock is twenty minutes slow": {"clock: {offset: 20m}", "20m"},
	}
}
