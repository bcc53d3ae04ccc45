package iam_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/aws/smithy-go"

	"github.com/pullpass/pullpass/sandbox"
	"github.com/pullpass/pullpass/sandbox/sandboxtest"
)

const (
	here        = "arn:aws:iam::111111111111:"
	readingARN  = here + "policy/team/reading"
	fenceARN    = here + "policy/fence"
	spareARN    = here + "policy/spare"
	everything  = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}`
	trustOfRoot = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow",` +
		`"Principal":{"AWS":"arn:aws:iam::999999999999:root"},"Action":"sts:AssumeRole"}]}`
)

// lab is a sandbox in which somebody has been at work: the user alice and the role puller, both with a managed and an
// inline policy, a boundary and a tag; the user empty and the role vacant, who have nothing; the policies reading (two
// versions), fence (the boundary) and spare.
type lab struct {
	*sandboxtest.Sandbox
	t     *testing.T
	admin *iam.Client
	key   string // alice's access key
}

func newLab(t *testing.T) *lab {
	t.Helper()
	s := sandboxtest.Start(t, sandbox.Config{})
	l := &lab{Sandbox: s, t: t, admin: s.IAM(sandboxtest.Source)}
	for _, name := range []string{"reading", "fence", "spare"} {
		path := "/"
		if name == "reading" {
			path = "/team/"
		}
		ok(l.admin.CreatePolicy(t.Context(), &iam.CreatePolicyInput{
			PolicyName: &name, Path: &path, PolicyDocument: aws.String(everything),
		}))(t)
	}
	ok(l.admin.CreatePolicyVersion(t.Context(), &iam.CreatePolicyVersionInput{
		PolicyArn: aws.String(readingARN), PolicyDocument: aws.String(everything),
	}))(t)
	l.addUsers()
	l.addRoles()
	return l
}

func (l *lab) addUsers() {
	t, ctx := l.t, l.t.Context()
	t.Helper()
	alice := aws.String("alice")
	ok(l.admin.CreateUser(ctx, &iam.CreateUserInput{
		UserName: alice, Path: aws.String("/team/"), PermissionsBoundary: aws.String(fenceARN), Tags: tags("shape", "round"),
	}))(t)
	ok(l.admin.AttachUserPolicy(ctx, &iam.AttachUserPolicyInput{UserName: alice, PolicyArn: aws.String(readingARN)}))(t)
	ok(l.admin.PutUserPolicy(ctx, &iam.PutUserPolicyInput{
		UserName: alice, PolicyName: aws.String("notes"), PolicyDocument: aws.String(everything),
	}))(t)
	created := ok(l.admin.CreateAccessKey(ctx, &iam.CreateAccessKeyInput{UserName: alice}))(t)
	l.key = aws.ToString(created.AccessKey.AccessKeyId)
	ok(l.admin.CreateUser(ctx, &iam.CreateUserInput{UserName: aws.String("empty")}))(t)
}

func (l *lab) addRoles() {
	t, ctx := l.t, l.t.Context()
	t.Helper()
	puller := aws.String("puller")
	ok(l.admin.CreateRole(ctx, &iam.CreateRoleInput{
		RoleName: puller, Path: aws.String("/team/"), AssumeRolePolicyDocument: aws.String(trustOfRoot),
		PermissionsBoundary: aws.String(fenceARN), Tags: tags("shape", "round"),
	}))(t)
	ok(l.admin.AttachRolePolicy(ctx, &iam.AttachRolePolicyInput{RoleName: puller, PolicyArn: aws.String(readingARN)}))(t)
	ok(l.admin.PutRolePolicy(ctx, &iam.PutRolePolicyInput{
		RoleName: puller, PolicyName: aws.String("notes"), PolicyDocument: aws.String(everything),
	}))(t)
	ok(l.admin.CreateRole(ctx, &iam.CreateRoleInput{
		RoleName: aws.String("vacant"), AssumeRolePolicyDocument: aws.String(trustOfRoot),
	}))(t)
}

// visitor returns a client of a new user who may do what the statements say, none meaning nothing.
func (l *lab) visitor(name string, statements ...string) *iam.Client {
	t, ctx := l.t, l.t.Context()
	t.Helper()
	ok(l.admin.CreateUser(ctx, &iam.CreateUserInput{UserName: &name}))(t)
	if len(statements) > 0 {
		document := `{"Version":"2012-10-17","Statement":[` + strings.Join(statements, ",") + `]}`
		ok(l.admin.PutUserPolicy(ctx, &iam.PutUserPolicyInput{
			UserName: &name, PolicyName: aws.String("given"), PolicyDocument: &document,
		}))(t)
	}
	made := ok(l.admin.CreateAccessKey(ctx, &iam.CreateAccessKeyInput{UserName: &name}))(t).AccessKey
	return iam.NewFromConfig(l.With(aws.ToString(made.AccessKeyId), aws.ToString(made.SecretAccessKey), ""))
}

// ok is used as ok(client.Call(ctx, input))(t): it gives the result, or ends the test where there is an error in its place.
func ok[T any](out T, err error) func(*testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
}

// wantRefusal fails the test unless err is AWS's, with this code and this text in its message.
func wantRefusal(t *testing.T, err error, code, text string) {
	t.Helper()
	var refusal smithy.APIError
	if !errors.As(err, &refusal) {
		t.Fatalf("error = %v, want %s", err, code)
	}
	if refusal.ErrorCode() != code || !strings.Contains(refusal.ErrorMessage(), text) {
		t.Errorf("refused with %s: %s\nwant %s: %s", refusal.ErrorCode(), refusal.ErrorMessage(), code, text)
	}
}

// tags returns tags from keys and values in turn.
func tags(pairs ...string) []types.Tag {
	var list []types.Tag
	for i := 0; i < len(pairs); i += 2 {
		list = append(list, types.Tag{Key: &pairs[i], Value: &pairs[i+1]})
	}
	return list
}

// allow returns a statement that allows an action on a resource; condition is the element's JSON, empty for none.
func allow(action, resource, condition string) string {
	if condition != "" {
		condition = `,"Condition":` + condition
	}
	return fmt.Sprintf(`{"Effect":"Allow","Action":%q,"Resource":%q%s}`, action, resource, condition)
}

// decoded returns the policy that IAM showed.
func decoded(t *testing.T, shown *string) string {
	t.Helper()
	return ok(url.PathUnescape(aws.ToString(shown)))(t)
}

// shown returns values as text, for comparing all that there is of them.
func shown(t *testing.T, values ...any) string {
	t.Helper()
	return string(ok(json.Marshal(values))(t))
}
