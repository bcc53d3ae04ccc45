package guard_test

import (
	"errors"
	"fmt"
	"strconv"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	iamtypes "github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/aws-sdk-go-v2/service/sts/types"
	"github.com/aws/smithy-go"

	"github.com/pullpass/pullpass/arn"
	"github.com/pullpass/pullpass/sandbox"
	"github.com/pullpass/pullpass/sandbox/sandboxtest"
)

const (
	member      = sandboxtest.Destination
	outsider    = sandboxtest.Other
	trustMember = `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::999999999999:root"},` +
		`"Action":["sts:AssumeRole","sts:TagSession","sts:SetSourceIdentity"]}}`
)

// lab is an organization of two accounts, and an account outside, with the three sorts of callers.
type lab struct {
	*sandboxtest.Sandbox
	now                    time.Time
	user, session, outside *iam.Client
	userID, sessionID      string
}

func newLab(t *testing.T) *lab {
	t.Helper()
	l := &lab{now: time.Now().UTC().Truncate(time.Second)}
	l.Sandbox = sandboxtest.Start(t, sandbox.Config{
		Clock: func() time.Time { return l.now },
		Seed: sandbox.Seed{
			Accounts: []sandbox.Account{{ID: sandboxtest.Source}, {ID: member}, {ID: outsider}},
			Organization: &sandbox.Organization{
				ID: "o-a1b2c3d4e5", Management: sandboxtest.Source, Members: []arn.AccountID{member},
			},
		},
	})
	user := l.User(member, "worker", allowing("sts:*", ""))
	l.user, l.outside = iam.NewFromConfig(user), iam.NewFromConfig(l.User(outsider, "worker", ""))
	l.tag(t, "worker", "red")
	role := l.Role(member, "post", trustMember, "")
	admin := l.IAM(member)
	if _, err := admin.TagRole(t.Context(), &iam.TagRoleInput{RoleName: aws.String("post"), Tags: []iamtypes.Tag{
		{Key: aws.String("Team"), Value: aws.String("red")}, {Key: aws.String("site"), Value: aws.String("north")},
	}}); err != nil {
		t.Fatal(err)
	}
	session := l.Session(user, &sts.AssumeRoleInput{
		RoleArn: &role, RoleSessionName: aws.String("shift-1"), SourceIdentity: aws.String("alice"),
		Tags: []types.Tag{{Key: aws.String("team"), Value: aws.String("blue")}},
	})
	l.session = iam.NewFromConfig(session)
	l.userID, l.sessionID = l.whoIs(t, user), l.whoIs(t, session)
	return l
}

func (l *lab) tag(t *testing.T, user, team string) {
	t.Helper()
	_, err := l.IAM(member).TagUser(t.Context(), &iam.TagUserInput{
		UserName: &user, Tags: []iamtypes.Tag{{Key: aws.String("team"), Value: &team}},
	})
	if err != nil {
		t.Fatal(err)
	}
}

