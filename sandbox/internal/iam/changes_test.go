package iam_test

import (
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/google/go-cmp/cmp"

	"github.com/pullpass/pullpass/internal/awsid"
	"github.com/pullpass/pullpass/sandbox"
	"github.com/pullpass/pullpass/sandbox/sandboxtest"
)

func TestAnAccessKeyFromItsMakingToItsEnd(t *testing.T) {
	var now atomic.Pointer[time.Time]
	set := func(at time.Time) { now.Store(&at) }
	start := time.Now().Truncate(time.Second)
	set(start)
	s := sandboxtest.Start(t, sandbox.Config{Clock: func() time.Time { return *now.Load() }})
	admin, ctx, bob := s.IAM(sandboxtest.Source), t.Context(), aws.String("bob")
	ok(admin.CreateUser(ctx, &iam.CreateUserInput{UserName: bob}))(t)
	made := ok(admin.CreateAccessKey(ctx, &iam.CreateAccessKeyInput{UserName: bob}))(t).AccessKey
	id := ok(awsid.ParseAccessKeyID(aws.ToString(made.AccessKeyId)))(t)
	if account := ok(awsid.Account(id))(t); id.Kind() != awsid.LongLived || account != sandboxtest.Source {
		t.Errorf("the key %s is of account %s", id, account)
	}
	if len(aws.ToString(made.SecretAccessKey)) != 40 || made.Status != types.StatusTypeActive || aws.ToString(made.UserName) != "bob" {
		t.Errorf("the key is %s of %s, its secret %d characters", made.Status, aws.ToString(made.UserName), len(aws.ToString(made.SecretAccessKey)))
	}
	lastUsed := func() *types.AccessKeyLastUsed {
		out := ok(admin.GetAccessKeyLastUsed(ctx, &iam.GetAccessKeyLastUsedInput{AccessKeyId: made.AccessKeyId}))(t)
		if aws.ToString(out.UserName) != "bob" {
			t.Errorf("the key is of %s", aws.ToString(out.UserName))
		}
		return out.AccessKeyLastUsed
	}
	compare(t, *lastUsed(), types.AccessKeyLastUsed{ServiceName: aws.String("N/A"), Region: aws.String("N/A")})

	set(start.Add(time.Minute))
	asBob := s.With(string(id), aws.ToString(made.SecretAccessKey), "")
	ok(sts.NewFromConfig(asBob).GetCallerIdentity(ctx, nil))(t)
	compare(t, *lastUsed(), types.AccessKeyLastUsed{
		ServiceName: aws.String("sts"), Region: aws.String("us-west-2"), LastUsedDate: aws.Time(start.Add(time.Minute).UTC()),
	})

	ok(admin.UpdateAccessKey(ctx, &iam.UpdateAccessKeyInput{UserName: bob, AccessKeyId: made.AccessKeyId, Status: types.StatusTypeInactive}))(t)
	_, err := sts.NewFromConfig(asBob).GetCallerIdentity(ctx, nil)
	wantRefusal(t, err, "InvalidClientTokenId", "")
	ok(admin.CreateAccessKey(ctx, &iam.CreateAccessKeyInput{UserName: bob}))(t)
	_, err = admin.CreateAccessKey(ctx, &iam.CreateAccessKeyInput{UserName: bob})
	wantRefusal(t, err, "LimitExceeded", "Cannot exceed quota for AccessKeysPerUser: 2")
	ok(admin.DeleteAccessKey(ctx, &iam.DeleteAccessKeyInput{UserName: bob, AccessKeyId: made.AccessKeyId}))(t)
	left := ok(admin.ListAccessKeys(ctx, &iam.ListAccessKeysInput{UserName: bob}))(t).AccessKeyMetadata
	if len(left) != 1 || left[0].Status != types.StatusTypeActive || aws.ToString(left[0].AccessKeyId) == string(id) {
		t.Errorf("%d keys are left", len(left))
	}
}

