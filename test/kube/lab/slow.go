package lab

import (
	"crypto/tls"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"slices"
	"sync"
	"testing"
	"time"

	"k8s.io/client-go/rest"
)

// A Road is a way to a cluster's API server on which every request takes time, and is written down.
type Road struct {
	// Name is the name of the context in Kubeconfig.
	Name string
	// Kubeconfig leads over the road. Whoever takes it may do everything in the cluster: a client's certificate ends with
	// his TLS connection, and the road has its own.
	Kubeconfig string

	delay   time.Duration
	onwards http.Handler

	mu       sync.Mutex
	requests []string
	underway int
	atOnce   int
	before   func(request string)
}

// Before has a function called before a request, in the form of Requests, is passed on.
func (r *Road) Before(do func(request string)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.before = do
}

// Slow serves a way to the cluster on which each request waits before it reaches the API server, as one does whose cluster
// is far away; what is asked at once waits at once.
func (c *Cluster) Slow(t testing.TB, delay time.Duration) *Road {
	t.Helper()
	return c.pave(t, c.Name, delay, c.forward(t))
}

// forward passes requests on to the API server, with a certificate that may do everything.
func (c *Cluster) forward(t testing.TB) *httputil.ReverseProxy {
	t.Helper()
	transport, err := rest.TransportFor(c.admin)
	if err != nil {
		t.Fatal(err)
	}
	target, err := url.Parse(c.URL)
	if err != nil {
		t.Fatal(err)
	}
	return &httputil.ReverseProxy{
		Transport: transport, FlushInterval: -1, // A watch is passed on as it comes.
		Rewrite: func(request *httputil.ProxyRequest) { request.SetURL(target) },
	}
}

// pave serves a road until the test ends.
func (c *Cluster) pave(t testing.TB, name string, delay time.Duration, onwards http.Handler) *Road {
	t.Helper()
	r := &Road{Name: name, delay: delay, onwards: onwards}
	server := httptest.NewUnstartedServer(r)
	own := c.authority.server(t)
	certificate, err := tls.X509KeyPair(own.certificate, own.key)
	if err != nil {
		t.Fatal(err)
	}
	server.TLS = &tls.Config{Certificates: []tls.Certificate{certificate}}
	server.EnableHTTP2 = true
	server.StartTLS()
	t.Cleanup(server.Close)
	r.Kubeconfig = c.kubeconfig(t, name+".road", name, server.URL, c.authority.client(t, "traveller"))
	return r
}

// Requests are all that came so far, as "GET /api/v1/namespaces", in the order in which they came.
func (r *Road) Requests() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.requests)
}

// AtOnce is how many requests were on their way at one time, at most.
func (r *Road) AtOnce() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.atOnce
}

// ServeHTTP passes a request on after the delay.
func (r *Road) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	r.enter(request)
	defer r.leave()
	timer := time.NewTimer(r.delay)
	defer timer.Stop()
	select {
	case <-timer.C:
		r.announce(request)
		r.next().ServeHTTP(w, request)
	case <-request.Context().Done(): // Whoever asked has gone.
	}
}

func (r *Road) announce(request *http.Request) {
	r.mu.Lock()
	before := r.before
	r.mu.Unlock()
	if before != nil {
		before(Form(request))
	}
}

func (r *Road) enter(request *http.Request) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.requests = append(r.requests, Form(request))
	r.underway++
	r.atOnce = max(r.atOnce, r.underway)
}

func (r *Road) leave() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.underway--
}
