package sandboxtest

import (
	"bytes"
	"io"
	"net/http"
)

// newClient returns an HTTP client for the SDK that is safe against a server as near as this one.
//
// The SDK closes a request's body as soon as the response begins, while net/http, which reads the body once more to see
// that it has ended, may not have come to that. It then closes the connection, and the rest of a long response is lost.
// Over a network the response is never that fast. A body that net/http knows to be in memory is sent in one piece, and not
// read again.
func newClient() *http.Client { return &http.Client{Transport: inOnePiece{&http.Transport{}}} }

type inOnePiece struct{ next http.RoundTripper }

// RoundTrip implements http.RoundTripper.
func (t inOnePiece) RoundTrip(request *http.Request) (*http.Response, error) {
	if request.Body == nil || request.Body == http.NoBody {
		return t.next.RoundTrip(request)
	}
	body, err := io.ReadAll(request.Body)
	if err != nil {
		return nil, err
	}
	if err := request.Body.Close(); err != nil {
		return nil, err
	}
	request = request.Clone(request.Context())
	request.Body = io.NopCloser(bytes.NewReader(body))
	return t.next.RoundTrip(request)
}