func TestWithoutAUserNameACallIsAboutTheCaller(t *testing.T) {
	l := newLab(t)
	ctx := t.Context()
	self := l.visitor("self", allow("iam:*", here+"user/self", ""))
	if got := aws.ToString(ok(self.GetUser(ctx, &iam.GetUserInput{}))(t).User.UserName); got != "self" {
		t.Errorf("GetUser shows %s", got)
	}
	second := ok(self.CreateAccessKey(ctx, &iam.CreateAccessKeyInput{}))(t).AccessKey
	if got := aws.ToString(second.UserName); got != "self" {
		t.Errorf("CreateAccessKey made a key of %s", got)
	}
	ok(self.UpdateAccessKey(ctx, &iam.UpdateAccessKeyInput{AccessKeyId: second.AccessKeyId, Status: types.StatusTypeInactive}))(t)
	ok(self.DeleteAccessKey(ctx, &iam.DeleteAccessKeyInput{AccessKeyId: second.AccessKeyId}))(t)
	if got := ok(self.ListAccessKeys(ctx, &iam.ListAccessKeysInput{}))(t).AccessKeyMetadata; len(got) != 1 {
		t.Errorf("ListAccessKeys shows %d keys", len(got))
	}
}

func TestARenamedUserIsTheSameUser(t *testing.T) {
	l := newLab(t)
	ctx := t.Context()
	before := ok(l.admin.GetUser(ctx, &iam.GetUserInput{UserName: aws.String("alice")}))(t).User
	ok(l.admin.UpdateUser(ctx, &iam.UpdateUserInput{
		UserName: aws.String("alice"), NewUserName: aws.String("Alice"), NewPath: aws.String("/other/"),
	}))(t)
	after := ok(l.admin.GetUser(ctx, &iam.GetUserInput{UserName: aws.String("alice")}))(t).User
	if aws.ToString(after.Arn) != here+"user/other/Alice" || aws.ToString(after.UserId) != aws.ToString(before.UserId) {
		t.Errorf("the renamed user is %s, %s", aws.ToString(after.Arn), aws.ToString(after.UserId))
	}
	keys := ok(l.admin.ListAccessKeys(ctx, &iam.ListAccessKeysInput{UserName: aws.String("Alice")}))(t).AccessKeyMetadata
	if len(keys) != 1 || aws.ToString(keys[0].AccessKeyId) != l.key || aws.ToString(keys[0].UserName) != "Alice" {
		t.Errorf("the renamed user has %d keys", len(keys))
	}
	ok(l.admin.GetUserPolicy(ctx, &iam.GetUserPolicyInput{UserName: aws.String("Alice"), PolicyName: aws.String("notes")}))(t)
}

func TestVersionsOfAPolicyAreNeverNumberedTwice(t *testing.T) {
	l := newLab(t)
	ctx, reading, document := t.Context(), aws.String(readingARN), aws.String(everything)
	for range 3 {
		ok(l.admin.CreatePolicyVersion(ctx, &iam.CreatePolicyVersionInput{PolicyArn: reading, PolicyDocument: document}))(t)
	}
	_, err := l.admin.CreatePolicyVersion(ctx, &iam.CreatePolicyVersionInput{PolicyArn: reading, PolicyDocument: document})
	wantRefusal(t, err, "LimitExceeded",
		"A managed policy can have up to 5 versions. Before you create a new version, you must delete an existing version.")
	_, err = l.admin.DeletePolicy(ctx, &iam.DeletePolicyInput{PolicyArn: reading})
	wantRefusal(t, err, "DeleteConflict", "Cannot delete a policy attached to entities.")
	ok(l.admin.DeletePolicyVersion(ctx, &iam.DeletePolicyVersionInput{PolicyArn: reading, VersionId: aws.String("v5")}))(t)
	made := ok(l.admin.CreatePolicyVersion(ctx, &iam.CreatePolicyVersionInput{
		PolicyArn: reading, PolicyDocument: document, SetAsDefault: true,
	}))(t).PolicyVersion
	if aws.ToString(made.VersionId) != "v6" || !made.IsDefaultVersion || made.Document != nil {
		t.Errorf("the new version is %s, default: %t", aws.ToString(made.VersionId), made.IsDefaultVersion)
	}
	ok(l.admin.SetDefaultPolicyVersion(ctx, &iam.SetDefaultPolicyVersionInput{PolicyArn: reading, VersionId: aws.String("v3")}))(t)
	var got []string
	for _, version := range ok(l.admin.ListPolicyVersions(ctx, &iam.ListPolicyVersionsInput{PolicyArn: reading}))(t).Versions {
		got = append(got, fmt.Sprintf("%s %t", aws.ToString(version.VersionId), version.IsDefaultVersion))
	}
	if diff := cmp.Diff([]string{"v6 false", "v4 false", "v3 true", "v2 false", "v1 false"}, got); diff != "" {
		t.Errorf("want (-), got (+):\n%s", diff)
	}
}

