package proxy

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
)

// gate counts the requests inside, and lets nobody in once it is shut.
type gate struct {
	mu     sync.Mutex
	shut   bool
	inside sync.WaitGroup
}

func (g *gate) enter() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !g.shut {
		g.inside.Add(1)
	}
	return !g.shut
}

func (g *gate) leave() { g.inside.Done() }

// empty shuts the gate and waits until nobody is inside.
func (g *gate) empty() {
	g.mu.Lock()
	g.shut = true
	g.mu.Unlock()
	g.inside.Wait()
}

// count keeps account of the tunnels that the server has: each begins new and
// ends closed.
func (p *Proxy) count(_ net.Conn, state http.ConnState) {
	switch state {
	case http.StateNew:
		p.conns.Add(1)
	case http.StateClosed, http.StateHijacked:
		p.conns.Done()
	case http.StateActive, http.StateIdle:
	}
}

// stopAccepting returns once every tunnel that was accepted has been counted
// and no other will be.
func (p *Proxy) stopAccepting() error {
	err := p.tunnels.Close()
	<-p.served
	return err
}

// Shutdown lets the requests under way finish, and then ends every tunnel. If
// ctx ends first it cuts them off and returns ctx's error. Either way nothing of
// the proxy runs on when it returns.
func (p *Proxy) Shutdown(ctx context.Context) error {
	err := p.stopAccepting()
	if graceful := p.server.Shutdown(ctx); graceful != nil {
		err = errors.Join(err, fmt.Errorf("waiting for tunnels to end: %w", graceful))
	}
	return errors.Join(err, p.Close())
}

// Close cuts every tunnel off, ends the contexts of their requests, and waits
// until their handlers have returned.
func (p *Proxy) Close() error {
	err := errors.Join(p.stopAccepting(), p.server.Close())
	p.conns.Wait()
	p.gate.empty()
	return err
}
