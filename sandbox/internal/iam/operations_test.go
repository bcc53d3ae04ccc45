package iam_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/google/go-cmp/cmp"

	service "github.com/pullpass/pullpass/sandbox/internal/iam"
)

// operation is a call of one operation in a lab, and the resources on which its action must be allowed for it. A denial
// names the first.
type operation struct {
	resources []string
	call      func(context.Context, *iam.Client, *lab) error
}

const (
	aliceARN  = here + "user/team/alice"
	emptyARN  = here + "user/empty"
	pullerARN = here + "role/team/puller"
	vacantARN = here + "role/vacant"
)

// call drops a call's result.
func call[T any](_ T, err error) error { return err }

func TestEveryOperationNeedsItsOwnPermissionOnItsOwnResource(t *testing.T) {
	all := map[string]operation{}
	for _, table := range []map[string]operation{
		userOperations(), keyOperations(), roleOperations(), policyOperations(), entityOperations(), tagOperations(),
		accountOperations(), simulationOperations(),
	} {
		maps.Copy(all, table)
	}
	if diff := cmp.Diff(slices.Sorted(slices.Values(service.OperationNames())), slices.Sorted(maps.Keys(all))); diff != "" {
		t.Errorf("the service's operations (-) and those with a test (+):\n%s", diff)
	}
	for name, op := range all {
		t.Run(name, func(t *testing.T) {
			l := newLab(t)
			action := "iam:" + name
			err := op.call(t.Context(), l.visitor("nobody"), l)
			wantRefusal(t, err, "AccessDenied", "is not authorized to perform: "+action+" on resource: "+op.resources[0]+
				" because no identity-based policy allows the "+action+" action")
			var statements []string
			for _, resource := range op.resources {
				if !strings.HasPrefix(resource, "arn:") {
					resource = "*"
				}
				statements = append(statements, allow(action, resource, ""))
			}
			if err := op.call(t.Context(), l.visitor("somebody", statements...), l); err != nil {
				t.Errorf("with the permission: %v", err)
			}
		})
	}
}

func userOperations() map[string]operation {
	return map[string]operation{
		"CreateUser": {[]string{here + "user/team/new"}, func(ctx context.Context, c *iam.Client, _ *lab) error {
			return call(c.CreateUser(ctx, &iam.CreateUserInput{UserName: aws.String("new"), Path: aws.String("/team/")}))
		}},
		"GetUser": {[]string{aliceARN}, func(ctx context.Context, c *iam.Client, _ *lab) error {
			return call(c.GetUser(ctx, &iam.GetUserInput{UserName: aws.String("alice")}))
		}},
		"ListUsers": {[]string{here + "user/team/"}, func(ctx context.Context, c *iam.Client, _ *lab) error {
			return call(c.ListUsers(ctx, &iam.ListUsersInput{PathPrefix: aws.String("/team/")}))
		}},
		"UpdateUser": {[]string{emptyARN, here + "user/far/off"}, func(ctx context.Context, c *iam.Client, _ *lab) error {
			return call(c.UpdateUser(ctx, &iam.UpdateUserInput{
				UserName: aws.String("empty"), NewUserName: aws.String("off"), NewPath: aws.String("/far/"),
			}))
		}},
		"DeleteUser": {[]string{emptyARN}, func(ctx context.Context, c *iam.Client, _ *lab) error {
			return call(c.DeleteUser(ctx, &iam.DeleteUserInput{UserName: aws.String("empty")}))
		}},
	}
}

func keyOperations() map[string]operation {
	return map[string]operation{
		"CreateAccessKey": {[]string{emptyARN}, func(ctx context.Context, c *iam.Client, _ *lab) error {
			return call(c.CreateAccessKey(ctx, &iam.CreateAccessKeyInput{UserName: aws.String("empty")}))
		}},
		"ListAccessKeys": {[]string{aliceARN}, func(ctx context.Context, c *iam.Client, _ *lab) error {
			return call(c.ListAccessKeys(ctx, &iam.ListAccessKeysInput{UserName: aws.String("alice")}))
		}},
		"UpdateAccessKey": {[]string{aliceARN}, func(ctx context.Context, c *iam.Client, l *lab) error {
			return call(c.UpdateAccessKey(ctx, &iam.UpdateAccessKeyInput{
				UserName: aws.String("alice"), AccessKeyId: &l.key, Status: types.StatusTypeInactive,
			}))
		}},
		"DeleteAccessKey": {[]string{aliceARN}, func(ctx context.Context, c *iam.Client, l *lab) error {
			return call(c.DeleteAccessKey(ctx, &iam.DeleteAccessKeyInput{UserName: aws.String("alice"), AccessKeyId: &l.key}))
		}},
		"GetAccessKeyLastUsed": {[]string{aliceARN}, func(ctx context.Context, c *iam.Client, l *lab) error {
			return call(c.GetAccessKeyLastUsed(ctx, &iam.GetAccessKeyLastUsedInput{AccessKeyId: &l.key}))
		}},
	}
}

