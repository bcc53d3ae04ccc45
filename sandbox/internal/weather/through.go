package weather

import (
	"context"
	"net/http"
	"time"
)

// Request is a request that goes through the weather.
type Request interface {
	// Visit is the request as the weather sees it.
	Visit() Visit
	// Serve answers the request, with an error if there is a fault. It is not called for one that is cut off before, or
	// whose client leaves while it waits.
	Serve(http.ResponseWriter, Fault)
	// Over is called at last with what the request met, before its connection is reset.
	Over(Encounter)
}

// Through takes a request through the weather. A nil Weather is fair.
func (w *Weather) Through(rw http.ResponseWriter, r *http.Request, through Request) {
	var today *day
	var e Encounter
	if w != nil {
		today = w.day.Load()
		e = w.meetOn(today, through.Visit())
	}
	if e.Latency > 0 && w.pass(r.Context(), today, e.Latency) != nil {
		through.Over(e) // The client has gone.
		return
	}
	switch e.Cut {
	case CutBefore:
	case CutAfter:
		through.Serve(&lost{header: rw.Header()}, e.Fault)
	case NoCut:
		through.Serve(w.slowed(rw, r, today, e.BytesPerSecond), e.Fault)
	}
	through.Over(e)
	if e.Cut != NoCut {
		connectionOf(r.Context()).reset()
	}
}

// lost is an answer that nobody gets.
type lost struct{ header http.Header }

// Header implements http.ResponseWriter.
func (l *lost) Header() http.Header { return l.header }

// WriteHeader implements http.ResponseWriter.
func (l *lost) WriteHeader(int) {}

// Write implements http.ResponseWriter.
func (l *lost) Write(b []byte) (int, error) { return len(b), nil }

func (w *Weather) slowed(rw http.ResponseWriter, r *http.Request, today *day, bytesPerSecond int64) http.ResponseWriter {
	if bytesPerSecond == 0 {
		return rw
	}
	return &slowWriter{ResponseWriter: rw, weather: w, day: today, ctx: r.Context(), rate: bytesPerSecond}
}

// slowWriter writes a body a little at a time. It has no ReadFrom, so that a file comes by way of Write too.
type slowWriter struct {
	http.ResponseWriter

	weather *Weather
	day     *day
	ctx     context.Context
	rate    int64 // bytes a second
}

// perSecond is how many pieces of a body are written in a second.
const perSecond = 20

// Write waits before each piece for as long as the piece takes. It ends with the request's context.
func (s *slowWriter) Write(b []byte) (written int, err error) {
	piece := max(1, int(s.rate/perSecond))
	for len(b) > 0 {
		now := b[:min(piece, len(b))]
		if err := s.weather.pass(s.ctx, s.day, time.Duration(len(now))*time.Second/time.Duration(s.rate)); err != nil {
			return written, err
		}
		n, err := s.ResponseWriter.Write(now)
		written += n
		if err != nil {
			return written, err
		}
		s.flush()
		b = b[n:]
	}
	return written, nil
}

// flush sends what was written, where the answer says how long it is: else a first flush would change its form. A writer
// that cannot flush sends it when it likes.
func (s *slowWriter) flush() {
	if s.Header().Get("Content-Length") != "" {
		_ = http.NewResponseController(s.ResponseWriter).Flush()
	}
}
