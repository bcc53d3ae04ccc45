package awsclient_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/google/go-cmp/cmp"

	"github.com/pullpass/pullpass/arn"
	"github.com/pullpass/pullpass/internal/audit"
	"github.com/pullpass/pullpass/internal/awsclient"
	"github.com/pullpass/pullpass/internal/provision"
	"github.com/pullpass/pullpass/sandbox"
	"github.com/pullpass/pullpass/sandbox/sandboxtest"
)

// recorder keeps effects, and refuses further ones once it is told to.
type recorder struct {
	refuse  error
	mu      sync.Mutex
	effects []audit.Effect
}

func (r *recorder) Ready() error { return r.refuse }

func (r *recorder) Record(_ context.Context, e audit.Effect) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.effects = append(r.effects, e)
}

// requests is the sandbox's own account.
type requests struct{ bytes.Buffer }

type request struct{ ID, Principal, Action, Outcome, UserAgent string }

func (r *requests) all(t *testing.T) []request {
	t.Helper()
	var all []request
	for text := range bytes.Lines(r.Bytes()) {
		var one request
		if err := json.Unmarshal(text, &one); err != nil {
			t.Fatal(err)
		}
		all = append(all, one)
	}
	return all
}

const run = "20261123T060000Z.9f86d081.lab_5e884898"

func audited(t *testing.T) (lab, *awsclient.Clients, *recorder, *requests) {
	t.Helper()
	seen, kept := &requests{}, &recorder{}
	l := newLab(t, sandbox.Config{Requests: seen})
	f := l.factory(t, "", func(c *awsclient.Config) { c.Effects, c.Run = kept, run })
	return l, clients(t, f, profile(sandboxtest.Destination)), kept, seen
}

func TestEveryCallThatChangesSomethingIsTold(t *testing.T) {
	_, c, kept, seen := audited(t)
	ctx := audit.At(t.Context(), audit.Place{Step: "a-step", Account: "ignored"})
	user, policy := aws.String("u"), aws.String("arn:aws:iam::aws:policy/ReadOnlyAccess")
	made, err := c.IAM.CreateUser(ctx, &iam.CreateUserInput{UserName: user, Path: aws.String("/p/")})
	if err != nil {
		t.Fatal(err)
	}
	_, errs := c.IAM.GetUser(ctx, &iam.GetUserInput{UserName: user})
	key, err := c.IAM.CreateAccessKey(ctx, &iam.CreateAccessKeyInput{UserName: user})
	if errs = errors.Join(errs, err); errs != nil {
		t.Fatal(errs)
	}
	id := aws.ToString(key.AccessKey.AccessKeyId)
	_, err = c.IAM.CreateUser(ctx, &iam.CreateUserInput{UserName: user})
	_, err2 := c.IAM.TagUser(ctx, &iam.TagUserInput{UserName: user, Tags: []types.Tag{{Key: aws.String("secret"), Value: aws.String("secret")}}})
	_, err3 := c.IAM.AttachUserPolicy(ctx, &iam.AttachUserPolicyInput{UserName: user, PolicyArn: policy})
	_, err4 := c.IAM.DeleteAccessKey(ctx, &iam.DeleteAccessKeyInput{UserName: user, AccessKeyId: &id})
	_, err5 := c.ECR.GetAuthorizationToken(ctx, &ecr.GetAuthorizationTokenInput{})
	if err == nil || errors.Join(err2, err4, err5) != nil {
		t.Fatal(err, err2, err3, err4, err5)
	}
	if _, err := c.IAM.DeleteAccessKey(ctx, &iam.DeleteAccessKeyInput{}); err == nil {
		t.Fatal("a call without its input was sent")
	}

	var told, changes []string
	for _, e := range kept.effects {
		told = append(told, fmt.Sprintln(e.RequestID, e.Operator, e.Action, e.Result))
	}
	for _, r := range seen.all(t) {
		if !strings.Contains(r.UserAgent, " run/"+run) {
			t.Errorf("%s has the user agent %q", r.Action, r.UserAgent)
		}
		if r.Outcome != "ok" || !strings.HasPrefix(r.Action, "iam:Get") && strings.HasPrefix(r.Action, "iam:") {
			changes = append(changes, fmt.Sprintln(r.ID, r.Principal, r.Action, r.Outcome))
		}
	}
	if diff := cmp.Diff(changes, told); diff != "" {
		t.Errorf("asked of AWS (-), told (+): %s", diff)
	}
	var resources []string
	for _, e := range kept.effects {
		resources = append(resources, e.Resource)
		if e.Step != "a-step" || e.Account != sandboxtest.Destination || len(e.Earlier) > 0 {
			t.Errorf("told of %+v", e)
		}
	}
	want := []string{
		aws.ToString(made.User.Arn), "user/u accesskey/" + id, "arn:aws:iam::999999999999:user/u", "user/u",
		"user/u arn:aws:iam::aws:policy/ReadOnlyAccess", "user/u accesskey/" + id,
	}
	if diff := cmp.Diff(want, resources); diff != "" {
		t.Error(diff)
	}
}