func roleOperations() map[string]operation {
	return map[string]operation{
		"CreateRole": {[]string{here + "role/team/new"}, func(ctx context.Context, c *iam.Client, _ *lab) error {
			return call(c.CreateRole(ctx, &iam.CreateRoleInput{
				RoleName: aws.String("new"), Path: aws.String("/team/"), AssumeRolePolicyDocument: aws.String(trustOfRoot),
			}))
		}},
		"GetRole": {[]string{pullerARN}, func(ctx context.Context, c *iam.Client, _ *lab) error {
			return call(c.GetRole(ctx, &iam.GetRoleInput{RoleName: aws.String("puller")}))
		}},
		"ListRoles": {[]string{here + "role/"}, func(ctx context.Context, c *iam.Client, _ *lab) error {
			return call(c.ListRoles(ctx, &iam.ListRolesInput{}))
		}},
		"UpdateRole": {[]string{pullerARN}, func(ctx context.Context, c *iam.Client, _ *lab) error {
			return call(c.UpdateRole(ctx, &iam.UpdateRoleInput{RoleName: aws.String("puller"), Description: aws.String("pulls")}))
		}},
		"UpdateRoleDescription": {[]string{pullerARN}, func(ctx context.Context, c *iam.Client, _ *lab) error {
			return call(c.UpdateRoleDescription(ctx, &iam.UpdateRoleDescriptionInput{
				RoleName: aws.String("puller"), Description: aws.String("pulls"),
			}))
		}},
		"UpdateAssumeRolePolicy": {[]string{pullerARN}, func(ctx context.Context, c *iam.Client, _ *lab) error {
			return call(c.UpdateAssumeRolePolicy(ctx, &iam.UpdateAssumeRolePolicyInput{
				RoleName: aws.String("puller"), PolicyDocument: aws.String(trustOfRoot),
			}))
		}},
		"DeleteRole": {[]string{vacantARN}, func(ctx context.Context, c *iam.Client, _ *lab) error {
			return call(c.DeleteRole(ctx, &iam.DeleteRoleInput{RoleName: aws.String("vacant")}))
		}},
	}
}

func policyOperations() map[string]operation {
	reading, second := aws.String(readingARN), aws.String("v2")
	return map[string]operation{
		"CreatePolicy": {[]string{here + "policy/team/new"}, func(ctx context.Context, c *iam.Client, _ *lab) error {
			return call(c.CreatePolicy(ctx, &iam.CreatePolicyInput{
				PolicyName: aws.String("new"), Path: aws.String("/team/"), PolicyDocument: aws.String(everything),
			}))
		}},
		"GetPolicy": {[]string{readingARN}, func(ctx context.Context, c *iam.Client, _ *lab) error {
			return call(c.GetPolicy(ctx, &iam.GetPolicyInput{PolicyArn: reading}))
		}},
		"ListPolicies": {[]string{"policy path /"}, func(ctx context.Context, c *iam.Client, _ *lab) error {
			return call(c.ListPolicies(ctx, &iam.ListPoliciesInput{}))
		}},
		"DeletePolicy": {[]string{spareARN}, func(ctx context.Context, c *iam.Client, _ *lab) error {
			return call(c.DeletePolicy(ctx, &iam.DeletePolicyInput{PolicyArn: aws.String(spareARN)}))
		}},
		"ListEntitiesForPolicy": {[]string{readingARN}, func(ctx context.Context, c *iam.Client, _ *lab) error {
			return call(c.ListEntitiesForPolicy(ctx, &iam.ListEntitiesForPolicyInput{PolicyArn: reading}))
		}},
		"CreatePolicyVersion": {[]string{readingARN}, func(ctx context.Context, c *iam.Client, _ *lab) error {
			return call(c.CreatePolicyVersion(ctx, &iam.CreatePolicyVersionInput{
				PolicyArn: reading, PolicyDocument: aws.String(everything),
			}))
		}},
		"GetPolicyVersion": {[]string{readingARN}, func(ctx context.Context, c *iam.Client, _ *lab) error {
			return call(c.GetPolicyVersion(ctx, &iam.GetPolicyVersionInput{PolicyArn: reading, VersionId: second}))
		}},
		"ListPolicyVersions": {[]string{readingARN}, func(ctx context.Context, c *iam.Client, _ *lab) error {
			return call(c.ListPolicyVersions(ctx, &iam.ListPolicyVersionsInput{PolicyArn: reading}))
		}},
		"SetDefaultPolicyVersion": {[]string{readingARN}, func(ctx context.Context, c *iam.Client, _ *lab) error {
			return call(c.SetDefaultPolicyVersion(ctx, &iam.SetDefaultPolicyVersionInput{PolicyArn: reading, VersionId: second}))
		}},
		"DeletePolicyVersion": {[]string{readingARN}, func(ctx context.Context, c *iam.Client, _ *lab) error {
			return call(c.DeletePolicyVersion(ctx, &iam.DeletePolicyVersionInput{PolicyArn: reading, VersionId: second}))
		}},
	}
}

