package iam_test

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/pullpass/pullpass/internal/awsid"
	"github.com/pullpass/pullpass/sandbox"
	"github.com/pullpass/pullpass/sandbox/sandboxtest"
)

// compare compares what IAM showed with what it should show; ids and times are compared by their shape alone.
func compare(t *testing.T, got, want any) {
	t.Helper()
	options := cmp.Options{
		cmpopts.IgnoreUnexported(
			types.User{}, types.Role{}, types.Policy{}, types.Tag{}, types.AttachedPermissionsBoundary{}, types.RoleLastUsed{},
			types.UserDetail{}, types.RoleDetail{}, types.ManagedPolicyDetail{}, types.AttachedPolicy{}, types.PolicyDetail{},
			types.PolicyVersion{}, types.AccessKeyLastUsed{},
		),
		cmp.FilterPath(func(path cmp.Path) bool {
			switch path.Last().String() {
			case ".CreateDate", ".UpdateDate", ".UserId", ".RoleId", ".PolicyId":
				return true
			}
			return false
		}, cmp.Ignore()),
	}
	if diff := cmp.Diff(want, got, options); diff != "" {
		t.Errorf("want (-), got (+):\n%s", diff)
	}
}

// escaped is everything as IAM sends it: RFC 3986 leaves letters, digits, and -._~ as they are.
const escaped = "%7B%22Version%22%3A%222012-10-17%22%2C%22Statement%22%3A%5B%7B%22Effect%22%3A%22Allow%22%2C" +
	"%22Action%22%3A%22%2A%22%2C%22Resource%22%3A%22%2A%22%7D%5D%7D"

func fence() *types.AttachedPermissionsBoundary {
	return &types.AttachedPermissionsBoundary{PermissionsBoundaryArn: aws.String(fenceARN), PermissionsBoundaryType: "Policy"}
}

func TestAUserIsShownWithItsTagsAndItsBoundaryButNotInLists(t *testing.T) {
	l := newLab(t)
	got := ok(l.admin.GetUser(t.Context(), &iam.GetUserInput{UserName: aws.String("ALICE")}))(t).User
	want := types.User{UserName: aws.String("alice"), Path: aws.String("/team/"), Arn: aws.String(aliceARN)}
	listed := ok(l.admin.ListUsers(t.Context(), &iam.ListUsersInput{PathPrefix: aws.String("/t")}))(t)
	compare(t, listed.Users, []types.User{want})
	want.Tags, want.PermissionsBoundary = tags("shape", "round"), fence()
	compare(t, *got, want)
	if id, err := awsid.ParseUniqueID(aws.ToString(got.UserId)); err != nil || id.Kind() != awsid.User {
		t.Errorf("the id is %q: %v", id, err)
	}
}

func TestACreatedRoleIsShownWithLessThanGetRoleShows(t *testing.T) {
	clock := time.Now().Truncate(time.Second).Add(678 * time.Millisecond)
	s := sandboxtest.Start(t, sandbox.Config{Clock: func() time.Time { return clock }})
	admin := s.IAM(sandboxtest.Source)
	made := ok(admin.CreateRole(t.Context(), &iam.CreateRoleInput{
		RoleName: aws.String("r"), AssumeRolePolicyDocument: aws.String(everyoneMayAssume), Description: aws.String("a role"),
		MaxSessionDuration: aws.Int32(7200), Tags: tags("b", "2", "A", ""),
	}))(t).Role
	want := types.Role{
		RoleName: aws.String("r"), Path: aws.String("/"), Arn: aws.String(here + "role/r"),
		AssumeRolePolicyDocument: made.AssumeRolePolicyDocument, Tags: tags("A", "", "b", "2"),
	}
	compare(t, *made, want)
	if got := aws.ToTime(made.CreateDate); !got.Equal(clock.Truncate(time.Second)) {
		t.Errorf("made at %s, want %s", got, clock)
	}
	want.Description, want.MaxSessionDuration = aws.String("a role"), aws.Int32(7200)
	want.RoleLastUsed = &types.RoleLastUsed{}
	compare(t, *ok(admin.GetRole(t.Context(), &iam.GetRoleInput{RoleName: aws.String("r")}))(t).Role, want)
	want.Tags, want.RoleLastUsed = nil, nil
	compare(t, ok(admin.ListRoles(t.Context(), &iam.ListRolesInput{}))(t).Roles, []types.Role{want})
}

