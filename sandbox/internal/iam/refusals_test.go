package iam_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
)

// refusal is a call that an administrator makes in a lab, and AWS's answer to it.
type refusal struct {
	call func(context.Context, *iam.Client, *lab) error
	code string
	text string
}

// refuse runs a table of refusals, none of which may change the lab.
func refuse(t *testing.T, table map[string]refusal) {
	l := newLab(t)
	for sentence, test := range table {
		t.Run(sentence, func(t *testing.T) {
			before := snapshot(t, l)
			wantRefusal(t, test.call(t.Context(), l.admin, l), test.code, test.text)
			if after := snapshot(t, l); after != before {
				t.Errorf("the refused call changed the account\nfrom %s\nto   %s", before, after)
			}
		})
	}
}

// snapshot returns all that GetAccountAuthorizationDetails, ListRoles and ListAccessKeys show of the lab.
func snapshot(t *testing.T, l *lab) string {
	t.Helper()
	details := ok(l.admin.GetAccountAuthorizationDetails(t.Context(), &iam.GetAccountAuthorizationDetailsInput{}))(t)
	roles := ok(l.admin.ListRoles(t.Context(), &iam.ListRolesInput{}))(t)
	keys := ok(l.admin.ListAccessKeys(t.Context(), &iam.ListAccessKeysInput{UserName: aws.String("alice")}))(t)
	return shown(t, details.UserDetailList, details.RoleDetailList, details.Policies, roles.Roles, keys.AccessKeyMetadata)
}

func TestUsersRefuse(t *testing.T) {
	type client = *iam.Client
	create := func(in iam.CreateUserInput) func(context.Context, client, *lab) error {
		return func(ctx context.Context, c client, _ *lab) error { return call(c.CreateUser(ctx, &in)) }
	}
	long := strings.Repeat("x", 65)
	refuse(t, map[string]refusal{
		"a name that is taken": {
			create(iam.CreateUserInput{UserName: aws.String("alice")}),
			"EntityAlreadyExists", "User with name alice already exists.",
		},
		"a name that is taken in another case": {
			create(iam.CreateUserInput{UserName: aws.String("ALICE")}),
			"EntityAlreadyExists", "User with name ALICE already exists.",
		},
		"a name with a character of no name": {
			create(iam.CreateUserInput{UserName: aws.String("al ice")}),
			"ValidationError", "The specified value for userName is invalid. It must contain only alphanumeric characters",
		},
		"a name that is too long": {
			create(iam.CreateUserInput{UserName: &long}),
			"ValidationError", "Value at 'userName' failed to satisfy constraint: Member must have length less than or equal to 64",
		},
		"a path without a slash at its end": {
			create(iam.CreateUserInput{UserName: aws.String("new"), Path: aws.String("/team")}),
			"ValidationError", "The specified value for path is invalid. It must begin and end with /",
		},
		"a path with a space": {
			create(iam.CreateUserInput{UserName: aws.String("new"), Path: aws.String("/my team/")}),
			"ValidationError", "The specified value for path is invalid.",
		},
		"a boundary that is no policy": {
			create(iam.CreateUserInput{UserName: aws.String("new"), PermissionsBoundary: aws.String(here + "user/team/alice")}),
			"InvalidInput", "ARN arn:aws:iam::111111111111:user/team/alice is not valid.",
		},
		"a boundary that does not exist": {
			create(iam.CreateUserInput{UserName: aws.String("new"), PermissionsBoundary: aws.String(here + "policy/gone")}),
			"NoSuchEntity", "Scope ARN: arn:aws:iam::111111111111:policy/gone does not exist or is not attachable.",
		},
		"to show a user that does not exist": {
			func(ctx context.Context, c client, _ *lab) error {
				return call(c.GetUser(ctx, &iam.GetUserInput{UserName: aws.String("bob")}))
			},
			"NoSuchEntity", "The user with name bob cannot be found.",
		},
		"a new name that is taken": {
			func(ctx context.Context, c client, _ *lab) error {
				return call(c.UpdateUser(ctx, &iam.UpdateUserInput{UserName: aws.String("empty"), NewUserName: aws.String("Alice")}))
			},
			"EntityAlreadyExists", "User with name Alice already exists.",
		},
		"to rename a user that does not exist": {
			func(ctx context.Context, c client, _ *lab) error {
				return call(c.UpdateUser(ctx, &iam.UpdateUserInput{UserName: aws.String("bob"), NewUserName: aws.String("rob")}))
			},
			"NoSuchEntity", "The user with name bob cannot be found.",
		},
		"to delete a user with a policy attached": {
			func(ctx context.Context, c client, _ *lab) error {
				return call(c.DeleteUser(ctx, &iam.DeleteUserInput{UserName: aws.String("alice")}))
			},
			"DeleteConflict", "Cannot delete entity, must detach all policies first.",
		},
	})
}

