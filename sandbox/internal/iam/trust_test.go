package iam_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
)

// trustIn returns a trust policy for principals.
func trustIn(principals ...string) string {
	return fmt.Sprintf(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":["%s"]},"Action":"sts:AssumeRole"}]}`,
		strings.Join(principals, `","`))
}

func TestATrustShowsItsPrincipalsAsTheyAreNow(t *testing.T) {
	l := newLab(t)
	ctx, vacant := t.Context(), aws.String("vacant")
	ok(l.admin.UpdateAssumeRolePolicy(ctx, &iam.UpdateAssumeRolePolicyInput{
		RoleName: vacant, PolicyDocument: aws.String(trustIn(emptyARN, pullerARN)),
	}))(t)
	trust := func() string {
		return decoded(t, ok(l.admin.GetRole(ctx, &iam.GetRoleInput{RoleName: vacant}))(t).Role.AssumeRolePolicyDocument)
	}
	id := aws.ToString(ok(l.admin.GetUser(ctx, &iam.GetUserInput{UserName: aws.String("empty")}))(t).User.UserId)
	if got, want := trust(), trustIn(emptyARN, pullerARN); got != want {
		t.Errorf("while both exist the trust is\n%s\nwant\n%s", got, want)
	}

	ok(l.admin.UpdateUser(ctx, &iam.UpdateUserInput{UserName: aws.String("empty"), NewUserName: aws.String("full")}))(t)
	if got, want := trust(), trustIn(here+"user/full", pullerARN); got != want {
		t.Errorf("with the user renamed the trust is\n%s\nwant\n%s", got, want)
	}

	ok(l.admin.DeleteUser(ctx, &iam.DeleteUserInput{UserName: aws.String("full")}))(t)
	ok(l.admin.CreateUser(ctx, &iam.CreateUserInput{UserName: aws.String("full")}))(t)
	if got, want := trust(), trustIn(id, pullerARN); got != want {
		t.Errorf("with another user of that name the trust is\n%s\nwant\n%s", got, want)
	}
}

func TestATrustIsShownAsItWasWrittenButForItsPrincipals(t *testing.T) {
	l := newLab(t)
	spaced := "{ \"Version\": \"2012-10-17\",\n \"Statement\": { \"Effect\": \"Allow\", \"Principal\": " +
		"{ \"Service\": \"ec2.amazonaws.com\" }, \"Action\": \"sts:AssumeRole\" } }"
	session := "arn:aws:sts::111111111111:assumed-role/puller/somebody"
	for sentence, test := range map[string]struct{ written, shown string }{
		"a service":          {spaced, spaced},
		"everybody":          {trustIn("*"), trustIn("*")},
		"an account's root":  {trustOfRoot, trustOfRoot},
		"an account's id":    {trustIn("999999999999"), trustIn("arn:aws:iam::999999999999:root")},
		"a session":          {trustIn(session), trustIn(session)},
		"somebody elsewhere": {trustIn("arn:aws:iam::999999999999:user/administrator"), trustIn("arn:aws:iam::999999999999:user/administrator")},
	} {
		t.Run(sentence, func(t *testing.T) {
			name := aws.String(strings.ReplaceAll(strings.ReplaceAll(sentence, " ", "-"), "'", ""))
			made := ok(l.admin.CreateRole(t.Context(), &iam.CreateRoleInput{RoleName: name, AssumeRolePolicyDocument: &test.written}))(t)
			listed := ok(l.admin.ListRoles(t.Context(), &iam.ListRolesInput{}))(t)
			for _, role := range append(listed.Roles, *made.Role) {
				if aws.ToString(role.RoleName) != *name {
					continue
				}
				if got, want := compact(decoded(t, role.AssumeRolePolicyDocument)), compact(test.shown); got != want {
					t.Errorf("shown as\n%s\nwant\n%s", got, want)
				}
			}
			if got := decoded(t, made.Role.AssumeRolePolicyDocument); sentence == "a service" && got != spaced {
				t.Errorf("white space was changed: %s", got)
			}
		})
	}
}

// compact takes away what does not matter about a list of one principal.
func compact(trust string) string {
	return strings.NewReplacer(`"AWS":["`, `"AWS":"`, `"]},"Action"`, `"},"Action"`).Replace(trust)
}
