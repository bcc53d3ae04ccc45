package bounds

import (
	"container/list"
	"errors"
	"io"
	"math"
	"net"
	"os"
	"sync"
	"time"
)

// unread is how many bytes the system is asked to take for a client that has not read them yet; Linux doubles it. Left to
// itself, Linux takes 4 MiB, and then nothing until a third of that has been read, for which a client that reads 32 KiB a
// second has no time. With a quarter of this, less than a segment on loopback, it sends hardly anything at all.
const unread = 128 << 10

// conn is a connection whose client must read what it is sent: every write has a deadline that goes on as long as pieces
// move. Reads have none of their own here, for a connection reads also while it waits for its client's next step; bodies,
// where a client has something to send, are bounded by their readers.
type conn struct {
	*net.TCPConn
	listener *Listener

	// Guarded by the listener's lock.
	place    *list.Element // in the list of idle ones
	since    time.Time     // when it became idle
	requests int           // under way
	gone     bool

	mu sync.Mutex
	by time.Time // the write deadline that whoever holds the connection has set; zero for none
}

// Close implements net.Conn.
func (c *conn) Close() error {
	c.listener.mu.Lock()
	c.listener.forget(c)
	c.listener.mu.Unlock()
	return c.TCPConn.Close()
}

// SetDeadline implements net.Conn.
func (c *conn) SetDeadline(t time.Time) error {
	return errors.Join(c.SetReadDeadline(t), c.SetWriteDeadline(t))
}

// SetWriteDeadline implements net.Conn: the earlier of the two deadlines counts.
func (c *conn) SetWriteDeadline(t time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.by = t
	return c.TCPConn.SetWriteDeadline(t)
}

// renew gives the client time for another piece.
func (c *conn) renew() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	by := time.Now().Add(c.listener.limits.Stall)
	if !c.by.IsZero() && c.by.Before(by) {
		by = c.by
	}
	return c.TCPConn.SetWriteDeadline(by)
}

// overdue reports whether the deadline of whoever holds the connection has passed.
func (c *conn) overdue() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return !c.by.IsZero() && !time.Now().Before(c.by)
}

// Write implements net.Conn.
func (c *conn) Write(b []byte) (written int, err error) {
	for {
		if err := c.renew(); err != nil {
			return written, err
		}
		n, err := c.TCPConn.Write(b[written:])
		written += n
		moves := n >= c.listener.limits.Piece && errors.Is(err, os.ErrDeadlineExceeded) && !c.overdue()
		if !moves {
			return written, err
		}
	}
}

// sent is how many bytes of a file are given to the system at once: sendfile does not say how far it has come before it is
// done.
const sent = 64 << 10

// ReadFrom implements io.ReaderFrom, so that a file goes to the socket by sendfile.
func (c *conn) ReadFrom(src io.Reader) (total int64, err error) {
	left := int64(math.MaxInt64)
	if bounded, ok := src.(*io.LimitedReader); ok {
		// Of a reader within a reader TCPConn would not see that it is a file.
		src, left = bounded.R, bounded.N
		defer func() { bounded.N -= total }()
	}
	for left > 0 {
		if err := c.renew(); err != nil {
			return total, err
		}
		piece := &io.LimitedReader{R: src, N: min(left, sent)}
		n, err := c.TCPConn.ReadFrom(piece)
		total, left = total+n, left-n
		if err != nil || piece.N > 0 {
			return total, err
		}
	}
	return total, nil
}

// connOf finds the connection that another one goes through; nil where there is none of ours.
func connOf(outer net.Conn) *conn {
	for outer != nil {
		if c, ok := outer.(*conn); ok {
			return c
		}
		inside, ok := outer.(interface{ NetConn() net.Conn })
		if !ok {
			return nil
		}
		outer = inside.NetConn()
	}
	return nil
}
