package guard_test

import (
	"errors"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"

	"github.com/pullpass/pullpass/arn"
	"github.com/pullpass/pullpass/sandbox"
	"github.com/pullpass/pullpass/sandbox/sandboxtest"
)

const (
	denyCreating = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"},` +
		`{"Effect":"Deny","Action":"iam:CreateUser","Resource":"*"}]}`
	allowReading = `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"iam:Get*","Resource":"*"}}`
	denyTrust    = `{"Version":"2012-10-17","Statement":{"Effect":"Deny","Principal":"*","Action":"sts:AssumeRole"}}`
	trustNobody  = `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},` +
		`"Action":"sts:AssumeRole"}}`
)

func managed(t *testing.T, admin *iam.Client, name, document string) *string {
	t.Helper()
	out, err := admin.CreatePolicy(t.Context(), &iam.CreatePolicyInput{PolicyName: &name, PolicyDocument: &document})
	if err != nil {
		t.Fatal(err)
	}
	return out.Policy.Arn
}

// bound returns a user who may do everything within a boundary.
func bound(t *testing.T, s *sandboxtest.Sandbox, name, boundary string) aws.Config {
	t.Helper()
	config := s.User(sandboxtest.Source, name, allowing("*", ""))
	_, err := s.IAM(sandboxtest.Source).PutUserPermissionsBoundary(t.Context(), &iam.PutUserPermissionsBoundaryInput{
		UserName: &name, PermissionsBoundary: managed(t, s.IAM(sandboxtest.Source), name+"-fence", boundary),
	})
	if err != nil {
		t.Fatal(err)
	}
	return config
}

// TestADenialNamesThePolicyAsAWSDoes has the sentences of "Troubleshoot access denied error messages"
// (https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html), with the policies' ARNs of
// https://aws.amazon.com/blogs/security/enhanced-access-denied-error-messages-with-policy-arns.
func TestADenialNamesThePolicyAsAWSDoes(t *testing.T) {
	s := sandboxtest.Start(t, sandbox.Config{Seed: sandbox.Seed{
		Accounts: []sandbox.Account{{ID: sandboxtest.Source}, {ID: sandboxtest.Destination}, {ID: sandboxtest.Other}},
		Organization: &sandbox.Organization{
			ID: "o-a1b2c3d4e5", Management: sandboxtest.Other, Members: []arn.AccountID{sandboxtest.Destination},
			ServiceControlPolicies: map[arn.AccountID][]sandbox.PolicyText{sandboxtest.Destination: {
				`{"Version":"2012-10-17","Statement":{"Effect":"Deny","Action":"iam:CreateUser","Resource":"*"}}`,
			}},
		},
	}})
	attached := s.User(sandboxtest.Source, "attached", "")
	if _, err := s.IAM(sandboxtest.Source).AttachUserPolicy(t.Context(), &iam.AttachUserPolicyInput{
		UserName: aws.String("attached"), PolicyArn: managed(t, s.IAM(sandboxtest.Source), "no-users", denyCreating),
	}); err != nil {
		t.Fatal(err)
	}
	closed := s.Role(sandboxtest.Source, "closed", trustNobody, "")
	denying := s.Role(sandboxtest.Source, "denying", denyTrust, "")
	session := s.Session(s.As(sandboxtest.Source), &sts.AssumeRoleInput{
		RoleArn:         aws.String(s.Role(sandboxtest.Source, "post", trustSource, allowing("*", ""))),
		RoleSessionName: aws.String("limited"), Policy: aws.String(denyCreating),
	})
	create := func(config aws.Config) error {
		_, err := iam.NewFromConfig(config).CreateUser(t.Context(), &iam.CreateUserInput{UserName: aws.String("new")})
		return err
	}
	assume := func(role string) func(aws.Config) error {
		return func(config aws.Config) error {
			_, err := sts.NewFromConfig(config).AssumeRole(t.Context(), &sts.AssumeRoleInput{
				RoleArn: &role, RoleSessionName: aws.String("s1"),
			})
			return err
		}
	}
	const (
		newUser = "is not authorized to perform: iam:CreateUser on resource: arn:aws:iam::111111111111:user/new "
		user    = "User: arn:aws:iam::111111111111:user/"
	)
	for sentence, test := range map[string]struct {
		caller aws.Config
		call   func(aws.Config) error
		text   string
	}{
		"nothing allows": {s.User(sandboxtest.Source, "nobody", ""), create,
			user + "nobody " + newUser + "because no identity-based policy allows the iam:CreateUser action"},
		"an inline policy denies": {s.User(sandboxtest.Source, "inline", denyCreating), create,
			user + "inline " + newUser + "with an explicit deny in an identity-based policy"},
		"a managed policy denies": {attached, create,
			user + "attached " + newUser + "with an explicit deny in an identity-based policy: arn:aws:iam::111111111111:policy/no-users"},
		"a boundary does not allow": {bound(t, s, "outside", allowReading), create,
			user + "outside " + newUser + "because no permissions boundary allows the iam:CreateUser action"},
		"a boundary denies": {bound(t, s, "fenced", denyCreating), create,
			user + "fenced " + newUser + "with an explicit deny in a permissions boundary: arn:aws:iam::111111111111:policy/fenced-fence"},
		"a session policy denies": {session, create,
			"User: arn:aws:sts::111111111111:assumed-role/post/limited " + newUser + "with an explicit deny in a session policy"},
		"a service control policy denies": {s.As(sandboxtest.Destination), create,
			"User: arn:aws:iam::999999999999:user/administrator is not authorized to perform: iam:CreateUser on resource: " +
				"arn:aws:iam::999999999999:user/new with an explicit deny in a service control policy: " +
				"arn:aws:organizations::222222222222:policy/o-a1b2c3d4e5/service_control_policy/p-999999999999-1"},
		"a trust does not allow": {s.As(sandboxtest.Source), assume(closed),
			user + "administrator is not authorized to perform: sts:AssumeRole on resource: " + closed +
				" because no role trust policy allows the sts:AssumeRole action"},
		"a trust denies": {s.As(sandboxtest.Source), assume(denying),
			user + "administrator is not authorized to perform: sts:AssumeRole on resource: " + denying +
				" with an explicit deny in the role trust policy"},
		"a trust of another account denies": {s.As(sandboxtest.Other), assume(denying),
			"User: arn:aws:iam::222222222222:user/administrator is not authorized to perform: sts:AssumeRole on resource: " + denying},
	} {
		t.Run(sentence, func(t *testing.T) {
			var refusal smithy.APIError
			if err := test.call(test.caller); !errors.As(err, &refusal) || refusal.ErrorMessage() != test.text {
				t.Errorf("got  %v\nwant %s", err, test.text)
			}
		})
	}
}

const trustSource = `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111111111111:root"},` +
	`"Action":"sts:AssumeRole"}}`
