// Package fresh ends connections that never carried a request when their server shuts down.
package fresh

import (
	"net"
	"net/http"
	"sync"
)

// Track makes a server's Shutdown close the connections on which nothing has come yet. Left to itself, http.Server waits
// five seconds for them, and clients that dial ahead leave many. It is to be called once, before the server serves; a
// ConnState that is set is still called.
func Track(server *http.Server) {
	c := &conns{next: server.ConnState, open: map[net.Conn]struct{}{}}
	server.ConnState = c.note
	server.RegisterOnShutdown(c.end)
}

type conns struct {
	next func(net.Conn, http.ConnState)

	mu    sync.Mutex
	open  map[net.Conn]struct{}
	ended bool
}

func (c *conns) note(conn net.Conn, state http.ConnState) {
	if c.next != nil {
		c.next(conn, state)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if state != http.StateNew {
		delete(c.open, conn)
		return
	}
	if c.ended {
		hangUp(conn)
		return
	}
	c.open[conn] = struct{}{}
}

// end also makes those end that were accepted just before and come late.
func (c *conns) end() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ended = true
	for conn := range c.open {
		hangUp(conn)
	}
}

// hangUp closes a connection; that it is closed already is no news.
func hangUp(conn net.Conn) { _ = conn.Close() }
