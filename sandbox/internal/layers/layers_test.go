package layers_test

import (
	"crypto/rand"
	"encoding/xml"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/pullpass/pullpass/sandbox/internal/images"
	"github.com/pullpass/pullpass/sandbox/internal/layers"
	"github.com/pullpass/pullpass/sandbox/internal/token"
)

const content = "0123456789"

// lab is a layer store with one layer, at a time that a test may change.
type lab struct {
	*layers.Store
	digest v1.Hash
	now    time.Time
}

func newLab(t *testing.T, dir string) *lab {
	t.Helper()
	stored, err := images.Open(images.Config{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	sealer, err := token.NewSealer(make([]byte, 32), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	l := &lab{digest: images.Digest([]byte(content)), now: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)}
	l.Store = layers.New(layers.Config{
		Images: stored, Sealer: sealer, Clock: func() time.Time { return l.now },
		Loopback: func() string { return "http://localhost:4567" },
	})
	place := images.Place{Account: "111111111111", Region: "us-west-2", Name: "app"}
	if err := stored.BeginUpload(place, "u"); err != nil {
		t.Fatal(err)
	}
	if _, err := stored.AppendUpload(place, "u", 0, strings.NewReader(content)); err != nil {
		t.Fatal(err)
	}
	if err := stored.FinishUpload(t.Context(), place, "u", l.digest, 0); err != nil {
		t.Fatal(err)
	}
	return l
}

func (l *lab) address(t *testing.T, host string) string {
	t.Helper()
	address, err := l.Address(host, "us-west-2", l.digest)
	if err != nil {
		t.Fatal(err)
	}
	return address
}

func (l *lab) ask(t *testing.T, method, address string, header http.Header) *http.Response {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), method, address, nil)
	for name, values := range header {
		r.Header[name] = values
	}
	w := httptest.NewRecorder()
	l.ServeHTTP(w, r)
	return w.Result()
}

