package oci_test

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"

	"github.com/pullpass/pullpass/arn"
	"github.com/pullpass/pullpass/sandbox"
	"github.com/pullpass/pullpass/sandbox/sandboxtest"
)

const (
	packagesHost = "346438352937.dkr.ecr.us-west-2.amazonaws.com"
	sourceHost   = "111111111111.dkr.ecr.us-west-2.amazonaws.com"
	bundle       = "eks-anywhere-packages-bundles"
	probe        = bundle + ":v1-31-latest"
)

// lab is a sandbox with a clock that a test moves, and clients that reach it under real host names.
type lab struct {
	*sandboxtest.Sandbox
	t         testing.TB
	transport *http.Transport
	ahead     atomic.Int64 // nanoseconds
}

func newLab(t testing.TB) *lab {
	t.Helper()
	return newLabWith(t, sandbox.Seed{})
}

func newLabWith(t testing.TB, seed sandbox.Seed) *lab {
	t.Helper()
	l := &lab{t: t}
	began := time.Now()
	l.Sandbox = sandboxtest.Start(t, sandbox.Config{
		Seed:  seed,
		Clock: func() time.Time { return began.Add(time.Duration(l.ahead.Load())) },
	})
	transport, err := l.Server.Ready().Transport()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(transport.CloseIdleConnections)
	l.transport = transport
	return l
}

// at moves the sandbox's clock ahead of the real one, by which the SDK signs and TLS certificates are checked: a test
// that waits long asks on loopback, and comes back before it signs.
func (l *lab) at(d time.Duration) { l.ahead.Store(int64(d)) }

// onLoopback is where the packages registry is without TLS.
func (l *lab) onLoopback() string { return l.Server.Ready().Registries[packagesHost] }

func (l *lab) loopbackProbe() name.Reference {
	l.t.Helper()
	return ok(name.ParseReference(strings.TrimPrefix(l.onLoopback(), "http://")+"/"+probe, name.Insecure))(l.t)
}

// ok returns the result of a call that must succeed.
func ok[T any](v T, err error) func(testing.TB) T {
	return func(t testing.TB) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// password is a registry token of whoever the configuration signs as.
func (l *lab) password(config aws.Config) string {
	l.t.Helper()
	out := ok(ecr.NewFromConfig(config).GetAuthorizationToken(l.t.Context(), nil))(l.t)
	raw := ok(base64.StdEncoding.DecodeString(aws.ToString(out.AuthorizationData[0].AuthorizationToken)))(l.t)
	user, password, _ := strings.Cut(string(raw), ":")
	if user != "AWS" {
		l.t.Fatalf("the user is %q", user)
	}
	return password
}

// as are the options of a registry client that has a token of the account's administrator.
func (l *lab) as(account arn.AccountID) []remote.Option { return l.with(l.password(l.As(account))) }

func (l *lab) with(password string) []remote.Option {
	return []remote.Option{
		remote.WithAuth(&authn.Basic{Username: "AWS", Password: password}), remote.WithTransport(l.transport),
		remote.WithContext(l.t.Context()),
	}
}

func reference(t testing.TB, s string) name.Reference {
	t.Helper()
	return ok(name.ParseReference(s))(t)
}

// user makes a user of the source account with a policy, "" for none, and returns a configuration that signs as him.
func (l *lab) user(userName, policy string) aws.Config {
	l.t.Helper()
	admin := l.IAM(sandboxtest.Source)
	ok(admin.CreateUser(l.t.Context(), &iam.CreateUserInput{UserName: &userName}))(l.t)
	if policy != "" {
		l.allow(userName, policy)
	}
	key := ok(admin.CreateAccessKey(l.t.Context(), &iam.CreateAccessKeyInput{UserName: &userName}))(l.t).AccessKey
	return l.With(aws.ToString(key.AccessKeyId), aws.ToString(key.SecretAccessKey), "")
}

// allow gives a user actions, besides that of getting a token.
func (l *lab) allow(userName string, actions ...string) {
	l.t.Helper()
	list := ok(json.Marshal(actions))(l.t)
	document := fmt.Sprintf(`{"Version":"2012-10-17","Statement":[
		{"Effect":"Allow","Action":"ecr:GetAuthorizationToken","Resource":"*"},
		{"Effect":"Allow","Action":%s,"Resource":"arn:aws:ecr:us-west-2:*:repository/*"}]}`, list)
	ok(l.IAM(sandboxtest.Source).PutUserPolicy(l.t.Context(), &iam.PutUserPolicyInput{
		UserName: &userName, PolicyName: aws.String("p"), PolicyDocument: &document,
	}))(l.t)
}

func (l *lab) repository(repositoryName string, change ...func(*ecr.CreateRepositoryInput)) {
	l.t.Helper()
	in := &ecr.CreateRepositoryInput{RepositoryName: &repositoryName}
	for _, c := range change {
		c(in)
	}
	ok(l.ECR(sandboxtest.Source).CreateRepository(l.t.Context(), in))(l.t)
}

// answer is what the registry says to a plain request.
type answer struct {
	status  int
	header  http.Header
	body    string
	code    string
	message string
}

// ask sends a request that follows no redirect.
func (l *lab) ask(method, url, user, password string, body io.Reader, header ...string) answer {
	l.t.Helper()
	r := ok(http.NewRequestWithContext(l.t.Context(), method, url, body))(l.t)
	if user != "" {
		r.SetBasicAuth(user, password)
	}
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	response := ok(l.transport.RoundTrip(r))(l.t)
	content, err := io.ReadAll(response.Body)
	if err := errors.Join(err, response.Body.Close()); err != nil {
		l.t.Fatal(err)
	}
	a := answer{status: response.StatusCode, header: response.Header, body: string(content)}
	var errs struct {
		Errors []struct{ Code, Message string }
	}
	if json.Unmarshal(content, &errs) == nil && len(errs.Errors) == 1 {
		a.code, a.message = errs.Errors[0].Code, errs.Errors[0].Message
	}
	return a
}

// refused checks that a registry client failed with a status and a code.
func refused(t testing.TB, err error, status int, code transport.ErrorCode) {
	t.Helper()
	var failure *transport.Error
	if !errors.As(err, &failure) {
		t.Fatalf("got %v, want %d %s", err, status, code)
	}
	if failure.StatusCode != status || len(failure.Errors) != 1 || failure.Errors[0].Code != code {
		t.Errorf("got %d %v, want %d %s", failure.StatusCode, failure.Errors, status, code)
	}
}
