package iam_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"github.com/pullpass/pullpass/sandbox/sandboxtest"
)

func TestEntitiesRefuse(t *testing.T) {
	type client = *iam.Client
	large := document(2048)
	refuse(t, map[string]refusal{
		"to attach a policy that does not exist": {
			func(ctx context.Context, c client, _ *lab) error {
				return call(c.AttachRolePolicy(ctx, &iam.AttachRolePolicyInput{
					RoleName: aws.String("puller"), PolicyArn: aws.String(here + "policy/gone"),
				}))
			},
			"NoSuchEntity", "Policy arn:aws:iam::111111111111:policy/gone does not exist or is not attachable.",
		},
		"to attach to a user that does not exist": {
			func(ctx context.Context, c client, _ *lab) error {
				return call(c.AttachUserPolicy(ctx, &iam.AttachUserPolicyInput{
					UserName: aws.String("bob"), PolicyArn: aws.String(spareARN),
				}))
			},
			"NoSuchEntity", "The user with name bob cannot be found.",
		},
		"to detach a policy that is not attached": {
			func(ctx context.Context, c client, _ *lab) error {
				return call(c.DetachRolePolicy(ctx, &iam.DetachRolePolicyInput{
					RoleName: aws.String("puller"), PolicyArn: aws.String(spareARN),
				}))
			},
			"NoSuchEntity", "Policy arn:aws:iam::111111111111:policy/spare was not found.",
		},
		"an inline policy that does not exist": {
			func(ctx context.Context, c client, _ *lab) error {
				return call(c.GetUserPolicy(ctx, &iam.GetUserPolicyInput{UserName: aws.String("alice"), PolicyName: aws.String("gone")}))
			},
			"NoSuchEntity", "The user policy with name gone cannot be found.",
		},
		"to delete an inline policy that does not exist": {
			func(ctx context.Context, c client, _ *lab) error {
				return call(c.DeleteRolePolicy(ctx, &iam.DeleteRolePolicyInput{RoleName: aws.String("puller"), PolicyName: aws.String("gone")}))
			},
			"NoSuchEntity", "The role policy with name gone cannot be found.",
		},
		"inline policies of a user that together are too large": {
			func(ctx context.Context, c client, _ *lab) error {
				return call(c.PutUserPolicy(ctx, &iam.PutUserPolicyInput{
					UserName: aws.String("alice"), PolicyName: aws.String("more"), PolicyDocument: &large,
				}))
			},
			"LimitExceeded", "Maximum policy size of 2048 bytes exceeded for user alice",
		},
		"a boundary that does not exist": {
			func(ctx context.Context, c client, _ *lab) error {
				return call(c.PutRolePermissionsBoundary(ctx, &iam.PutRolePermissionsBoundaryInput{
					RoleName: aws.String("puller"), PermissionsBoundary: aws.String(here + "policy/gone"),
				}))
			},
			"NoSuchEntity", "Scope ARN: arn:aws:iam::111111111111:policy/gone does not exist or is not attachable.",
		},
	})
}

func TestKeysRefuse(t *testing.T) {
	type client = *iam.Client
	refuse(t, map[string]refusal{
		"to change a key that does not exist": {
			func(ctx context.Context, c client, _ *lab) error {
				return call(c.UpdateAccessKey(ctx, &iam.UpdateAccessKeyInput{
					UserName: aws.String("alice"), AccessKeyId: aws.String("AKIAIOSFODNN7EXAMPLE"), Status: types.StatusTypeActive,
				}))
			},
			"NoSuchEntity", "The Access Key with id AKIAIOSFODNN7EXAMPLE cannot be found.",
		},
		"to delete the key of another user": {
			func(ctx context.Context, c client, l *lab) error {
				return call(c.DeleteAccessKey(ctx, &iam.DeleteAccessKeyInput{UserName: aws.String("empty"), AccessKeyId: &l.key}))
			},
			"NoSuchEntity", "cannot be found.",
		},
		"a status that there is not": {
			func(ctx context.Context, c client, l *lab) error {
				return call(c.UpdateAccessKey(ctx, &iam.UpdateAccessKeyInput{
					UserName: aws.String("alice"), AccessKeyId: &l.key, Status: "Asleep",
				}))
			},
			"ValidationError", "Value at 'status' failed to satisfy constraint: Member must satisfy enum value set: [Active, Inactive]",
		},
		"when a key was used that does not exist": {
			func(ctx context.Context, c client, _ *lab) error {
				return call(c.GetAccessKeyLastUsed(ctx, &iam.GetAccessKeyLastUsedInput{AccessKeyId: aws.String("AKIAIOSFODNN7EXAMPLE")}))
			},
			"AccessDenied", "is not authorized to perform iam:GetAccessKeyLastUsed on resource: access key AKIAIOSFODNN7EXAMPLE",
		},
		"when a key of another account was used": {
			func(ctx context.Context, _ client, l *lab) error {
				return call(l.IAM(sandboxtest.Other).GetAccessKeyLastUsed(ctx, &iam.GetAccessKeyLastUsedInput{AccessKeyId: &l.key}))
			},
			"AccessDenied", "is not authorized to perform iam:GetAccessKeyLastUsed on resource: access key",
		},
	})
}

