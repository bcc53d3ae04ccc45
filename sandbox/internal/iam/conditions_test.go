package iam_test

import (
	"context"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
)

func TestConditionsAreDecidedOnWhatTheCallIsAbout(t *testing.T) {
	type client = *iam.Client
	attach := func(ctx context.Context, c client) error {
		return call(c.AttachUserPolicy(ctx, &iam.AttachUserPolicyInput{UserName: aws.String("alice"), PolicyArn: aws.String(spareARN)}))
	}
	putInline := func(ctx context.Context, c client) error {
		return call(c.PutRolePolicy(ctx, &iam.PutRolePolicyInput{
			RoleName: aws.String("puller"), PolicyName: aws.String("more"), PolicyDocument: aws.String(everything),
		}))
	}
	putBoundary := func(ctx context.Context, c client) error {
		return call(c.PutUserPermissionsBoundary(ctx, &iam.PutUserPermissionsBoundaryInput{
			UserName: aws.String("alice"), PermissionsBoundary: aws.String(spareARN),
		}))
	}
	create := func(in iam.CreateUserInput) func(context.Context, client) error {
		in.UserName = aws.String("new")
		return func(ctx context.Context, c client) error { return call(c.CreateUser(ctx, &in)) }
	}
	createPolicy := func(ctx context.Context, c client) error {
		return call(c.CreatePolicy(ctx, &iam.CreatePolicyInput{
			PolicyName: aws.String("new"), PolicyDocument: aws.String(everything), Tags: tags("team", "red"),
		}))
	}
	createRole := func(ctx context.Context, c client) error {
		return call(c.CreateRole(ctx, &iam.CreateRoleInput{
			RoleName: aws.String("new"), AssumeRolePolicyDocument: aws.String(trustOfRoot), Tags: tags("team", "red"),
		}))
	}
	tagAlice := func(ctx context.Context, c client) error {
		return call(c.TagUser(ctx, &iam.TagUserInput{UserName: aws.String("alice"), Tags: tags("team", "red")}))
	}
	untagAlice := func(ctx context.Context, c client) error {
		return call(c.UntagUser(ctx, &iam.UntagUserInput{UserName: aws.String("alice"), TagKeys: []string{"shape"}}))
	}
	getAlice := func(ctx context.Context, c client) error {
		return call(c.GetUser(ctx, &iam.GetUserInput{UserName: aws.String("alice")}))
	}
	getPuller := func(ctx context.Context, c client) error {
		return call(c.GetRole(ctx, &iam.GetRoleInput{RoleName: aws.String("puller")}))
	}
	rename := func(ctx context.Context, c client) error {
		return call(c.UpdateUser(ctx, &iam.UpdateUserInput{UserName: aws.String("empty"), NewPath: aws.String("/far/")}))
	}
	equals := func(key, value string) string { return `{"StringEquals":{"` + key + `":"` + value + `"}}` }
	anyOf := func(key, value string) string { return `{"ForAnyValue:StringEquals":{"` + key + `":"` + value + `"}}` }
	for sentence, test := range map[string]struct {
		statements []string
		call       func(context.Context, client) error
		denied     string // the action, empty where the call is allowed
	}{
		"attaching the policy that may be attached": {
			[]string{allow("iam:AttachUserPolicy", "*", `{"ArnEquals":{"iam:PolicyARN":"`+spareARN+`"}}`)}, attach, "",
		},
		"attaching another policy": {
			[]string{allow("iam:AttachUserPolicy", "*", `{"ArnEquals":{"iam:PolicyARN":"`+fenceARN+`"}}`)}, attach, "iam:AttachUserPolicy",
		},
		"attaching to a user within the boundary": {
			[]string{allow("iam:AttachUserPolicy", "*", equals("iam:PermissionsBoundary", fenceARN))}, attach, "",
		},
		"attaching to a user within another boundary": {
			[]string{allow("iam:AttachUserPolicy", "*", equals("iam:PermissionsBoundary", spareARN))}, attach, "iam:AttachUserPolicy",
		},
		"an inline policy for a role within the boundary": {
			[]string{allow("iam:PutRolePolicy", "*", equals("iam:PermissionsBoundary", fenceARN))}, putInline, "",
		},
		"a new boundary is the one that counts": {
			[]string{allow("iam:PutUserPermissionsBoundary", "*", equals("iam:PermissionsBoundary", spareARN))}, putBoundary, "",
		},
		"an old boundary does not count for a new one": {
			[]string{allow("iam:PutUserPermissionsBoundary", "*", equals("iam:PermissionsBoundary", fenceARN))},
			putBoundary, "iam:PutUserPermissionsBoundary",
		},
		"a user with the boundary that is demanded": {
			[]string{allow("iam:CreateUser", "*", equals("iam:PermissionsBoundary", fenceARN))},
			create(iam.CreateUserInput{PermissionsBoundary: aws.String(fenceARN)}), "",
		},
		"a user without the boundary that is demanded": {
			[]string{allow("iam:CreateUser", "*", equals("iam:PermissionsBoundary", fenceARN))},
			create(iam.CreateUserInput{}), "iam:CreateUser",
		},
		"a boundary does not stand in the way of the tags of the same call": {
			[]string{allow("iam:CreateUser", "*", equals("iam:PermissionsBoundary", fenceARN)), allow("iam:TagUser", "*", "")},
			create(iam.CreateUserInput{PermissionsBoundary: aws.String(fenceARN), Tags: tags("team", "red")}), "",
		},
		"a user with tags takes the permission to tag": {
			[]string{allow("iam:CreateUser", "*", "")}, create(iam.CreateUserInput{Tags: tags("team", "red")}), "iam:TagUser",
		},
		"a role with tags takes the permission to tag": {
			[]string{allow("iam:CreateRole", "*", "")}, createRole, "iam:TagRole",
		},
		"a policy with tags takes the permission to tag": {
			[]string{allow("iam:CreatePolicy", "*", "")}, createPolicy, "iam:TagPolicy",
		},
		"a policy with the tag that is demanded": {
			[]string{allow("iam:*", here+"policy/new", equals("aws:RequestTag/team", "red"))}, createPolicy, "",
		},
		"a policy with another tag than is demanded": {
			[]string{allow("iam:*", here+"policy/new", equals("aws:RequestTag/team", "blue"))}, createPolicy, "iam:CreatePolicy",
		},
		"a tag of the key that may be set": {
			[]string{allow("iam:TagUser", "*", anyOf("aws:TagKeys", "team"))}, tagAlice, "",
		},
		"a tag of another key": {
			[]string{allow("iam:TagUser", "*", anyOf("aws:TagKeys", "shape"))}, tagAlice, "iam:TagUser",
		},
		"removing a tag of the key that may be removed": {
			[]string{allow("iam:UntagUser", "*", anyOf("aws:TagKeys", "shape"))}, untagAlice, "",
		},
		"removing a tag of another key": {
			[]string{allow("iam:UntagUser", "*", anyOf("aws:TagKeys", "team"))}, untagAlice, "iam:UntagUser",
		},
		"a user that bears the tag": {
			[]string{allow("iam:GetUser", "*", equals("aws:ResourceTag/shape", "round"))}, getAlice, "",
		},
		"a user that does not bear the tag": {
			[]string{allow("iam:GetUser", "*", equals("aws:ResourceTag/shape", "flat"))}, getAlice, "iam:GetUser",
		},
		"a role that bears the tag, by IAM's own key": {
			[]string{allow("iam:GetRole", "*", equals("iam:ResourceTag/shape", "round"))}, getPuller, "",
		},
		"a new path that may not be used": {
			[]string{allow("iam:UpdateUser", emptyARN, "")}, rename, "iam:UpdateUser",
		},
	} {
		t.Run(sentence, func(t *testing.T) {
			l := newLab(t)
			err := test.call(t.Context(), l.visitor("visitor", test.statements...))
			if test.denied != "" {
				wantRefusal(t, err, "AccessDenied", "is not authorized to perform: "+test.denied+" on resource: ")
			} else if err != nil {
				t.Error(err)
			}
		})
	}
}