func TestAPolicyWithVersionsBesideTheDefaultIsNotDeleted(t *testing.T) {
	l := newLab(t)
	ctx, spare := t.Context(), aws.String(spareARN)
	ok(l.admin.CreatePolicyVersion(ctx, &iam.CreatePolicyVersionInput{PolicyArn: spare, PolicyDocument: aws.String(everything)}))(t)
	_, err := l.admin.DeletePolicy(ctx, &iam.DeletePolicyInput{PolicyArn: spare})
	wantRefusal(t, err, "DeleteConflict", "This policy has more than one version.")
	ok(l.admin.DeletePolicyVersion(ctx, &iam.DeletePolicyVersionInput{PolicyArn: spare, VersionId: aws.String("v2")}))(t)
	ok(l.admin.DeletePolicy(ctx, &iam.DeletePolicyInput{PolicyArn: spare}))(t)
}

func TestTenPoliciesCanBeAttachedAndOneOfThemAgain(t *testing.T) {
	l := newLab(t)
	ctx, vacant := t.Context(), aws.String("vacant")
	attach := func(arn string) error {
		return call(l.admin.AttachRolePolicy(ctx, &iam.AttachRolePolicyInput{RoleName: vacant, PolicyArn: &arn}))
	}
	for i := range 10 {
		name := fmt.Sprintf("p%d", i)
		ok(l.admin.CreatePolicy(ctx, &iam.CreatePolicyInput{PolicyName: &name, PolicyDocument: aws.String(everything)}))(t)
		if err := attach(here + "policy/" + name); err != nil {
			t.Fatal(err)
		}
	}
	wantRefusal(t, attach(spareARN), "LimitExceeded", "Cannot exceed quota for PoliciesPerRole: 10")
	if err := attach(here + "policy/p3"); err != nil {
		t.Errorf("a policy that is attached already: %v", err)
	}
	ok(l.admin.DetachRolePolicy(ctx, &iam.DetachRolePolicyInput{RoleName: vacant, PolicyArn: aws.String(here + "policy/p3")}))(t)
	if err := attach(spareARN); err != nil {
		t.Errorf("once there is room: %v", err)
	}
}

func TestATrustFitsUpToTheQuotaWithoutItsWhiteSpace(t *testing.T) {
	l := newLab(t)
	empty := len(strings.Replace(trustOfRoot, `"Effect"`, `"Sid":"","Effect"`, 1))
	trust := func(size int) error {
		text := strings.Replace(trustOfRoot, `"Effect"`, `"Sid":"`+strings.Repeat("x", size-empty)+`",   `+"\n"+`"Effect"`, 1)
		return call(l.admin.UpdateAssumeRolePolicy(t.Context(), &iam.UpdateAssumeRolePolicyInput{
			RoleName: aws.String("puller"), PolicyDocument: &text,
		}))
	}
	if err := trust(2048); err != nil {
		t.Errorf("2,048 characters: %v", err)
	}
	wantRefusal(t, trust(2049), "LimitExceeded", "Cannot exceed quota for ACLSizePerRole: 2048")
}

// document returns everything, as long as it is to be in characters.
func document(size int) string {
	const sid = `"Sid":"",`
	return strings.Replace(everything, `"Effect"`, `"Sid":"`+strings.Repeat("x", size-len(everything)-len(sid))+`","Effect"`, 1)
}

func TestAnInlinePolicyMakesRoomForTheOneThatReplacesIt(t *testing.T) {
	l := newLab(t)
	put := func(name, document string) error {
		return call(l.admin.PutUserPolicy(t.Context(), &iam.PutUserPolicyInput{
			UserName: aws.String("alice"), PolicyName: &name, PolicyDocument: &document,
		}))
	}
	if err := put("notes", document(2048)); err != nil {
		t.Errorf("a policy that fills the quota: %v", err)
	}
	if err := put("notes", document(2047)); err != nil {
		t.Errorf("a policy in its place: %v", err)
	}
	wantRefusal(t, put("more", everything), "LimitExceeded", "Maximum policy size of 2048 bytes exceeded for user alice")
	wantRefusal(t, put("notes", document(2049)), "LimitExceeded", "Maximum policy size of 2048 bytes exceeded for user alice")
}

