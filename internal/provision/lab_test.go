package provision_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/pullpass/pullpass/arn"
	"github.com/pullpass/pullpass/internal/awsclient"
	"github.com/pullpass/pullpass/internal/delivery"
	"github.com/pullpass/pullpass/internal/plan"
	"github.com/pullpass/pullpass/internal/provision"
	"github.com/pullpass/pullpass/internal/registry"
	"github.com/pullpass/pullpass/internal/share"
	"github.com/pullpass/pullpass/sandbox"
	"github.com/pullpass/pullpass/sandbox/sandboxtest"
)

const (
	source = sandboxtest.Source
	retail = sandboxtest.Destination
	depot  = sandboxtest.Other
)

// lab is a share, a sandbox to make it in and a directory to deliver to.
type lab struct {
	t       testing.TB
	sandbox *sandboxtest.Sandbox
	desired share.Desired
	out     string
	runs    int
	// transport carries the requests of runs.
	transport http.RoundTripper
	// access are the accounts that runs may work in.
	access []arn.AccountID
	// settling is how runs wait for what was just made.
	settling awsclient.Settling
	// stubborn lets runs repeat calls that fail on the way.
	stubborn bool
	events   []provision.Event
}

const twoDestinations = `
  destinations:
    - account: "999999999999"
      access: {profile: "999999999999"}
      clusters:
        - {name: store-001, directory: store-001}
        - {name: store-002, directory: store-002}
    - account: "222222222222"
      access: {profile: "222222222222"}
      clusters:
        - {name: depot-001, directory: depot-001}
`

const documented = "  posture: documented"

func newLab(t testing.TB, config sandbox.Config, lines ...string) *lab {
	t.Helper()
	return &lab{
		t: t, sandbox: sandboxtest.Start(t, config), desired: derive(t, twoDestinations, lines...), out: t.TempDir(),
		access: []arn.AccountID{source, retail, depot}, settling: awsclient.Settling{Limit: -1}, transport: network(t),
	}
}

// network is a transport of the test's own. Its connections are closed before the sandbox is: a server that shuts down waits
// for those that were opened and never used.
func network(t testing.TB) *http.Transport {
	transport := &http.Transport{MaxIdleConnsPerHost: 256}
	t.Cleanup(transport.CloseIdleConnections)
	return transport
}

func derive(t testing.TB, destinations string, lines ...string) share.Desired {
	t.Helper()
	doc, err := share.Parse("share.yaml", []byte(`apiVersion: pullpass.dev/v1alpha1
kind: Share
metadata: {name: packages}
spec:
  registry: {region: us-west-2}
  source: {account: "111111111111", access: {profile: "111111111111"}}
`+strings.TrimPrefix(destinations, "\n")+strings.Join(append(lines, ""), "\n")))
	if err != nil {
		t.Fatal(err)
	}
	desired, err := doc.Desired(registry.Registry{Account: "346438352937", Region: "us-west-2"})
	if err != nil {
		t.Fatal(err)
	}
	return desired
}

// run is the configuration of another run of the same machine; earlier ones are over.
func (l *lab) run() provision.Config {
	l.runs++
	c := provision.Config{
		Accounts: map[arn.AccountID]provision.Opener{},
		Deliverer: func(_ context.Context, d share.ClusterDelivery) (provision.Deliverer, error) {
			return delivery.Directory{Path: filepath.Join(l.out, d.Directory)}, nil
		},
		Run:      plan.RunID(fmt.Sprintf("20261122T120000Z.%08d.laptop", l.runs)),
		Runs:     plan.Runs{Host: "laptop"},
		Settling: l.settling,
		Progress: func(e provision.Event) { l.events = append(l.events, e) },
	}
	for _, account := range l.access {
		open := sync.OnceValue(func() provision.Account { return l.open(account) }) // as awsclient.Factory does
		c.Accounts[account] = func(context.Context) (provision.Account, error) { return open(), nil }
	}
	return c
}

func (l *lab) open(account arn.AccountID) provision.Account {
	config := l.sandbox.As(account)
	config.HTTPClient = &http.Client{Transport: l.transport}
	if l.stubborn {
		config.RetryMaxAttempts = 0
		config.Retryer = func() aws.Retryer {
			return retry.NewStandard(func(o *retry.StandardOptions) { o.MaxBackoff = time.Millisecond })
		}
	}
	client := sts.NewFromConfig(config)
	return provision.Account{IAM: iam.NewFromConfig(config), Caller: func(ctx context.Context) (arn.ARN, error) {
		out, err := client.GetCallerIdentity(ctx, nil)
		if err != nil {
			return arn.ARN{}, err
		}
		return arn.Parse(aws.ToString(out.Arn))
	}}
}

