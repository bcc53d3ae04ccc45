package weather

import "net"

// reset ends the connection at once with a TCP reset, on which the client sees "connection reset by peer". TLS inside is
// not closed: an attacker's reset, or a load balancer's, does not do so either. Over HTTP/2 it takes every request of the
// connection with it; see Resets.
func (c *connection) reset() {
	conn := c.Conn
	for conn != nil {
		if tcp, ok := conn.(interface{ SetLinger(seconds int) error }); ok {
			// Without linger the kernel sends a reset, where it would else send what is left and close. That it cannot be
			// set, or that the connection is closed already, means that the client has gone.
			_ = tcp.SetLinger(0)
			_ = conn.Close()
			return
		}
		outer, ok := conn.(interface{ NetConn() net.Conn })
		if !ok {
			_ = conn.Close()
			return
		}
		conn = outer.NetConn()
	}
}

// Resets reports whether the forecast has resets. Connections that are then made should carry one request at a time, for a
// reset is one request's.
func (w *Weather) Resets() bool { return w.day.Load().resets }
