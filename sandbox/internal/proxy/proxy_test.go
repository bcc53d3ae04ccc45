package proxy

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pullpass/pullpass/sandbox/internal/ca"
)

const (
	stsHost = "sts.us-west-2.amazonaws.com"
	iamHost = "iam.amazonaws.com"
)

// running is a proxy behind a real listener, which serves the two hosts above.
type running struct {
	*Proxy
	url   *url.URL
	roots *x509.CertPool
}

func start(t *testing.T, handler http.Handler) *running {
	t.Helper()
	authority, err := ca.New(ca.Config{})
	if err != nil {
		t.Fatal(err)
	}
	p := New(Config{
		Authority: authority,
		Routes: func(h ca.Host) http.Handler {
			if h != stsHost && h != iamHost {
				return nil
			}
			return handler
		},
		Serves: []string{stsHost, iamHost},
	})
	server := httptest.NewServer(p)
	t.Cleanup(func() {
		server.Close()
		if err := p.Close(); err != nil {
			t.Errorf("closing the proxy: %v", err)
		}
	})
	address, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(authority.PEM())
	return &running{p, address, roots}
}

// client is an ordinary client that knows nothing but the proxy's address and
// the authority.
func (r *running) client(t *testing.T, h2 bool) *http.Client {
	t.Helper()
	transport := &http.Transport{
		Proxy:             http.ProxyURL(r.url),
		TLSClientConfig:   &tls.Config{RootCAs: r.roots},
		ForceAttemptHTTP2: h2,
	}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport}
}

func do(t *testing.T, c *http.Client, method, target string, body io.Reader) (*http.Response, string, error) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, target, body)
	if err != nil {
		t.Fatal(err)
	}
	response, err := c.Do(request)
	if err != nil {
		return nil, "", err
	}
	text, err := io.ReadAll(response.Body)
	return response, string(text), errors.Join(err, response.Body.Close())
}

// echo answers with what it sees of the request.
func echo(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	_, _ = fmt.Fprintf(w, "%s %s %s%s %s tls=%t", r.Proto, r.Method, r.Host, r.URL, body, r.TLS != nil && r.TLS.ServerName == r.Host)
}

func TestClientsReachHandlersUnderRealHostNames(t *testing.T) {
	r := start(t, http.HandlerFunc(echo))
	for proto, h2 := range map[string]bool{"HTTP/1.1": false, "HTTP/2.0": true} {
		t.Run(proto, func(t *testing.T) {
			c := r.client(t, h2)
			for _, host := range []string{stsHost, iamHost, stsHost} {
				_, got, err := do(t, c, "POST", "https://"+host+"/a%20b?c=d", strings.NewReader("body"))
				if want := proto + " POST " + host + "/a%20b?c=d body tls=true"; err != nil || got != want {
					t.Errorf("got %q, %v; want %q", got, err, want)
				}
			}
		})
	}
}

func TestManyTunnelsAtOnce(t *testing.T) {
	r := start(t, http.HandlerFunc(echo))
	var wg sync.WaitGroup
	for i := range 16 {
		c := r.client(t, i%2 == 0)
		wg.Go(func() {
			for j := range 5 {
				host := []string{stsHost, iamHost}[j%2]
				_, got, err := do(t, c, "POST", "https://"+host+"/", strings.NewReader(fmt.Sprint(i, j)))
				if want := fmt.Sprintf("%s/ %d %d tls=true", host, i, j); err != nil || !strings.HasSuffix(got, want) {
					t.Errorf("got %q, %v; want …%q", got, err, want)
				}
			}
		})
	}
	wg.Wait()
}

// raw sends text to the proxy and returns the first response.
func raw(t *testing.T, r *running, text string) (status int, body string) {
	t.Helper()
	var dialer net.Dialer
	conn, err := dialer.DialContext(t.Context(), "tcp", r.url.Host)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := conn.Close(); err != nil {
			t.Error(err)
		}
	}()
	if _, err := io.WriteString(conn, text); err != nil {
		t.Fatal(err)
	}
	response, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	content, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(content)
}

