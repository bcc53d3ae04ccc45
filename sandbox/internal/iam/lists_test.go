package iam_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/google/go-cmp/cmp"
)

// pager is what the SDK's paginators have in common.
type pager[Out any] interface {
	HasMorePages() bool
	NextPage(context.Context, ...func(*iam.Options)) (*Out, error)
}

// gather returns the names on all pages, and how many pages there were. Pages without an end fail the test.
func gather[Out any](t *testing.T, pages pager[Out], names func(*Out) []string) (all []string, count int) {
	t.Helper()
	for pages.HasMorePages() {
		all = append(all, names(ok(pages.NextPage(t.Context()))(t))...)
		if count++; count > 100 {
			t.Fatal("the pages do not end")
		}
	}
	return all, count
}

// named returns the names of items.
func named[T any](items []T, name func(T) *string) []string {
	names := []string{}
	for _, item := range items {
		names = append(names, aws.ToString(name(item)))
	}
	return names
}

func TestThePagesOfEveryListTogetherAreTheList(t *testing.T) {
	l := newLab(t)
	l.fill()
	alice, puller := aws.String("alice"), aws.String("puller")
	for operation, list := range map[string]func(size *int32) ([]string, int){
		"ListUsers": func(size *int32) ([]string, int) {
			return gather(t, iam.NewListUsersPaginator(l.admin, &iam.ListUsersInput{MaxItems: size}), func(out *iam.ListUsersOutput) []string {
				return named(out.Users, func(u types.User) *string { return u.UserName })
			})
		},
		"ListRoles": func(size *int32) ([]string, int) {
			return gather(t, iam.NewListRolesPaginator(l.admin, &iam.ListRolesInput{MaxItems: size}), func(out *iam.ListRolesOutput) []string {
				return named(out.Roles, func(r types.Role) *string { return r.RoleName })
			})
		},
		"ListPolicies": func(size *int32) ([]string, int) {
			return gather(t, iam.NewListPoliciesPaginator(l.admin, &iam.ListPoliciesInput{MaxItems: size}), func(out *iam.ListPoliciesOutput) []string {
				return named(out.Policies, func(p types.Policy) *string { return p.Arn })
			})
		},
		"ListPolicyVersions": func(size *int32) ([]string, int) {
			in := &iam.ListPolicyVersionsInput{PolicyArn: aws.String(readingARN), MaxItems: size}
			return gather(t, iam.NewListPolicyVersionsPaginator(l.admin, in), func(out *iam.ListPolicyVersionsOutput) []string {
				return named(out.Versions, func(v types.PolicyVersion) *string { return v.VersionId })
			})
		},
		"ListEntitiesForPolicy": func(size *int32) ([]string, int) {
			in := &iam.ListEntitiesForPolicyInput{PolicyArn: aws.String(readingARN), MaxItems: size}
			return gather(t, iam.NewListEntitiesForPolicyPaginator(l.admin, in), func(out *iam.ListEntitiesForPolicyOutput) []string {
				return append(named(out.PolicyUsers, func(u types.PolicyUser) *string { return u.UserName }),
					named(out.PolicyRoles, func(r types.PolicyRole) *string { return r.RoleName })...)
			})
		},
		"ListAttachedUserPolicies": func(size *int32) ([]string, int) {
			in := &iam.ListAttachedUserPoliciesInput{UserName: alice, MaxItems: size}
			return gather(t, iam.NewListAttachedUserPoliciesPaginator(l.admin, in), func(out *iam.ListAttachedUserPoliciesOutput) []string {
				return named(out.AttachedPolicies, func(p types.AttachedPolicy) *string { return p.PolicyArn })
			})
		},
		"ListAttachedRolePolicies": func(size *int32) ([]string, int) {
			in := &iam.ListAttachedRolePoliciesInput{RoleName: puller, MaxItems: size}
			return gather(t, iam.NewListAttachedRolePoliciesPaginator(l.admin, in), func(out *iam.ListAttachedRolePoliciesOutput) []string {
				return named(out.AttachedPolicies, func(p types.AttachedPolicy) *string { return p.PolicyArn })
			})
		},
		"ListUserPolicies": func(size *int32) ([]string, int) {
			in := &iam.ListUserPoliciesInput{UserName: alice, MaxItems: size}
			return gather(t, iam.NewListUserPoliciesPaginator(l.admin, in), func(out *iam.ListUserPoliciesOutput) []string { return out.PolicyNames })
		},
		"ListRolePolicies": func(size *int32) ([]string, int) {
			in := &iam.ListRolePoliciesInput{RoleName: puller, MaxItems: size}
			return gather(t, iam.NewListRolePoliciesPaginator(l.admin, in), func(out *iam.ListRolePoliciesOutput) []string { return out.PolicyNames })
		},
		"ListUserTags": func(size *int32) ([]string, int) {
			in := &iam.ListUserTagsInput{UserName: alice, MaxItems: size}
			return gather(t, iam.NewListUserTagsPaginator(l.admin, in), func(out *iam.ListUserTagsOutput) []string { return keysOf(out.Tags) })
		},
		"ListRoleTags": func(size *int32) ([]string, int) {
			in := &iam.ListRoleTagsInput{RoleName: puller, MaxItems: size}
			return gather(t, iam.NewListRoleTagsPaginator(l.admin, in), func(out *iam.ListRoleTagsOutput) []string { return keysOf(out.Tags) })
		},
		"ListPolicyTags": func(size *int32) ([]string, int) {
			in := &iam.ListPolicyTagsInput{PolicyArn: aws.String(spareARN), MaxItems: size}
			return gather(t, iam.NewListPolicyTagsPaginator(l.admin, in), func(out *iam.ListPolicyTagsOutput) []string { return keysOf(out.Tags) })
		},
		"ListAccessKeys": func(size *int32) ([]string, int) {
			in := &iam.ListAccessKeysInput{UserName: alice, MaxItems: size}
			return gather(t, iam.NewListAccessKeysPaginator(l.admin, in), func(out *iam.ListAccessKeysOutput) []string {
				return named(out.AccessKeyMetadata, func(k types.AccessKeyMetadata) *string { return k.AccessKeyId })
			})
		},
		"GetAccountAuthorizationDetails": func(size *int32) ([]string, int) {
			in := &iam.GetAccountAuthorizationDetailsInput{MaxItems: size}
			return gather(t, iam.NewGetAccountAuthorizationDetailsPaginator(l.admin, in), func(out *iam.GetAccountAuthorizationDetailsOutput) []string {
				return slices.Concat(
					named(out.UserDetailList, func(u types.UserDetail) *string { return u.Arn }),
					named(out.RoleDetailList, func(r types.RoleDetail) *string { return r.Arn }),
					named(out.Policies, func(p types.ManagedPolicyDetail) *string { return p.Arn }))
			})
		},
	} {
		t.Run(operation, func(t *testing.T) {
			whole, once := list(nil)
			if once != 1 || len(whole) < 2 {
				t.Fatalf("without a size there are %d pages of %q, want one of at least two items", once, whole)
			}
			parts, count := list(aws.Int32(1))
			if diff := cmp.Diff(whole, parts); diff != "" || count != len(whole) {
				t.Errorf("%d pages of one; the whole (-) and the pages together (+):\n%s", count, diff)
			}
		})
	}
}

