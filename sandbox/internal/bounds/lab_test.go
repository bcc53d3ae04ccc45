package bounds_test

import (
	"bytes"
	"crypto/tls"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/pullpass/pullpass/sandbox/internal/bounds"
)

// impatient are limits that a test does not wait long for, and that a busy machine keeps to where it should.
func impatient() bounds.Limits {
	limits := bounds.Standard()
	limits.Stall, limits.Piece = 100*time.Millisecond, 1<<10
	return limits
}

// lab is a running server.
type lab struct {
	t        *testing.T
	listener *bounds.Listener
	client   *http.Client // trusts the server; speaks HTTP/2 where that speaks TLS

	mu  sync.Mutex
	log bytes.Buffer
}

// Write takes the server's log.
func (l *lab) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.log.Write(b)
}

func (l *lab) logged() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.log.String()
}

func serve(t *testing.T, limits bounds.Limits, secure bool, handler http.HandlerFunc) *lab {
	t.Helper()
	l := &lab{t: t, client: http.DefaultClient}
	listener, err := limits.Listen(t.Context(), "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l.listener = listener
	server := bounds.NewServer(bounds.Config{Handler: handler, Limits: limits,
		Log: slog.New(slog.NewTextHandler(l, &slog.HandlerOptions{Level: slog.LevelInfo}))})
	var front net.Listener = listener
	if secure {
		server.TLSConfig, l.client = l.secrets()
		front = tls.NewListener(listener, server.TLSConfig)
	}
	served := make(chan error, 1)
	go func() { served <- server.Serve(front) }()
	t.Cleanup(func() {
		l.client.CloseIdleConnections()
		if err := server.Close(); err != nil {
			t.Error(err)
		}
		if err := <-served; !errors.Is(err, http.ErrServerClosed) && !errors.Is(err, net.ErrClosed) {
			t.Error(err)
		}
	})
	return l
}

// secrets borrows httptest's certificate.
func (l *lab) secrets() (*tls.Config, *http.Client) {
	lender := httptest.NewUnstartedServer(nil)
	lender.EnableHTTP2 = true
	lender.StartTLS()
	l.t.Cleanup(lender.Close)
	return lender.TLS.Clone(), lender.Client()
}

func (l *lab) url() string {
	if l.client != http.DefaultClient {
		return "https://" + l.listener.Addr().String()
	}
	return "http://" + l.listener.Addr().String()
}

// dial connects and sends a text, which may be the beginning of a request.
func (l *lab) dial(text string) net.Conn {
	l.t.Helper()
	conn, err := net.Dial("tcp", l.listener.Addr().String())
	if err != nil {
		l.t.Fatal(err)
	}
	l.t.Cleanup(func() { _ = conn.Close() })
	if _, err := io.WriteString(conn, text); err != nil {
		l.t.Fatal(err)
	}
	return conn
}

// ended waits for the end of a connection, and returns what came before.
func ended(conn net.Conn) string {
	// How it ends does not matter: the client may have been sending still, and gets a reset then.
	got, _ := io.ReadAll(conn)
	return string(got)
}

// ask sends a request and returns the status and the body of the answer.
func (l *lab) ask(body io.Reader) (int, string) {
	l.t.Helper()
	request, err := http.NewRequestWithContext(l.t.Context(), http.MethodPost, l.url(), body)
	if err != nil {
		l.t.Fatal(err)
	}
	response, err := l.client.Do(request)
	if err != nil {
		l.t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	got, err := io.ReadAll(response.Body)
	if err != nil {
		l.t.Fatal(err)
	}
	return response.StatusCode, string(got)
}
