package awsclient_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"github.com/pullpass/pullpass/arn"
	"github.com/pullpass/pullpass/internal/awsclient"
	"github.com/pullpass/pullpass/internal/share"
	"github.com/pullpass/pullpass/sandbox"
	"github.com/pullpass/pullpass/sandbox/sandboxtest"
)

const subscription = "e29fd0d2-d8a8-4ed4-be54-c6c0dd0f7964"

// lab is a sandbox with a directory, whose profiles are named by account id.
type lab struct {
	*sandboxtest.Sandbox
	file      string
	transport *http.Transport
}

func newLab(t *testing.T, config sandbox.Config) lab {
	t.Helper()
	config.Dir = t.TempDir()
	s := sandboxtest.Start(t, config)
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	return lab{Sandbox: s, file: sandbox.ConfigFile(config.Dir), transport: transport}
}

// factory reads the sandbox's profiles and further text.
func (l lab) factory(t *testing.T, profiles string, change ...func(*awsclient.Config)) *awsclient.Factory {
	t.Helper()
	more := filepath.Join(t.TempDir(), "config")
	if err := os.WriteFile(more, []byte(profiles), 0o600); err != nil {
		t.Fatal(err)
	}
	c := awsclient.Config{
		HTTPClient: &http.Client{Transport: l.transport}, ConfigFiles: []string{l.file, more}, CredentialsFiles: []string{},
		Region: "us-west-2", Retry: awsclient.Retry{MaxAttempts: 3, MaxBackoff: time.Millisecond},
	}
	for _, f := range change {
		f(&c)
	}
	return awsclient.New(c)
}

