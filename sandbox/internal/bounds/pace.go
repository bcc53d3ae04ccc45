package bounds

import (
	"io"
	"net/http"
	"time"
)

// pace bounds how slowly a request's body may come, and over HTTP/2 how slowly its answer may be read. Over HTTP/1.1 the
// connection sees to the answer.
func (l Limits) pace(w http.ResponseWriter, r *http.Request) (http.ResponseWriter, *http.Request) {
	control := http.NewResponseController(w)
	if r.Body != nil && r.Body != http.NoBody {
		if r.ProtoMajor == 1 {
			// What the handler leaves of the body net/http reads, to come to the next request. A failure means that the
			// connection is closed, which the handler will see.
			_ = control.SetReadDeadline(time.Now().Add(l.Stall))
		}
		body := &body{ReadCloser: r.Body, limits: l, control: control}
		r = r.WithContext(r.Context()) // a copy, for net/http looks at the body of its own
		r.Body = body
	}
	if r.ProtoMajor > 1 {
		w = &writer{ResponseWriter: w, limits: l, control: control}
	}
	return w, r
}

// rest bounds how slowly what a handler has left in buffers may be read.
func (l Limits) rest(w http.ResponseWriter) {
	if w, ok := w.(*writer); ok {
		_ = w.control.SetWriteDeadline(time.Now().Add(l.Stall))
	}
}

// body is a request's body of which each piece must come in time. Where it ends, net/http lifts the deadline.
type body struct {
	io.ReadCloser

	limits  Limits
	control *http.ResponseController
	left    int // of the piece whose time has begun
	over    error
}

// Read implements io.Reader.
func (b *body) Read(p []byte) (int, error) {
	if b.over != nil {
		return 0, b.over // A deadline would be that of whatever comes next.
	}
	if b.left <= 0 {
		b.left = b.limits.Piece
		if err := b.control.SetReadDeadline(time.Now().Add(b.limits.Stall)); err != nil {
			return 0, err
		}
	}
	n, err := b.ReadCloser.Read(p)
	b.left -= n
	b.over = err
	return n, err
}

// writer is an answer over HTTP/2 of which each piece must be read in time: a client that gives no room for it stops its
// stream alone, which the connection does not notice.
type writer struct {
	http.ResponseWriter

	limits  Limits
	control *http.ResponseController
}

// Write implements io.Writer.
func (w *writer) Write(b []byte) (written int, err error) {
	for len(b) > 0 && err == nil {
		piece := b[:min(len(b), w.limits.Piece)]
		if err := w.control.SetWriteDeadline(time.Now().Add(w.limits.Stall)); err != nil {
			return written, err
		}
		var n int
		n, err = w.ResponseWriter.Write(piece)
		written += n
		b = b[n:]
	}
	// Until the next piece the handler may take its time.
	_ = w.control.SetWriteDeadline(time.Time{})
	return written, err
}

// FlushError is http.ResponseController's Flush, which waits for the client to give room too.
func (w *writer) FlushError() error {
	if err := w.control.SetWriteDeadline(time.Now().Add(w.limits.Stall)); err != nil {
		return err
	}
	err := w.control.Flush()
	_ = w.control.SetWriteDeadline(time.Time{}) // See Write.
	return err
}

// Unwrap is for http.ResponseController.
func (w *writer) Unwrap() http.ResponseWriter { return w.ResponseWriter }
