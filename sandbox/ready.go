package sandbox

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"

	"github.com/pullpass/pullpass/internal/atomicfile"
	"github.com/pullpass/pullpass/sandbox/internal/bounds"
	"github.com/pullpass/pullpass/sandbox/internal/state"
)

// Ready is what a client needs to reach a sandbox.
type Ready struct {
	// Endpoint is the URL of the APIs: the service is told by a request's signature.
	Endpoint string `json:"endpoint"`
	// Proxy is the URL of a forward proxy that answers for AWS's real host names, and CA the file with the certificate
	// that vouches for it; empty for a sandbox in memory.
	Proxy string `json:"proxy"`
	CA    string `json:"ca"`
	// Registries lead from a registry's real host name to a URL on loopback.
	Registries map[string]string `json:"registries"`
	// Control is the URL by which the weather is set and the log of requests is read: see docs/weather.md.
	Control string `json:"control"`

	authority []byte // the certificate, in PEM
}

// readyFile is where a directory's server says how to reach it, as long as it runs.
const readyFile = "sandbox.json"

// ErrNotServed is wrapped by ReadReady where no server has the directory.
var ErrNotServed = errors.New("no sandbox serves this directory")

// ReadReady returns how to reach the server that has a directory. What a process that was killed left behind does not
// count: the server's process must hold the directory's lock.
func ReadReady(dir string) (Ready, error) {
	ready, err := readReady(dir)
	if err != nil {
		return Ready{}, fmt.Errorf("reaching the sandbox in %s: %w", dir, err)
	}
	return ready, nil
}

func readReady(dir string) (ready Ready, err error) {
	b, err := os.ReadFile(filepath.Join(dir, readyFile))
	if errors.Is(err, fs.ErrNotExist) {
		return ready, ErrNotServed
	}
	if err != nil {
		return ready, err
	}
	held, err := state.Held(dir)
	if err != nil {
		return ready, err
	}
	if !held {
		return ready, ErrNotServed
	}
	if err := json.Unmarshal(b, &ready); err != nil {
		return ready, err
	}
	ready.authority, err = os.ReadFile(ready.CA)
	return ready, err
}

// Transport returns a transport that reaches the sandbox under AWS's real host names, and trusts no other server for
// them. Loopback addresses are reached directly.
func (r Ready) Transport() (*http.Transport, error) {
	proxy, err := url.Parse(r.Proxy)
	if err != nil {
		return nil, fmt.Errorf("reaching the sandbox: %w", err)
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(r.authority) {
		return nil, errors.New("reaching the sandbox: it has no certificate authority")
	}
	return &http.Transport{
		Proxy: func(request *http.Request) (*url.URL, error) {
			if isLoopback(request.URL.Hostname()) {
				return nil, nil
			}
			return proxy, nil
		},
		TLSClientConfig:     &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12},
		ForceAttemptHTTP2:   true,
		MaxIdleConnsPerHost: 64,
		IdleConnTimeout:     bounds.Standard().Idle,
	}, nil
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// publish puts what leads clients to the server into the sandbox's directory, if it has one.
func (r Ready) publish(s *Sandbox) error {
	if s.dir == "" {
		return nil
	}
	if err := s.writeProfiles(r); err != nil {
		return err
	}
	b, err := json.Marshal(r)
	if err != nil {
		return err
	}
	return atomicfile.Write(filepath.Join(s.dir, readyFile), append(b, '\n'), 0o600)
}

// withdraw takes the ready file away again. The profiles stay: their keys are good for the next server.
func (s *Sandbox) withdraw() error {
	if s.dir == "" {
		return nil
	}
	err := os.Remove(filepath.Join(s.dir, readyFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}