// entityOperations are those that users and roles have alike.
func entityOperations() map[string]operation {
	alice, puller, notes := aws.String("alice"), aws.String("puller"), aws.String("notes")
	reading, spare, document := aws.String(readingARN), aws.String(spareARN), aws.String(everything)
	user, role := []string{aliceARN}, []string{pullerARN}
	type client = *iam.Client
	return map[string]operation{
		"AttachUserPolicy": {user, func(ctx context.Context, c client, _ *lab) error {
			return call(c.AttachUserPolicy(ctx, &iam.AttachUserPolicyInput{UserName: alice, PolicyArn: spare}))
		}},
		"AttachRolePolicy": {role, func(ctx context.Context, c client, _ *lab) error {
			return call(c.AttachRolePolicy(ctx, &iam.AttachRolePolicyInput{RoleName: puller, PolicyArn: spare}))
		}},
		"DetachUserPolicy": {user, func(ctx context.Context, c client, _ *lab) error {
			return call(c.DetachUserPolicy(ctx, &iam.DetachUserPolicyInput{UserName: alice, PolicyArn: reading}))
		}},
		"DetachRolePolicy": {role, func(ctx context.Context, c client, _ *lab) error {
			return call(c.DetachRolePolicy(ctx, &iam.DetachRolePolicyInput{RoleName: puller, PolicyArn: reading}))
		}},
		"ListAttachedUserPolicies": {user, func(ctx context.Context, c client, _ *lab) error {
			return call(c.ListAttachedUserPolicies(ctx, &iam.ListAttachedUserPoliciesInput{UserName: alice}))
		}},
		"ListAttachedRolePolicies": {role, func(ctx context.Context, c client, _ *lab) error {
			return call(c.ListAttachedRolePolicies(ctx, &iam.ListAttachedRolePoliciesInput{RoleName: puller}))
		}},
		"PutUserPolicy": {user, func(ctx context.Context, c client, _ *lab) error {
			return call(c.PutUserPolicy(ctx, &iam.PutUserPolicyInput{UserName: alice, PolicyName: notes, PolicyDocument: document}))
		}},
		"PutRolePolicy": {role, func(ctx context.Context, c client, _ *lab) error {
			return call(c.PutRolePolicy(ctx, &iam.PutRolePolicyInput{RoleName: puller, PolicyName: notes, PolicyDocument: document}))
		}},
		"GetUserPolicy": {user, func(ctx context.Context, c client, _ *lab) error {
			return call(c.GetUserPolicy(ctx, &iam.GetUserPolicyInput{UserName: alice, PolicyName: notes}))
		}},
		"GetRolePolicy": {role, func(ctx context.Context, c client, _ *lab) error {
			return call(c.GetRolePolicy(ctx, &iam.GetRolePolicyInput{RoleName: puller, PolicyName: notes}))
		}},
		"DeleteUserPolicy": {user, func(ctx context.Context, c client, _ *lab) error {
			return call(c.DeleteUserPolicy(ctx, &iam.DeleteUserPolicyInput{UserName: alice, PolicyName: notes}))
		}},
		"DeleteRolePolicy": {role, func(ctx context.Context, c client, _ *lab) error {
			return call(c.DeleteRolePolicy(ctx, &iam.DeleteRolePolicyInput{RoleName: puller, PolicyName: notes}))
		}},
		"ListGroupsForUser": {user, func(ctx context.Context, c client, _ *lab) error {
			out, err := c.ListGroupsForUser(ctx, &iam.ListGroupsForUserInput{UserName: alice})
			if err == nil && len(out.Groups) > 0 {
				return fmt.Errorf("%d groups in an IAM without any", len(out.Groups))
			}
			return err
		}},
		"ListUserPolicies": {user, func(ctx context.Context, c client, _ *lab) error {
			return call(c.ListUserPolicies(ctx, &iam.ListUserPoliciesInput{UserName: alice}))
		}},
		"ListRolePolicies": {role, func(ctx context.Context, c client, _ *lab) error {
			return call(c.ListRolePolicies(ctx, &iam.ListRolePoliciesInput{RoleName: puller}))
		}},
		"PutUserPermissionsBoundary": {user, func(ctx context.Context, c client, _ *lab) error {
			return call(c.PutUserPermissionsBoundary(ctx, &iam.PutUserPermissionsBoundaryInput{UserName: alice, PermissionsBoundary: spare}))
		}},
		"PutRolePermissionsBoundary": {role, func(ctx context.Context, c client, _ *lab) error {
			return call(c.PutRolePermissionsBoundary(ctx, &iam.PutRolePermissionsBoundaryInput{RoleName: puller, PermissionsBoundary: spare}))
		}},
		"DeleteUserPermissionsBoundary": {user, func(ctx context.Context, c client, _ *lab) error {
			return call(c.DeleteUserPermissionsBoundary(ctx, &iam.DeleteUserPermissionsBoundaryInput{UserName: alice}))
		}},
		"DeleteRolePermissionsBoundary": {role, func(ctx context.Context, c client, _ *lab) error {
			return call(c.DeleteRolePermissionsBoundary(ctx, &iam.DeleteRolePermissionsBoundaryInput{RoleName: puller}))
		}},
	}
}