func body(t *testing.T, response *http.Response) string {
	t.Helper()
	b, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestWhereALayerIs(t *testing.T) {
	l := newLab(t, "")
	const aws = "https://prod-us-west-2-starport-layer-bucket.s3.us-west-2.amazonaws.com/"
	for host, want := range map[string]string{
		"346438352937.dkr.ecr.us-west-2.amazonaws.com":     aws,
		"346438352937.DKR.ECR.us-west-2.AMAZONAWS.COM:443": aws,
		"api.ecr.us-west-2.amazonaws.com":                  aws,
		"127.0.0.1:1234":                                   "http://localhost:4567/",
		"localhost":                                        "http://localhost:4567/",
		"amazonaws.com.example.org":                        "http://localhost:4567/",
	} {
		if got := l.address(t, host); !strings.HasPrefix(got, want+l.digest.Hex+"?") {
			t.Errorf("a client of %s is sent to %s", host, got)
		}
	}
}

func TestALayerIsServed(t *testing.T) {
	for sentence, test := range map[string]struct {
		ranges       string
		status       int
		body, length string
	}{
		"whole":                    {"", 200, content, "10"},
		"a range":                  {"bytes=2-4", 206, "234", "3"},
		"from somewhere on":        {"bytes=7-", 206, "789", "3"},
		"the end":                  {"bytes=-2", 206, "89", "2"},
		"no range past the end":    {"bytes=10-", 416, "invalid range: failed to overlap\n", ""},
		"a range over the end":     {"bytes=8-100", 206, "89", "2"},
		"two ranges (a multipart)": {"bytes=0-0,9-9", 206, "", ""},
	} {
		for place, dir := range map[string]string{"memory": "", "directory": t.TempDir()} {
			t.Run(sentence+" from "+place, func(t *testing.T) {
				l := newLab(t, dir)
				header := http.Header{}
				if test.ranges != "" {
					header.Set("Range", test.ranges)
				}
				response := l.ask(t, http.MethodGet, l.address(t, "localhost"), header)
				if response.StatusCode != test.status {
					t.Errorf("status %d, want %d", response.StatusCode, test.status)
				}
				if got := body(t, response); test.body != "" && got != test.body {
					t.Errorf("body %q, want %q", got, test.body)
				}
				if got := response.Header.Get("Content-Length"); test.length != "" && got != test.length {
					t.Errorf("Content-Length %q, want %q", got, test.length)
				}
			})
		}
	}
}

const anotherMethod = "The request signature we calculated does not match the signature you provided. Check your key and " +
	"signing method."

func TestALayerIsRefused(t *testing.T) {
	for sentence, test := range map[string]struct {
		change  func(*lab, *http.Request)
		status  int
		code    string
		message string
	}{
		"with the registry's password": {
			func(_ *lab, r *http.Request) { r.SetBasicAuth("AWS", "secret") }, 400, "InvalidArgument",
			"Only one auth mechanism allowed; only the X-Amz-Algorithm query parameter, Signature query string parameter or " +
				"the Authorization header should be specified"},
		"after an hour": {
			func(l *lab, _ *http.Request) { l.now = l.now.Add(layers.Lifetime) }, 403, "AccessDenied", "Request has expired"},
		"without a grant": {
			func(_ *lab, r *http.Request) { r.URL.RawQuery = "" }, 403, "AccessDenied", "Access Denied"},
		"with a grant that was changed": {
			func(_ *lab, r *http.Request) { r.URL.RawQuery += "A" }, 403, "AccessDenied", "Access Denied"},
		"with the grant of another layer": {
			func(_ *lab, r *http.Request) { r.URL.Path = "/" + strings.Repeat("0", 64) }, 403, "AccessDenied", "Access Denied"},
		"to be written": {
			func(_ *lab, r *http.Request) { r.Method = http.MethodPut }, 403, "SignatureDoesNotMatch", anotherMethod},
		"for a look at its head": {
			func(_ *lab, r *http.Request) { r.Method = http.MethodHead }, 403, "SignatureDoesNotMatch", anotherMethod},
	} {
		t.Run(sentence, func(t *testing.T) {
			l := newLab(t, "")
			r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, l.address(t, "localhost"), nil)
			test.change(l, r)
			w := httptest.NewRecorder()
			l.ServeHTTP(w, r)
			var got struct{ Code, Message, ArgumentValue string }
			if err := xml.Unmarshal(w.Body.Bytes(), &got); err != nil {
				t.Fatal(err)
			}
			if w.Code != test.status || got.Code != test.code || got.Message != test.message {
				t.Errorf("%d %+v", w.Code, got)
			}
			if got.ArgumentValue != "" && got.ArgumentValue != "Basic" {
				t.Errorf("the password is repeated: %q", got.ArgumentValue)
			}
		})
	}
}

func TestAGrantIsGoodUntilItsHourIsOver(t *testing.T) {
	l := newLab(t, "")
	address := l.address(t, "localhost")
	l.now = l.now.Add(layers.Lifetime - time.Nanosecond)
	if response := l.ask(t, http.MethodGet, address, nil); response.StatusCode != http.StatusOK {
		t.Errorf("status %d", response.StatusCode)
	}
}

func TestALayerThatIsGone(t *testing.T) {
	l := newLab(t, "")
	gone := images.Digest([]byte("gone"))
	address, err := l.Address("localhost", "us-west-2", gone)
	if err != nil {
		t.Fatal(err)
	}
	response := l.ask(t, http.MethodGet, address, nil)
	if got := body(t, response); response.StatusCode != http.StatusNotFound || !strings.Contains(got, "NoSuchKey") {
		t.Errorf("%d %s", response.StatusCode, got)
	}
}

// TestNoSealedTokenOfAnotherKindIsAGrant holds the registry's password apart from a grant.
func TestNoSealedTokenOfAnotherKindIsAGrant(t *testing.T) {
	l := newLab(t, "")
	sealer, err := token.NewSealer(make([]byte, 32), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	password, err := token.Seal(sealer, token.Registry{Region: "us-west-2", Expires: l.now.Add(time.Hour)})
	if err != nil {
		t.Fatal(err)
	}
	query := url.Values{"X-Amz-Signature": {password}}
	response := l.ask(t, http.MethodGet, "http://localhost/"+l.digest.Hex+"?"+query.Encode(), nil)
	if response.StatusCode != http.StatusForbidden {
		t.Errorf("status %d", response.StatusCode)
	}
}
