package sandbox

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
)

// Server is a sandbox that listens on loopback.
type Server struct {
	sandbox   *Sandbox
	listeners listeners
	registry  http.Handler
	layers    http.Handler
	ready     Ready
}

// Listen serves the sandbox: the APIs at address, such as "127.0.0.1:0", everything else on ports of the same host that
// the operating system picks. Where the sandbox has a directory, it then holds what a client needs to find the server:
// see Ready. The server must be closed.
func (s *Sandbox) Listen(ctx context.Context, address string) (*Server, error) {
	server := &Server{sandbox: s, listeners: listeners{log: s.log}}
	if err := server.start(ctx, address); err != nil {
		return nil, fmt.Errorf("serving the sandbox: %w", errors.Join(err, server.listeners.close(ctx)))
	}
	return server, nil
}

func (s *Server) start(ctx context.Context, address string) error {
	at, err := s.listeners.add(ctx, address, http.HandlerFunc(s.byHost))
	if err != nil {
		return err
	}
	s.ready.Endpoint = "http://" + at.String()
	return nil
}

// Ready tells how to reach the server.
func (s *Server) Ready() Ready { return s.ready }

// Close ends the server when the requests under way have been answered.
func (s *Server) Close(ctx context.Context) error {
	return s.listeners.close(context.WithoutCancel(ctx))
}

// beside returns an address on the same host with a free port.
func beside(at net.Addr) string {
	host, _, err := net.SplitHostPort(at.String())
	if err != nil {
		host = "127.0.0.1"
	}
	return net.JoinHostPort(host, "0")
}
