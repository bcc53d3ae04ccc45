package sts_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/aws-sdk-go-v2/service/sts/types"
	"github.com/aws/smithy-go"

	"github.com/pullpass/pullpass/arn"
	"github.com/pullpass/pullpass/sandbox"
	sandboxsts "github.com/pullpass/pullpass/sandbox/internal/sts"
	"github.com/pullpass/pullpass/sandbox/sandboxtest"
)

var ctx = context.Background()

const trustDestination = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow",` +
	`"Principal":{"AWS":"arn:aws:iam::999999999999:root"},"Action":%s%s}]}`

func trust(actions, condition string) string {
	if condition != "" {
		condition = `,"Condition":` + condition
	}
	return fmt.Sprintf(trustDestination, actions, condition)
}

const assume = `"sts:AssumeRole"`

// lab is a sandbox in which the source has roles for the destination.
type lab struct {
	*sandboxtest.Sandbox
	t *testing.T
}

func newLab(t *testing.T) lab {
	return lab{sandboxtest.Start(t, sandbox.Config{}), t}
}

func (l lab) role(name, trust string, change ...func(*iam.CreateRoleInput)) string {
	l.t.Helper()
	in := &iam.CreateRoleInput{RoleName: &name, AssumeRolePolicyDocument: &trust}
	for _, c := range change {
		c(in)
	}
	out, err := l.IAM(sandboxtest.Source).CreateRole(ctx, in)
	if err != nil {
		l.t.Fatal(err)
	}
	return aws.ToString(out.Role.Arn)
}

// user makes a user of the destination with one inline policy, and returns a client that signs with its key.
func (l lab) user(name, policy string) *sts.Client {
	l.t.Helper()
	client := l.IAM(sandboxtest.Destination)
	if _, err := client.CreateUser(ctx, &iam.CreateUserInput{UserName: &name}); err != nil {
		l.t.Fatal(err)
	}
	if policy != "" {
		_, err := client.PutUserPolicy(ctx, &iam.PutUserPolicyInput{UserName: &name, PolicyName: aws.String("p"), PolicyDocument: &policy})
		if err != nil {
			l.t.Fatal(err)
		}
	}
	key, err := client.CreateAccessKey(ctx, &iam.CreateAccessKeyInput{UserName: &name})
	if err != nil {
		l.t.Fatal(err)
	}
	return sts.NewFromConfig(l.With(aws.ToString(key.AccessKey.AccessKeyId), aws.ToString(key.AccessKey.SecretAccessKey), ""))
}

// as returns a client for a session.
func (l lab) as(c *types.Credentials) *sts.Client { return sts.NewFromConfig(l.config(c)) }

func (l lab) config(c *types.Credentials) aws.Config {
	return l.With(aws.ToString(c.AccessKeyId), aws.ToString(c.SecretAccessKey), aws.ToString(c.SessionToken))
}

func mayAssume(role string) string {
	return `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":["sts:AssumeRole","sts:TagSession"],"Resource":"` + role + `"}}`
}

func call(role, session string) *sts.AssumeRoleInput {
	return &sts.AssumeRoleInput{RoleArn: &role, RoleSessionName: &session}
}

func wantCode(t *testing.T, err error, code string) string {
	t.Helper()
	var refusal smithy.APIError
	if !errors.As(err, &refusal) {
		t.Fatalf("got %v, want %s", err, code)
	}
	if refusal.ErrorCode() != code {
		t.Fatalf("got %s: %s, want %s", refusal.ErrorCode(), refusal.ErrorMessage(), code)
	}
	return refusal.ErrorMessage()
}

