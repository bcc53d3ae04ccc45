package proxy

import (
	"bufio"
	"net"
	"sync"
	"time"

	"github.com/pullpass/pullpass/sandbox/internal/ca"
)

// tunnel is a connection on which a client asked for a host.
type tunnel struct {
	net.Conn

	host ca.Host
	// buffered holds what the client sent right after CONNECT, without waiting
	// for the answer.
	buffered *bufio.Reader
}

// Read returns what was buffered, then what arrives.
func (t *tunnel) Read(b []byte) (int, error) {
	if t.buffered.Buffered() > 0 {
		return t.buffered.Read(b)
	}
	return t.Conn.Read(b)
}

// NetConn returns the connection that the tunnel goes through, as tls.Conn's does.
func (t *tunnel) NetConn() net.Conn { return t.Conn }

// accept tells the client to go on, and lifts the deadlines that the proxy's
// own server had set: the tunnels' server sets its own.
func (t *tunnel) accept() error {
	if err := t.SetDeadline(time.Time{}); err != nil {
		return err
	}
	_, err := t.Write([]byte("HTTP/1.1 200 Connection established\r\n\r\n"))
	return err
}

// tunnelListener makes tunnels look like the connections of a listener, so that
// one http.Server serves all of them.
type tunnelListener struct {
	conns     chan net.Conn
	done      chan struct{}
	closeOnce sync.Once
}

func newTunnelListener() *tunnelListener {
	return &tunnelListener{conns: make(chan net.Conn), done: make(chan struct{})}
}

// push waits until the server takes the connection; false means never.
func (l *tunnelListener) push(c net.Conn) bool {
	select {
	case l.conns <- c:
		return true
	case <-l.done:
		return false
	}
}

// Accept implements net.Listener.
func (l *tunnelListener) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.done:
		return nil, net.ErrClosed
	}
}

// Close implements net.Listener.
func (l *tunnelListener) Close() error {
	l.closeOnce.Do(func() { close(l.done) })
	return nil
}

// Addr implements net.Listener; a tunnel's end has no address of its own.
func (l *tunnelListener) Addr() net.Addr { return tunnelAddr{} }

type tunnelAddr struct{}

func (tunnelAddr) Network() string { return "tcp" }
func (tunnelAddr) String() string  { return "tunnel" }
