package sandbox_test

import (
	"bufio"
	"encoding/json"
	"net/url"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/google/go-cmp/cmp"

	"github.com/pullpass/pullpass/sandbox/sandboxtest"
)

// TestTheLogTellsWhatWasAskedAndNoSecret pulls as a session, so that all kinds of secrets are under way.
func TestTheLogTellsWhatWasAskedAndNoSecret(t *testing.T) {
	s := under(t, "rules: [{at: {service: ecr}, latency: {fixed: 7ms}}]")
	role := s.Role(sandboxtest.Source, "reader", `{"Version":"2012-10-17","Statement":[{"Effect":"Allow",`+
		`"Principal":{"AWS":"arn:aws:iam::111111111111:root"},"Action":"sts:AssumeRole"}]}`,
		`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"ecr:*","Resource":"*"}]}`)
	session := s.Session(s.As(sandboxtest.Source), &sts.AssumeRoleInput{RoleArn: &role, RoleSessionName: aws.String("puller")})
	out, err := ecr.NewFromConfig(session).GetAuthorizationToken(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	user, err := iam.NewFromConfig(session).ListUsers(t.Context(), nil)
	if err == nil {
		t.Errorf("the session may list users: %v", user)
	}
	pass := basic(t, aws.ToString(out.AuthorizationData[0].AuthorizationToken))
	address, _ := s.layer(pass)
	s.get(address, nil)
	s.get(s.Endpoint(), nil)

	type line struct{ Account, Principal, Service, Action, Decision, Outcome string }
	var got []line
	scanner := bufio.NewScanner(strings.NewReader(s.log()))
	for scanner.Scan() {
		var l line
		if err := json.Unmarshal(scanner.Bytes(), &l); err != nil {
			t.Fatal(err)
		}
		got = append(got, l)
	}
	const account, admin = "111111111111", "arn:aws:iam::111111111111:user/administrator"
	const puller = "arn:aws:sts::111111111111:assumed-role/reader/puller"
	want := []line{
		{account, admin, "iam", "iam:CreateRole", "allow", "ok"},
		{account, admin, "iam", "iam:PutRolePolicy", "allow", "ok"},
		{account, admin, "sts", "sts:AssumeRole", "allow", "ok"},
		{account, puller, "ecr", "ecr:GetAuthorizationToken", "allow", "ok"},
		{account, puller, "iam", "iam:ListUsers", "deny", "AccessDenied"},
		{account, puller, "registry", "ecr:BatchGetImage", "allow", "ok"},
		{account, puller, "registry", "ecr:GetDownloadUrlForLayer", "allow", "ok"},
		{"", "", "layers", "s3:GetObject", "", "ok"},
		{"", "", "sts", "", "", "MissingAuthenticationToken"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	for _, told := range []string{
		`"resources":["arn:aws:ecr:us-west-2:346438352937:repository/hello-eks-anywhere"]`,
		`"resources":["arn:aws:iam::111111111111:role/reader"]`, `"weather":["latency 7ms"]`, `"status":307`, `"status":403`,
	} {
		if !strings.Contains(s.log(), told) {
			t.Errorf("the log does not have %s:\n%s", told, s.log())
		}
	}
	keys, err := session.Credentials.Retrieve(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	_, secret, err := s.Credentials(sandboxtest.Source)
	if err != nil {
		t.Fatal(err)
	}
	grant, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	config, err := pass.Authorization()
	if err != nil {
		t.Fatal(err)
	}
	for what, text := range map[string]string{
		"secret": keys.SecretAccessKey, "session token": keys.SessionToken, "administrator's secret": secret.Reveal(),
		"password": config.Password, "grant": grant.Query().Get("X-Amz-Signature"), "policy": "Statement",
	} {
		if strings.Contains(s.log(), text) {
			t.Errorf("the log has the %s", what)
		}
	}
}
