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

	"github.com/pullpass/pullpass/sandbox/internal/bounds"
	"github.com/pullpass/pullpass/sandbox/internal/fresh"
)

// shutdownTimeout is how long Close lets requests under way be answered.
const shutdownTimeout = 5 * time.Second

// listeners are the servers of one Server, each with the goroutine that serves it.
type listeners struct {
	limits bounds.Limits
	log    *slog.Logger
	// connContext is each server's ConnContext.
	connContext func(context.Context, net.Conn) context.Context
	open        []*bounds.Listener
	servers     []*http.Server
	done        sync.WaitGroup
}

// add serves a handler on an address of which the port may be 0, and returns the address that it got.
func (l *listeners) add(ctx context.Context, address string, handler http.Handler) (net.Addr, error) {
	listener, err := l.limits.Listen(ctx, address)
	if err != nil {
		return nil, err
	}
	server := bounds.NewServer(bounds.Config{Handler: handler, Limits: l.limits, ConnContext: l.connContext, Log: l.log})
	fresh.Track(server)
	l.open = append(l.open, listener)
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
