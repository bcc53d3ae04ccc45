package sts_test

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	iamtypes "github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/pullpass/pullpass/sandbox/sandboxtest"
)

func trusting(principals ...string) string {
	return `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":["` + strings.Join(principals, `","`) +
		`"]},"Action":"sts:AssumeRole"}}`
}

// TestATrustOfAUserEndsWithTheUser recreates the user under its old name, which AWS keeps apart by the unique id
// (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html).
func TestATrustOfAUserEndsWithTheUser(t *testing.T) {
	l := newLab(t)
	name := aws.String("store-001")
	before := l.user(*name, mayAssume("*"))
	other := l.user("store-002", mayAssume("*"))
	role := l.role("r", trusting("arn:aws:iam::999999999999:user/store-001"))
	if _, err := before.AssumeRole(ctx, call(role, "s1")); err != nil {
		t.Fatal(err)
	}
	_, err := other.AssumeRole(ctx, call(role, "s1"))
	wantCode(t, err, "AccessDenied")

	admin := l.IAM(sandboxtest.Destination)
	if _, err := admin.UpdateUser(ctx, &iam.UpdateUserInput{UserName: name, NewUserName: aws.String("store-101")}); err != nil {
		t.Fatal(err)
	}
	if _, err := before.AssumeRole(ctx, call(role, "s1")); err != nil {
		t.Errorf("the same user under another name: %v", err)
	}
	impostor := l.user("store-001", mayAssume("*")) // another user, under the name that the trust was written with
	_, err = impostor.AssumeRole(ctx, call(role, "s1"))
	wantCode(t, err, "AccessDenied")
}

func TestATrustOfASessionLetsInThatSessionAlone(t *testing.T) {
	l := newLab(t)
	first := l.Role(sandboxtest.Source, "first", both(assume, ""), anything)
	user := l.User(sandboxtest.Destination, "walker", anything)
	second := l.role("second", trusting("arn:aws:sts::111111111111:assumed-role/first/day"))
	for session, want := range map[string]bool{"day": true, "night": false} {
		hop := sts.NewFromConfig(l.Session(user, call(first, session)))
		_, err := hop.AssumeRole(ctx, call(second, "s2"))
		if want && err != nil {
			t.Errorf("the session %s: %v", session, err)
		}
		if !want {
			wantCode(t, err, "AccessDenied")
		}
	}
}

func TestATrustOfARoleLetsInItsSessions(t *testing.T) {
	l := newLab(t)
	first := l.Role(sandboxtest.Source, "first", both(assume, ""), "")
	user := l.User(sandboxtest.Destination, "walker", anything)
	second := l.role("second", trusting(first))
	hop := sts.NewFromConfig(l.Session(user, call(first, "day")))
	// Inside one account a trust that names the role needs no identity policy beside it.
	if _, err := hop.AssumeRole(ctx, call(second, "s2")); err != nil {
		t.Error(err)
	}
}

func iamTags(key, value string) []iamtypes.Tag { return []iamtypes.Tag{{Key: &key, Value: &value}} }

func TestATagOfTheRoleIsSeenByBothItsKeys(t *testing.T) {
	l := newLab(t)
	for _, key := range []string{"aws:ResourceTag/team", "iam:ResourceTag/team"} {
		for value, want := range map[string]bool{"packages": true, "finance": false} {
			name := strings.ReplaceAll(strings.ReplaceAll(key, ":", "-"), "/", "-") + value
			role := l.role(name, trust(assume, ""))
			if _, err := l.IAM(sandboxtest.Source).TagRole(ctx, &iam.TagRoleInput{RoleName: &name, Tags: iamTags("team", "packages")}); err != nil {
				t.Fatal(err)
			}
			user := l.user("u-"+name, `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"sts:AssumeRole",`+
				`"Resource":"*","Condition":{"StringEquals":{"`+key+`":"`+value+`"}}}}`)
			if _, err := user.AssumeRole(ctx, call(role, "s1")); (err == nil) != want {
				t.Errorf("%s = %s: %v", key, value, err)
			}
		}
	}
}

func TestARoleThatCannotBeIsRefused(t *testing.T) {
	l := newLab(t)
	user := l.user("u", mayAssume("*"))
	real := l.role("r", trust(assume, ""), func(in *iam.CreateRoleInput) { in.Path = aws.String("/pullpass/") })
	if _, err := user.AssumeRole(ctx, call(real, "s1")); err != nil {
		t.Fatal(err)
	}
	for role, code := range map[string]string{
		"arn:aws:iam::333333333333:role/in-an-account-that-is-not-there": "AccessDenied",
		"arn:aws:iam::999999999999:role/missing":                         "AccessDenied",
		"arn:aws:iam::111111111111:role/r":                               "AccessDenied", // without its path
		"arn:aws:iam::111111111111:role/pullpass/R":                      "AccessDenied", // in another case
		"arn:aws-cn:iam::111111111111:role/pullpass/r":                   "AccessDenied",
		"arn:aws:iam::999999999999:role/":                                "AccessDenied",
		"arn:aws:iam:us-west-2:999999999999:role/with-a-region":          "AccessDenied",
		"arn:aws:iam:::role/without-an-account":                          "ValidationError",
		"arn:aws:iam::aws:role/of-aws":                                   "ValidationError",
		"arn:aws:iam::999999999999:user/administrator":                   "ValidationError",
		"arn:aws:sts::999999999999:assumed-role/first/day":               "ValidationError",
		"not an ARN at all, but long":                                    "ValidationError",
	} {
		_, err := user.AssumeRole(ctx, call(role, "s1"))
		t.Run(role, func(t *testing.T) { wantCode(t, err, code) })
	}
}
