package sandbox_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/pullpass/pullpass/sandbox"
	"github.com/pullpass/pullpass/sandbox/internal/bounds"
	"github.com/pullpass/pullpass/sandbox/sandboxtest"
)

// siege is a sandbox whose clients do their worst. That nothing goes wrong inside is seen from its log: it has no line.
type siege struct {
	*sandboxtest.Sandbox
	t     *testing.T
	ports map[string]string // their addresses, by what is served there

	mu   sync.Mutex
	said bytes.Buffer
}

func besiege(t *testing.T, config sandbox.Config, limits bounds.Limits) *siege {
	t.Helper()
	s := &siege{t: t}
	config.Dir = t.TempDir()
	config.Log = slog.New(slog.NewTextHandler(s, &slog.HandlerOptions{Level: slog.LevelError}))
	embedded, err := sandbox.New(config)
	if err != nil {
		t.Fatal(err)
	}
	embedded.Limit(limits)
	s.Sandbox = sandboxtest.Serve(t, embedded, "127.0.0.1:0")
	ready := s.Server.Ready()
	s.ports = map[string]string{
		"endpoint": ready.Endpoint, "proxy": ready.Proxy, "registry": ready.Registries[packagesHost],
		"layers": embedded.LayerBase(), "control": ready.Control,
	}
	for name, url := range s.ports {
		s.ports[name] = strings.TrimPrefix(url, "http://")
	}
	return s
}

// Write takes what the sandbox says of faults.
func (s *siege) Write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.said.Write(b)
}

func (s *siege) faults() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.said.String()
}

// names are the ports' names, sorted.
func (s *siege) names() []string { return slices.Sorted(maps.Keys(s.ports)) }

// dial connects to a port and sends a text.
func (s *siege) dial(port, text string) *net.TCPConn {
	s.t.Helper()
	conn, err := net.Dial("tcp", s.ports[port])
	if err != nil {
		s.t.Fatal(err)
	}
	tcp, ok := conn.(*net.TCPConn)
	if !ok {
		s.t.Fatalf("%T", conn)
	}
	// The server may have hung up already, which whoever reads will see.
	_, _ = io.WriteString(tcp, text)
	return tcp
}

const connect = "CONNECT sts.amazonaws.com:443 HTTP/1.1\r\nHost: sts.amazonaws.com:443\r\n\r\n"

// tunnel opens a tunnel to STS and sends a text on it, inside TLS or before.
func (s *siege) tunnel(secure bool, text string) net.Conn {
	s.t.Helper()
	var conn net.Conn = s.dial("proxy", connect)
	answers := bufio.NewReader(conn)
	if _, err := http.ReadResponse(answers, &http.Request{Method: http.MethodConnect}); err != nil {
		s.t.Fatal(err)
	}
	if secure {
		authority, err := os.ReadFile(s.Server.Ready().CA)
		if err != nil {
			s.t.Fatal(err)
		}
		roots := x509.NewCertPool()
		roots.AppendCertsFromPEM(authority)
		conn = tls.Client(conn, &tls.Config{RootCAs: roots, ServerName: "sts.amazonaws.com"})
	}
	if _, err := io.WriteString(conn, text); err != nil {
		s.t.Fatal(err)
	}
	return conn
}

// ended waits until the server hangs up, and returns what it said before.
func ended(conn net.Conn) string {
	// Whether the end is a reset or not depends on what was under way.
	got, _ := io.ReadAll(conn)
	_ = conn.Close()
	return string(got)
}

// asked sends a whole request to a port and returns all of the answer.
func (s *siege) asked(port, request string) string {
	s.t.Helper()
	return ended(s.dial(port, strings.Replace(request, "\r\n", "\r\nConnection: close\r\n", 1)))
}

// works checks that good clients are served at every port.
func (s *siege) works() {
	s.t.Helper()
	ctx := s.t.Context()
	if _, err := sts.NewFromConfig(s.As(sandboxtest.Source)).GetCallerIdentity(ctx, nil); err != nil {
		s.t.Errorf("a signed call: %v", err)
	}
	config, client := real(s.t, s.Sandbox)
	if _, err := sts.NewFromConfig(config).GetCallerIdentity(ctx, nil); err != nil {
		s.t.Errorf("a signed call through the proxy: %v", err)
	}
	client.CloseIdleConnections()
	for port, want := range map[string]int{"registry": 401, "layers": 403, "control": 200} {
		path := map[string]string{"registry": "/v2/", "layers": "/", "control": "/weather"}[port]
		got := s.asked(port, "GET "+path+" HTTP/1.1\r\nHost: localhost\r\n\r\n")
		if !strings.HasPrefix(got, fmt.Sprintf("HTTP/1.1 %d ", want)) {
			s.t.Errorf("the %s port says %.100q, want %d", port, got, want)
		}
	}
	if said := s.faults(); said != "" {
		s.t.Errorf("the sandbox has faults:\n%s", said)
	}
}

// until waits for a condition on which there is no event to wait for, and reports whether it came true in good time.
func until(ctx context.Context, holds func() bool) bool {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	ticker := time.NewTicker(time.Millisecond)
	defer ticker.Stop()
	for !holds() {
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return !errors.Is(ctx.Err(), context.DeadlineExceeded) && holds()
		}
	}
	return true
}

// forget forgets the faults that were expected.
func (s *siege) forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.said.Reset()
}