func TestEverythingElseIsRefusedWithoutConnecting(t *testing.T) {
	outside := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		t.Error("the proxy connected out")
	}))
	defer outside.Close()
	outsideHost := strings.TrimPrefix(outside.URL, "http://")
	r := start(t, http.HandlerFunc(echo))
	const tail = ": this proxy never connects out; it serves HTTPS on port 443 for sts.us-west-2.amazonaws.com, iam.amazonaws.com\n"
	connect := func(target string) string { return "CONNECT " + target + " HTTP/1.1\r\nHost: " + target + "\r\n\r\n" }
	for name, tc := range map[string]struct{ request, reason string }{
		"a host outside AWS":          {connect("example.com:443"), `no such host "example.com"`},
		"an AWS host without handler": {connect("s3.amazonaws.com:443"), `no such host "s3.amazonaws.com"`},
		"a server that is there":      {connect(outsideHost), `no such host "127.0.0.1"`},
		"an IPv6 address":             {connect("[::1]:443"), `no such host "::1"`},
		"another port":                {connect(stsHost + ":80"), `no port "80" on ` + stsHost},
		"no port":                     {"CONNECT " + stsHost + " HTTP/1.1\r\nHost: x\r\n\r\n", `no such target "` + stsHost + `"`},
		"plain HTTP to a server that is there": {"GET " + outside.URL + "/ HTTP/1.1\r\nHost: x\r\n\r\n",
			`no plain HTTP to "` + outsideHost + `"`},
		"plain HTTP to an AWS host":   {"GET http://" + stsHost + "/ HTTP/1.1\r\nHost: x\r\n\r\n", `no plain HTTP to "` + stsHost + `"`},
		"a request to the proxy":      {"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", `no plain HTTP to "127.0.0.1"`},
		"CONNECT with a good Host":    {"CONNECT example.com:443 HTTP/1.1\r\nHost: " + stsHost + ":443\r\n\r\n", `no such host "example.com"`},
		"a host that ends like AWS's": {connect("evil-amazonaws.com:443"), `no such host "evil-amazonaws.com"`},
	} {
		t.Run(name, func(t *testing.T) {
			status, got := raw(t, r, tc.request)
			if status != http.StatusForbidden {
				t.Errorf("status %d, want 403", status)
			}
			if diff := cmp.Diff("pullpass sandbox: "+tc.reason+tail, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestRequestForAnotherHostThanTheTunnelsIsMisdirected(t *testing.T) {
	r := start(t, http.HandlerFunc(echo))
	for proto, h2 := range map[string]bool{"HTTP/1.1": false, "HTTP/2.0": true} {
		request, err := http.NewRequestWithContext(t.Context(), "GET", "https://"+stsHost+"/", nil)
		if err != nil {
			t.Fatal(err)
		}
		for host, want := range map[string]int{iamHost: 421, stsHost: 200, stsHost + ":443": 200, "STS.us-west-2.amazonaws.com": 200} {
			request.Host = host
			response, err := r.client(t, h2).Do(request)
			if err != nil {
				t.Fatal(err)
			}
			if err := response.Body.Close(); err != nil {
				t.Error(err)
			}
			if response.StatusCode != want {
				t.Errorf("%s, Host %s: status %d, want %d", proto, host, response.StatusCode, want)
			}
		}
	}
}

// eager sends all that it is given first in one packet with what follows it: a
// client that does not wait for the answer to CONNECT.
type eager struct {
	net.Conn

	first   []byte
	answers *bufio.Reader
}

func (e *eager) Write(b []byte) (int, error) {
	if _, err := e.Conn.Write(append(e.first, b...)); err != nil {
		return 0, err
	}
	e.first = nil
	return len(b), nil
}

func (e *eager) Read(b []byte) (int, error) {
	if e.answers == nil {
		e.answers = bufio.NewReader(e.Conn)
		if _, err := http.ReadResponse(e.answers, &http.Request{Method: http.MethodConnect}); err != nil {
			return 0, err
		}
	}
	return e.answers.Read(b)
}

func TestHandshakeMayFollowCONNECTAtOnce(t *testing.T) {
	r := start(t, http.HandlerFunc(echo))
	transport := &http.Transport{
		TLSClientConfig: &tls.Config{RootCAs: r.roots},
		DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			var dialer net.Dialer
			conn, err := dialer.DialContext(ctx, network, r.url.Host)
			line := "CONNECT " + stsHost + ":443 HTTP/1.1\r\nHost: " + stsHost + ":443\r\n\r\n"
			return &eager{Conn: conn, first: []byte(line)}, err
		},
	}
	defer transport.CloseIdleConnections()
	_, got, err := do(t, &http.Client{Transport: transport}, "GET", "https://"+stsHost+"/", nil)
	if err != nil || !strings.HasSuffix(got, "tls=true") {
		t.Errorf("got %q, %v", got, err)
	}
}

func TestClientThatDoesNotTrustTheAuthorityGetsNoAnswer(t *testing.T) {
	r := start(t, http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("the handler was reached") }))
	r.roots = x509.NewCertPool()
	var unknown x509.UnknownAuthorityError
	if _, _, err := do(t, r.client(t, false), "GET", "https://"+stsHost+"/", nil); !errors.As(err, &unknown) {
		t.Errorf("got %v, want an unknown authority", err)
	}
}

// held is a handler whose requests wait, for a release or for their end.
type held struct {
	entered, release, cut chan struct{}
}

func newHeld() held {
	return held{make(chan struct{}), make(chan struct{}), make(chan struct{})}
}

func (h held) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	close(h.entered)
	select {
	case <-h.release:
		_, _ = fmt.Fprint(w, "done")
	case <-r.Context().Done():
		close(h.cut)
	}
}

