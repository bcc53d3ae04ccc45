package sandbox_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/eks"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/google/go-containerregistry/pkg/authn"

	"github.com/pullpass/pullpass/sandbox"
	"github.com/pullpass/pullpass/sandbox/sandboxtest"
)

const packagesHost = "346438352937.dkr.ecr.us-west-2.amazonaws.com"

// sky is a sandbox with weather, of which nothing is waited for in real time.
type sky struct {
	*sandboxtest.Sandbox
	t *testing.T

	mu    sync.Mutex
	waits []time.Duration
	lines bytes.Buffer
}

func under(t *testing.T, forecast string) *sky {
	t.Helper()
	parsed, err := sandbox.ParseForecast([]byte(forecast))
	if err != nil {
		t.Fatal(err)
	}
	s := &sky{t: t}
	s.Sandbox = sandboxtest.Start(t, sandbox.Config{Weather: parsed, Wait: s.wait, Requests: s})
	return s
}

func (s *sky) wait(_ context.Context, d time.Duration) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.waits = append(s.waits, d)
	return nil
}

func (s *sky) waited() (sum time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, d := range s.waits {
		sum += d
	}
	return sum
}

// Write takes a line of the request log.
func (s *sky) Write(line []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.lines.Write(line)
}

func (s *sky) log() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.lines.String()
}

