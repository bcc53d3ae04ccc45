package sigv4_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/pullpass/pullpass/internal/awsid"
	"github.com/pullpass/pullpass/sandbox/internal/sigv4"
)

const (
	keyID  = "AKIAIOSFODNN7EXAMPLE"
	secret = awsid.SecretAccessKey("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")
)

func signingTime() time.Time { return time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC) }

func rules() sigv4.Rules {
	return sigv4.Rules{Service: "sts", Region: "us-west-2", Skew: 15 * time.Minute, Now: signingTime()}
}

func credentials() aws.Credentials {
	return aws.Credentials{AccessKeyID: keyID, SecretAccessKey: secret.Reveal()}
}

// signed returns a request as the SDK signs it.
func signed(t testing.TB, method, target, body string, edit func(*http.Request), c aws.Credentials) *http.Request {
	t.Helper()
	r, err := http.NewRequestWithContext(context.Background(), method, target, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if edit != nil {
		edit(r)
	}
	if err := v4.NewSigner().SignHTTP(context.Background(), c, r, hash(body), "sts", "us-west-2", signingTime()); err != nil {
		t.Fatal(err)
	}
	return r
}

func hash(body string) string {
	sum := sha256.Sum256([]byte(body))
	return hex.EncodeToString(sum[:])
}

// verify does what a server does with a request.
func verify(v *sigv4.Verifier, r *http.Request, body string, rules sigv4.Rules) error {
	s, err := sigv4.Parse(r)
	if err != nil {
		return err
	}
	if err := s.Check(r, rules); err != nil {
		return err
	}
	return v.Verify(s, r, []byte(body), secret)
}

// overTheWire sends the request to a real server, over HTTP/1.1 and HTTP/2,
// and returns what verifying it there gave.
func overTheWire(t *testing.T, r *http.Request, body string) []error {
	t.Helper()
	var (
		verifier sigv4.Verifier
		results  []error
	)
	for _, h2 := range []bool{false, true} {
		server := httptest.NewUnstartedServer(http.HandlerFunc(func(_ http.ResponseWriter, got *http.Request) {
			content, err := io.ReadAll(got.Body)
			if err == nil && got.ProtoAtLeast(2, 0) != h2 {
				err = errors.New("came over " + got.Proto)
			}
			if err == nil {
				err = verify(&verifier, got, string(content), rules())
			}
			results = append(results, err)
		}))
		server.EnableHTTP2 = h2
		server.StartTLS()
		defer server.Close()
		address, err := url.Parse(server.URL)
		if err != nil {
			t.Fatal(err)
		}
		copied := r.Clone(context.Background())
		copied.Body = io.NopCloser(strings.NewReader(body))
		copied.Host, copied.URL.Scheme, copied.URL.Host = r.Host, "https", address.Host
		if copied.Host == "" {
			copied.Host = r.URL.Host
		}
		resp, err := server.Client().Do(copied)
		if err != nil {
			t.Fatal(err)
		}
		if err := resp.Body.Close(); err != nil {
			t.Fatal(err)
		}
	}
	return results
}

func TestRequestsThatTheSDKSignsVerify(t *testing.T) {
	session := credentials()
	session.AccessKeyID, session.SessionToken = "ASIAIOSFODNN7EXAMPLE", "IQoJb3JpZ2luX2VjE//+==token"
	for name, tc := range map[string]struct {
		method, target, body string
		edit                 func(*http.Request)
		credentials          aws.Credentials
	}{
		"a form":                    {method: "POST", body: "Action=GetCallerIdentity&Version=2011-06-15"},
		"a session token":           {method: "POST", body: "x", credentials: session},
		"no body":                   {method: "GET"},
		"a path with an ARN in it":  {method: "GET", target: "/tags/arn:aws:eks:us-west-2:111111111111:x/y"},
		"an escaped ARN":            {method: "GET", target: "/tags/arn%3Aaws%3Aeks%3Aus-west-2%3A111111111111%3Ax%2Fy"},
		"escapes of plain letters":  {method: "GET", target: "/%61%7E/%2e"},
		"a path in Unicode":         {method: "GET", target: "/ключ/日本"},
		"spaces, signs and percent": {method: "GET", target: "/a%20b/c+d/100%25/(x)*'!$&,;=@"},
		"a final slash":             {method: "GET", target: "/a/"},
		"a query out of order":      {method: "GET", target: "/?b=2&a=2&a=1&B=0&aa=3&a-b=4"},
		"a query without values":    {method: "GET", target: "/?acl&policy="},
		"a query in Unicode":        {method: "GET", target: "/?name=%E6%97%A5+b%2Bc%2Fd%3D%26&x=*~'()"},
		"a query value with equals": {method: "GET", target: "/?a=b=c"},
		"a port in the host":        {method: "GET", edit: func(r *http.Request) { r.Host = "sts.us-west-2.amazonaws.com:8443" }},
		"repeated headers": {method: "GET", edit: func(r *http.Request) {
			r.Header["X-Amz-Meta"] = []string{"z", "  a  b   c ", ""}
			r.Header.Set("X-K8s-Aws-Id", "cluster")
		}},
		"a header in Unicode": {method: "GET", edit: func(r *http.Request) { r.Header.Set("X-Amz-Note", "é — 日本") }},
		"headers that the SDK leaves unsigned": {method: "GET", edit: func(r *http.Request) {
			r.Header.Set("User-Agent", "aws-cli")
			r.Header.Set("X-Amzn-Trace-Id", "Root=1")
		}},
	} {
		t.Run(name, func(t *testing.T) {
			c := tc.credentials
			if !c.HasKeys() {
				c = credentials()
			}
			r := signed(t, tc.method, "https://sts.us-west-2.amazonaws.com"+tc.target, tc.body, tc.edit, c)
			for i, err := range overTheWire(t, r, tc.body) {
				if err != nil {
					t.Errorf("HTTP/%d: %v", i+1, err)
				}
			}
			if s, err := sigv4.Parse(r); err != nil || s.SessionToken != c.SessionToken || string(s.AccessKeyID) != c.AccessKeyID || s.Presigned {
				t.Errorf("Parse = %+v, %v", s, err)
			}
		})
	}
}

// clusterHeader makes the presigned request carry a signed header of its own,
// as the tokens of aws-iam-authenticator do.
func clusterHeader(o *sts.PresignOptions) {
	o.ClientOptions = append(o.ClientOptions, func(o *sts.Options) {
		o.APIOptions = append(o.APIOptions, smithyhttp.AddHeaderValue("X-K8s-Aws-Id", "store-001"),
			func(stack *middleware.Stack) error {
				return stack.Build.Add(middleware.BuildMiddlewareFunc("Expires", expires), middleware.After)
			})
	})
}

func expires(ctx context.Context, in middleware.BuildInput, next middleware.BuildHandler) (middleware.BuildOutput, middleware.Metadata, error) {
	if r, ok := in.Request.(*smithyhttp.Request); ok {
		query := r.URL.Query()
		query.Set("X-Amz-Expires", "60")
		r.URL.RawQuery = query.Encode()
	}
	return next.HandleBuild(ctx, in)
}

func TestPresignedCallerIdentityVerifies(t *testing.T) {
	session := credentials()
	session.SessionToken = "IQoJb3JpZ2luX2VjE//+==token"
	for name, c := range map[string]aws.Credentials{"with a long-lived key": credentials(), "with a session": session} {
		t.Run(name, func(t *testing.T) {
			provider := aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) { return c, nil })
			client := sts.New(sts.Options{Region: "us-west-2", Credentials: provider})
			presigned, err := sts.NewPresignClient(client).PresignGetCallerIdentity(context.Background(), nil, clusterHeader)
			if err != nil {
				t.Fatal(err)
			}
			r, err := http.NewRequestWithContext(context.Background(), presigned.Method, presigned.URL, nil)
			if err != nil {
				t.Fatal(err)
			}
			r.Header = presigned.SignedHeader
			r.Header.Del("Host")
			s, err := sigv4.Parse(r)
			if err != nil {
				t.Fatal(err)
			}
			if !s.Presigned || s.SessionToken != c.SessionToken || s.AccessKeyID != keyID {
				t.Errorf("Parse = %+v", s)
			}
			at := rules()
			at.Now = s.Time.Add(15 * time.Minute)
			var verifier sigv4.Verifier
			if err := verify(&verifier, r, "", at); err != nil {
				t.Error(err)
			}
			r.Header.Set("X-K8s-Aws-Id", "store-002")
			if err := verify(&verifier, r, "", at); err == nil {
				t.Error("the URL verifies for another cluster")
			}
		})
	}
}

