package lab

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httputil"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// mostTenants is how many names of the namespace's length there are.
const mostTenants = 100

// Tenants serves n roads to the cluster that look like n clusters to whoever works in namespace eksa-packages alone: each
// leads to a namespace of its own, which is there and empty. They are named tenant-00 and so on. Twenty of them cost what one
// API server costs; twenty API servers would take 6 GiB. What has no namespace they share.
func (c *Cluster) Tenants(t testing.TB, n int, delay time.Duration) []*Road {
	t.Helper()
	if n > mostTenants {
		t.Fatalf("a cluster has room for %d tenants, not for %d", mostTenants, n)
	}
	roads := make([]*Road, 0, n)
	for i := range n {
		a := alias{fmt.Sprintf("%s%02d", Namespace[:len(Namespace)-2], i)}
		namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: a.inside}}
		if _, err := c.Client.CoreV1().Namespaces().Create(t.Context(), namespace, metav1.CreateOptions{}); err != nil {
			t.Fatalf("cluster %s: %v", c.Name, err)
		}
		roads = append(roads, c.pave(t, fmt.Sprintf("tenant-%02d", i), delay, a.wrap(c.forward(t))))
	}
	return roads
}

// An alias is what the API server calls the namespace that a tenant knows as eksa-packages. The names are equally long, so
// that replacing one by the other keeps every length right, in JSON and in protobuf.
type alias struct{ inside string }

// wrap renames the namespace in what the proxy sends, and back in what it receives.
func (a alias) wrap(proxy *httputil.ReverseProxy) *httputil.ReverseProxy {
	onwards := proxy.Rewrite
	proxy.Rewrite = func(request *httputil.ProxyRequest) {
		onwards(request)
		request.Out.Header.Del("Accept-Encoding") // The transport may compress, and then undoes it.
		request.Out.URL.Path = strings.ReplaceAll(request.Out.URL.Path, Namespace, a.inside)
		request.Out.URL.RawQuery = strings.ReplaceAll(request.Out.URL.RawQuery, Namespace, a.inside)
		request.Out.Body = renamed(request.Out.Body, Namespace, a.inside)
	}
	proxy.ModifyResponse = func(response *http.Response) error {
		response.Body = renamed(response.Body, a.inside, Namespace)
		return nil
	}
	return proxy
}

// renamed is a body in which a name stands for another. It is read to its end at first: a watch is not for tenants.
func renamed(body io.ReadCloser, old, replacement string) io.ReadCloser {
	if body == nil || body == http.NoBody {
		return body
	}
	return &renaming{whole: body, old: []byte(old), replacement: []byte(replacement)}
}

type renaming struct {
	whole            io.ReadCloser
	old, replacement []byte
	result           io.Reader // nil until all has been read
}

func (r *renaming) Read(p []byte) (int, error) {
	if r.result == nil {
		content, err := io.ReadAll(r.whole)
		if err != nil {
			return 0, err
		}
		r.result = bytes.NewReader(bytes.ReplaceAll(content, r.old, r.replacement))
	}
	return r.result.Read(p)
}

func (r *renaming) Close() error { return r.whole.Close() }