const everyoneMayAssume = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"*"},"Action":"sts:AssumeRole"}]}`

func TestAnUpdateOfARoleChangesWhatItGivesAlone(t *testing.T) {
	l := newLab(t)
	ctx, puller := t.Context(), aws.String("puller")
	ok(l.admin.UpdateRole(ctx, &iam.UpdateRoleInput{RoleName: puller, MaxSessionDuration: aws.Int32(43200)}))(t)
	ok(l.admin.UpdateRole(ctx, &iam.UpdateRoleInput{RoleName: puller, Description: aws.String("first")}))(t)
	got := ok(l.admin.UpdateRoleDescription(ctx, &iam.UpdateRoleDescriptionInput{RoleName: puller, Description: aws.String("second")}))(t)
	if aws.ToString(got.Role.Description) != "second" {
		t.Errorf("UpdateRoleDescription shows %q", aws.ToString(got.Role.Description))
	}
	role := ok(l.admin.GetRole(ctx, &iam.GetRoleInput{RoleName: puller}))(t).Role
	if aws.ToString(role.Description) != "second" || aws.ToInt32(role.MaxSessionDuration) != 43200 {
		t.Errorf("the role is %q, %d s", aws.ToString(role.Description), aws.ToInt32(role.MaxSessionDuration))
	}
	ok(l.admin.UpdateRole(ctx, &iam.UpdateRoleInput{RoleName: puller, Description: aws.String("")}))(t)
	role = ok(l.admin.GetRole(ctx, &iam.GetRoleInput{RoleName: puller}))(t).Role
	if role.Description != nil {
		t.Errorf("the emptied description is %q", *role.Description)
	}
}

func TestAPolicyIsShownWithItsUses(t *testing.T) {
	l := newLab(t)
	want := types.Policy{
		PolicyName: aws.String("fence"), Path: aws.String("/"), Arn: aws.String(fenceARN), DefaultVersionId: aws.String("v1"),
		AttachmentCount: aws.Int32(0), PermissionsBoundaryUsageCount: aws.Int32(2), IsAttachable: true, Tags: []types.Tag{},
	}
	compare(t, *ok(l.admin.GetPolicy(t.Context(), &iam.GetPolicyInput{PolicyArn: aws.String(fenceARN)}))(t).Policy, want)
	made := ok(l.admin.CreatePolicy(t.Context(), &iam.CreatePolicyInput{
		PolicyName: aws.String("new"), Path: aws.String("/p/"), PolicyDocument: aws.String(everything), Description: aws.String("new"),
		Tags: tags("a", "1", "A", "2"),
	}))(t).Policy
	want = types.Policy{
		PolicyName: aws.String("new"), Path: aws.String("/p/"), Arn: aws.String(here + "policy/p/new"),
		DefaultVersionId: aws.String("v1"), AttachmentCount: aws.Int32(0), PermissionsBoundaryUsageCount: aws.Int32(0),
		IsAttachable: true, Tags: tags("A", "2", "a", "1"),
	}
	compare(t, *made, want)
	want.Description = aws.String("new")
	compare(t, *ok(l.admin.GetPolicy(t.Context(), &iam.GetPolicyInput{PolicyArn: made.Arn}))(t).Policy, want)
	ofAWS := ok(l.admin.GetPolicy(t.Context(), &iam.GetPolicyInput{
		PolicyArn: aws.String("arn:aws:iam::aws:policy/AdministratorAccess"),
	}))(t).Policy
	if got := aws.ToInt32(ofAWS.AttachmentCount); got != 1 {
		t.Errorf("AdministratorAccess is attached to %d users, want the administrator alone", got)
	}
}

func TestDocumentsAreSentAsRFC3986HasThem(t *testing.T) {
	l := newLab(t)
	ctx := t.Context()
	inline := ok(l.admin.GetUserPolicy(ctx, &iam.GetUserPolicyInput{UserName: aws.String("Alice"), PolicyName: aws.String("notes")}))(t)
	if aws.ToString(inline.UserName) != "alice" || aws.ToString(inline.PolicyName) != "notes" {
		t.Errorf("the policy is %s of %s", aws.ToString(inline.PolicyName), aws.ToString(inline.UserName))
	}
	version := ok(l.admin.GetPolicyVersion(ctx, &iam.GetPolicyVersionInput{PolicyArn: aws.String(readingARN), VersionId: aws.String("v2")}))(t)
	for place, got := range map[string]*string{"inline": inline.PolicyDocument, "managed": version.PolicyVersion.Document} {
		if aws.ToString(got) != escaped {
			t.Errorf("the %s document is sent as\n%s\nwant\n%s", place, aws.ToString(got), escaped)
		}
	}
	ok(l.admin.PutRolePolicy(ctx, &iam.PutRolePolicyInput{
		RoleName: aws.String("vacant"), PolicyName: aws.String("spaced"), PolicyDocument: aws.String(" " + everything + "\n"),
	}))(t)
	spaced := ok(l.admin.GetRolePolicy(ctx, &iam.GetRolePolicyInput{RoleName: aws.String("vacant"), PolicyName: aws.String("spaced")}))(t)
	if got, want := aws.ToString(spaced.PolicyDocument), "%20"+escaped+"%0A"; got != want {
		t.Errorf("the document with white space is sent as\n%s\nwant\n%s", got, want)
	}
}

func TestTheDetailsOfAnAccountShowEverything(t *testing.T) {
	l := newLab(t)
	got := ok(l.admin.GetAccountAuthorizationDetails(t.Context(), &iam.GetAccountAuthorizationDetailsInput{
		Filter: []types.EntityType{types.EntityTypeUser, types.EntityTypeRole, types.EntityTypeLocalManagedPolicy},
	}))(t)
	attached := []types.AttachedPolicy{{PolicyName: aws.String("reading"), PolicyArn: aws.String(readingARN)}}
	inline := []types.PolicyDetail{{PolicyName: aws.String("notes"), PolicyDocument: aws.String(escaped)}}
	compare(t, got.UserDetailList[1], types.UserDetail{
		UserName: aws.String("alice"), Path: aws.String("/team/"), Arn: aws.String(aliceARN), AttachedManagedPolicies: attached,
		UserPolicyList: inline, PermissionsBoundary: fence(), Tags: tags("shape", "round"), GroupList: []string{},
	})
	compare(t, got.RoleDetailList[0], types.RoleDetail{
		RoleName: aws.String("puller"), Path: aws.String("/team/"), Arn: aws.String(pullerARN), AttachedManagedPolicies: attached,
		RolePolicyList: inline, PermissionsBoundary: fence(), Tags: tags("shape", "round"), InstanceProfileList: []types.InstanceProfile{},
		AssumeRolePolicyDocument: got.RoleDetailList[0].AssumeRolePolicyDocument, RoleLastUsed: &types.RoleLastUsed{},
	})
	if trust := decoded(t, got.RoleDetailList[0].AssumeRolePolicyDocument); trust != trustOfRoot {
		t.Errorf("the trust is %s", trust)
	}
	compare(t, got.Policies[1], types.ManagedPolicyDetail{
		PolicyName: aws.String("reading"), Path: aws.String("/team/"), Arn: aws.String(readingARN), DefaultVersionId: aws.String("v1"),
		AttachmentCount: aws.Int32(2), PermissionsBoundaryUsageCount: aws.Int32(0), IsAttachable: true,
		PolicyVersionList: []types.PolicyVersion{
			{VersionId: aws.String("v2"), Document: aws.String(escaped)},
			{VersionId: aws.String("v1"), Document: aws.String(escaped), IsDefaultVersion: true},
		},
	})
	if users, roles, policies := len(got.UserDetailList), len(got.RoleDetailList), len(got.Policies); users != 3 || roles != 2 || policies != 3 {
		t.Errorf("%d users, %d roles, %d policies; want 3, 2, 3", users, roles, policies)
	}
}

func TestTheSummaryOfAnAccountCounts(t *testing.T) {
	l := newLab(t)
	got := ok(l.admin.GetAccountSummary(t.Context(), &iam.GetAccountSummaryInput{}))(t).SummaryMap
	for key, want := range map[string]int32{
		"Users": 3, "Roles": 2, "Policies": 3, "PolicyVersionsInUse": 4, "MFADevices": 0, "UsersQuota": 5000, "RolesQuota": 1000,
		"AccessKeysPerUserQuota": 2, "AttachedPoliciesPerRoleQuota": 10, "AssumeRolePolicySizeQuota": 2048, "PolicySizeQuota": 6144,
	} {
		if got[key] != want {
			t.Errorf("%s = %d, want %d", key, got[key], want)
		}
	}
	for _, key := range types.SummaryKeyType("").Values() {
		if _, shown := got[string(key)]; !shown {
			t.Errorf("%s is not shown", key)
		}
	}
}
