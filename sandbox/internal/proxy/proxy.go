// Package proxy is a forward proxy that ends TLS for AWS's host names.
//
// A client that has it as HTTPS_PROXY, and trusts its authority, reaches the
// sandbox under the names that it would use with AWS. The proxy answers every
// request itself: it has no way to connect anywhere.
package proxy

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"

	"github.com/pullpass/pullpass/sandbox/internal/bounds"
	"github.com/pullpass/pullpass/sandbox/internal/ca"
	"github.com/pullpass/pullpass/sandbox/internal/fresh"
)

// Config says what a proxy serves.
type Config struct {
	// Authority issues the certificates; clients must trust it.
	Authority *ca.Authority
	// Routes returns what answers for a host, nil if nothing does. It is asked
	// once a tunnel and once a request, from many goroutines.
	Routes func(ca.Host) http.Handler
	// Serves are the names or patterns that refusals list as served, such as
	// "sts.amazonaws.com" or "<id>.dkr.ecr.<region>.amazonaws.com".
	Serves []string
	// ConnContext is the ConnContext of an http.Server, called for each tunnel with
	// the TLS connection inside; nil for none.
	ConnContext func(context.Context, net.Conn) context.Context
	// Serial reports whether new tunnels should carry one request at a time, which
	// HTTP/1.1 does and HTTP/2 does not; nil for never.
	Serial func() bool
	// Limits are what a client may take inside a tunnel; zero for the standard ones.
	Limits bounds.Limits
	// ErrorLog takes what goes wrong in tunnels, such as a client that does not
	// trust the authority; nil drops it.
	ErrorLog *slog.Logger
}

// Proxy is the handler of the proxy's own listener. It must be closed, with
// Shutdown or Close, after that listener's server has been.
type Proxy struct {
	cfg     Config
	tls     *tls.Config
	serial  *tls.Config // the same without HTTP/2
	server  *http.Server
	tunnels *tunnelListener
	served  chan struct{} // closed once the server accepts no more tunnels
	conns   sync.WaitGroup
	gate    gate
}

var _ http.Handler = (*Proxy)(nil)

// New returns a proxy that is ready to serve.
func New(cfg Config) *Proxy {
	if cfg.ErrorLog == nil {
		cfg.ErrorLog = slog.New(slog.DiscardHandler)
	}
	if cfg.Limits == (bounds.Limits{}) {
		cfg.Limits = bounds.Standard()
	}
	p := &Proxy{cfg: cfg, tunnels: newTunnelListener(), served: make(chan struct{})}
	p.tls = &tls.Config{
		MinVersion:     tls.VersionTLS12,
		NextProtos:     []string{"h2", "http/1.1"},
		GetCertificate: p.certificate,
	}
	p.serial = p.tls.Clone()
	p.serial.NextProtos = []string{"http/1.1"}
	p.tls.GetConfigForClient = p.protocols
	p.server = bounds.NewServer(bounds.Config{
		Handler: http.HandlerFunc(p.serveTunnelled), Limits: cfg.Limits, ConnContext: p.connContext, Log: cfg.ErrorLog,
	})
	p.server.ErrorLog = slog.NewLogLogger(cfg.ErrorLog.Handler(), slog.LevelWarn)
	p.server.ConnState = p.count
	fresh.Track(p.server)
	go p.run()
	return p
}

// run owns the server's loop; stopAccepting waits for it.
func (p *Proxy) run() {
	defer close(p.served)
	if err := p.server.Serve(p.tunnels); err != nil && !errors.Is(err, http.ErrServerClosed) && !errors.Is(err, net.ErrClosed) {
		p.cfg.ErrorLog.Error("serving tunnels", "error", err)
	}
}

// certificate answers for the host that the tunnel was opened to, whatever name
// the client says inside.
func (p *Proxy) certificate(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
	t, ok := hello.Conn.(*tunnel)
	if !ok {
		return nil, fmt.Errorf("finding a certificate: %T is no tunnel", hello.Conn)
	}
	return p.cfg.Authority.Leaf(t.host)
}