func TestShutdownWaitsForRequestsUnderWay(t *testing.T) {
	for proto, h2 := range map[string]bool{"HTTP/1.1": false, "HTTP/2.0": true} {
		t.Run(proto, func(t *testing.T) {
			h := newHeld()
			r := start(t, h)
			answer, ended := make(chan string, 1), make(chan error, 1)
			waiting := make(chan struct{})
			r.server.RegisterOnShutdown(func() { close(waiting) })
			go func() {
				_, text, err := do(t, r.client(t, h2), "GET", "https://"+stsHost+"/", nil)
				answer <- fmt.Sprint(text, err)
			}()
			<-h.entered
			go func() { ended <- r.Shutdown(t.Context()) }()
			select {
			case <-waiting:
			case <-h.cut:
				t.Error("Shutdown cut the request off")
			}
			close(h.release)
			if got := <-answer; got != "done<nil>" {
				t.Errorf("the request got %s", got)
			}
			if err := <-ended; err != nil {
				t.Errorf("Shutdown: %v", err)
			}
			if _, _, err := do(t, r.client(t, h2), "GET", "https://"+stsHost+"/", nil); err == nil {
				t.Error("a tunnel opened after Shutdown")
			}
		})
	}
}

func TestShutdownCutsOffWhatOutlastsItsContext(t *testing.T) {
	for proto, h2 := range map[string]bool{"HTTP/1.1": false, "HTTP/2.0": true} {
		t.Run(proto, func(t *testing.T) {
			h := newHeld()
			r := start(t, h)
			answer := make(chan error, 1)
			go func() {
				_, _, err := do(t, r.client(t, h2), "GET", "https://"+stsHost+"/", nil)
				answer <- err
			}()
			<-h.entered
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			if err := r.Shutdown(ctx); !errors.Is(err, context.Canceled) {
				t.Errorf("Shutdown: %v, want the context's error", err)
			}
			select {
			case <-h.cut:
			default:
				t.Error("Shutdown returned before the handler")
			}
			if err := <-answer; err == nil {
				t.Error("the request that was cut off succeeded")
			}
		})
	}
}

func FuzzParseTarget(f *testing.F) {
	f.Add("sts.amazonaws.com:443")
	f.Add("[::1]:443")
	f.Add("[sts.amazonaws.com]:443")
	f.Add("a.amazonaws.com:443:443")
	f.Fuzz(func(t *testing.T, target string) {
		host, err := parseTarget(target)
		if err != nil {
			return
		}
		if want := string(host) + ":443"; !strings.EqualFold(target, want) {
			t.Errorf("parseTarget(%q) = %q", target, host)
		}
	})
}

// FuzzConnectLine sends whole requests to a proxy that serves no host: it must
// answer each in HTTP, and never open a tunnel.
func FuzzConnectLine(f *testing.F) {
	authority, err := ca.New(ca.Config{})
	if err != nil {
		f.Fatal(err)
	}
	p := New(Config{Authority: authority, Routes: func(ca.Host) http.Handler { return nil }})
	f.Cleanup(func() {
		if err := p.Close(); err != nil {
			f.Error(err)
		}
	})
	f.Add("CONNECT sts.amazonaws.com:443 HTTP/1.1\r\nHost: sts.amazonaws.com:443\r\n\r\n")
	f.Add("CONNECT /x HTTP/1.1\r\nHost: y\r\n\r\n")
	f.Add("GET http://sts.amazonaws.com/ HTTP/1.0\r\n\r\n")
	f.Fuzz(func(t *testing.T, text string) {
		r, err := http.ReadRequest(bufio.NewReader(strings.NewReader(text)))
		if err != nil {
			return
		}
		w := httptest.NewRecorder()
		p.ServeHTTP(w, r)
		if w.Code != http.StatusForbidden || !strings.HasPrefix(w.Body.String(), "pullpass sandbox: ") {
			t.Errorf("%q: status %d, %s", text, w.Code, w.Body)
		}
	})
}