func TestASessionIsTheRole(t *testing.T) {
	l := newLab(t)
	role := l.role("curated-packages-role", trust(assume, ""), func(in *iam.CreateRoleInput) { in.Path = aws.String("/pullpass/") })
	out, err := l.user("curated-packages-user", mayAssume(role)).AssumeRole(ctx, call(role, "store-001"))
	if err != nil {
		t.Fatal(err)
	}
	const session = "arn:aws:sts::111111111111:assumed-role/curated-packages-role/store-001"
	if got := aws.ToString(out.AssumedRoleUser.Arn); got != session {
		t.Errorf("AssumedRoleUser.Arn = %s, want %s: a session's ARN has no path", got, session)
	}
	if !strings.HasPrefix(aws.ToString(out.Credentials.AccessKeyId), "ASIA") {
		t.Errorf("key id %s does not begin with ASIA", aws.ToString(out.Credentials.AccessKeyId))
	}
	if left := time.Until(*out.Credentials.Expiration); left < 59*time.Minute || left > time.Hour {
		t.Errorf("the session lives for %v, want an hour", left)
	}
	who, err := l.as(out.Credentials).GetCallerIdentity(ctx, nil)
	if err != nil {
		t.Fatal(err)
	}
	if aws.ToString(who.Arn) != session || aws.ToString(who.UserId) != aws.ToString(out.AssumedRoleUser.AssumedRoleId) {
		t.Errorf("the session is %s (%s)", aws.ToString(who.Arn), aws.ToString(who.UserId))
	}
}

func TestAcrossAccountsEveryDenialOfAssumeRoleReadsTheSame(t *testing.T) {
	l := newLab(t)
	open := l.role("open", trust(assume, ""))
	stranger := l.role("stranger", strings.ReplaceAll(trust(assume, ""), "999999999999", "222222222222"))
	missing := "arn:aws:iam::111111111111:role/missing"
	nothing := l.user("without-permission", "")
	everything := l.user("with-permission", mayAssume("*"))
	for _, test := range []struct {
		sentence string
		client   *sts.Client
		role     string
		user     string
	}{
		{"the caller lacks the permission", nothing, open, "without-permission"},
		{"the trust names another account", everything, stranger, "with-permission"},
		{"the role does not exist", everything, missing, "with-permission"},
	} {
		t.Run(test.sentence, func(t *testing.T) {
			_, err := test.client.AssumeRole(ctx, call(test.role, "s1"))
			want := "User: arn:aws:iam::999999999999:user/" + test.user +
				" is not authorized to perform: sts:AssumeRole on resource: " + test.role
			if got := wantCode(t, err, "AccessDenied"); got != want {
				t.Errorf("got  %s\nwant %s", got, want)
			}
		})
	}
}

func TestConditionsOfTheTrustAreHeld(t *testing.T) {
	l := newLab(t)
	const external = `{"StringEquals":{"sts:ExternalId":"blue"}}`
	const session = `{"StringEquals":{"sts:RoleSessionName":"${aws:username}"}}`
	const principal = `{"ArnLike":{"aws:PrincipalArn":"arn:aws:iam::999999999999:user/store-*"}}`
	const tagged = `{"StringEquals":{"aws:RequestTag/team":"packages"},"ForAllValues:StringEquals":{"aws:TagKeys":["team"]}}`
	const organization = `{"StringEquals":{"aws:PrincipalOrgID":"o-a1b2c3d4e5"}}`
	user := l.user("store-001", mayAssume("*"))
	tag := func(key, value string) func(*sts.AssumeRoleInput) {
		return func(in *sts.AssumeRoleInput) { in.Tags = append(in.Tags, types.Tag{Key: &key, Value: &value}) }
	}
	externalID := func(id string) func(*sts.AssumeRoleInput) {
		return func(in *sts.AssumeRoleInput) { in.ExternalId = &id }
	}
	name := func(name string) func(*sts.AssumeRoleInput) {
		return func(in *sts.AssumeRoleInput) { in.RoleSessionName = &name }
	}
	unchanged := func(*sts.AssumeRoleInput) {}
	const both = `["sts:AssumeRole","sts:TagSession"]`
	for i, test := range []struct {
		sentence  string
		trust     string
		change    func(*sts.AssumeRoleInput)
		wantAllow bool
	}{
		{"the external id is the one agreed on", trust(assume, external), externalID("blue"), true},
		{"the external id differs", trust(assume, external), externalID("Blue"), false},
		{"the external id is missing", trust(assume, external), unchanged, false},
		{"the session has the user's name", trust(assume, session), name("store-001"), true},
		{"the session has another name", trust(assume, session), name("store-002"), false},
		{"the user is one of those named by pattern", trust(assume, principal), unchanged, true},
		{"the tag is the one wanted", trust(both, tagged), tag("team", "packages"), true},
		{"the tag has another value", trust(both, tagged), tag("team", "finance"), false},
		{"the trust allows no tags", trust(assume, ""), tag("team", "packages"), false},
		{"the account is in no organization", trust(assume, organization), unchanged, false},
	} {
		t.Run(test.sentence, func(t *testing.T) {
			in := call(l.role(fmt.Sprintf("role-%d", i), test.trust), "session")
			test.change(in)
			_, err := user.AssumeRole(ctx, in)
			if test.wantAllow && err != nil {
				t.Error(err)
			}
			if !test.wantAllow {
				wantCode(t, err, "AccessDenied")
			}
		})
	}
}

