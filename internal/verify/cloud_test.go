package verify_test

import (
	"bytes"
	"context"
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/types"

	packages "github.com/pullpass/pullpass/internal/registry"
	"github.com/pullpass/pullpass/internal/verify"
)

const (
	keyID   = "AKIA3SHAAB2ZUK2YF4PA"
	secret  = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
	roleARN = "arn:aws:iam::111111111111:role/curated-packages-role"
	token   = "the-token"

	stsHost   = "sts.us-west-2.amazonaws.com"
	ecrHost   = "api.ecr.us-west-2.amazonaws.com"
	storeHost = "prod-us-west-2-starport-layer-bucket.s3.us-west-2.amazonaws.com"
)

func wanted() packages.Registry {
	return packages.Registry{Account: "346438352937", Region: "us-west-2"}
}

// refusal is what an operation answers in place of success.
type refusal struct {
	status        int
	code, message string
	times         int // 0: always
}

// cloud answers for AWS under its real host names, by hand: what it says is AWS's wire format, what it decides is given
// by each test.
type cloud struct {
	server *httptest.Server
	store  http.Handler

	mu       sync.Mutex
	refuse   map[string]refusal
	seen     map[string]http.Header // by operation, the last request
	form     map[string]string      // of the last AssumeRole
	corrupt  func([]byte) []byte    // what the layer store does to a layer
	cut      func(sent int) bool    // whether it hangs up once so many bytes are on their way
	requests int
}

func newCloud(t *testing.T) *cloud {
	t.Helper()
	c := &cloud{
		store:   registry.New(registry.Logger(log.New(io.Discard, "", 0))),
		refuse:  map[string]refusal{},
		seen:    map[string]http.Header{},
		corrupt: func(b []byte) []byte { return b },
		cut:     func(int) bool { return false },
	}
	c.server = httptest.NewUnstartedServer(c)
	c.server.Config.ErrorLog = log.New(io.Discard, "", 0) // of clients that hang up
	c.server.StartTLS()
	t.Cleanup(c.server.Close)
	c.push(t, packages.Probe(), image(t, "bundle"))
	return c
}

func image(t *testing.T, layers ...string) v1.Image {
	t.Helper()
	img := v1.Image(empty.Image)
	for _, content := range layers {
		var err error
		if img, err = mutate.AppendLayers(img, static.NewLayer([]byte(content), types.OCILayer)); err != nil {
			t.Fatal(err)
		}
	}
	return img
}

func (c *cloud) reference(t *testing.T, a packages.Artifact) name.Reference {
	t.Helper()
	ref, err := name.ParseReference(a.Reference(wanted()))
	if err != nil {
		t.Fatal(err)
	}
	return ref
}

func (c *cloud) push(t *testing.T, a packages.Artifact, img v1.Image) {
	t.Helper()
	if err := remote.Write(c.reference(t, a), img, c.asPusher()...); err != nil {
		t.Fatal(err)
	}
}

func (c *cloud) asPusher() []remote.Option {
	return []remote.Option{
		remote.WithTransport(c.client().Transport), remote.WithAuth(&authn.Basic{Username: "AWS", Password: token}),
	}
}

// client reaches the cloud under every host name.
func (c *cloud) client() *http.Client {
	roots := x509.NewCertPool()
	roots.AddCert(c.server.Certificate())
	transport := c.server.Client().Transport.(*http.Transport).Clone()
	transport.TLSClientConfig.ServerName = "example.com" // a name in the certificate of httptest
	transport.TLSClientConfig.RootCAs = roots
	transport.DialContext = func(ctx context.Context, network, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, network, c.server.Listener.Addr().String())
	}
	return &http.Client{Transport: transport}
}

// file is a delivered file in the page's shape with extra lines in profile default.
func file(extra ...string) string {
	return "[default]\nsource_profile=curated-packages-user\nrole_arn=" + roleARN + "\nregion=us-west-2\n" +
		strings.Join(extra, "") +
		"\n[profile curated-packages-user]\naws_access_key_id=" + keyID + "\naws_secret_access_key=" + secret + "\n"
}

func contents(text string) func(context.Context) ([]byte, error) {
	return func(context.Context) ([]byte, error) { return []byte(text), nil }
}

func (c *cloud) verify(t *testing.T, in verify.Input, cfg verify.Config) verify.Chain {
	t.Helper()
	if in.File == nil {
		in.File = contents(file())
	}
	in.Registry = wanted()
	cfg.HTTPClient = c.client()
	if cfg.Attempts == 0 {
		cfg.Attempts = 1
	}
	if cfg.Wait == nil {
		cfg.Wait = func(context.Context, time.Duration) error {
			t.Error("something was waited for")
			return context.Canceled
		}
	}
	return verify.Verify(t.Context(), in, cfg)
}

func (c *cloud) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch r.Host {
	case stsHost:
		c.sts(w, r)
	case ecrHost:
		c.ecr(w, r)
	case wanted().Host():
		c.registry(w, r)
	case storeHost:
		c.layer(w, r)
	default:
		http.Error(w, "no such host: "+r.Host, http.StatusTeapot)
	}
}

