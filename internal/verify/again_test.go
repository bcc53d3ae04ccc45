package verify

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"
)

// script answers requests one after the other: with a status, or with an error.
type script []any

func (s *script) RoundTrip(*http.Request) (*http.Response, error) {
	next := (*s)[0]
	*s = (*s)[1:]
	if status, ok := next.(int); ok {
		return &http.Response{StatusCode: status, Body: io.NopCloser(strings.NewReader("an answer"))}, nil
	}
	return nil, next.(error)
}

func TestWhatPassesIsSentAgain(t *testing.T) {
	reset := &net.OpError{Op: "read", Err: syscall.ECONNRESET}
	refused := &net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}
	for sentence, test := range map[string]struct {
		answers script
		body    bool
		left    int // answers that nobody asked for
		want    int // status, 0 for an error
	}{
		"an answer is an answer":                 {answers: script{200, 500}, left: 1, want: 200},
		"a refusal is one too":                   {answers: script{403, 200}, left: 1, want: 403},
		"errors of the other side pass":          {answers: script{500, 503, 429, 200}, want: 200},
		"a connection that was reset passes":     {answers: script{reset, io.EOF, 200}, want: 200},
		"not for ever":                           {answers: script{500, 500, 500, 500, 200}, left: 1, want: 500},
		"who cannot be reached is given up soon": {answers: script{refused, refused, refused, 200}, left: 1},
		"another error is final":                 {answers: script{errors.New("x509: no"), 200}, left: 1},
		"a request with a body is sent once":     {answers: script{500, 200}, body: true, left: 1, want: 500},
	} {
		t.Run(sentence, func(t *testing.T) {
			var body io.Reader
			if test.body {
				body = strings.NewReader("a body")
			}
			req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://registry/v2/", body)
			if err != nil {
				t.Fatal(err)
			}
			answers := test.answers
			patient := again{RoundTripper: &answers, attempts: 4, wait: func(context.Context, time.Duration) error { return nil }}
			resp, err := patient.RoundTrip(req)
			status := 0
			if err == nil {
				status = resp.StatusCode
				if err := resp.Body.Close(); err != nil {
					t.Fatal(err)
				}
			}
			if status != test.want || len(answers) != test.left {
				t.Errorf("got status %d, error %v, %d answers left; want %d and %d", status, err, len(answers), test.want, test.left)
			}
		})
	}
}

func TestAWaitToSendAgainEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "https://registry/v2/", nil)
	if err != nil {
		t.Fatal(err)
	}
	answers := script{500, 200}
	_, err = again{RoundTripper: &answers, attempts: 4, wait: func(ctx context.Context, _ time.Duration) error {
		cancel()
		return ctx.Err()
	}}.RoundTrip(req)
	if !errors.Is(err, context.Canceled) || len(answers) != 1 {
		t.Errorf("got error %v, %d answers left", err, len(answers))
	}
}