// change makes other weather set in, as somebody outside does.
func (s *sky) change(forecast string) {
	s.t.Helper()
	request, err := http.NewRequestWithContext(s.t.Context(), http.MethodPut, s.Server.Ready().Control+"/weather", strings.NewReader(forecast))
	if err != nil {
		s.t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		s.t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	if answer, err := io.ReadAll(response.Body); err != nil || response.StatusCode != http.StatusOK {
		s.t.Fatalf("%d %s %v", response.StatusCode, answer, err)
	}
}

// get asks a URL on loopback, with a registry's password if there is one.
func (s *sky) get(address string, as authn.Authenticator) (status int, body string) {
	s.t.Helper()
	request, err := http.NewRequestWithContext(s.t.Context(), http.MethodGet, address, nil)
	if err != nil {
		s.t.Fatal(err)
	}
	if as != nil {
		config, err := as.Authorization()
		if err != nil {
			s.t.Fatal(err)
		}
		request.SetBasicAuth(config.Username, config.Password)
	}
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	response, err := client.Do(request)
	if err != nil {
		s.t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	read, err := io.ReadAll(response.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	if response.StatusCode == http.StatusTemporaryRedirect {
		return response.StatusCode, response.Header.Get("Location")
	}
	return response.StatusCode, string(read)
}

// layer returns the address of a layer of the packages registry, and the layer's size.
func (s *sky) layer(as authn.Authenticator) (address string, size int64) {
	s.t.Helper()
	base := s.Server.Ready().Registries[packagesHost] + "/v2/hello-eks-anywhere"
	_, text := s.get(base+"/manifests/latest", as)
	var manifest struct {
		Manifests []struct{ Digest string }
		Layers    []struct {
			Digest string
			Size   int64
		}
	}
	for {
		if err := json.Unmarshal([]byte(text), &manifest); err != nil {
			s.t.Fatalf("%v in %s", err, text)
		}
		if len(manifest.Manifests) == 0 {
			break
		}
		_, text = s.get(base+"/manifests/"+manifest.Manifests[0].Digest, as)
		manifest.Manifests = nil
	}
	_, address = s.get(base+"/blobs/"+manifest.Layers[0].Digest, as)
	return address, manifest.Layers[0].Size
}

func TestEachServiceHasItsOwnWordsForABadDay(t *testing.T) {
	s := under(t, "{}")
	as, ctx := s.As(sandboxtest.Source), t.Context()
	user := password(t, s.Sandbox)
	address, _ := s.layer(user)
	calls := map[string]func() error{
		"sts": func() error { _, err := sts.NewFromConfig(as).GetCallerIdentity(ctx, nil); return err },
		"iam": func() error { _, err := iam.NewFromConfig(as).ListUsers(ctx, nil); return err },
		"eks": func() error {
			_, err := eks.NewFromConfig(as).ListEksAnywhereSubscriptions(ctx, &eks.ListEksAnywhereSubscriptionsInput{})
			return err
		},
		"ecr": func() error { _, err := ecr.NewFromConfig(as).GetAuthorizationToken(ctx, nil); return err },
	}
	for _, test := range []struct {
		forecast string
		codes    map[string]string
		statuses map[string]int
		registry string
		layers   string
	}{
		{
			forecast: "rules: [{throttle: {share: 1}}]",
			codes: map[string]string{
				"sts": "Throttling", "iam": "Throttling", "eks": "ThrottlingException", "ecr": "ThrottlingException",
			},
			statuses: map[string]int{"sts": 400, "iam": 400, "eks": 429, "ecr": 400, "registry": 429, "layers": 503},
			registry: `{"errors":[{"code":"TOOMANYREQUESTS","message":"Rate exceeded"}]}`, layers: "<Code>SlowDown</Code>",
		},
		{
			forecast: "rules: [{errors: {internal: 1}}]",
			codes: map[string]string{
				"sts": "InternalFailure", "iam": "InternalFailure", "eks": "InternalFailure", "ecr": "InternalFailure",
			},
			statuses: map[string]int{"sts": 500, "iam": 500, "eks": 500, "ecr": 500, "registry": 500, "layers": 500},
			registry: `"code":"UNKNOWN"`, layers: "<Code>InternalError</Code>",
		},
		{
			forecast: "rules: [{errors: {unavailable: 1}}]",
			codes: map[string]string{
				"sts": "ServiceUnavailable", "iam": "ServiceUnavailable", "eks": "ServiceUnavailable", "ecr": "ServiceUnavailable",
			},
			statuses: map[string]int{"sts": 503, "iam": 503, "eks": 503, "ecr": 503, "registry": 503, "layers": 503},
			registry: `"code":"UNAVAILABLE"`, layers: "<Code>ServiceUnavailable</Code>",
		},
	} {
		t.Run(test.forecast, func(t *testing.T) {
			s.change(test.forecast)
			for service, call := range calls {
				wantRefusal(t, call(), test.codes[service], test.statuses[service])
			}
			status, body := s.get(s.Server.Ready().Registries[packagesHost]+"/v2/", user)
			if status != test.statuses["registry"] || !strings.Contains(body, test.registry) {
				t.Errorf("the registry says %d %s", status, body)
			}
			status, body = s.get(address, nil)
			if status != test.statuses["layers"] || !strings.Contains(body, test.layers) {
				t.Errorf("the layer store says %d %s", status, body)
			}
		})
	}
}

// TestAResetLeavesTheEffectOrNot over plain connections and through the proxy, where it comes from below TLS.
func TestAResetLeavesTheEffectOrNot(t *testing.T) {
	for _, test := range []struct {
		when  string
		there bool
	}{{"before", false}, {"after", true}} {
		for _, way := range []string{"direct", "proxy"} {
			t.Run(test.when+" "+way, func(t *testing.T) {
				s := under(t, fmt.Sprintf("rules: [{at: {operation: CreateUser}, reset: {%s: 1}}]", test.when))
				config := s.As(sandboxtest.Source)
				if way == "proxy" {
					config, _ = real(t, s.Sandbox)
				}
				client, name := iam.NewFromConfig(config), aws.String("u")
				_, err := client.CreateUser(t.Context(), &iam.CreateUserInput{UserName: name})
				if !errors.Is(err, syscall.ECONNRESET) {
					t.Errorf("CreateUser = %v, want a reset", err)
				}
				_, err = client.GetUser(t.Context(), &iam.GetUserInput{UserName: name})
				if there := err == nil; there != test.there {
					t.Errorf("the user is there: %t (%v)", there, err)
				}
				if want := fmt.Sprintf(`"weather":["reset %s"]`, test.when); !strings.Contains(s.log(), want) {
					t.Errorf("the log does not say %s:\n%s", want, s.log())
				}
			})
		}
	}
}

func TestRegistriesAndLayersLoseConnectionsToo(t *testing.T) {
	s := under(t, "{}")
	address, _ := s.layer(password(t, s.Sandbox))
	for service, asked := range map[string]string{
		"layers": address, "registry": s.Server.Ready().Registries[packagesHost] + "/v2/",
	} {
		for _, when := range []string{"before", "after"} {
			s.change(fmt.Sprintf("rules: [{at: {service: %s}, reset: {%s: 1}}]", service, when))
			response, err := http.Get(asked)
			if !errors.Is(err, syscall.ECONNRESET) {
				t.Errorf("%s, %s: %v, want a reset", service, when, err)
			}
			if err == nil {
				_ = response.Body.Close()
			}
			if want := fmt.Sprintf(`"weather":["reset %s"]`, when); !strings.Contains(s.log(), want) {
				t.Errorf("%s: the log does not say %s", service, want)
			}
		}
	}
}

// TestAConnectionThatIsCutOffEndsWithNothing looks at the connection itself: not a byte of an answer comes.
func TestAConnectionThatIsCutOffEndsWithNothing(t *testing.T) {
	s := under(t, "rules: [{reset: {before: 0.5, after: 0.5}}]")
	address, err := url.Parse(s.Endpoint())
	if err != nil {
		t.Fatal(err)
	}
	for range 10 {
		conn, err := net.Dial("tcp", address.Host)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(conn, "GET / HTTP/1.1\r\nHost: sts.amazonaws.com\r\n\r\n"); err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(conn)
		if len(got) > 0 || !errors.Is(err, syscall.ECONNRESET) {
			t.Errorf("read %q and %v, want a reset", got, err)
		}
		_ = conn.Close()
	}
}

// TestResetsAreNotSharedThroughTheProxy has a client that would put all its requests on one connection of HTTP/2.
func TestResetsAreNotSharedThroughTheProxy(t *testing.T) {
	protocol := func(forecast string) string {
		s := under(t, forecast)
		_, client := real(t, s.Sandbox)
		response, err := client.Get("https://sts.amazonaws.com/")
		if err != nil {
			t.Fatal(err)
		}
		_ = response.Body.Close()
		return response.Proto
	}
	if got := protocol("rules: [{reset: {after: 0.1}, at: {service: eks}}]"); got != "HTTP/1.1" {
		t.Errorf("with resets the proxy speaks %s", got)
	}
	if got := protocol("rules: [{latency: {fixed: 1s}}]"); got != "HTTP/2.0" {
		t.Errorf("without resets the proxy speaks %s", got)
	}
}

func TestAnSDKClientThatRepeatsGetsThroughAStorm(t *testing.T) {
	storm, ok := sandbox.NamedForecast("storm")
	if !ok {
		t.Fatal("there is no storm")
	}
	for i := range storm.Rules {
		storm.Rules[i].Lag = nil // of which lag_test.go is
	}
	text, err := storm.YAML()
	if err != nil {
		t.Fatal(err)
	}
	s := under(t, string(text))
	config := s.As(sandboxtest.Source)
	config.RetryMaxAttempts = 0 // as the retryer has it
	config.Retryer = func() aws.Retryer {
		return retry.NewStandard(func(o *retry.StandardOptions) {
			o.MaxAttempts = 10
			o.Backoff = retry.BackoffDelayerFunc(func(int, error) (time.Duration, error) { return 0, nil })
			o.RateLimiter = unlimited{}
		})
	}
	client := iam.NewFromConfig(config)
	for range 50 {
		if _, err := client.ListUsers(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
	}
	for _, happened := range []string{`"throttled"`, `"reset after"`, `"reset before"`, `"unavailable"`} {
		if !strings.Contains(s.log(), happened) {
			t.Errorf("the storm never had %s", happened)
		}
	}
}

// unlimited lets a client repeat as often as its attempts allow.
type unlimited struct{}

func (unlimited) GetToken(context.Context, uint) (func() error, error) {
	return func() error { return nil }, nil
}

func (unlimited) AddTokens(uint) error { return nil }

func TestLatencyIsWaitedBeforeTheRequestIsHandled(t *testing.T) {
	s := under(t, "clock: {rate: 8}\nrules: [{at: {service: iam}, latency: {fixed: 80ms}}]")
	if _, err := s.IAM(sandboxtest.Source).ListUsers(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	if _, err := s.STS(sandboxtest.Source).GetCallerIdentity(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	if got, want := s.waited(), 10*time.Millisecond; got != want {
		t.Errorf("waited %s, want %s: the clock is eight times as fast", got, want)
	}
}

// TestWhoLeavesWhileWaitingIsNotServed has a wait that ends with the request alone.
func TestWhoLeavesWhileWaitingIsNotServed(t *testing.T) {
	forecast, err := sandbox.ParseForecast([]byte("rules: [{at: {operation: CreateUser}, latency: {fixed: 1h}}]"))
	if err != nil {
		t.Fatal(err)
	}
	begun, over := make(chan struct{}), make(chan struct{})
	s := sandboxtest.Start(t, sandbox.Config{Weather: forecast, Wait: func(ctx context.Context, _ time.Duration) error {
		close(begun)
		<-ctx.Done()
		close(over)
		return ctx.Err()
	}})
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		<-begun
		cancel()
	}()
	name := aws.String("u")
	if _, err := s.IAM(sandboxtest.Source).CreateUser(ctx, &iam.CreateUserInput{UserName: name}); !errors.Is(err, context.Canceled) {
		t.Errorf("CreateUser = %v", err)
	}
	<-over
	_, err = s.IAM(sandboxtest.Source).GetUser(t.Context(), &iam.GetUserInput{UserName: name})
	wantRefusal(t, err, "NoSuchEntity", 404)
}

func TestASlowLayerComesWholeAndInItsTime(t *testing.T) {
	s := under(t, "{}")
	address, size := s.layer(password(t, s.Sandbox))
	_, want := s.get(address, nil)
	s.change("rules: [{at: {service: layers}, slow: {bytesPerSecond: 1000}}]")
	_, got := s.get(address, nil)
	if got != want || int64(len(got)) != size {
		t.Errorf("%d bytes, of another content than the %d in fair weather", len(got), len(want))
	}
	if waited, want := s.waited(), time.Duration(size)*time.Millisecond; waited != want {
		t.Errorf("%d bytes took %s, want %s", size, waited, want)
	}
}

func TestAClockThatIsOffRefusesSignatures(t *testing.T) {
	s := under(t, "clock: {offset: 20m}")
	_, err := s.STS(sandboxtest.Source).GetCallerIdentity(t.Context(), nil)
	wantRefusal(t, err, "SignatureDoesNotMatch", 403)
	s.change("clock: {offset: -10m}")
	if _, err := s.STS(sandboxtest.Source).GetCallerIdentity(t.Context(), nil); err != nil {
		t.Errorf("ten minutes, where fifteen are allowed: %v", err)
	}
	// Certificates go by the real clock, by which clients look at them.
	s.change("clock: {offset: 8000h}")
	_, client := real(t, s.Sandbox)
	response, err := client.Get("https://sts.amazonaws.com/")
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
}

// TestAFastClockEndsSessionsSoon has a clock of the test below a rate of 60.
func TestAFastClockEndsSessionsSoon(t *testing.T) {
	var passed atomic.Int64
	start := time.Now()
	s := sandboxtest.Start(t, sandbox.Config{
		Clock: func() time.Time { return start.Add(time.Duration(passed.Load())) },
	})
	role := s.Role(sandboxtest.Source, "r", `{"Version":"2012-10-17","Statement":[{"Effect":"Allow",`+
		`"Principal":{"AWS":"arn:aws:iam::111111111111:root"},"Action":"sts:AssumeRole"}]}`, "")
	// The session begins ten minutes ago, so that signatures of now are good before and after it ends.
	(&sky{Sandbox: s, t: t}).change("clock: {offset: -10m, rate: 60}")
	session := s.Session(s.As(sandboxtest.Source), &sts.AssumeRoleInput{
		RoleArn: &role, RoleSessionName: aws.String("session"), DurationSeconds: aws.Int32(900),
	})
	passed.Add(int64(14 * time.Second)) // fourteen minutes of the sandbox's
	if _, err := sts.NewFromConfig(session).GetCallerIdentity(t.Context(), nil); err != nil {
		t.Errorf("before it ends: %v", err)
	}
	passed.Add(int64(2 * time.Second))
	_, err := sts.NewFromConfig(session).GetCallerIdentity(t.Context(), nil)
	wantRefusal(t, err, "ExpiredToken", 403)
}

// TestWhatANameClaimsIsNobodys sends requests that name an account's key without its secret: they must not use up what the
// account may ask for.
func TestWhatANameClaimsIsNobodys(t *testing.T) {
	s := under(t, "rules: [{at: {account: \"111111111111\"}, throttle: {rate: 0.001, burst: 1}}]")
	id, _, err := s.Credentials(sandboxtest.Source)
	if err != nil {
		t.Fatal(err)
	}
	stranger := sts.NewFromConfig(s.With(string(id), "wrong", ""))
	for range 3 {
		_, err := stranger.GetCallerIdentity(t.Context(), nil)
		wantRefusal(t, err, "SignatureDoesNotMatch", 403)
	}
	if strings.Contains(s.log(), "111111111111") {
		t.Errorf("the log takes the claim for true:\n%s", s.log())
	}
	if _, err := s.STS(sandboxtest.Source).GetCallerIdentity(t.Context(), nil); err != nil {
		t.Errorf("the account itself: %v", err)
	}
	_, err = s.STS(sandboxtest.Source).GetCallerIdentity(t.Context(), nil)
	wantRefusal(t, err, "Throttling", 400)
}

func TestWeatherThatCannotBeIsRefused(t *testing.T) {
	wrong := sandbox.Forecast{}
	wrong.Clock.Rate = -1
	if embedded, err := sandbox.New(sandbox.Config{Weather: wrong}); err == nil {
		t.Error("a clock that runs back is taken")
		_ = embedded.Close()
	}
}

// TestNobodyWaitsForAServerThatCloses has a request that would wait for an hour, and a client that gets its answer.
func TestNobodyWaitsForAServerThatCloses(t *testing.T) {
	begun := make(chan struct{})
	forecast, err := sandbox.ParseForecast([]byte("rules: [{latency: {fixed: 1h}}]"))
	if err != nil {
		t.Fatal(err)
	}
	s := sandboxtest.Start(t, sandbox.Config{Weather: forecast, Wait: func(ctx context.Context, _ time.Duration) error {
		close(begun)
		<-ctx.Done()
		return ctx.Err()
	}})
	client, asked := sts.NewFromConfig(s.As(sandboxtest.Source)), make(chan error)
	go func() {
		_, err := client.GetCallerIdentity(t.Context(), nil)
		asked <- err
	}()
	<-begun
	if err := s.Server.Close(t.Context()); err != nil {
		t.Error(err)
	}
	if err := <-asked; err != nil {
		t.Errorf("the request that waited got %v", err)
	}
}