// refused counts a request of an operation and says how it is to be refused, if it is.
func (c *cloud) refused(operation string, r *http.Request) (refusal, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.requests++
	c.seen[operation] = r.Header.Clone()
	refused, ok := c.refuse[operation]
	if ok && refused.times > 0 {
		refused.times--
		c.refuse[operation] = refused
		if refused.times == 0 {
			delete(c.refuse, operation)
		}
	}
	return refused, ok
}

func (c *cloud) sts(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	r.Body = io.NopCloser(bytes.NewReader(body))
	operation := r.PostFormValue("Action")
	if refused, ok := c.refused(operation, r); ok {
		w.Header().Set("Content-Type", "text/xml")
		w.WriteHeader(refused.status)
		_, _ = fmt.Fprintf(w, `<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type>`+
			`<Code>%s</Code><Message>%s</Message></Error><RequestId>r</RequestId></ErrorResponse>`, refused.code, refused.message)
		return
	}
	result := `<Arn>arn:aws:iam::999999999999:user/curated-packages-user</Arn><UserId>AIDA</UserId><Account>999999999999</Account>`
	if operation == "AssumeRole" {
		c.mu.Lock()
		c.form = map[string]string{}
		for key := range r.PostForm {
			c.form[key] = r.PostForm.Get(key)
		}
		c.mu.Unlock()
		result = `<AssumedRoleUser><Arn>arn:aws:sts::111111111111:assumed-role/curated-packages-role/s</Arn>` +
			`<AssumedRoleId>AROA:s</AssumedRoleId></AssumedRoleUser><Credentials><AccessKeyId>ASIA3SHAAB2ZUK2YF4PA</AccessKeyId>` +
			`<SecretAccessKey>session-secret</SecretAccessKey><SessionToken>session-token</SessionToken>` +
			`<Expiration>2026-01-01T01:00:00Z</Expiration></Credentials>`
	}
	w.Header().Set("Content-Type", "text/xml")
	_, _ = fmt.Fprintf(w, `<%[1]sResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><%[1]sResult>%[2]s</%[1]sResult>`+
		`<ResponseMetadata><RequestId>r</RequestId></ResponseMetadata></%[1]sResponse>`, operation, result)
}

func (c *cloud) ecr(w http.ResponseWriter, r *http.Request) {
	_, operation, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
	w.Header().Set("Content-Type", "application/x-amz-json-1.1")
	if refused, ok := c.refused(operation, r); ok {
		w.WriteHeader(refused.status)
		_, _ = fmt.Fprintf(w, `{"__type":%q,"message":%q}`, refused.code, refused.message)
		return
	}
	_, _ = fmt.Fprintf(w, `{"authorizationData":[{"authorizationToken":%q,"expiresAt":%d,"proxyEndpoint":"https://x"}]}`,
		base64.StdEncoding.EncodeToString([]byte("AWS:"+token)), noon().Add(12*time.Hour).Unix())
}

func (c *cloud) registry(w http.ResponseWriter, r *http.Request) {
	operation := "ping"
	switch {
	case r.Method != http.MethodGet:
	case strings.Contains(r.URL.Path, "/manifests/"):
		operation = "manifest"
	case strings.Contains(r.URL.Path, "/blobs/"):
		operation = "blob"
	}
	if _, password, ok := r.BasicAuth(); !ok || password != token {
		w.Header().Set("Www-Authenticate", `Basic realm="https://`+r.Host+`/",service="ecr.amazonaws.com"`)
		http.Error(w, "Not Authorized", http.StatusUnauthorized)
		return
	}
	if refused, ok := c.refused(operation, r); ok {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(refused.status)
		_, _ = fmt.Fprintf(w, `{"errors":[{"code":%q,"message":%q}]}`, refused.code, refused.message)
		return
	}
	if operation == "blob" {
		http.Redirect(w, r, "https://"+storeHost+r.URL.Path, http.StatusTemporaryRedirect)
		return
	}
	c.store.ServeHTTP(w, r)
}

// layer is the layer store, which refuses a forwarded Authorization.
func (c *cloud) layer(w http.ResponseWriter, r *http.Request) {
	if refused, ok := c.refused("layer", r); ok {
		http.Error(w, refused.message, refused.status)
		return
	}
	if r.Header.Get("Authorization") != "" {
		http.Error(w, "Only one auth mechanism allowed", http.StatusBadRequest)
		return
	}
	recorder := httptest.NewRecorder()
	c.store.ServeHTTP(recorder, r)
	body := c.corrupt(recorder.Body.Bytes())
	w.Header().Set("Content-Length", fmt.Sprint(len(body)))
	for sent := range body {
		if c.cut(sent) {
			panic(http.ErrAbortHandler)
		}
		_, _ = w.Write(body[sent : sent+1])
		_ = http.NewResponseController(w).Flush()
	}
}

// noon is the time by the tests' clocks.
func noon() time.Time { return time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC) }

// clock is a clock that waiting moves.
type clock struct{ now time.Time }

func (c *clock) Now() time.Time { return c.now }

func (c *clock) Wait(_ context.Context, d time.Duration) error {
	c.now = c.now.Add(d)
	return nil
}
