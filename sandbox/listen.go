package sandbox

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/pullpass/pullpass/sandbox/internal/fresh"
)

// How long a client may take. A blob's transfer has no limit of its own; what stands still is ended by the idle limit.
const (
	headerTimeout   = 10 * time.Second
	idleTimeout     = 2 * time.Minute
	shutdownTimeout = 5 * time.Second
	maxHeader       = 64 << 10 // bytes; a session token with many tags takes a few thousand
)

// listeners are the servers of one Server, each with the goroutine that serves it.
type listeners struct {
	log *slog.Logger
	// connContext is each server's ConnContext.
	connContext func(context.Context, net.Conn) context.Context
	servers     []*http.Server
	done        sync.WaitGroup
}

// add serves a handler on an address of which the port may be 0, and returns the address that it got.
func (l *listeners) add(ctx context.Context, address string, handler http.Handler) (net.Addr, error) {
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp", address)
	if err != nil {
		return nil, err
	}
	server := &http.Server{
		Handler: handler, ReadHeaderTimeout: headerTimeout, IdleTimeout: idleTimeout, MaxHeaderBytes: maxHeader,
		ErrorLog: slog.NewLogLogger(l.log.Handler(), slog.LevelDebug), ConnContext: l.connContext,
	}
	fresh.Track(server)
	l.servers = append(l.servers, server)
	l.done.Go(func() {
		if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			l.log.Error("a listener ended", "address", listener.Addr().String(), "error", err)
		}
	})
	return listener.Addr(), nil
}

// close lets requests under way end until ctx does, and returns when no goroutine is left.
func (l *listeners) close(ctx context.Context) error {
	var failed []error
	for _, server := range l.servers {
		if err := server.Shutdown(ctx); err != nil {
			failed = append(failed, server.Close())
		}
	}
	l.done.Wait()
	return errors.Join(failed...)
}

// newRequestID returns a random UUID (RFC 9562, version 4), the form of AWS's request ids.
func newRequestID(random io.Reader) (string, error) {
	var b [16]byte
	if _, err := io.ReadFull(random, b[:]); err != nil {
		return "", fmt.Errorf("making a request id: %w", err)
	}
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	text := hex.EncodeToString(b[:])
	return text[:8] + "-" + text[8:12] + "-" + text[12:16] + "-" + text[16:20] + "-" + text[20:], nil
}