func TestAUserIsDeletedOnlyOnceNothingIsLeftOfIt(t *testing.T) {
	l := newLab(t)
	ctx, alice := t.Context(), aws.String("alice")
	remove := func() error { return call(l.admin.DeleteUser(ctx, &iam.DeleteUserInput{UserName: alice})) }
	ok(l.admin.DetachUserPolicy(ctx, &iam.DetachUserPolicyInput{UserName: alice, PolicyArn: aws.String(readingARN)}))(t)
	wantRefusal(t, remove(), "DeleteConflict", "Cannot delete entity, must delete policies first.")
	ok(l.admin.DeleteUserPolicy(ctx, &iam.DeleteUserPolicyInput{UserName: alice, PolicyName: aws.String("notes")}))(t)
	wantRefusal(t, remove(), "DeleteConflict", "Cannot delete entity, must delete access keys first.")
	ok(l.admin.DeleteAccessKey(ctx, &iam.DeleteAccessKeyInput{UserName: alice, AccessKeyId: &l.key}))(t)
	if err := remove(); err != nil {
		t.Error(err)
	}
	_, err := l.admin.GetUser(ctx, &iam.GetUserInput{UserName: alice})
	wantRefusal(t, err, "NoSuchEntity", "The user with name alice cannot be found.")
}