func TestChangedRequestsDoNotVerify(t *testing.T) {
	const body = "Action=GetCallerIdentity&Version=2011-06-15"
	for name, change := range map[string]func(*testing.T, *http.Request) string{
		"method": func(_ *testing.T, r *http.Request) string { r.Method = "PUT"; return body },
		"path":   func(_ *testing.T, r *http.Request) string { r.URL.Path = "/other"; return body },
		"query":  func(_ *testing.T, r *http.Request) string { r.URL.RawQuery = "a=2"; return body },
		"host":   func(_ *testing.T, r *http.Request) string { r.Host = "iam.amazonaws.com"; return body },
		"header": func(_ *testing.T, r *http.Request) string { r.Header.Set("X-Amz-Target", "Other"); return body },
		"token":  func(_ *testing.T, r *http.Request) string { r.Header.Set("X-Amz-Security-Token", "other"); return body },
		"time": func(_ *testing.T, r *http.Request) string {
			r.Header.Set("X-Amz-Date", "20260301T120001Z")
			return body
		},
		"body": func(*testing.T, *http.Request) string { return body + "&x=y" },
		"payload left unsigned": func(t *testing.T, r *http.Request) string {
			r.Header.Set("X-Amz-Content-Sha256", "UNSIGNED-PAYLOAD")
			err := v4.NewSigner().SignHTTP(context.Background(), credentials(), r, "UNSIGNED-PAYLOAD", "sts", "us-west-2", signingTime())
			if err != nil {
				t.Fatal(err)
			}
			return body
		},
		"last digit of the signature": func(_ *testing.T, r *http.Request) string {
			rewrite(r, func(s string) string { return flipLast(s) })
			return body
		},
		"signature cut short": func(_ *testing.T, r *http.Request) string {
			rewrite(r, func(s string) string { return s[:len(s)-1] })
			return body
		},
		"Region of the scope": func(_ *testing.T, r *http.Request) string {
			rewrite(r, func(s string) string { return strings.Replace(s, "us-west-2", "eu-west-1", 1) })
			return body
		},
	} {
		t.Run(name, func(t *testing.T) {
			c := credentials()
			c.SessionToken = "token"
			r := signed(t, "POST", "https://sts.us-west-2.amazonaws.com/?a=1", body, func(r *http.Request) {
				r.Header.Set("X-Amz-Target", "Target")
			}, c)
			var verifier sigv4.Verifier
			allowAnyRegion := rules()
			allowAnyRegion.Region = ""
			if err := verify(&verifier, r, body, allowAnyRegion); err != nil {
				t.Fatalf("before the change: %v", err)
			}
			changed := change(t, r)
			err := verify(&verifier, r, changed, allowAnyRegion)
			var refused *sigv4.Error
			if !errors.As(err, &refused) || refused.Reason != sigv4.Mismatch || !strings.HasPrefix(refused.Message, "The request signature we") {
				t.Errorf("after the change: %v", err)
			}
		})
	}
}

func rewrite(r *http.Request, edit func(string) string) {
	r.Header.Set("Authorization", edit(r.Header.Get("Authorization")))
}

func flipLast(s string) string {
	last := "0"
	if strings.HasSuffix(s, "0") {
		last = "1"
	}
	return s[:len(s)-1] + last
}

func TestOneVerifierServesManyAtOnce(t *testing.T) {
	var (
		verifier sigv4.Verifier
		wg       sync.WaitGroup
	)
	for range 8 {
		wg.Go(func() {
			for range 50 {
				r := signed(t, "GET", "https://sts.us-west-2.amazonaws.com/", "", nil, credentials())
				if err := verify(&verifier, r, "", rules()); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
}

func BenchmarkVerify(b *testing.B) {
	const body = "Action=GetCallerIdentity&Version=2011-06-15"
	r := signed(b, "POST", "https://sts.us-west-2.amazonaws.com/", body, func(r *http.Request) {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}, credentials())
	var verifier sigv4.Verifier
	b.ReportAllocs()
	for b.Loop() {
		if err := verify(&verifier, r, body, rules()); err != nil {
			b.Fatal(err)
		}
	}
}
