package sandbox_test

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/pullpass/pullpass/sandbox"
	"github.com/pullpass/pullpass/sandbox/sandboxtest"
)

// What the benchmarks ask for.
const (
	// demanded is how many signed requests a second the sandbox must answer through its proxy, with the clients on the same
	// two processors.
	demanded = 3000
	// stsURL is STS's real host name, which leads to the sandbox by way of its proxy.
	stsURL    = "https://sts." + string(sandboxtest.Region) + ".amazonaws.com/"
	whoAmI    = "Action=GetCallerIdentity&Version=2011-06-15"
	takeRole  = "Action=AssumeRole&Version=2011-06-15&RoleSessionName=store-001&RoleArn="
	sharedArn = "arn:aws:iam::111111111111:role/curated-packages-role"
)

// A query is a call of STS, signed anew each time.
type query struct {
	body string
	keys aws.Credentials
}

// assuming is the page's call across accounts.
func assuming(keys aws.Credentials) query { return query{takeRole + url.QueryEscape(sharedArn), keys} }

// A route is how calls come to a server.
type route struct {
	url    string
	client *http.Client
}

// send makes the call once and wants it to succeed.
func (q query) send(ctx context.Context, to route) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, to.url, strings.NewReader(q.body))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	sum := sha256.Sum256([]byte(q.body))
	err = v4.NewSigner().SignHTTP(ctx, q.keys, request, hex.EncodeToString(sum[:]), "sts", string(sandboxtest.Region), time.Now())
	if err != nil {
		return err
	}
	response, err := to.client.Do(request)
	if err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, response.Body)
	if err := errors.Join(err, response.Body.Close()); err != nil {
		return err
	}
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("status %s", response.Status)
	}
	return nil
}

// repeat has four clients for each processor do the same over and over, and reports and returns how often that was in a
// second.
func repeat(b *testing.B, do func(context.Context) error) (rate float64) {
	b.SetParallelism(4)
	b.ReportAllocs()
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if err := do(b.Context()); err != nil {
				b.Error(err)
				return
			}
		}
	})
	rate = float64(b.N) / b.Elapsed().Seconds()
	b.ReportMetric(rate, "calls/s")
	return rate
}

// repeatHere does so where clients and server are this process, and reports what a second of one processor does for them:
// unlike the calls in a second, that hardly depends on what else the machine is doing.
func repeatHere(b *testing.B, do func(context.Context) error) (rate float64) {
	before := busy(b)
	rate = repeat(b, do)
	b.ReportMetric(float64(b.N)/(busy(b)-before).Seconds(), "calls/CPU-s")
	return rate
}

// busy is how long processors have worked for this process.
func busy(b *testing.B) time.Duration {
	b.Helper()
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		b.Fatal(err)
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}

// plain is the route to the endpoint, without TLS or a proxy.
func plain(s *sandboxtest.Sandbox) route {
	return route{s.Endpoint(), keepAlive()}
}

// keepAlive returns a client that keeps its connections.
func keepAlive() *http.Client {
	return &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64}}
}

// tunnelled is the route by way of the proxy: CONNECT, then TLS with the sandbox's certificates.
func tunnelled(b *testing.B, s *sandboxtest.Sandbox, change func(*http.Transport)) route {
	b.Helper()
	transport, err := s.Server.Ready().Transport()
	if err != nil {
		b.Fatal(err)
	}
	change(transport)
	b.Cleanup(transport.CloseIdleConnections)
	return route{stsURL, &http.Client{Transport: transport}}
}

// The proxy's clients: the AWS CLI and most SDKs speak HTTP/1.1, the SDK for Go HTTP/2; a command of the AWS CLI opens a
// connection of its own.
func http2(*http.Transport)                    {}
func http1(t *http.Transport)                  { t.ForceAttemptHTTP2 = false }
func newConnections(transport *http.Transport) { http1(transport); transport.DisableKeepAlives = true }

// bySDK returns STS's client of AWS's SDK with the SDK's own HTTP client, which it takes through the proxy alone.
func bySDK(b *testing.B, s *sandboxtest.Sandbox, keys aws.Credentials) *sts.Client {
	b.Helper()
	way, err := s.Server.Ready().Transport()
	if err != nil {
		b.Fatal(err)
	}
	return sts.New(sts.Options{
		Region:      string(sandboxtest.Region),
		Credentials: credentials.StaticCredentialsProvider{Value: keys},
		HTTPClient: awshttp.NewBuildableClient().WithTransportOptions(func(t *http.Transport) {
			t.Proxy, t.TLSClientConfig = way.Proxy, &tls.Config{RootCAs: way.TLSClientConfig.RootCAs, MinVersion: tls.VersionTLS12}
			b.Cleanup(t.CloseIdleConnections)
		}),
	})
}

// onEveryRoute makes a call on each route to a sandbox: by itself, and beside what is demanded and what plain HTTP does in
// the same run.
func onEveryRoute(b *testing.B, s *sandboxtest.Sandbox, q query, sdkCall func(context.Context, *sts.Client) error) {
	var unprotected float64
	b.Run("plain-HTTP", func(b *testing.B) {
		to := plain(s)
		unprotected = repeatHere(b, func(ctx context.Context) error { return q.send(ctx, to) })
	})
	compared := func(name string, prepare func(b *testing.B) func(context.Context) error) {
		b.Run("TLS-by-proxy/"+name, func(b *testing.B) {
			rate := repeatHere(b, prepare(b))
			b.ReportMetric(rate/demanded, fmt.Sprintf("of-%d/s", demanded))
			if unprotected > 0 { // BENCH may have left plain HTTP out.
				b.ReportMetric(rate/unprotected, "of-plain")
			}
		})
	}
	for _, client := range []struct {
		name   string
		change func(*http.Transport)
	}{
		{"HTTP1.1", http1}, {"HTTP2", http2}, {"new-connections", newConnections},
	} {
		compared(client.name, func(b *testing.B) func(context.Context) error {
			to := tunnelled(b, s, client.change)
			return func(ctx context.Context) error { return q.send(ctx, to) }
		})
	}
	compared("SDK", func(b *testing.B) func(context.Context) error {
		client := bySDK(b, s, q.keys)
		return func(ctx context.Context) error { return sdkCall(ctx, client) }
	})
}

// BenchmarkGetCallerIdentity is a signed and verified call over loopback, clients and sandbox on the same processors.
func BenchmarkGetCallerIdentity(b *testing.B) {
	s := sandboxtest.Start(b, sandbox.Config{})
	keys, err := s.As(sandboxtest.Destination).Credentials.Retrieve(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	onEveryRoute(b, s, query{whoAmI, keys}, func(ctx context.Context, client *sts.Client) error {
		_, err := client.GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
		return err
	})
}

// BenchmarkAssumeRole is the page's call across accounts: signed, verified, decided on both sides.
func BenchmarkAssumeRole(b *testing.B) {
	s := sandboxtest.Start(b, sandbox.Config{})
	user := shareByHand(b, s.IAM(sandboxtest.Source), s.IAM(sandboxtest.Destination))
	onEveryRoute(b, s, assuming(user), func(ctx context.Context, client *sts.Client) error {
		_, err := client.AssumeRole(ctx, &sts.AssumeRoleInput{RoleArn: aws.String(sharedArn), RoleSessionName: aws.String("store-001")})
		return err
	})
}