func TestRolesRefuse(t *testing.T) {
	type client = *iam.Client
	create := func(trust string, more func(*iam.CreateRoleInput)) func(context.Context, client, *lab) error {
		return func(ctx context.Context, c client, _ *lab) error {
			in := iam.CreateRoleInput{RoleName: aws.String("new"), AssumeRolePolicyDocument: &trust}
			if more != nil {
				more(&in)
			}
			return call(c.CreateRole(ctx, &in))
		}
	}
	trusting := func(principal string) string {
		return fmt.Sprintf(`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":%q},"Action":"sts:AssumeRole"}}`,
			principal)
	}
	update := func(trust string) func(context.Context, client, *lab) error {
		return func(ctx context.Context, c client, _ *lab) error {
			return call(c.UpdateAssumeRolePolicy(ctx, &iam.UpdateAssumeRolePolicyInput{
				RoleName: aws.String("puller"), PolicyDocument: &trust,
			}))
		}
	}
	refuse(t, map[string]refusal{
		"a name that is taken in another case": {
			create(trustOfRoot, func(in *iam.CreateRoleInput) { in.RoleName = aws.String("Puller") }),
			"EntityAlreadyExists", "Role with name Puller already exists.",
		},
		"a trust that is no JSON": {
			create(`{"Version":`, nil), "MalformedPolicyDocument", "This policy contains invalid Json",
		},
		"a trust with a resource": {
			create(`{"Statement":{"Effect":"Allow","Principal":"*","Action":"sts:AssumeRole","Resource":"*"}}`, nil),
			"MalformedPolicyDocument", "Has prohibited field Resource",
		},
		"a trust without a principal": {
			create(`{"Statement":{"Effect":"Allow","Action":"sts:AssumeRole"}}`, nil),
			"MalformedPolicyDocument", "Missing required field Principal",
		},
		"a trust for something else than assuming roles": {
			create(`{"Statement":{"Effect":"Allow","Principal":"*","Action":"s3:GetObject"}}`, nil),
			"MalformedPolicyDocument", "AssumeRole policy may only specify STS AssumeRole actions.",
		},
		"a trust in no principal's name": {
			create(trusting("me"), nil), "MalformedPolicyDocument", `Invalid principal in policy: "AWS":"me"`,
		},
		"a trust in a user that does not exist": {
			create(trusting(here+"user/bob"), nil),
			"MalformedPolicyDocument", `Invalid principal in policy: "AWS":"arn:aws:iam::111111111111:user/bob"`,
		},
		"a trust in a user by a path that is not the user's": {
			create(trusting(here+"user/alice"), nil),
			"MalformedPolicyDocument", `Invalid principal in policy: "AWS":"arn:aws:iam::111111111111:user/alice"`,
		},
		"a trust in a role that does not exist": {
			update(trusting(here + "role/nothing")),
			"MalformedPolicyDocument", `Invalid principal in policy: "AWS":"arn:aws:iam::111111111111:role/nothing"`,
		},
		"a trust in an account that does not exist": {
			update(trusting("arn:aws:iam::123456789012:root")),
			"MalformedPolicyDocument", `Invalid principal in policy: "AWS":"arn:aws:iam::123456789012:root"`,
		},
		"a trust in a unique id of nobody": {
			update(trusting("AIDAAAAAAAAAAAAAAAAAA")),
			"MalformedPolicyDocument", `Invalid principal in policy: "AWS":"AIDAAAAAAAAAAAAAAAAAA"`,
		},
		"a trust of more than 2,048 characters": {
			update(strings.Replace(trustOfRoot, `"Effect"`, `"Sid":"`+strings.Repeat("x", 2048)+`","Effect"`, 1)),
			"LimitExceeded", "Cannot exceed quota for ACLSizePerRole: 2048",
		},
		"the path of service-linked roles": {
			create(trustOfRoot, func(in *iam.CreateRoleInput) { in.Path = aws.String("/aws-service-role/ecs.amazonaws.com/") }),
			"InvalidInput", "Path prefix '/aws-service-role/' can only be used for AWS Service linked Roles",
		},
		"a session of less than an hour": {
			create(trustOfRoot, func(in *iam.CreateRoleInput) { in.MaxSessionDuration = aws.Int32(900) }),
			"ValidationError", "Value at 'maxSessionDuration' failed to satisfy constraint: Member must have value greater than or equal to 3600",
		},
		"a session of more than twelve hours": {
			func(ctx context.Context, c client, _ *lab) error {
				return call(c.UpdateRole(ctx, &iam.UpdateRoleInput{
					RoleName: aws.String("puller"), Description: aws.String("changed"), MaxSessionDuration: aws.Int32(43201),
				}))
			},
			"ValidationError", "Value at 'maxSessionDuration' failed to satisfy constraint: Member must have value less than or equal to 43200",
		},
		"to delete a role with a policy attached": {
			func(ctx context.Context, c client, _ *lab) error {
				return call(c.DeleteRole(ctx, &iam.DeleteRoleInput{RoleName: aws.String("puller")}))
			},
			"DeleteConflict", "Cannot delete entity, must detach all policies first.",
		},
		"to show a role that does not exist": {
			func(ctx context.Context, c client, _ *lab) error {
				return call(c.GetRole(ctx, &iam.GetRoleInput{RoleName: aws.String("nothing")}))
			},
			"NoSuchEntity", "The role with name nothing cannot be found.",
		},
	})
}