func TestASessionCanDoWhatBothItsRoleAndItsPolicyAllow(t *testing.T) {
	l := newLab(t)
	role := l.role("r", trust(assume, ""))
	_, err := l.IAM(sandboxtest.Source).AttachRolePolicy(ctx, &iam.AttachRolePolicyInput{
		RoleName: aws.String("r"), PolicyArn: aws.String("arn:aws:iam::aws:policy/AdministratorAccess"),
	})
	if err != nil {
		t.Fatal(err)
	}
	in := call(role, "limited")
	in.Policy = aws.String(`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"iam:ListUsers","Resource":"*"}}`)
	out, err := l.user("u", mayAssume(role)).AssumeRole(ctx, in)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := int(aws.ToInt32(out.SessionTokenSize)), len(aws.ToString(out.Credentials.SessionToken)); got != want {
		t.Errorf("SessionTokenSize = %d, and the token has %d bytes", got, want)
	}
	//lint:ignore SA1019 Clients that know nothing newer read it.
	if aws.ToInt32(out.PackedPolicySize) == 0 {
		t.Error("PackedPolicySize is missing")
	}
	session := iam.NewFromConfig(l.config(out.Credentials))
	if _, err := session.ListUsers(ctx, nil); err != nil {
		t.Error(err)
	}
	_, err = session.ListRoles(ctx, nil)
	if got := wantCode(t, err, "AccessDenied"); !strings.HasSuffix(got, "because no session policy allows the iam:ListRoles action") {
		t.Errorf("the text does not name the session policy: %s", got)
	}
}

func TestASessionDiesWithItsRoleAndNotWithATrust(t *testing.T) {
	l := newLab(t)
	role := l.role("r", trust(assume, ""))
	user := l.user("u", mayAssume(role))
	out, err := user.AssumeRole(ctx, call(role, "s1"))
	if err != nil {
		t.Fatal(err)
	}
	source := l.IAM(sandboxtest.Source)
	closed := strings.ReplaceAll(trust(assume, ""), "999999999999", "222222222222")
	_, err = source.UpdateAssumeRolePolicy(ctx, &iam.UpdateAssumeRolePolicyInput{RoleName: aws.String("r"), PolicyDocument: &closed})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := user.AssumeRole(ctx, call(role, "s2")); err == nil {
		t.Error("the changed trust still lets new sessions in")
	}
	if _, err := l.as(out.Credentials).GetCallerIdentity(ctx, nil); err != nil {
		t.Errorf("the old session died with the change of trust: %v", err)
	}
	if _, err := source.DeleteRole(ctx, &iam.DeleteRoleInput{RoleName: aws.String("r")}); err != nil {
		t.Fatal(err)
	}
	l.role("r", trust(assume, ""))
	_, err = l.as(out.Credentials).GetCallerIdentity(ctx, nil)
	wantCode(t, err, "InvalidClientTokenId")
}

