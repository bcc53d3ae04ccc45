package bounds

import (
	"container/list"
	"context"
	"errors"
	"net"
	"sync"
	"syscall"
	"time"
)

// Listener is a listener of TCP on which so many connections are open at most. Another one takes the place of the
// connection that has gone longest without a request, once that has had its grace: those that send nothing, or half a head,
// go first, however many they are. Until then, and while every connection has a request under way, a new one waits.
type Listener struct {
	tcp    *net.TCPListener
	limits Limits

	mu     sync.Mutex
	room   *sync.Cond // signalled when a connection closes or becomes idle
	open   int
	idle   *list.List // of *conn: those without a request under way, the one that has been so for longest first
	closed bool
}

var _ net.Listener = (*Listener)(nil)

// Listen opens a listener at an address, of which the port may be 0. Ctx bounds the opening alone.
func (l Limits) Listen(ctx context.Context, address string) (*Listener, error) {
	var config net.ListenConfig
	opened, err := config.Listen(ctx, "tcp", address)
	if err != nil {
		return nil, err
	}
	tcp, ok := opened.(*net.TCPListener)
	if !ok {
		return nil, errors.Join(errors.New("listening: no TCP"), opened.Close())
	}
	listener := &Listener{tcp: tcp, limits: l, idle: list.New()}
	listener.room = sync.NewCond(&listener.mu)
	return listener, nil
}

// Accept implements net.Listener.
func (l *Listener) Accept() (net.Conn, error) {
	for {
		tcp, err := l.tcp.AcceptTCP()
		if errors.Is(err, syscall.EMFILE) && l.evict() {
			continue // The process may open no more files, of which some are idle connections.
		}
		if err != nil {
			return nil, err
		}
		// That it cannot be set means that the client has gone already, which whoever reads will see.
		_ = tcp.SetWriteBuffer(unread)
		return l.admit(tcp)
	}
}

// admit makes room for a connection.
func (l *Listener) admit(tcp *net.TCPConn) (net.Conn, error) {
	c := &conn{TCPConn: tcp, listener: l}
	l.mu.Lock()
	defer l.mu.Unlock()
	for l.open >= l.limits.Connections && !l.closed {
		if !l.evictLocked() {
			l.wait()
		}
	}
	if l.closed {
		return nil, errors.Join(net.ErrClosed, tcp.Close())
	}
	l.open++
	l.rest(c)
	return c, nil
}

// wait returns when there may be room.
func (l *Listener) wait() {
	if oldest := l.oldest(); oldest != nil {
		timer := time.AfterFunc(time.Until(oldest.since.Add(l.limits.Grace)), l.wake)
		defer timer.Stop()
	}
	l.room.Wait()
}

// wake takes the lock first, so that it does not come before whoever is about to wait.
func (l *Listener) wake() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.room.Broadcast()
}

// rest puts a connection at the end of the list of those that are idle.
func (l *Listener) rest(c *conn) {
	c.since = time.Now()
	c.place = l.idle.PushBack(c)
}

// oldest is the connection that has been idle for longest; nil for none.
func (l *Listener) oldest() *conn {
	if front := l.idle.Front(); front != nil {
		c, _ := front.Value.(*conn) // Every element is one.
		return c
	}
	return nil
}

// evict ends the connection that has been idle for longest, or reports that there is none that has had its grace.
func (l *Listener) evict() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.evictLocked()
}

func (l *Listener) evictLocked() bool {
	oldest := l.oldest()
	if oldest == nil || time.Since(oldest.since) < l.limits.Grace {
		return false
	}
	l.forget(oldest)
	// That it is closed already is no news.
	_ = oldest.TCPConn.Close()
	return true
}

// forget takes a connection off the books, once.
func (l *Listener) forget(c *conn) {
	if c.gone {
		return
	}
	c.gone = true
	if c.place != nil {
		l.idle.Remove(c.place)
		c.place = nil
	}
	l.open--
	l.room.Signal()
}

// begin notes that a request of a connection is under way, or reports that the connection has given way. End notes that it
// no longer is.
func (l *Listener) begin(c *conn) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if c.gone {
		return false
	}
	c.requests++
	if c.place != nil {
		l.idle.Remove(c.place)
		c.place = nil
	}
	return true
}

func (l *Listener) end(c *conn) {
	l.mu.Lock()
	defer l.mu.Unlock()
	c.requests--
	if c.requests == 0 && !c.gone {
		l.rest(c)
		l.room.Signal()
	}
}

// Open returns how many connections are open.
func (l *Listener) Open() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.open
}

// Addr implements net.Listener.
func (l *Listener) Addr() net.Addr { return l.tcp.Addr() }

// Close implements net.Listener. Connections stay open. A second Close does nothing.
func (l *Listener) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return nil
	}
	l.closed = true
	l.room.Broadcast()
	return l.tcp.Close()
}
