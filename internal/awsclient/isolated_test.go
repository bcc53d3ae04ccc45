package awsclient_test

import (
	"errors"
	"maps"
	"net/http"
	"slices"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/google/go-cmp/cmp"

	"github.com/pullpass/pullpass/internal/awsclient"
	"github.com/pullpass/pullpass/internal/share"
	"github.com/pullpass/pullpass/sandbox"
	"github.com/pullpass/pullpass/sandbox/sandboxtest"
)

// hosts is a transport that remembers whom it was asked for.
type hosts struct {
	next http.RoundTripper
	mu   sync.Mutex
	seen map[string]bool
}

func (h *hosts) RoundTrip(r *http.Request) (*http.Response, error) {
	h.mu.Lock()
	h.seen[r.URL.Scheme+"://"+r.URL.Host] = true
	h.mu.Unlock()
	return h.next.RoundTrip(r)
}

func TestAnIsolatedAccessFollowsNeitherTheEnvironmentNorAConfiguredEndpoint(t *testing.T) {
	for name, value := range map[string]string{
		"AWS_ENDPOINT_URL": "http://127.0.0.1:1", "AWS_ENDPOINT_URL_STS": "http://127.0.0.1:1", "AWS_ENDPOINT_URL_IAM": "http://127.0.0.1:1",
		"AWS_DEFAULTS_MODE": "nonsense", "AWS_USE_FIPS_ENDPOINT": "true", "AWS_USE_DUALSTACK_ENDPOINT": "true",
		"AWS_PROFILE": "nobody", "AWS_REGION": "eu-west-1", "AWS_CA_BUNDLE": "/absent", "AWS_MAX_ATTEMPTS": "nonsense",
		"AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE", "AWS_SECRET_ACCESS_KEY": "wrong",
	} {
		t.Setenv(name, value)
	}
	l := newLab(t, sandbox.Config{})
	transport, err := l.Server.Ready().Transport()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(transport.CloseIdleConnections)
	h := &hosts{next: transport, seen: map[string]bool{}}
	f := l.factory(t, "", func(c *awsclient.Config) {
		c.HTTPClient, c.Isolated = &http.Client{Transport: h}, true
	})
	direct := clients(t, f, profile(sandboxtest.Source))
	if _, err := direct.Caller(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := direct.IAM.ListUsers(t.Context(), &iam.ListUsersInput{}); err != nil {
		t.Fatal(err)
	}
	if _, err := direct.Subscriptions.Describe(t.Context(), subscription); err != nil {
		t.Fatal(err)
	}
	assumed := share.Access{RoleARN: role(t, l, `"StringLike":{"aws:PrincipalArn":"*"}`), SourceProfile: string(sandboxtest.Destination)}
	if _, err := clients(t, f, assumed).Caller(t.Context()); err != nil {
		t.Fatal(err)
	}
	want := []string{"https://eks.us-west-2.amazonaws.com", "https://iam.amazonaws.com", "https://sts.us-west-2.amazonaws.com"}
	if diff := cmp.Diff(want, slices.Sorted(maps.Keys(h.seen))); diff != "" {
		t.Errorf("hosts asked (-want +got):\n%s", diff)
	}
}

func TestAnIsolatedAccessNeedsAProfileWithKeys(t *testing.T) {
	t.Setenv("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "wrong")
	f := newLab(t, sandbox.Config{}).factory(t, "[profile empty]\nregion = us-west-2\n", func(c *awsclient.Config) { c.Isolated = true })
	for name, access := range map[string]share.Access{
		"the default access":     {Default: true},
		"a profile without keys": {Profile: "empty"},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := f.For(t.Context(), access, "us-west-2"); !errors.Is(err, awsclient.ErrNoKeys) {
				t.Errorf("got error %v, want %v", err, awsclient.ErrNoKeys)
			}
		})
	}
}