func TestDurationsAreBounded(t *testing.T) {
	l := newLab(t)
	role := l.role("r", `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":["arn:aws:iam::999999999999:root",`+
		`"arn:aws:iam::111111111111:root"]},"Action":"sts:AssumeRole"}]}`,
		func(in *iam.CreateRoleInput) { in.MaxSessionDuration = aws.Int32(7200) })
	_, err := l.IAM(sandboxtest.Source).AttachRolePolicy(ctx, &iam.AttachRolePolicyInput{
		RoleName: aws.String("r"), PolicyArn: aws.String("arn:aws:iam::aws:policy/AdministratorAccess"),
	})
	if err != nil {
		t.Fatal(err)
	}
	user := l.user("u", mayAssume(role))
	out, err := user.AssumeRole(ctx, call(role, "first"))
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		sentence string
		client   *sts.Client
		seconds  int32
		want     bool
	}{
		{"twelve hours and a second is too long for any role", user, 43201, false},
		{"less than a quarter of an hour is too short", user, 899, false},
		{"a quarter of an hour is allowed", user, 900, true},
		{"as long as the role allows is allowed", user, 7200, true},
		{"longer than the role allows is not", user, 7201, false},
		{"a session of a session may last an hour", l.as(out.Credentials), 3600, true},
		{"a session of a session may not last longer", l.as(out.Credentials), 3601, false},
	} {
		t.Run(test.sentence, func(t *testing.T) {
			in := call(role, "again")
			in.DurationSeconds = &test.seconds
			_, err := test.client.AssumeRole(ctx, in)
			if test.want && err != nil {
				t.Error(err)
			}
			if !test.want {
				wantCode(t, err, "ValidationError")
			}
		})
	}
}

func TestANumberOfSecondsThatWrapsRoundIsRefused(t *testing.T) {
	l := newLab(t)
	role := l.role("r", trust(assume, ""))
	config := l.User(sandboxtest.Destination, "u", mayAssume(role))
	// As a duration in nanoseconds of 64 bits this is an hour: 2^55 seconds are a multiple of 2^64 nanoseconds.
	body := fmt.Sprintf("Action=AssumeRole&Version=2011-06-15&RoleSessionName=s1&DurationSeconds=%d&RoleArn=%s", 1<<55+3600, url.QueryEscape(role))
	if status, text := l.Post(config, "sts", nil, []byte(body)); status != 400 || !strings.Contains(text, "less than or equal to 43200") {
		t.Errorf("%d %s", status, text)
	}
}

func TestSessionPoliciesHaveASizeTogether(t *testing.T) {
	l := newLab(t)
	role := l.role("r", trust(assume, ""))
	user := l.user("u", mayAssume(role))
	large := `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"iam:ListUsers","Resource":"arn:aws:iam::111111111111:user/` + strings.Repeat("a", 1100) + `"}}`
	made, err := l.IAM(sandboxtest.Source).CreatePolicy(ctx, &iam.CreatePolicyInput{PolicyName: aws.String("large"), PolicyDocument: &large})
	if err != nil {
		t.Fatal(err)
	}
	in := call(role, "s1")
	in.PolicyArns = []types.PolicyDescriptorType{{Arn: made.Policy.Arn}}
	if _, err := user.AssumeRole(ctx, in); err != nil {
		t.Error(err)
	}
	in.Policy = &large
	_, err = user.AssumeRole(ctx, in)
	wantCode(t, err, "PackedPolicyTooLarge")
	in = call(role, "s1")
	in.PolicyArns = []types.PolicyDescriptorType{{Arn: aws.String("arn:aws:iam::999999999999:policy/of-another-account")}}
	_, err = user.AssumeRole(ctx, in)
	wantCode(t, err, "MalformedPolicyDocument")
}