// protocols returns the configuration for a tunnel, nil for the usual one.
func (p *Proxy) protocols(*tls.ClientHelloInfo) (*tls.Config, error) {
	if p.cfg.Serial != nil && p.cfg.Serial() {
		return p.serial, nil
	}
	return nil, nil
}

// ServeHTTP opens a tunnel for CONNECT to a host that is served, and refuses
// all else with status 403 and a text that says why.
func (p *Proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodConnect {
		p.refuse(w, fmt.Sprintf("no plain HTTP to %q", r.Host))
		return
	}
	host, err := parseTarget(r.RequestURI)
	if err != nil {
		p.refuse(w, err.Error())
		return
	}
	if p.cfg.Routes(host) == nil {
		p.refuse(w, fmt.Sprintf("no such host %q", string(host)))
		return
	}
	if err := p.open(w, host); err != nil {
		p.cfg.ErrorLog.Warn("opening a tunnel", "host", string(host), "error", err)
	}
}

func (p *Proxy) refuse(w http.ResponseWriter, reason string) {
	text := "pullpass sandbox: " + reason + ": this proxy never connects out"
	if len(p.cfg.Serves) > 0 {
		text += "; it serves HTTPS on port 443 for " + strings.Join(p.cfg.Serves, ", ")
	}
	http.Error(w, text, http.StatusForbidden)
}

// open takes the connection over from its server and hands it to ours.
func (p *Proxy) open(w http.ResponseWriter, host ca.Host) error {
	conn, buffered, err := http.NewResponseController(w).Hijack()
	if err != nil {
		http.Error(w, "pullpass sandbox: CONNECT needs HTTP/1.1", http.StatusNotImplemented)
		return fmt.Errorf("taking the connection over: %w", err)
	}
	t := &tunnel{Conn: conn, host: host, buffered: buffered.Reader}
	if err := t.accept(); err != nil {
		return errors.Join(fmt.Errorf("answering CONNECT: %w", err), conn.Close())
	}
	if !p.tunnels.push(tls.Server(t, p.tls)) {
		return errors.Join(net.ErrClosed, conn.Close())
	}
	return nil
}

func (p *Proxy) connContext(ctx context.Context, conn net.Conn) context.Context {
	if p.cfg.ConnContext != nil {
		ctx = p.cfg.ConnContext(ctx, conn)
	}
	return withHost(ctx, conn)
}

type hostKey struct{}

// withHost tells the requests of a tunnel which host it was opened to.
func withHost(ctx context.Context, conn net.Conn) context.Context {
	if secure, ok := conn.(*tls.Conn); ok {
		if t, ok := secure.NetConn().(*tunnel); ok {
			return context.WithValue(ctx, hostKey{}, t.host)
		}
	}
	return ctx
}

// serveTunnelled hands a request to the handler of its host. A request for
// another host than the tunnel's is misdirected (RFC 9110, section 15.5.20).
func (p *Proxy) serveTunnelled(w http.ResponseWriter, r *http.Request) {
	if !p.gate.enter() {
		http.Error(w, "pullpass sandbox: shutting down", http.StatusServiceUnavailable)
		return
	}
	defer p.gate.leave()
	host, _ := r.Context().Value(hostKey{}).(ca.Host)
	if named := strings.ToLower(strings.TrimSuffix(r.Host, ":443")); named != string(host) {
		http.Error(w, fmt.Sprintf("pullpass sandbox: the tunnel is to %q, the request is for %q", string(host), r.Host),
			http.StatusMisdirectedRequest)
		return
	}
	handler := p.cfg.Routes(host)
	if handler == nil {
		p.refuse(w, fmt.Sprintf("no such host %q", string(host)))
		return
	}
	handler.ServeHTTP(w, r)
}
