package sandbox

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync/atomic"

	"github.com/pullpass/pullpass/arn"
	"github.com/pullpass/pullpass/internal/registry"
	"github.com/pullpass/pullpass/sandbox/internal/ca"
	"github.com/pullpass/pullpass/sandbox/internal/control"
	"github.com/pullpass/pullpass/sandbox/internal/oci"
	"github.com/pullpass/pullpass/sandbox/internal/proxy"
	"github.com/pullpass/pullpass/sandbox/internal/state"
)

// Server is a sandbox that listens.
type Server struct {
	sandbox   *Sandbox
	listeners listeners
	authority *ca.Authority
	proxy     *proxy.Proxy
	registry  http.Handler // for requests under a registry's real host name
	ready     Ready
	closed    atomic.Bool
}

// Listen serves the sandbox: the APIs at address, such as "127.0.0.1:0", everything else on ports of loopback that the
// operating system picks. The address must be one of loopback, or it is ErrNotLoopback, unless the Config says Expose.
// Where the sandbox has a directory, it then holds what a client needs to find the server: see Ready. The server must be
// closed; until then a second Listen is ErrServed. Ctx bounds the start alone.
func (s *Sandbox) Listen(ctx context.Context, address string) (*Server, error) {
	if err := s.check(address); err != nil {
		return nil, fmt.Errorf("serving the sandbox: %w", err)
	}
	if !s.served.CompareAndSwap(false, true) {
		return nil, fmt.Errorf("serving the sandbox: %w", ErrServed)
	}
	server := &Server{sandbox: s, listeners: listeners{limits: s.limits, log: s.log, connContext: s.weather.ConnContext}, registry: s.registryHandler(registryByHost)}
	if err := server.start(ctx, address); err != nil {
		return nil, fmt.Errorf("serving the sandbox: %w", errors.Join(err, server.Close(ctx)))
	}
	return server, nil
}

func (s *Server) start(ctx context.Context, address string) error {
	err := s.sandbox.stock(ctx)
	if err != nil {
		return err
	}
	s.authority, err = ca.New(ca.Config{Dir: s.sandbox.dir, Clock: s.sandbox.clock, Random: s.sandbox.gateway.random})
	if err != nil {
		return err
	}
	at, err := s.listeners.add(ctx, address, http.HandlerFunc(s.byHost))
	if err != nil {
		return fmt.Errorf("%w: %w", ErrAddress, err)
	}
	s.ready = Ready{Endpoint: base(at), CA: s.authority.File(), authority: s.authority.PEM()}
	if err := s.startProxy(ctx, beside(at)); err != nil {
		return err
	}
	if err := s.startLayers(ctx); err != nil {
		return err
	}
	if err := s.startRegistries(ctx, beside(at)); err != nil {
		return err
	}
	if err := s.startControl(ctx, inside(at)); err != nil {
		return err
	}
	return s.ready.publish(s.sandbox)
}

func (s *Server) startProxy(ctx context.Context, address string) error {
	s.proxy = proxy.New(proxy.Config{
		Authority: s.authority, Routes: func(host ca.Host) http.Handler { return s.route(string(host)) },
		Serves: servedHosts(), ErrorLog: s.sandbox.log, ConnContext: s.sandbox.weather.ConnContext,
		Serial: s.sandbox.weather.Resets, Limits: s.sandbox.limits,
	})
	at, err := s.listeners.add(ctx, address, s.proxy)
	if err != nil {
		return err
	}
	s.ready.Proxy = base(at)
	return nil
}

// startLayers serves the layers to clients that come by a loopback address. They are sent to another host name than the
// registry's, so that they do not send their password on; whichever address the registry has, that name is localhost.
// Clients on other machines, to which that is another place, come through the proxy, under a real host name.
func (s *Server) startLayers(ctx context.Context) error {
	at, err := s.listeners.add(ctx, "localhost:0", s.sandbox.layers)
	if err != nil {
		return err
	}
	_, port, err := net.SplitHostPort(at.String())
	if err != nil {
		return err
	}
	base := "http://localhost:" + port
	s.sandbox.layerURL.Store(&base)
	return nil
}

// startRegistries gives each packages registry a port of its own, by which it is told on bare loopback.
func (s *Server) startRegistries(ctx context.Context, address string) error {
	s.ready.Registries = map[string]string{}
	for _, served := range s.sandbox.packagesRegistries() {
		handler := s.sandbox.registryHandler(func(*http.Request) (arn.AccountID, arn.Region, bool) {
			return served.Account, served.Region, true
		})
		at, err := s.listeners.add(ctx, address, handler)
		if err != nil {
			return err
		}
		s.ready.Registries[served.Host()] = base(at)
	}
	return nil
}

// startControl serves what is no part of AWS on a port of its own, so that no client of AWS comes to it by mistake. It is on
// loopback also where the sandbox is exposed.
func (s *Server) startControl(ctx context.Context, address string) error {
	at, err := s.listeners.add(ctx, address,
		control.Handler(control.Config{Weather: s.sandbox.weather, Requests: s.sandbox.requests}))
	if err != nil {
		return err
	}
	s.ready.Control = base(at)
	return nil
}

func (s *Sandbox) registryHandler(which func(*http.Request) (arn.AccountID, arn.Region, bool)) http.Handler {
	config := s.registry
	config.Registry = which
	return oci.Handler(config)
}

func (s *Sandbox) packagesRegistries() (found []registry.Registry) {
	// Reading cannot fail.
	_ = s.store.View(func(w *state.World) error {
		for _, account := range state.Sorted(w.Accounts) {
			for _, r := range state.Sorted(account.Registries) {
				if r.Packages {
					found = append(found, registry.Registry{Account: r.Account, Region: r.Region})
				}
			}
		}
		return nil
	})
	return found
}

// Ready tells how to reach the server.
func (s *Server) Ready() Ready { return s.ready }

// Close takes away what led clients to the server, lets the requests under way be answered for a few seconds, and ends
// it. The weather holds none of them up meanwhile. A second Close does nothing.
func (s *Server) Close(ctx context.Context) error {
	if s.closed.Swap(true) {
		return nil
	}
	defer s.sandbox.weather.Hurry()()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownTimeout)
	defer cancel()
	failed := []error{s.sandbox.withdraw(), s.listeners.close(ctx)}
	if s.proxy != nil {
		failed = append(failed, s.closeProxy(ctx))
	}
	s.sandbox.served.Store(false)
	return errors.Join(failed...)
}

// closeProxy ends the tunnels. That some had to be cut off is no failure: the time for them was over.
func (s *Server) closeProxy(ctx context.Context) error {
	err := s.proxy.Shutdown(ctx)
	if errors.Is(err, context.DeadlineExceeded) {
		return nil
	}
	return err
}