func TestPoliciesRefuse(t *testing.T) {
	type client = *iam.Client
	create := func(document string) func(context.Context, client, *lab) error {
		return func(ctx context.Context, c client, _ *lab) error {
			return call(c.CreatePolicy(ctx, &iam.CreatePolicyInput{PolicyName: aws.String("new"), PolicyDocument: &document}))
		}
	}
	statement := func(fields string) string { return `{"Version":"2012-10-17","Statement":[{` + fields + `}]}` }
	get := func(arn string) func(context.Context, client, *lab) error {
		return func(ctx context.Context, c client, _ *lab) error {
			return call(c.GetPolicy(ctx, &iam.GetPolicyInput{PolicyArn: &arn}))
		}
	}
	remove := func(arn string) func(context.Context, client, *lab) error {
		return func(ctx context.Context, c client, _ *lab) error {
			return call(c.DeletePolicy(ctx, &iam.DeletePolicyInput{PolicyArn: &arn}))
		}
	}
	refuse(t, map[string]refusal{
		"a name that is taken": {
			func(ctx context.Context, c client, _ *lab) error {
				return call(c.CreatePolicy(ctx, &iam.CreatePolicyInput{
					PolicyName: aws.String("Reading"), Path: aws.String("/other/"), PolicyDocument: aws.String(everything),
				}))
			},
			"EntityAlreadyExists", "A policy called Reading already exists. Duplicate names are not allowed.",
		},
		"a document that is no JSON": {create(`{`), "MalformedPolicyDocument", "Syntax errors in policy."},
		"a document of the old language": {
			create(`{"Version":"2008-10-17","Statement":{"Effect":"Allow","Action":"s3:*","Resource":"*"}}`),
			"MalformedPolicyDocument", "Policy document must be version 2012-10-17 or greater.",
		},
		"a statement without an effect": {
			create(statement(`"Action":"s3:*","Resource":"*"`)), "MalformedPolicyDocument", "Syntax errors in policy.",
		},
		"a statement without an action": {
			create(statement(`"Effect":"Allow","Resource":"*"`)), "MalformedPolicyDocument", "Policy statement must contain actions.",
		},
		"a statement without a resource": {
			create(statement(`"Effect":"Allow","Action":"s3:*"`)), "MalformedPolicyDocument", "Policy statement must contain resources.",
		},
		"an action without a service": {
			create(statement(`"Effect":"Allow","Action":"GetObject","Resource":"*"`)),
			"MalformedPolicyDocument", "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.",
		},
		"a resource that is no ARN": {
			create(statement(`"Effect":"Allow","Action":"s3:*","Resource":["*","bucket"]`)),
			"MalformedPolicyDocument", `Resource bucket must be in ARN format or "*".`,
		},
		"a principal": {
			create(statement(`"Effect":"Allow","Principal":"*","Action":"s3:*","Resource":"*"`)),
			"MalformedPolicyDocument", "Policy document should not specify a principal.",
		},
		"two statements of one Sid": {
			create(`{"Version":"2012-10-17","Statement":[{"Sid":"a","Effect":"Allow","Action":"s3:*","Resource":"*"},` +
				`{"Sid":"a","Effect":"Allow","Action":"s3:*","Resource":"*"}]}`),
			"MalformedPolicyDocument", "Statement IDs (SID) in a single policy must be unique.",
		},
		"a document of more than 6,144 characters": {
			create(statement(`"Sid":"` + strings.Repeat("x", 6144) + `","Effect":"Allow","Action":"s3:*","Resource":"*"`)),
			"LimitExceeded", "Cannot exceed quota for PolicySize: 6144",
		},
		"an ARN that is none": {get("some-policy-of-mine-or-other"), "ValidationError", "ARN some-policy-of-mine-or-other is not valid."},
		"an ARN that is too short": {
			get("policy"), "ValidationError",
			"Value at 'policyArn' failed to satisfy constraint: Member must have length greater than or equal to 20",
		},
		"a policy that does not exist": {
			get(here + "policy/gone"), "NoSuchEntity", "Policy arn:aws:iam::111111111111:policy/gone was not found.",
		},
		"a policy by a path that is not its own": {
			get(here + "policy/reading"), "NoSuchEntity", "Policy arn:aws:iam::111111111111:policy/reading was not found.",
		},
		"a policy of another account": {
			get("arn:aws:iam::999999999999:policy/theirs"), "AccessDenied", "is not authorized to perform: iam:GetPolicy",
		},
		"to delete a policy that is attached": {
			remove(readingARN), "DeleteConflict", "Cannot delete a policy attached to entities.",
		},
		"to delete a policy that is a boundary": {
			remove(fenceARN), "DeleteConflict", "Cannot delete a policy attached to entities.",
		},
		"to delete a policy of AWS": {
			remove("arn:aws:iam::aws:policy/IAMFullAccess"), "AccessDenied", "is not authorized to perform: iam:DeletePolicy",
		},
		"to tag a policy of AWS": {
			func(ctx context.Context, c client, _ *lab) error {
				return call(c.TagPolicy(ctx, &iam.TagPolicyInput{
					PolicyArn: aws.String("arn:aws:iam::aws:policy/IAMFullAccess"), Tags: tags("mine", "yes"),
				}))
			},
			"AccessDenied", "is not authorized to perform: iam:TagPolicy",
		},
		"who uses a policy that does not exist": {
			func(ctx context.Context, c client, _ *lab) error {
				return call(c.ListEntitiesForPolicy(ctx, &iam.ListEntitiesForPolicyInput{PolicyArn: aws.String(here + "policy/gone")}))
			},
			"NoSuchEntity", "Policy arn:aws:iam::111111111111:policy/gone does not exist or is not attachable.",
		},
		"a filter that there is not": {
			func(ctx context.Context, c client, _ *lab) error {
				return call(c.ListPolicies(ctx, &iam.ListPoliciesInput{Scope: "Mine"}))
			},
			"ValidationError", "Value at 'scope' failed to satisfy constraint: Member must satisfy enum value set: [All, AWS, Local]",
		},
	})
}