func keysOf(tags []types.Tag) []string {
	return named(tags, func(t types.Tag) *string { return t.Key })
}

// fill gives the lab two of everything that can be listed.
func (l *lab) fill() {
	t, ctx := l.t, l.t.Context()
	t.Helper()
	alice, puller, spare, document := aws.String("alice"), aws.String("puller"), aws.String(spareARN), aws.String(everything)
	more := tags("Size", "big", "colour", "red")
	ok(l.admin.AttachUserPolicy(ctx, &iam.AttachUserPolicyInput{UserName: alice, PolicyArn: spare}))(t)
	ok(l.admin.AttachRolePolicy(ctx, &iam.AttachRolePolicyInput{RoleName: puller, PolicyArn: spare}))(t)
	ok(l.admin.PutUserPolicy(ctx, &iam.PutUserPolicyInput{UserName: alice, PolicyName: aws.String("Again"), PolicyDocument: document}))(t)
	ok(l.admin.PutRolePolicy(ctx, &iam.PutRolePolicyInput{RoleName: puller, PolicyName: aws.String("Again"), PolicyDocument: document}))(t)
	ok(l.admin.CreateAccessKey(ctx, &iam.CreateAccessKeyInput{UserName: alice}))(t)
	ok(l.admin.TagUser(ctx, &iam.TagUserInput{UserName: alice, Tags: more}))(t)
	ok(l.admin.TagRole(ctx, &iam.TagRoleInput{RoleName: puller, Tags: more}))(t)
	ok(l.admin.TagPolicy(ctx, &iam.TagPolicyInput{PolicyArn: spare, Tags: more}))(t)
	for range 3 {
		ok(l.admin.CreatePolicyVersion(ctx, &iam.CreatePolicyVersionInput{PolicyArn: aws.String(readingARN), PolicyDocument: document}))(t)
	}
}

