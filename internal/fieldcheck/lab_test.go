package fieldcheck_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"io"
	"net/http"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/iam"

	"github.com/pullpass/pullpass/arn"
	"github.com/pullpass/pullpass/internal/awsclient"
	"github.com/pullpass/pullpass/internal/fieldcheck"
	"github.com/pullpass/pullpass/internal/share"
	"github.com/pullpass/pullpass/sandbox"
	"github.com/pullpass/pullpass/sandbox/sandboxtest"
)

const subscription = "e29fd0d2-d8a8-4ed4-be54-c6c0dd0f7964"

// lab is a sandbox in the place of AWS.
type lab struct {
	t   *testing.T
	box *sandboxtest.Sandbox
	// transport carries every request of the field; a test may put something before it.
	transport http.RoundTripper
	dir       string
}

func newLab(t *testing.T, config sandbox.Config) *lab {
	t.Helper()
	l := &lab{t: t, dir: filepath.Join(t.TempDir(), "box")}
	config.Dir = l.dir
	l.box = sandboxtest.Start(t, config)
	transport, err := l.box.Server.Ready().Transport()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(transport.CloseIdleConnections)
	l.transport = transport
	return l
}

// field is a configuration that leads to the lab, where waiting takes no time.
func (l *lab) field() fieldcheck.Config {
	l.t.Helper()
	return l.fieldOf(sandbox.ConfigFile(l.dir))
}

// fieldOf is that of the profiles in a configuration file, each named by its account.
func (l *lab) fieldOf(file string) fieldcheck.Config {
	l.t.Helper()
	client := &http.Client{Transport: l.transport}
	factory := awsclient.New(awsclient.Config{
		HTTPClient: client, ConfigFiles: []string{file}, CredentialsFiles: []string{},
		Region: sandboxtest.Region, Isolated: true, Retry: awsclient.Retry{MaxBackoff: time.Millisecond},
	})
	return fieldcheck.Config{
		Source: l.side(factory, sandboxtest.Source), Destination: l.side(factory, sandboxtest.Destination),
		Region: sandboxtest.Region, Subscription: subscription, HTTPClient: client, Random: rand.Reader, Now: time.Now,
		Wait: func(ctx context.Context, _ time.Duration) error { return ctx.Err() },
	}
}

func (l *lab) side(factory *awsclient.Factory, account arn.AccountID) fieldcheck.Side {
	l.t.Helper()
	clients, err := factory.For(l.t.Context(), share.Access{Profile: string(account)}, sandboxtest.Region)
	if err != nil {
		l.t.Fatal(err)
	}
	return fieldcheck.Side{
		Account: account, IAM: clients.IAM, Subscriptions: clients.Subscriptions, Keys: clients.IAM.Options().Credentials.Retrieve,
	}
}

// run does all checks, or those of some names.
func (l *lab) run(ctx context.Context, config fieldcheck.Config, only ...string) (map[fieldcheck.ID]fieldcheck.Observation, error) {
	l.t.Helper()
	checks, err := fieldcheck.Select(only)
	if err != nil {
		l.t.Fatal(err)
	}
	return l.start(config).Run(ctx, checks)
}

func (l *lab) start(config fieldcheck.Config) *fieldcheck.Field {
	l.t.Helper()
	field, err := fieldcheck.New(config)
	if err != nil {
		l.t.Fatal(err)
	}
	return field
}

// things are the users, roles, policies and repositories of both accounts, but for the administrators.
func (l *lab) things() []string {
	l.t.Helper()
	var names []string
	for _, account := range []arn.AccountID{sandboxtest.Source, sandboxtest.Destination} {
		out, err := l.box.IAM(account).GetAccountAuthorizationDetails(l.t.Context(), &iam.GetAccountAuthorizationDetailsInput{})
		if err != nil {
			l.t.Fatal(err)
		}
		for _, u := range out.UserDetailList {
			names = append(names, aws.ToString(u.Arn))
		}
		for _, r := range out.RoleDetailList {
			names = append(names, aws.ToString(r.Arn))
		}
		for _, p := range out.Policies {
			names = append(names, aws.ToString(p.Arn))
		}
		repositories, err := l.box.ECR(account).DescribeRepositories(l.t.Context(), &ecr.DescribeRepositoriesInput{})
		if err != nil {
			l.t.Fatal(err)
		}
		for _, r := range repositories.Repositories {
			names = append(names, aws.ToString(r.RepositoryArn))
		}
	}
	names = slices.DeleteFunc(names, func(name string) bool {
		return strings.HasSuffix(name, ":user/administrator") || strings.HasPrefix(name, "arn:aws:iam::aws:")
	})
	slices.Sort(names)
	return names
}

func (l *lab) mustBeEmpty() {
	l.t.Helper()
	if left := l.things(); len(left) > 0 {
		l.t.Errorf("this is left:\n%s", strings.Join(left, "\n"))
	}
}

// interruption ends something when a request of a number is sent, before it or after it.
type interruption struct {
	next  http.RoundTripper
	at    int64
	after bool
	end   func()
	count atomic.Int64
}

func (i *interruption) RoundTrip(r *http.Request) (*http.Response, error) {
	number := i.count.Add(1)
	if number == i.at && !i.after {
		i.end()
	}
	response, err := i.next.RoundTrip(r)
	if number == i.at && i.after {
		i.end()
	}
	return response, err
}

// clear makes the weather fair.
func (l *lab) clear() {
	l.t.Helper()
	request, err := http.NewRequestWithContext(l.t.Context(), http.MethodPut, l.box.Server.Ready().Control+"/weather", strings.NewReader("fair"))
	if err != nil {
		l.t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		l.t.Fatal(err)
	}
	if err := response.Body.Close(); err != nil || response.StatusCode >= http.StatusMultipleChoices {
		l.t.Fatalf("clearing the weather: %s %v", response.Status, err)
	}
}

// secrets remembers the secrets of keys, the session tokens and the registry tokens that pass, and every key's id.
type secrets struct {
	next  http.RoundTripper
	found []string
}

var secretShapes = regexp.MustCompile(`<(?:SecretAccessKey|SessionToken|AccessKeyId)>([^<]+)<|"authorizationToken":"([^"]+)"`)

func (s *secrets) RoundTrip(r *http.Request) (*http.Response, error) {
	response, err := s.next.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(response.Body)
	if err := errors.Join(err, response.Body.Close()); err != nil {
		return nil, err
	}
	for _, match := range secretShapes.FindAllStringSubmatch(string(body), -1) {
		s.found = append(s.found, match[1]+match[2])
	}
	response.Body = io.NopCloser(bytes.NewReader(body))
	return response, nil
}