func clients(t *testing.T, f *awsclient.Factory, access share.Access) *awsclient.Clients {
	t.Helper()
	c, err := f.For(t.Context(), access, "us-west-2")
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func profile(account arn.AccountID) share.Access { return share.Access{Profile: string(account)} }

func TestAProfileLeadsToItsAccount(t *testing.T) {
	f := newLab(t, sandbox.Config{}).factory(t, "")
	for _, account := range []arn.AccountID{sandboxtest.Source, sandboxtest.Destination} {
		caller, err := clients(t, f, profile(account)).Caller(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if want := arn.IAM(account, "user", "/", "administrator"); caller != want {
			t.Errorf("profile %s leads to %s, want %s", account, caller, want)
		}
	}
	first, again := clients(t, f, profile(sandboxtest.Source)), clients(t, f, profile(sandboxtest.Source))
	if first != again {
		t.Error("one access gave two sets of clients, each with a pace of its own")
	}
}

func TestAProfileThatIsNotThereIsNamed(t *testing.T) {
	_, err := newLab(t, sandbox.Config{}).factory(t, "").For(t.Context(), share.Access{Profile: "nobody"}, "us-west-2")
	if err == nil || !strings.Contains(err.Error(), "profile nobody") {
		t.Errorf("got error %v", err)
	}
}

// role makes a role that the administrator of the destination may assume, under the conditions given.
func role(t *testing.T, l lab, condition string) arn.ARN {
	t.Helper()
	_, err := l.IAM(sandboxtest.Source).CreateRole(t.Context(), &iam.CreateRoleInput{
		RoleName: aws.String("visitors"),
		AssumeRolePolicyDocument: aws.String(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"999999999999"},` +
			`"Action":"sts:AssumeRole","Condition":{` + condition + `}}]}`),
	})
	if err != nil {
		t.Fatal(err)
	}
	return arn.IAM(sandboxtest.Source, "role", "/", "visitors")
}

func TestARoleIsAssumedWithItsExternalID(t *testing.T) {
	l := newLab(t, sandbox.Config{})
	access := share.Access{
		RoleARN:       role(t, l, `"StringEquals":{"sts:ExternalId":"quite-secret","sts:RoleSessionName":"pullpass"}`),
		SourceProfile: "999999999999", ExternalID: "quite-secret",
	}
	caller, err := clients(t, l.factory(t, ""), access).Caller(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if want := arn.AssumedRole(sandboxtest.Source, "visitors", "pullpass"); caller != want {
		t.Errorf("the caller is %s, want %s", caller, want)
	}
	access.ExternalID = "wrong"
	if _, err := clients(t, l.factory(t, ""), access).Caller(t.Context()); err == nil {
		t.Error("another external id was let in")
	}
}

func TestAnMFACodeIsAskedForOrItsLackIsNamed(t *testing.T) {
	l := newLab(t, sandbox.Config{})
	serial := "arn:aws:iam::999999999999:mfa/administrator"
	profiles := fmt.Sprintf("[profile mfa]\nrole_arn = %s\nsource_profile = 999999999999\nmfa_serial = %s\nregion = us-west-2\nservices = sandbox\n",
		role(t, l, `"StringLike":{"aws:PrincipalArn":"*"}`), serial)
	_, err := clients(t, l.factory(t, profiles), share.Access{Profile: "mfa"}).Caller(t.Context())
	if !errors.Is(err, awsclient.ErrNoToken) || !strings.Contains(err.Error(), "profile mfa") {
		t.Errorf("got error %v, want one that names the profile", err)
	}
	asked := ""
	f := l.factory(t, profiles, func(c *awsclient.Config) {
		c.Token = func(_ context.Context, serial string) (string, error) {
			asked = serial
			return "", errors.New("the user went away")
		}
	})
	if _, err := clients(t, f, share.Access{Profile: "mfa"}).Caller(t.Context()); err == nil || !strings.Contains(err.Error(), "the user went away") {
		t.Errorf("got error %v", err)
	}
	if asked != serial {
		t.Errorf("asked for a code of %q, want %q", asked, serial)
	}
}

func TestASubscriptionIsReadWithItsRegistry(t *testing.T) {
	now := time.Now().Truncate(time.Second).UTC()
	seed := sandbox.DefaultSeed(now)
	l := newLab(t, sandbox.Config{Seed: seed})
	c := clients(t, l.factory(t, ""), profile(sandboxtest.Source))
	got, err := c.Subscriptions.Describe(t.Context(), subscription)
	if err != nil {
		t.Fatal(err)
	}
	want := awsclient.Subscription{
		ID: subscription, ARN: "arn:aws:eks:us-west-2:111111111111:eks-anywhere-subscription/" + subscription, Status: "ACTIVE",
		PackageRegistry: "346438352937.dkr.ecr.us-west-2.amazonaws.com", Effective: now.AddDate(0, -1, 0), Expires: now.AddDate(0, 11, 0),
	}
	if got != want {
		t.Errorf("got %+v\nwant %+v", got, want)
	}
	if _, err := c.Subscriptions.Describe(t.Context(), "e29fd0d2-0000-4ed4-be54-c6c0dd0f7964"); !errors.Is(err, awsclient.ErrNoSubscription) {
		t.Errorf("got error %v, want %v", err, awsclient.ErrNoSubscription)
	}
}

// answering is a transport that answers some requests itself.
type answering struct {
	http.RoundTripper
	count  atomic.Int64
	answer func(n int64) *http.Response
}

func (a *answering) RoundTrip(request *http.Request) (*http.Response, error) {
	if response := a.answer(a.count.Add(1)); response != nil {
		return response, request.Body.Close()
	}
	return a.RoundTripper.RoundTrip(request)
}

func refusal(status int, code string) *http.Response {
	recorder := &http.Response{StatusCode: status, Header: http.Header{"Content-Type": {"text/xml"}}, ProtoMajor: 1, ProtoMinor: 1}
	recorder.Body = http.NoBody
	text := `<ErrorResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/"><Error><Type>Sender</Type><Code>` + code +
		`</Code><Message>try again</Message></Error><RequestId>1</RequestId></ErrorResponse>`
	recorder.Body = body(text)
	return recorder
}

func TestThrottlingAndConflictsAreTriedAgainUpToTheBound(t *testing.T) {
	l := newLab(t, sandbox.Config{})
	for name, test := range map[string]struct {
		code     string
		refused  int64
		attempts int64
		code2    string
	}{
		"throttled twice":           {code: "Throttling", refused: 2, attempts: 3},
		"throttled for ever":        {code: "Throttling", refused: 100, attempts: 3, code2: "Throttling"},
		"a conflict, once":          {code: "ConcurrentModification", refused: 1, attempts: 2},
		"a refusal that is a final": {code: "AccessDenied", refused: 100, attempts: 1, code2: "AccessDenied"},
	} {
		t.Run(name, func(t *testing.T) {
			a := &answering{RoundTripper: l.transport, answer: func(n int64) *http.Response {
				if n <= test.refused {
					return refusal(http.StatusBadRequest, test.code)
				}
				return nil
			}}
			f := l.factory(t, "", func(c *awsclient.Config) { c.HTTPClient = &http.Client{Transport: a} })
			_, err := clients(t, f, profile(sandboxtest.Source)).IAM.ListRoles(t.Context(), &iam.ListRolesInput{})
			if got := a.count.Load(); got != test.attempts {
				t.Errorf("%d attempts, want %d", got, test.attempts)
			}
			if (err == nil) != (test.code2 == "") || err != nil && !strings.Contains(err.Error(), test.code2) {
				t.Errorf("got error %v, want %q", err, test.code2)
			}
		})
	}
}

func TestSettlingRepeatsWhatAWSDoesNotKnowYetAndNothingElse(t *testing.T) {
	fault := func(code, message string) error {
		return &types.MalformedPolicyDocumentException{ErrorCodeOverride: aws.String(code), Message: aws.String(message)}
	}
	for name, test := range map[string]struct {
		err   error
		times int
		calls int
		fails bool
	}{
		"a key that is new":                     {err: fault("InvalidClientTokenId", ""), times: 3, calls: 4},
		"a permission that is new":              {err: fault("AccessDenied", "because no identity-based policy allows it"), times: 1, calls: 2},
		"a principal that is new":               {err: fault("MalformedPolicyDocument", "Invalid principal in policy"), times: 1, calls: 2},
		"an explicit deny":                      {err: fault("AccessDenied", "with an explicit deny in a service control policy"), times: 1, calls: 1, fails: true},
		"a policy that is wrong":                {err: fault("MalformedPolicyDocument", "Syntax errors in policy."), times: 1, calls: 1, fails: true},
		"an entity that is new":                 {err: fault("NoSuchEntity", ""), times: 1, calls: 2},
		"what was not found yet":                {err: fmt.Errorf("user x: %w", awsclient.ErrNotSeen), times: 2, calls: 3},
		"a network that fails":                  {err: errors.New("connection reset"), times: 1, calls: 1, fails: true},
		"what does not settle within the limit": {err: fault("AccessDenied", ""), times: 1000, calls: 6, fails: true},
	} {
		t.Run(name, func(t *testing.T) {
			var waited time.Duration
			s := awsclient.Settling{
				Limit:  20 * time.Second,
				Wait:   func(_ context.Context, d time.Duration) error { waited += d; return nil },
				Jitter: func() float64 { return 0 },
			}
			calls := 0
			err := s.Do(t.Context(), func(context.Context) error {
				if calls++; calls <= test.times {
					return test.err
				}
				return nil
			})
			if calls != test.calls || (err != nil) != test.fails {
				t.Errorf("%d calls, error %v; want %d calls", calls, err, test.calls)
			}
			if waited > s.Limit {
				t.Errorf("waited %s, the limit is %s", waited, s.Limit)
			}
		})
	}
}

func TestSettlingEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	calls := 0
	err := awsclient.Settling{}.Do(ctx, func(context.Context) error {
		calls++
		return &types.MalformedPolicyDocumentException{ErrorCodeOverride: aws.String("InvalidClientTokenId")}
	})
	if calls != 1 || !errors.Is(err, context.Canceled) {
		t.Errorf("%d calls, error %v", calls, err)
	}
}
