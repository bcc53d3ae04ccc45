package sandbox_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/pullpass/pullpass/arn"
	"github.com/pullpass/pullpass/sandbox"
	"github.com/pullpass/pullpass/sandbox/sandboxtest"
)

const (
	management = sandboxtest.Source
	member     = sandboxtest.Destination
	outsider   = sandboxtest.Other

	anything       = `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}`
	trustEverybody = `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":["arn:aws:iam::111111111111:root",` +
		`"arn:aws:iam::222222222222:root","arn:aws:iam::999999999999:root"]},"Action":"sts:AssumeRole"}}`
	denyListing = `{"Version":"2012-10-17","Statement":{"Effect":"Deny","Action":["iam:ListUsers","sts:AssumeRole"],"Resource":"*"}}`
	onlyOurs    = `{"Version":"2012-10-17","Statement":{"Effect":"Deny","Principal":"*","Action":["sts:AssumeRole","ecr:*","iam:*"],` +
		`"Resource":"*","Condition":{"StringNotEquals":{"aws:PrincipalOrgID":"o-a1b2c3d4e5"}}}}`
	noRepositories = `{"Version":"2012-10-17","Statement":{"Effect":"Deny","Principal":"*","Action":["iam:*","ecr:DescribeRepositories"],` +
		`"Resource":"*"}}`
)

// organization serves three accounts, of which the first two are an organization. A policy is attached to both.
func organization(t *testing.T, scp, rcp string) *sandboxtest.Sandbox {
	t.Helper()
	attached := func(policy string) map[arn.AccountID][]sandbox.PolicyText {
		if policy == "" {
			return nil
		}
		return map[arn.AccountID][]sandbox.PolicyText{management: {sandbox.PolicyText(policy)}, member: {sandbox.PolicyText(policy)}}
	}
	return sandboxtest.Start(t, sandbox.Config{Seed: sandbox.Seed{
		Accounts: []sandbox.Account{{ID: management}, {ID: member}, {ID: outsider}},
		Organization: &sandbox.Organization{
			ID: "o-a1b2c3d4e5", Management: management, Members: []arn.AccountID{member},
			ServiceControlPolicies: attached(scp), ResourceControlPolicies: attached(rcp),
		},
	}})
}

func assumes(t *testing.T, as aws.Config, role string) error {
	t.Helper()
	_, err := sts.NewFromConfig(as).AssumeRole(t.Context(), &sts.AssumeRoleInput{RoleArn: &role, RoleSessionName: aws.String("s1")})
	return err
}

func TestAServiceControlPolicyBindsTheSessionsOfAMembersRoles(t *testing.T) {
	s := organization(t, denyListing, "")
	for account, bound := range map[arn.AccountID]bool{management: false, member: true, outsider: false} {
		role := s.Role(account, "post", trustEverybody, anything)
		session := s.Session(s.As(outsider), &sts.AssumeRoleInput{RoleArn: &role, RoleSessionName: aws.String("s1")})
		_, err := iam.NewFromConfig(session).ListUsers(t.Context(), nil)
		if bound {
			wantRefusal(t, err, "AccessDenied", 403)
		} else if err != nil {
			t.Errorf("a session of account %s is bound: %v", account, err)
		}
	}
}

func TestAServiceControlPolicyBindsWhoCallsAndNotWhatIsCalled(t *testing.T) {
	s := organization(t, denyListing, "")
	role := s.Role(member, "post", trustEverybody, "")
	if err := assumes(t, s.As(outsider), role); err != nil {
		t.Errorf("the policy of the role's account binds a caller of another: %v", err)
	}
	outside := s.Role(outsider, "post", trustEverybody, "")
	wantRefusal(t, assumes(t, s.As(member), outside), "AccessDenied", 403)
	if err := assumes(t, s.As(management), outside); err != nil {
		t.Errorf("the management account is bound: %v", err)
	}
}

func TestAResourceControlPolicyKeepsStrangersOutOfAMembersRoles(t *testing.T) {
	s := organization(t, "", onlyOurs)
	role := s.Role(member, "post", trustEverybody, "")
	wantRefusal(t, assumes(t, s.As(outsider), role), "AccessDenied", 403)
	for _, account := range []arn.AccountID{management, member} {
		if err := assumes(t, s.As(account), role); err != nil {
			t.Errorf("account %s belongs to the organization: %v", account, err)
		}
	}
	managed := s.Role(management, "post", trustEverybody, "")
	if err := assumes(t, s.As(outsider), managed); err != nil {
		t.Errorf("the role of the management account is bound: %v", err)
	}
}

// TestAResourceControlPolicyBindsTheServicesThatSupportIt: ECR is one of them, IAM is not.
func TestAResourceControlPolicyBindsTheServicesThatSupportIt(t *testing.T) {
	s := organization(t, "", noRepositories)
	for account, bound := range map[arn.AccountID]bool{management: false, member: true, outsider: false} {
		_, err := s.ECR(account).DescribeRepositories(t.Context(), &ecr.DescribeRepositoriesInput{})
		if bound {
			wantRefusal(t, err, "AccessDeniedException", 400)
		} else if err != nil {
			t.Errorf("ECR of account %s is bound: %v", account, err)
		}
		if _, err := s.IAM(account).ListUsers(t.Context(), nil); err != nil {
			t.Errorf("IAM of account %s is bound: %v", account, err)
		}
	}
}
