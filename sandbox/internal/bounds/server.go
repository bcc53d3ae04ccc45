package bounds

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"runtime/debug"
)

// Config is what a server is made of.
type Config struct {
	Handler http.Handler
	Limits  Limits
	// ConnContext is the http.Server's; nil for none.
	ConnContext func(context.Context, net.Conn) context.Context
	// Log takes panics at level Error, and what goes wrong in connections at Debug.
	Log *slog.Logger
}

// NewServer returns a server that keeps to the limits, for a Listener or for connections that go through one's. A request
// with too many header fields gets status 431 (RFC 6585, section 5). A panic of the handler ends its request's connection,
// and nothing else.
func NewServer(config Config) *http.Server {
	return &http.Server{
		Handler: &handler{config}, ConnContext: config.connContext,
		ReadHeaderTimeout: config.Limits.Header, IdleTimeout: config.Limits.Idle, MaxHeaderBytes: config.Limits.HeaderBytes,
		ErrorLog: slog.NewLogLogger(config.Log.Handler(), slog.LevelDebug),
	}
}

type connKey struct{}

func (c Config) connContext(ctx context.Context, outer net.Conn) context.Context {
	if c.ConnContext != nil {
		ctx = c.ConnContext(ctx, outer)
	}
	return context.WithValue(ctx, connKey{}, connOf(outer))
}

type handler struct{ config Config }

// ServeHTTP implements http.Handler.
func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if c, _ := r.Context().Value(connKey{}).(*conn); c != nil {
		if !c.listener.begin(c) {
			return // There is nobody to answer any more.
		}
		defer c.listener.end(c)
		defer h.survive(r, c)
	}
	if fields(r.Header) > h.config.Limits.HeaderFields {
		http.Error(w, "too many header fields", http.StatusRequestHeaderFieldsTooLarge)
		return
	}
	w, r = h.config.Limits.pace(w, r)
	h.config.Handler.ServeHTTP(w, r)
	h.config.Limits.rest(w)
}

func fields(h http.Header) (count int) {
	for _, values := range h {
		count += len(values)
	}
	return count
}

// survive logs a panic, and closes the connection, so that half an answer does not pass for a whole one. Over HTTP/2 it
// takes the other requests of the connection with it: clients send them again.
func (h *handler) survive(r *http.Request, c *conn) {
	if p := recover(); p != nil {
		h.config.Log.ErrorContext(r.Context(), "panic", "value", p, "stack", string(debug.Stack()))
		_ = c.Close()
	}
}