func TestAPageHoldsAHundredItemsUnlessAskedForMore(t *testing.T) {
	l := newLab(t)
	for i := range 101 {
		ok(l.admin.CreateUser(t.Context(), &iam.CreateUserInput{UserName: aws.String(fmt.Sprintf("u%03d", i)), Path: aws.String("/many/")}))(t)
	}
	out := ok(l.admin.ListUsers(t.Context(), &iam.ListUsersInput{PathPrefix: aws.String("/many")}))(t)
	if len(out.Users) != 100 || !out.IsTruncated || out.Marker == nil {
		t.Errorf("%d users, truncated: %t, marker: %v", len(out.Users), out.IsTruncated, out.Marker)
	}
	ok(l.admin.DeleteUser(t.Context(), &iam.DeleteUserInput{UserName: aws.String("u099")}))(t)
	rest := ok(l.admin.ListUsers(t.Context(), &iam.ListUsersInput{PathPrefix: aws.String("/many"), Marker: out.Marker}))(t)
	if len(rest.Users) != 1 || aws.ToString(rest.Users[0].UserName) != "u100" || rest.IsTruncated || rest.Marker != nil {
		t.Errorf("with the last user of the first page gone the second page holds %d users", len(rest.Users))
	}
	all := ok(l.admin.ListUsers(t.Context(), &iam.ListUsersInput{MaxItems: aws.Int32(1000)}))(t)
	if len(all.Users) != 103 || all.IsTruncated {
		t.Errorf("%d users, truncated: %t; want 103 on one page", len(all.Users), all.IsTruncated)
	}
}

func TestListsRefusePagesThatThereCannotBe(t *testing.T) {
	list := func(in iam.ListUsersInput) func(context.Context, *iam.Client, *lab) error {
		return func(ctx context.Context, c *iam.Client, _ *lab) error { return call(c.ListUsers(ctx, &in)) }
	}
	refuse(t, map[string]refusal{
		"no items": {
			list(iam.ListUsersInput{MaxItems: aws.Int32(0)}), "ValidationError",
			"Value at 'maxItems' failed to satisfy constraint: Member must have value greater than or equal to 1",
		},
		"1,001 items": {
			list(iam.ListUsersInput{MaxItems: aws.Int32(1001)}), "ValidationError",
			"Value at 'maxItems' failed to satisfy constraint: Member must have value less than or equal to 1000",
		},
		"a marker of somebody else": {list(iam.ListUsersInput{Marker: aws.String("bm90IG91cnM=")}), "ValidationError", "Marker"},
		"a prefix without a slash":  {list(iam.ListUsersInput{PathPrefix: aws.String("team")}), "ValidationError", "pathPrefix"},
	})
}

