package sandbox_test

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"

	"github.com/pullpass/pullpass/sandbox"
	"github.com/pullpass/pullpass/sandbox/sandboxtest"
)

const organizationFile = `
accounts:
  - id: "111111111111"
    subscriptions:
      - {id: e29fd0d2-d8a8-4ed4-be54-c6c0dd0f7964, region: us-west-2, expires: 2099-06-30T00:00:00Z}
  - id: "222222222222"
  - id: "999999999999"
organization:
  id: o-a1b2c3d4e5
  management: "111111111111"
  members: ["999999999999"]
  serviceControlPolicies:
    "999999999999": [{Version: "2012-10-17", Statement: [{Effect: Deny, Action: "iam:CreateUser", Resource: "*"}]}]
    "111111111111": ['{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"*","Resource":"*"}]}']
`

func TestAServiceControlPolicyBindsMembersAndNotTheManagementAccount(t *testing.T) {
	seed, err := sandbox.ParseSeed([]byte(organizationFile))
	if err != nil {
		t.Fatal(err)
	}
	s := sandboxtest.Start(t, sandbox.Config{Seed: seed})
	in := &iam.CreateUserInput{UserName: aws.String("u")}
	_, err = s.IAM(sandboxtest.Destination).CreateUser(t.Context(), in)
	wantRefusal(t, err, "AccessDenied", 403)
	if !strings.Contains(err.Error(), "with an explicit deny in a service control policy") {
		t.Errorf("the text does not name the service control policy: %v", err)
	}
	if _, err := s.IAM(sandboxtest.Source).CreateUser(t.Context(), in); err != nil {
		t.Errorf("the management account is bound: %v", err)
	}
	if _, err := s.IAM(sandboxtest.Other).CreateUser(t.Context(), in); err != nil {
		t.Errorf("an account outside the organization is bound: %v", err)
	}
}

func TestAMistakeInAnAccountsFileIsNamed(t *testing.T) {
	for sentence, test := range map[string]struct{ file, want string }{
		"an unknown field":        {"accounts:\n  - id: \"111111111111\"\n    subscription: []\n", `unknown field "subscription"`},
		"an account id too short": {"accounts: [{id: \"1111\"}]", "accounts[0].id"},
		"an account twice":        {`accounts: [{id: "111111111111"}, {id: "111111111111"}]`, "there twice"},
		"an administrator of one's own": {`accounts: [{id: "111111111111", users: [{name: Administrator}]}]`,
			"accounts[0].users[0].name: user Administrator is there twice"},
		"a user twice, in another case": {
			`accounts: [{id: "111111111111", users: [{name: store}, {name: Store}]}]`, "accounts[0].users[1].name"},
		"a user without a name":     {`accounts: [{id: "111111111111", users: [{keys: 1}]}]`, "accounts[0].users[0].name"},
		"a path that does not end":  {`accounts: [{id: "111111111111", users: [{name: u, path: /a}]}]`, "accounts[0].users[0].path"},
		"a third key":               {`accounts: [{id: "111111111111", users: [{name: u, keys: 3}]}]`, "accounts[0].users[0].keys"},
		"a policy with a bad name":  {`accounts: [{id: "111111111111", users: [{name: u, policies: {"a b": {}}}]}]`, `"a b" is no name of a policy`},
		"policies beyond the quota": {`accounts: [{id: "111111111111", users: [{name: u, policies: {p: "` + strings.Repeat("x", 2049) + `"}}]}]`, "2049 characters"},
		"no accounts":               {"organization: {id: o-a1b2c3d4e5}", "no accounts"},
		"no YAML":                   {"accounts: [", "reading the accounts file"},
		"a tag":                     {"accounts: !00 00", `[1:11] an accounts file has no use for "!00"`},
		"an alias":                  {`accounts: [{id: &a "111111111111"}]`, "[1:17] an accounts file has no use for"},
		"two documents":             {"accounts: []\n---\naccounts: []\n", "want one YAML document"},
		"an unknown status": {
			`accounts: [{id: "111111111111", subscriptions: [{id: s, region: us-west-2, status: active}]}]`, "accounts[0].subscriptions[0].status"},
		"a Region without packages": {
			`accounts: [{id: "111111111111", subscriptions: [{id: s, region: mars-west-1}]}]`, "accounts[0].subscriptions[0].region"},
		"a subscription without id": {
			`accounts: [{id: "111111111111", subscriptions: [{region: us-west-2}]}]`, "accounts[0].subscriptions[0].id"},
		"a subscription twice": {
			`accounts: [{id: "111111111111", subscriptions: [{id: s, region: us-west-2}, {id: s, region: us-east-1}]}]`, "there twice"},
		"an end before the beginning": {
			`accounts: [{id: "111111111111", subscriptions: [{id: s, region: us-west-2, effective: 2026-02-01T00:00:00Z, ` +
				`expires: 2026-01-01T00:00:00Z}]}]`, "accounts[0].subscriptions[0].expires"},
		"an organization without id": {
			`{accounts: [{id: "111111111111"}], organization: {management: "111111111111"}}`, "organization.id"},
		"a management account that is not seeded": {
			`{accounts: [{id: "111111111111"}], organization: {id: o-a1b2c3d4e5, management: "222222222222"}}`, "organization.management"},
		"a member that is not seeded": {
			`{accounts: [{id: "111111111111"}], organization: {id: o-a1b2c3d4e5, management: "111111111111", ` +
				`members: ["222222222222"]}}`, "organization.members[0]"},
		"a policy for an account outside the organization": {
			`{accounts: [{id: "111111111111"}, {id: "222222222222"}], organization: {id: o-a1b2c3d4e5, ` +
				`management: "111111111111", serviceControlPolicies: {"222222222222": []}}}`, "organization.serviceControlPolicies"},
	} {
		_, err := sandbox.ParseSeed([]byte(test.file))
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: got %v, want %q in it", sentence, err, test.want)
		}
	}
}