func TestVersionsRefuse(t *testing.T) {
	type client = *iam.Client
	get := func(policy, version string) func(context.Context, client, *lab) error {
		return func(ctx context.Context, c client, _ *lab) error {
			return call(c.GetPolicyVersion(ctx, &iam.GetPolicyVersionInput{PolicyArn: &policy, VersionId: &version}))
		}
	}
	refuse(t, map[string]refusal{
		"an id that is none": {
			get(readingARN, "1"), "ValidationError",
			`Value at 'versionId' failed to satisfy constraint: Member must satisfy regular expression pattern: v[1-9][0-9]*(\.[A-Za-z0-9-]*)?`,
		},
		"a version that does not exist": {
			get(readingARN, "v9"), "NoSuchEntity",
			"Policy arn:aws:iam::111111111111:policy/team/reading version v9 does not exist or is not attachable.",
		},
		"a version of a policy that does not exist": {
			get(here+"policy/gone", "v1"), "NoSuchEntity",
			"Policy arn:aws:iam::111111111111:policy/gone version v1 does not exist or is not attachable.",
		},
		"to delete the default version": {
			func(ctx context.Context, c client, _ *lab) error {
				return call(c.DeletePolicyVersion(ctx, &iam.DeletePolicyVersionInput{
					PolicyArn: aws.String(readingARN), VersionId: aws.String("v1"),
				}))
			},
			"DeleteConflict", "Cannot delete the default version of a policy.",
		},
		"a version of a policy of AWS": {
			func(ctx context.Context, c client, _ *lab) error {
				return call(c.CreatePolicyVersion(ctx, &iam.CreatePolicyVersionInput{
					PolicyArn: aws.String("arn:aws:iam::aws:policy/IAMFullAccess"), PolicyDocument: aws.String(everything),
				}))
			},
			"AccessDenied", "is not authorized to perform: iam:CreatePolicyVersion",
		},
	})
}
