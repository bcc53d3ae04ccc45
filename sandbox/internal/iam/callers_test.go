package iam_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/pullpass/pullpass/sandbox"
	"github.com/pullpass/pullpass/sandbox/sandboxtest"
)

func TestASessionHasNoUserOfItsOwn(t *testing.T) {
	l := newLab(t)
	ctx, name := t.Context(), aws.String("operator")
	role := ok(l.admin.CreateRole(ctx, &iam.CreateRoleInput{
		RoleName: name, AssumeRolePolicyDocument: aws.String(trustIn(here + "user/administrator")),
	}))(t).Role
	ok(l.admin.AttachRolePolicy(ctx, &iam.AttachRolePolicyInput{
		RoleName: name, PolicyArn: aws.String("arn:aws:iam::aws:policy/AdministratorAccess"),
	}))(t)
	given := ok(l.STS(sandboxtest.Source).AssumeRole(ctx, &sts.AssumeRoleInput{
		RoleArn: role.Arn, RoleSessionName: aws.String("at-work"),
	}))(t).Credentials
	session := iam.NewFromConfig(l.With(
		aws.ToString(given.AccessKeyId), aws.ToString(given.SecretAccessKey), aws.ToString(given.SessionToken),
	))
	ok(session.GetUser(ctx, &iam.GetUserInput{UserName: aws.String("alice")}))(t)
	const text = "Must specify userName when calling with non-User credentials"
	_, err := session.GetUser(ctx, &iam.GetUserInput{})
	wantRefusal(t, err, "ValidationError", text)
	_, err = session.DeleteAccessKey(ctx, &iam.DeleteAccessKeyInput{AccessKeyId: &l.key})
	wantRefusal(t, err, "ValidationError", text)
	used := ok(l.admin.GetRole(ctx, &iam.GetRoleInput{RoleName: name}))(t).Role.RoleLastUsed
	if used.LastUsedDate == nil || aws.ToString(used.Region) != string(sandboxtest.Region) {
		t.Errorf("the role was last used at %v in %q", used.LastUsedDate, aws.ToString(used.Region))
	}
}

func TestAUserWithAnMFADeviceIsNotDeleted(t *testing.T) {
	s := sandboxtest.Start(t, sandbox.Config{Seed: sandbox.Seed{Accounts: []sandbox.Account{{ID: "111111111111", MFA: "GEZDGNBVGY3TQOJQ"}}}})
	l := &lab{Sandbox: s, t: t, admin: s.IAM(sandboxtest.Source)}
	other := l.visitor("other", allow("iam:*", "*", ""))
	ctx, administrator := t.Context(), aws.String("administrator")
	for _, key := range ok(other.ListAccessKeys(ctx, &iam.ListAccessKeysInput{UserName: administrator}))(t).AccessKeyMetadata {
		ok(other.DeleteAccessKey(ctx, &iam.DeleteAccessKeyInput{UserName: administrator, AccessKeyId: key.AccessKeyId}))(t)
	}
	ok(other.DetachUserPolicy(ctx, &iam.DetachUserPolicyInput{
		UserName: administrator, PolicyArn: aws.String("arn:aws:iam::aws:policy/AdministratorAccess"),
	}))(t)
	_, err := other.DeleteUser(ctx, &iam.DeleteUserInput{UserName: administrator})
	wantRefusal(t, err, "DeleteConflict", "Cannot delete entity, must delete MFA device first.")
	if got := ok(other.GetAccountSummary(ctx, &iam.GetAccountSummaryInput{}))(t).SummaryMap["MFADevicesInUse"]; got != 1 {
		t.Errorf("%d MFA devices are in use, want 1", got)
	}
}