func TestNothingIsSentThatCannotBeRecorded(t *testing.T) {
	l, c, kept, _ := audited(t)
	kept.refuse = errors.New("the disk is full")
	user := &iam.CreateUserInput{UserName: aws.String("u")}
	if _, err := c.IAM.CreateUser(t.Context(), user); !errors.Is(err, kept.refuse) {
		t.Errorf("CreateUser: %v", err)
	}
	if _, err := c.IAM.ListAccessKeys(t.Context(), &iam.ListAccessKeysInput{}); err != nil {
		t.Errorf("a read was refused: %v", err)
	}
	if _, err := l.IAM(sandboxtest.Destination).GetUser(t.Context(), &iam.GetUserInput{UserName: user.UserName}); err == nil || len(kept.effects) > 0 {
		t.Errorf("the user was made; told of %v", kept.effects)
	}
}

// What takes back what the same run has done is sent nevertheless.
func TestWhatMendsIsSentThoughItCannotBeRecorded(t *testing.T) {
	l, c, kept, _ := audited(t)
	kept.refuse = errors.New("the disk is full")
	user := &iam.CreateUserInput{UserName: aws.String("u")}
	if _, err := c.IAM.CreateUser(audit.Mending(t.Context()), user); err != nil {
		t.Errorf("CreateUser: %v", err)
	}
	if _, err := l.IAM(sandboxtest.Destination).GetUser(t.Context(), &iam.GetUserInput{UserName: user.UserName}); err != nil || len(kept.effects) != 1 {
		t.Errorf("GetUser: %v; told of %v", err, kept.effects)
	}
}

func signedFor(r *http.Request, service string) bool {
	return strings.Contains(r.Header.Get("Authorization"), "/"+service+"/aws4_request")
}

// unlucky loses the first so many answers of IAM.
type unlucky struct {
	http.RoundTripper
	left int
}

func (u *unlucky) RoundTrip(r *http.Request) (*http.Response, error) {
	response, err := u.RoundTripper.RoundTrip(r)
	if err != nil || !signedFor(r, "iam") || u.left == 0 {
		return response, err
	}
	u.left--
	return nil, errors.Join(errors.New("connection reset by peer"), response.Body.Close())
}