func TestTagsRefuse(t *testing.T) {
	type client = *iam.Client
	tag := func(list []types.Tag) func(context.Context, client, *lab) error {
		return func(ctx context.Context, c client, _ *lab) error {
			return call(c.TagRole(ctx, &iam.TagRoleInput{RoleName: aws.String("puller"), Tags: list}))
		}
	}
	many := func(count int) []types.Tag {
		var list []types.Tag
		for i := range count {
			list = append(list, tags(fmt.Sprintf("k%d", i), "v")...)
		}
		return list
	}
	refuse(t, map[string]refusal{
		"51 tags at once": {
			tag(many(51)), "ValidationError",
			"Value at 'tags' failed to satisfy constraint: Member must have length less than or equal to 50",
		},
		"50 tags beside the one that is there": {tag(many(50)), "LimitExceeded", "Cannot exceed quota for TagsPerRole: 50"},
		"a key twice, in two cases": {
			tag(tags("size", "1", "Size", "2")), "InvalidInput",
			"Duplicate tag keys found. Please note that Tag keys are case insensitive.",
		},
		"a key of a policy twice": {
			func(ctx context.Context, c client, _ *lab) error {
				return call(c.TagPolicy(ctx, &iam.TagPolicyInput{PolicyArn: aws.String(spareARN), Tags: tags("a", "1", "a", "2")}))
			},
			"InvalidInput", "Duplicate tag keys found.",
		},
		"a key that is too long": {
			tag(tags("a", "1", strings.Repeat("k", 129), "2")), "ValidationError",
			"Value at 'tags.2.member.key' failed to satisfy constraint: Member must have length less than or equal to 128",
		},
		"a value that is too long": {
			tag(tags("a", strings.Repeat("v", 257))), "ValidationError",
			"Value at 'tags.1.member.value' failed to satisfy constraint: Member must have length less than or equal to 256",
		},
		"a character that no key has": {
			tag(tags("a!", "1")), "ValidationError",
			`Value at 'tags.1.member.key' failed to satisfy constraint: Member must satisfy regular expression pattern: [\p{L}\p{Z}\p{N}_.:/=+\-@]+`,
		},
		"a key of AWS's own": {tag(tags("aws:owner", "1")), "InvalidInput", "aws:"},
		"to remove a key that no tag has": {
			func(ctx context.Context, c client, _ *lab) error {
				return call(c.UntagRole(ctx, &iam.UntagRoleInput{RoleName: aws.String("puller"), TagKeys: []string{"a!"}}))
			},
			"ValidationError", "Value at 'tagKeys' failed to satisfy constraint: Member must satisfy constraint: [Member must",
		},
		"tags of a policy that does not exist": {
			func(ctx context.Context, c client, _ *lab) error {
				return call(c.TagPolicy(ctx, &iam.TagPolicyInput{PolicyArn: aws.String(here + "policy/gone"), Tags: tags("a", "1")}))
			},
			"NoSuchEntity", "Policy arn:aws:iam::111111111111:policy/gone was not found.",
		},
		"tags of a user that does not exist": {
			func(ctx context.Context, c client, _ *lab) error {
				return call(c.ListUserTags(ctx, &iam.ListUserTagsInput{UserName: aws.String("bob")}))
			},
			"NoSuchEntity", "The user with name bob cannot be found.",
		},
	})
}