func (l *lab) plan(c provision.Config, change ...func(*plan.Options)) *plan.Plan {
	l.t.Helper()
	observed, err := provision.Observe(l.t.Context(), c, l.desired)
	if err != nil {
		l.t.Fatal(err)
	}
	options := plan.Options{Run: c.Run, Now: time.Now()}
	for _, f := range change {
		f(&options)
	}
	p, err := plan.Diff(l.desired, observed, options)
	if err != nil {
		l.t.Fatal(err)
	}
	return p
}

// apply plans and applies, as one run.
func (l *lab) apply(change ...func(*plan.Options)) provision.Result {
	l.t.Helper()
	c := l.run()
	result, err := provision.Apply(l.t.Context(), c, l.plan(c, change...))
	if err != nil {
		l.t.Fatal(err)
	}
	return result
}

func (l *lab) mustApply(change ...func(*plan.Options)) {
	l.t.Helper()
	if err := l.apply(change...).Err(); err != nil {
		l.t.Fatal(err)
	}
}

// mustBeSettled fails the test unless there is nothing left to do.
func (l *lab) mustBeSettled() {
	l.t.Helper()
	if p := l.plan(l.run()); !p.Empty() {
		l.t.Errorf("there is something left to do:\n%s", describe(l.t, p))
	}
}

func describe(t testing.TB, p *plan.Plan) string {
	t.Helper()
	var b strings.Builder
	if err := p.WriteText(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// keys returns the ids of a user's active keys, and fails the test if there is an inactive one.
func (l *lab) keys(account arn.AccountID, user string) []string {
	l.t.Helper()
	out, err := l.sandbox.IAM(account).ListAccessKeys(l.t.Context(), &iam.ListAccessKeysInput{UserName: aws.String(user)})
	if err != nil {
		l.t.Fatal(err)
	}
	var ids []string
	for _, k := range out.AccessKeyMetadata {
		if k.Status != "Active" {
			l.t.Errorf("key %s of %s is %s", aws.ToString(k.AccessKeyId), user, k.Status)
		}
		ids = append(ids, aws.ToString(k.AccessKeyId))
	}
	return ids
}

func (l *lab) held(cluster string) string {
	l.t.Helper()
	held, err := delivery.Directory{Path: filepath.Join(l.out, cluster)}.Read(l.t.Context())
	if err != nil {
		l.t.Fatal(err)
	}
	return string(held.Config.Key.ID)
}

// mustHoldTheOnlyKeys checks that every user has one key and that its clusters hold that one.
func (l *lab) mustHoldTheOnlyKeys() {
	l.t.Helper()
	for _, d := range l.desired.Destinations {
		for _, c := range d.Clusters {
			if keys, held := l.keys(d.Account, c.User), l.held(c.Cluster); !slices.Equal(keys, []string{held}) {
				l.t.Errorf("user %s has the keys %v, cluster %s holds %s", c.User, keys, c.Cluster, held)
			}
		}
	}
}

// recorder notes the actions that go through it.
type recorder struct {
	http.RoundTripper
	mu      sync.Mutex
	actions []string
}

func (r *recorder) RoundTrip(request *http.Request) (*http.Response, error) {
	action, err := actionOf(request)
	if err != nil {
		return nil, err
	}
	r.mu.Lock()
	r.actions = append(r.actions, action)
	r.mu.Unlock()
	return r.RoundTripper.RoundTrip(request)
}

func (r *recorder) writes() []string {
	return slices.DeleteFunc(slices.Clone(r.actions), func(action string) bool {
		return strings.HasPrefix(action, "Get") || strings.HasPrefix(action, "List")
	})
}

// actionOf reads the action of a Query request and leaves the body to be read again.
func actionOf(request *http.Request) (string, error) {
	if request.Body == nil {
		return "", errors.New("a request without a body")
	}
	body, err := io.ReadAll(request.Body)
	if err = errors.Join(err, request.Body.Close()); err != nil {
		return "", err
	}
	request.Body = io.NopCloser(bytes.NewReader(body))
	form, err := url.ParseQuery(string(body))
	return form.Get("Action"), err
}

func writeFile(t testing.TB, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