func TestAnExpiredSessionIsRefusedAsExpired(t *testing.T) {
	clock := time.Now()
	l := lab{sandboxtest.Start(t, sandbox.Config{Clock: func() time.Time { return clock }}), t}
	role := l.role("r", trust(assume, ""))
	in := call(role, "short")
	in.DurationSeconds = aws.Int32(900)
	out, err := l.user("u", mayAssume(role)).AssumeRole(ctx, in)
	if err != nil {
		t.Fatal(err)
	}
	// Within the clock skew that a signature may have, past the session's quarter of an hour.
	clock = clock.Add(15 * time.Minute)
	_, err = l.as(out.Credentials).GetCallerIdentity(ctx, nil)
	wantCode(t, err, "ExpiredToken")
}

func TestAKeyIDTellsItsAccount(t *testing.T) {
	l := newLab(t)
	id, _, err := l.Credentials(sandboxtest.Other)
	if err != nil {
		t.Fatal(err)
	}
	client := l.STS(sandboxtest.Source)
	out, err := client.GetAccessKeyInfo(ctx, &sts.GetAccessKeyInfoInput{AccessKeyId: aws.String(string(id))})
	if err != nil {
		t.Fatal(err)
	}
	if got := arn.AccountID(aws.ToString(out.Account)); got != sandboxtest.Other {
		t.Errorf("Account = %s, want %s", got, sandboxtest.Other)
	}
	_, err = client.GetAccessKeyInfo(ctx, &sts.GetAccessKeyInfoInput{AccessKeyId: aws.String("not a key id, no")})
	wantCode(t, err, "ValidationError")
}

func TestMFAIsAskedOfTheDeviceOfTheCaller(t *testing.T) {
	l := lab{sandboxtest.Start(t, sandbox.Config{
		Seed: sandbox.Seed{Accounts: []sandbox.Account{
			{ID: sandboxtest.Source}, {ID: sandboxtest.Destination, MFA: "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"},
		}},
	}), t}
	role := l.role("r", trust(assume, `{"Bool":{"aws:MultiFactorAuthPresent":"true"}}`))
	client := l.STS(sandboxtest.Destination)
	if _, err := client.AssumeRole(ctx, call(role, "without")); err == nil {
		t.Error("the role could be assumed without MFA")
	}
	in := call(role, "with")
	in.SerialNumber, in.TokenCode = aws.String("arn:aws:iam::999999999999:mfa/administrator"), aws.String("000000")
	_, err := client.AssumeRole(ctx, in)
	if text := wantCode(t, err, "AccessDenied"); !strings.Contains(text, "invalid MFA one time pass code") {
		t.Errorf("a wrong code: %s", text)
	}
	in.TokenCode = aws.String(sandboxsts.OneTimePassword([]byte("12345678901234567890"), time.Now()))
	if _, err := client.AssumeRole(ctx, in); err != nil {
		t.Errorf("the code of the device: %v", err)
	}
	_, err = sts.NewFromConfig(l.User(sandboxtest.Destination, "other", mayAssume(role))).AssumeRole(ctx, in)
	if text := wantCode(t, err, "AccessDenied"); !strings.Contains(text, "MFA serial number") {
		t.Errorf("a device of somebody else: %s", text)
	}
}

func TestAMalformedSessionPolicyIsRefused(t *testing.T) {
	l := newLab(t)
	role := l.role("r", trust(assume, ""))
	user := l.user("u", mayAssume(role))
	in := call(role, "s1")
	broken, _ := json.Marshal(map[string]any{"Version": "2012-10-17", "Statement": []any{map[string]any{"Effect": "Perhaps"}}})
	in.Policy = aws.String(string(broken))
	_, err := user.AssumeRole(ctx, in)
	wantCode(t, err, "MalformedPolicyDocument")
}