func TestListsAreNarrowedDown(t *testing.T) {
	l := newLab(t)
	policies := func(in iam.ListPoliciesInput) func(context.Context) string {
		return func(ctx context.Context) string {
			out := ok(l.admin.ListPolicies(ctx, &in))(t)
			return strings.Join(named(out.Policies, func(p types.Policy) *string { return p.PolicyName }), " ")
		}
	}
	entities := func(in iam.ListEntitiesForPolicyInput) func(context.Context) string {
		return func(ctx context.Context) string {
			out := ok(l.admin.ListEntitiesForPolicy(ctx, &in))(t)
			return strings.Join(append(named(out.PolicyUsers, func(u types.PolicyUser) *string { return u.UserName }),
				named(out.PolicyRoles, func(r types.PolicyRole) *string { return r.RoleName })...), " ")
		}
	}
	const ofAWS = "AdministratorAccess AmazonEC2ContainerRegistryReadOnly IAMFullAccess IAMReadOnlyAccess"
	fence := aws.String(fenceARN)
	for sentence, test := range map[string]struct {
		list func(context.Context) string
		want string
	}{
		"all policies":                     {policies(iam.ListPoliciesInput{}), "fence reading spare " + ofAWS},
		"the account's own":                {policies(iam.ListPoliciesInput{Scope: "Local"}), "fence reading spare"},
		"those of AWS":                     {policies(iam.ListPoliciesInput{Scope: "AWS"}), ofAWS},
		"those in use":                     {policies(iam.ListPoliciesInput{OnlyAttached: true}), "fence reading AdministratorAccess"},
		"those beneath a path":             {policies(iam.ListPoliciesInput{PathPrefix: aws.String("/team/")}), "reading"},
		"those that are boundaries":        {policies(iam.ListPoliciesInput{PolicyUsageFilter: "PermissionsBoundary"}), "fence"},
		"those that give permissions":      {policies(iam.ListPoliciesInput{PolicyUsageFilter: "PermissionsPolicy"}), "reading AdministratorAccess"},
		"who uses a boundary":              {entities(iam.ListEntitiesForPolicyInput{PolicyArn: fence}), "alice puller"},
		"which users":                      {entities(iam.ListEntitiesForPolicyInput{PolicyArn: fence, EntityFilter: "User"}), "alice"},
		"which roles":                      {entities(iam.ListEntitiesForPolicyInput{PolicyArn: fence, EntityFilter: "Role"}), "puller"},
		"which groups":                     {entities(iam.ListEntitiesForPolicyInput{PolicyArn: fence, EntityFilter: "Group"}), ""},
		"who has it for permissions":       {entities(iam.ListEntitiesForPolicyInput{PolicyArn: fence, PolicyUsageFilter: "PermissionsPolicy"}), ""},
		"who uses a policy beneath a path": {entities(iam.ListEntitiesForPolicyInput{PolicyArn: fence, PathPrefix: aws.String("/other/")}), ""},
	} {
		t.Run(sentence, func(t *testing.T) {
			if got := test.list(t.Context()); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

func TestTheSDKsWaitersSeeWhatWasMade(t *testing.T) {
	l := newLab(t)
	ctx := t.Context()
	if err := iam.NewUserExistsWaiter(l.admin).Wait(ctx, &iam.GetUserInput{UserName: aws.String("alice")}, time.Minute); err != nil {
		t.Error(err)
	}
	if err := iam.NewRoleExistsWaiter(l.admin).Wait(ctx, &iam.GetRoleInput{RoleName: aws.String("puller")}, time.Minute); err != nil {
		t.Error(err)
	}
	if err := iam.NewPolicyExistsWaiter(l.admin).Wait(ctx, &iam.GetPolicyInput{PolicyArn: aws.String(fenceARN)}, time.Minute); err != nil {
		t.Error(err)
	}
}