func tagOperations() map[string]operation {
	alice, puller, reading := aws.String("alice"), aws.String("puller"), aws.String(readingARN)
	size, shape := tags("size", "big"), []string{"shape"}
	type client = *iam.Client
	return map[string]operation{
		"TagUser": {[]string{aliceARN}, func(ctx context.Context, c client, _ *lab) error {
			return call(c.TagUser(ctx, &iam.TagUserInput{UserName: alice, Tags: size}))
		}},
		"TagRole": {[]string{pullerARN}, func(ctx context.Context, c client, _ *lab) error {
			return call(c.TagRole(ctx, &iam.TagRoleInput{RoleName: puller, Tags: size}))
		}},
		"TagPolicy": {[]string{readingARN}, func(ctx context.Context, c client, _ *lab) error {
			return call(c.TagPolicy(ctx, &iam.TagPolicyInput{PolicyArn: reading, Tags: size}))
		}},
		"UntagUser": {[]string{aliceARN}, func(ctx context.Context, c client, _ *lab) error {
			return call(c.UntagUser(ctx, &iam.UntagUserInput{UserName: alice, TagKeys: shape}))
		}},
		"UntagRole": {[]string{pullerARN}, func(ctx context.Context, c client, _ *lab) error {
			return call(c.UntagRole(ctx, &iam.UntagRoleInput{RoleName: puller, TagKeys: shape}))
		}},
		"UntagPolicy": {[]string{readingARN}, func(ctx context.Context, c client, _ *lab) error {
			return call(c.UntagPolicy(ctx, &iam.UntagPolicyInput{PolicyArn: reading, TagKeys: shape}))
		}},
		"ListUserTags": {[]string{aliceARN}, func(ctx context.Context, c client, _ *lab) error {
			return call(c.ListUserTags(ctx, &iam.ListUserTagsInput{UserName: alice}))
		}},
		"ListRoleTags": {[]string{pullerARN}, func(ctx context.Context, c client, _ *lab) error {
			return call(c.ListRoleTags(ctx, &iam.ListRoleTagsInput{RoleName: puller}))
		}},
		"ListPolicyTags": {[]string{readingARN}, func(ctx context.Context, c client, _ *lab) error {
			return call(c.ListPolicyTags(ctx, &iam.ListPolicyTagsInput{PolicyArn: reading}))
		}},
	}
}

func accountOperations() map[string]operation {
	return map[string]operation{
		"GetAccountSummary": {[]string{"*"}, func(ctx context.Context, c *iam.Client, _ *lab) error {
			return call(c.GetAccountSummary(ctx, &iam.GetAccountSummaryInput{}))
		}},
		"GetAccountAuthorizationDetails": {[]string{"*"}, func(ctx context.Context, c *iam.Client, _ *lab) error {
			return call(c.GetAccountAuthorizationDetails(ctx, &iam.GetAccountAuthorizationDetailsInput{}))
		}},
	}
}