func TestTagsOfEntitiesFoldTheirKeysAndThoseOfPoliciesDoNot(t *testing.T) {
	l := newLab(t)
	ctx, alice, spare := t.Context(), aws.String("alice"), aws.String(spareARN)
	ok(l.admin.TagUser(ctx, &iam.TagUserInput{UserName: alice, Tags: tags("SHAPE", "flat", "size", "big")}))(t)
	got := ok(l.admin.ListUserTags(ctx, &iam.ListUserTagsInput{UserName: alice}))(t).Tags
	compare(t, got, tags("SHAPE", "flat", "size", "big"))
	ok(l.admin.UntagUser(ctx, &iam.UntagUserInput{UserName: alice, TagKeys: []string{"Size", "absent"}}))(t)
	compare(t, ok(l.admin.ListUserTags(ctx, &iam.ListUserTagsInput{UserName: alice}))(t).Tags, tags("SHAPE", "flat"))

	ok(l.admin.TagPolicy(ctx, &iam.TagPolicyInput{PolicyArn: spare, Tags: tags("a", "lower", "A", "upper")}))(t)
	compare(t, ok(l.admin.ListPolicyTags(ctx, &iam.ListPolicyTagsInput{PolicyArn: spare}))(t).Tags, tags("A", "upper", "a", "lower"))
	ok(l.admin.UntagPolicy(ctx, &iam.UntagPolicyInput{PolicyArn: spare, TagKeys: []string{"a"}}))(t)
	compare(t, ok(l.admin.ListPolicyTags(ctx, &iam.ListPolicyTagsInput{PolicyArn: spare}))(t).Tags, tags("A", "upper"))
}

func TestABoundaryComesAndGoes(t *testing.T) {
	l := newLab(t)
	ctx, empty, vacant := t.Context(), aws.String("empty"), aws.String("vacant")
	user := func() *types.AttachedPermissionsBoundary {
		return ok(l.admin.GetUser(ctx, &iam.GetUserInput{UserName: empty}))(t).User.PermissionsBoundary
	}
	role := func() *types.AttachedPermissionsBoundary {
		return ok(l.admin.GetRole(ctx, &iam.GetRoleInput{RoleName: vacant}))(t).Role.PermissionsBoundary
	}
	ok(l.admin.PutUserPermissionsBoundary(ctx, &iam.PutUserPermissionsBoundaryInput{UserName: empty, PermissionsBoundary: aws.String(fenceARN)}))(t)
	ok(l.admin.PutRolePermissionsBoundary(ctx, &iam.PutRolePermissionsBoundaryInput{RoleName: vacant, PermissionsBoundary: aws.String(fenceARN)}))(t)
	compare(t, user(), fence())
	compare(t, role(), fence())
	ok(l.admin.DeleteUserPermissionsBoundary(ctx, &iam.DeleteUserPermissionsBoundaryInput{UserName: empty}))(t)
	ok(l.admin.DeleteRolePermissionsBoundary(ctx, &iam.DeleteRolePermissionsBoundaryInput{RoleName: vacant}))(t)
	if user() != nil || role() != nil {
		t.Errorf("after their deletion the boundaries are %v and %v", user(), role())
	}
}

func TestWhatIsTakenAwayIsGone(t *testing.T) {
	l := newLab(t)
	ctx, alice, puller := t.Context(), aws.String("alice"), aws.String("puller")
	ok(l.admin.DetachUserPolicy(ctx, &iam.DetachUserPolicyInput{UserName: alice, PolicyArn: aws.String(readingARN)}))(t)
	if left := ok(l.admin.ListAttachedUserPolicies(ctx, &iam.ListAttachedUserPoliciesInput{UserName: alice}))(t).AttachedPolicies; len(left) > 0 {
		t.Errorf("%d policies are still attached", len(left))
	}
	ok(l.admin.DeleteRolePolicy(ctx, &iam.DeleteRolePolicyInput{RoleName: puller, PolicyName: aws.String("notes")}))(t)
	if left := ok(l.admin.ListRolePolicies(ctx, &iam.ListRolePoliciesInput{RoleName: puller}))(t).PolicyNames; len(left) > 0 {
		t.Errorf("the inline policies %q are left", left)
	}
	ok(l.admin.DeleteRole(ctx, &iam.DeleteRoleInput{RoleName: aws.String("VACANT")}))(t)
	_, err := l.admin.GetRole(ctx, &iam.GetRoleInput{RoleName: aws.String("vacant")})
	wantRefusal(t, err, "NoSuchEntity", "The role with name vacant cannot be found.")
}
