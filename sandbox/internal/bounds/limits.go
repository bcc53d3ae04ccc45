// Package bounds limits what a client can take of an HTTP server, whatever it sends or leaves unsent.
package bounds

import "time"

// Limits are those of one listener. Every field is needed.
type Limits struct {
	// Header bounds a TLS handshake, and the head of a request, from beginning to end.
	Header time.Duration
	// Idle is how long a connection may wait for its next request.
	Idle time.Duration
	// Stall is how long a client may take for the next Piece, of a body that it sends or of an answer that it reads; what is
	// left, if it is less, counts as a piece. However long a transfer is, it goes on as long as that much moves.
	Stall time.Duration
	// Piece is in bytes.
	Piece int
	// HeaderBytes bounds the head of a request, and HeaderFields the number of its header fields.
	HeaderBytes, HeaderFields int
	// Connections is how many may be open at the same time. One that has had no request under way for Grace gives way to
	// another.
	Connections int
	Grace       time.Duration
}

// Standard returns the limits for programs that work: they send 546 bytes a second and read 8 KiB, for the system's buffers make
// room in steps; and a session token with many tags, of a few thousand bytes, fits in a head.
func Standard() Limits {
	return Limits{
		Header: 10 * time.Second, Idle: 2 * time.Minute,
		Stall: 30 * time.Second, Piece: 16 << 10,
		HeaderBytes: 64 << 10, HeaderFields: 256,
		Connections: 1024, Grace: time.Second,
	}
}