func TestAttemptsWhoseAnswerWasLostAreTold(t *testing.T) {
	for lost, want := range [][]audit.Result{
		{"ok"}, {"lost", "EntityAlreadyExists"}, {"lost", "lost", "EntityAlreadyExists"}, {"lost", "lost", "lost"},
	} {
		kept := &recorder{}
		l := newLab(t, sandbox.Config{})
		f := l.factory(t, "", func(c *awsclient.Config) {
			c.Effects, c.HTTPClient = kept, &http.Client{Transport: &unlucky{l.transport, lost}}
		})
		if _, err := clients(t, f, profile(sandboxtest.Destination)).IAM.CreateUser(t.Context(), &iam.CreateUserInput{UserName: aws.String("u")}); (err == nil) != (lost == 0) {
			t.Fatal(err)
		}
		var got []audit.Result
		for _, o := range append(kept.effects[0].Earlier, kept.effects[0].Outcome) {
			got = append(got, o.Result)
			if (o.RequestID == "") != (o.Result == audit.Lost) {
				t.Errorf("%s has the request id %q", o.Result, o.RequestID)
			}
		}
		if diff := cmp.Diff(want, got); diff != "" || len(kept.effects) != 1 {
			t.Errorf("%d answers lost: %s", lost, diff)
		}
	}
}

func TestACallOfNobodyKnownIsNotMade(t *testing.T) {
	kept := &recorder{}
	l := newLab(t, sandbox.Config{})
	away := errors.New("STS is away")
	f := l.factory(t, "", func(c *awsclient.Config) {
		c.Effects = kept
		c.HTTPClient = &http.Client{Transport: through(func(r *http.Request) (*http.Response, error) {
			if signedFor(r, "sts") {
				return nil, away
			}
			return l.transport.RoundTrip(r)
		})}
	})
	c := clients(t, f, profile(sandboxtest.Destination))
	if _, err := c.IAM.CreateUser(t.Context(), &iam.CreateUserInput{UserName: aws.String("u")}); !errors.Is(err, away) || len(kept.effects) > 0 {
		t.Errorf("CreateUser: %v, told of %v", err, kept.effects)
	}
}

type through func(*http.Request) (*http.Response, error)

func (f through) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// TestTheTableKnowsWhatARunCalls calls everything that a run does with IAM, and holds the table against the rule by which
// IAM names what only reads.
func TestTheTableKnowsWhatARunCalls(t *testing.T) {
	_, c, kept, _ := audited(t)
	if _, err := c.STS.AssumeRole(t.Context(), &sts.AssumeRoleInput{RoleArn: aws.String(arn.IAM("111111111111", "role", "/", "r").String()), RoleSessionName: aws.String("s")}); err == nil || len(kept.effects) > 0 {
		t.Errorf("AssumeRole: %v, told of %v", err, kept.effects)
	}
	used := reflect.TypeFor[provision.IAM]()
	for i := range used.NumMethod() {
		name := used.Method(i).Name
		method := reflect.ValueOf(c.IAM).MethodByName(name)
		in := reflect.New(method.Type().In(1).Elem())
		for j := range in.Elem().NumField() {
			if field := in.Elem().Field(j); field.Type() == reflect.TypeFor[*string]() && field.CanSet() {
				field.Set(reflect.ValueOf(aws.String("arn:aws:iam::999999999999:policy/xxxxxxxxx")))
			}
		}
		if tags := in.Elem().FieldByName("Tags"); tags.IsValid() {
			tags.Set(reflect.ValueOf([]types.Tag{}))
		}
		if keys := in.Elem().FieldByName("TagKeys"); keys.IsValid() {
			keys.Set(reflect.ValueOf([]string{}))
		}
		if status := in.Elem().FieldByName("Status"); status.IsValid() {
			status.SetString("Inactive")
		}
		kept.effects = nil
		method.Call([]reflect.Value{reflect.ValueOf(t.Context()), in})
		reads := strings.HasPrefix(name, "Get") || strings.HasPrefix(name, "List")
		if (len(kept.effects) == 0) != reads {
			t.Errorf("%s: told of %v", name, kept.effects)
		}
		if !reads && (kept.effects[0].Action != "iam:"+name || !strings.Contains(kept.effects[0].Resource, "policy/xxxxxxxxx")) {
			t.Errorf("%s: told of %+v", name, kept.effects[0])
		}
	}
}