func (l *lab) whoIs(t *testing.T, config aws.Config) string {
	t.Helper()
	out, err := sts.NewFromConfig(config).GetCallerIdentity(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	return aws.ToString(out.UserId)
}

func allowing(action, condition string) string {
	if condition != "" {
		condition = `,"Condition":` + condition
	}
	return fmt.Sprintf(`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":%q,"Resource":"*"%s}}`, action, condition)
}

// give lets every caller list users under a condition.
func (l *lab) give(t *testing.T, condition string) {
	t.Helper()
	policy, name := allowing("iam:ListUsers", condition), aws.String("given-under-condition")
	for _, account := range []arn.AccountID{member, outsider} {
		_, err := l.IAM(account).PutUserPolicy(t.Context(), &iam.PutUserPolicyInput{
			UserName: aws.String("worker"), PolicyName: name, PolicyDocument: &policy,
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	_, err := l.IAM(member).PutRolePolicy(t.Context(), &iam.PutRolePolicyInput{
		RoleName: aws.String("post"), PolicyName: name, PolicyDocument: &policy,
	})
	if err != nil {
		t.Fatal(err)
	}
}

func allowed(t *testing.T, client *iam.Client) bool {
	t.Helper()
	_, err := client.ListUsers(t.Context(), nil)
	var refusal smithy.APIError
	if err != nil && (!errors.As(err, &refusal) || refusal.ErrorCode() != "AccessDenied") {
		t.Fatal(err)
	}
	return err == nil
}

// absent says that a request has no value for a key.
const absent = ""

// TestAPolicySeesTheKeysOfARequest holds each condition key against the values that "AWS global condition context keys"
// (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html) gives for a user's long-lived
// key and for a role's session.
func TestAPolicySeesTheKeysOfARequest(t *testing.T) {
	l := newLab(t)
	now := l.now.Format(time.RFC3339)
	for key, want := range map[string]struct{ user, session, outside string }{
		"aws:PrincipalArn": {"arn:aws:iam::999999999999:user/worker", "arn:aws:iam::999999999999:role/post",
			"arn:aws:iam::222222222222:user/worker"},
		"aws:PrincipalAccount":       {"999999999999", "999999999999", "222222222222"},
		"aws:PrincipalOrgID":         {"o-a1b2c3d4e5", "o-a1b2c3d4e5", absent},
		"aws:PrincipalType":          {"User", "AssumedRole", "User"},
		"aws:PrincipalTag/team":      {"red", "blue", absent},
		"aws:PrincipalTag/Site":      {absent, "north", absent},
		"aws:PrincipalIsAWSService":  {"false", "false", "false"},
		"aws:userid":                 {l.userID, l.sessionID, "AIDA*"},
		"aws:username":               {"worker", absent, "worker"},
		"aws:MultiFactorAuthPresent": {absent, "false", absent},
		"aws:MultiFactorAuthAge":     {absent, absent, absent},
		"aws:TokenIssueTime":         {absent, now, absent},
		"aws:SourceIdentity":         {absent, "alice", absent},
		"aws:CurrentTime":            {now, now, now},
		"aws:EpochTime":              {epoch(l.now), epoch(l.now), epoch(l.now)},
		"aws:SecureTransport":        {"false", "false", "false"},
		"aws:SourceIp":               {"127.0.0.1", "127.0.0.1", "127.0.0.1"},
		"aws:UserAgent":              {"aws-sdk-go-v2/*", "aws-sdk-go-v2/*", "aws-sdk-go-v2/*"},
		"aws:RequestedRegion":        {"us-east-1", "us-east-1", "us-east-1"}, // IAM's, whatever was signed
		"aws:ViaAWSService":          {"false", "false", "false"},
		"aws:ResourceAccount":        {"999999999999", "999999999999", "222222222222"},
		"aws:ResourceOrgID":          {"o-a1b2c3d4e5", "o-a1b2c3d4e5", absent},
		"aws:ResourceTag/team":       {absent, absent, absent},
		"sts:ExternalId":             {absent, absent, absent},
		"sts:RoleSessionName":        {absent, absent, absent},
	} {
		t.Run(key, func(t *testing.T) {
			callers := []struct {
				name   string
				client *iam.Client
				value  string
			}{{"a user", l.user, want.user}, {"a session", l.session, want.session}, {"a user of no organization", l.outside, want.outside}}
			l.give(t, fmt.Sprintf(`{"Null":{%q:"true"}}`, key))
			for _, c := range callers {
				if got := allowed(t, c.client); got != (c.value == absent) {
					t.Errorf("%s: the key is absent: %v, want %v", c.name, got, c.value == absent)
				}
			}
			for _, c := range callers {
				if c.value == absent {
					continue
				}
				l.give(t, fmt.Sprintf(`{"StringLike":{%q:%q}}`, key, c.value))
				if !allowed(t, c.client) {
					t.Errorf("%s: the key is not %s", c.name, c.value)
				}
				l.give(t, fmt.Sprintf(`{"StringLike":{%q:%q}}`, key, "another "+c.value))
				if allowed(t, c.client) {
					t.Errorf("%s: the key is also another than %s", c.name, c.value)
				}
			}
		})
	}
}

func epoch(at time.Time) string { return strconv.FormatInt(at.Unix(), 10) }
