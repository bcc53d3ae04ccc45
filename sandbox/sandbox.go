// Package sandbox is an embedded AWS: as much of IAM, STS, EKS and ECR as sharing EKS Anywhere Curated Packages takes.
//
// It verifies every signature and evaluates every policy, for any number of accounts in one process. A request goes
// through the same five steps whatever it asks: identify the service, authenticate the caller, authorize every target,
// handle the call, encode the answer. Between the second and the third it may meet bad weather, which a Forecast draws
// from a seed: latency, throttling, errors, lost answers. What the sandbox does not know it answers with AWS's error,
// never with success.
//
// The sandbox is a means to try and to test; what AWS documents and does is the definition of right.
package sandbox

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pullpass/pullpass/arn"
	"github.com/pullpass/pullpass/internal/awsid"
	"github.com/pullpass/pullpass/sandbox/internal/bounds"
	"github.com/pullpass/pullpass/sandbox/internal/ecr"
	"github.com/pullpass/pullpass/sandbox/internal/eks"
	"github.com/pullpass/pullpass/sandbox/internal/iam"
	"github.com/pullpass/pullpass/sandbox/internal/images"
	"github.com/pullpass/pullpass/sandbox/internal/layers"
	"github.com/pullpass/pullpass/sandbox/internal/oci"
	"github.com/pullpass/pullpass/sandbox/internal/requestlog"
	"github.com/pullpass/pullpass/sandbox/internal/state"
	"github.com/pullpass/pullpass/sandbox/internal/sts"
	"github.com/pullpass/pullpass/sandbox/internal/token"
	"github.com/pullpass/pullpass/sandbox/internal/weather"
)

// Config says what a sandbox starts with. The zero Config is a sandbox in memory with the default accounts.
type Config struct {
	// Dir keeps the state from one run to the next; empty keeps it in memory. It is made if it is not there.
	Dir string
	// Seed is what a new sandbox holds. It is ignored where Dir already holds one. The zero Seed stands for DefaultSeed.
	Seed Seed
	// Clock gives the time; nil is the real time.
	Clock func() time.Time
	// Weather is the weather that the sandbox begins with, its clock's included; the zero Forecast is fair weather.
	Weather Forecast
	// Random gives ids, keys and nonces; nil is the operating system's source.
	Random io.Reader
	// Requests gets a line of JSON for each request when it is over, in one call of Write; nil gets none. What a line holds
	// is in docs/weather.md; it is no secret.
	Requests io.Writer
	// Wait returns after a time of Clock's, or with the context's error when that ends: it is how requests wait that the
	// weather holds up. nil waits in real time.
	Wait func(context.Context, time.Duration) error
	// Expose lets Listen take an address that other machines can reach. Whoever reaches it can act as any account whose key he
	// has, reads along where he is on the way, for the endpoint has no TLS, and can be answered in AWS's name by the proxy if he
	// trusts its authority. The control endpoint, and where a registry's layers are, stay on loopback.
	Expose bool
	// Log gets a line a request at level Debug, and faults of the sandbox itself; nil discards both. No secret is logged.
	Log *slog.Logger
}

// ErrInUse is returned by New where another process uses the directory.
var ErrInUse = state.ErrLocked

// ErrServed is returned by Listen and Close where the sandbox has a Server that is not closed.
var ErrServed = errors.New("the sandbox is being served")

// Sandbox is an embedded AWS. Its methods may be used from many goroutines.
type Sandbox struct {
	dir      string
	store    *state.Store
	gateway  *gateway
	layers   *layers.Store
	registry oci.Config
	weather  *weather.Weather
	requests *requestlog.Log
	// clock is the one that the sandbox was given. All but its certificates, which clients hold against their own, go by
	// the weather's.
	clock  func() time.Time
	log    *slog.Logger
	limits bounds.Limits
	expose bool
	// served is set while there is a Server.
	served atomic.Bool
	// layerURL is where a server on loopback serves the layers.
	layerURL atomic.Pointer[string]
}

// New returns a sandbox that serves nothing yet: see Listen. It must be closed.
func New(config Config) (*Sandbox, error) {
	config, err := config.withDefaults()
	if err != nil {
		return nil, fmt.Errorf("starting the sandbox: %w", err)
	}
	store, err := config.open()
	if err != nil {
		return nil, fmt.Errorf("starting the sandbox: %w", err)
	}
	s, err := build(config, store)
	if err != nil {
		return nil, fmt.Errorf("starting the sandbox: %w", errors.Join(err, store.Close()))
	}
	return s, nil
}

func (c Config) withDefaults() (Config, error) {
	if c.Clock == nil {
		c.Clock = time.Now
	}
	if c.Random == nil {
		c.Random = rand.Reader
	} else {
		c.Random = &lockedReader{reader: c.Random}
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if err := c.Weather.Check(); err != nil {
		return c, err
	}
	if c.Seed.isZero() {
		c.Seed = DefaultSeed(c.Clock())
	}
	if c.Dir == "" {
		return c, nil
	}
	// What leads clients to the sandbox names files of the directory, for processes that may be elsewhere.
	dir, err := filepath.Abs(c.Dir)
	c.Dir = dir
	return c, err
}

func (c Config) open() (*state.Store, error) {
	fresh := func() (*state.World, error) { return c.Seed.world(c.Clock(), c.Random) }
	if c.Dir != "" {
		if err := os.MkdirAll(c.Dir, 0o700); err != nil {
			return nil, err
		}
		return state.Open(c.Dir, fresh)
	}
	world, err := fresh()
	if err != nil {
		return nil, err
	}
	return state.NewStore(world), nil
}

// build puts the services on a store.
func build(config Config, store *state.Store) (*Sandbox, error) {
	blobs := ""
	if config.Dir != "" {
		blobs = filepath.Join(config.Dir, "blobs")
	}
	skies := weather.New(weather.Config{Clock: config.Clock, Wait: config.Wait}, config.Weather)
	stored, err := images.Open(images.Config{Dir: blobs, Clock: skies.Now})
	if err != nil {
		return nil, err
	}
	sealer, err := newSealer(store, config.Random)
	if err != nil {
		return nil, err
	}
	s := &Sandbox{
		dir: config.Dir, store: store, clock: config.Clock, log: config.Log, limits: bounds.Standard(), expose: config.Expose,
		weather:  skies,
		requests: newRequestLog(config),
	}
	config.Clock = s.weather.Now
	// A process that was killed left word of a server that is gone.
	if err := s.withdraw(); err != nil {
		return nil, err
	}
	s.layers = layers.New(layers.Config{Images: stored, Sealer: sealer, Clock: config.Clock, Loopback: s.layerBase,
		Weather: s.weather, Requests: s.requests})
	s.registry = oci.Config{
		State: store, Images: stored, Layers: s.layers, Sealer: sealer, Clock: config.Clock, Random: config.Random,
		Log: config.Log, Weather: s.weather, Requests: s.requests,
	}
	s.gateway = newGateway(s, sealer, config, serviceTable(
		sts.Service(), iam.Service(), eks.Service(), ecr.Service(stored, s.layers)))
	return s, nil
}

// layerBase is where a client on loopback finds the layers; empty before there is a server.
func (s *Sandbox) layerBase() string {
	if base := s.layerURL.Load(); base != nil {
		return *base
	}
	return ""
}

func newSealer(store *state.Store, random io.Reader) (sealer *token.Sealer, err error) {
	err = store.View(func(w *state.World) error {
		sealer, err = token.NewSealer(w.Seal, random)
		return err
	})
	return sealer, err
}

// Close writes the state and lets other processes in. The server must be closed before: with one that still answers it is
// ErrServed, and nothing is closed. A second Close does nothing.
func (s *Sandbox) Close() error {
	if s.served.Load() {
		return fmt.Errorf("closing the sandbox: %w", ErrServed)
	}
	return s.store.Close()
}

// Credentials returns an active access key of an account's seeded administrator, or an error if there is none.
func (s *Sandbox) Credentials(account arn.AccountID) (id awsid.AccessKeyID, secret awsid.SecretAccessKey, err error) {
	err = s.store.View(func(w *state.World) error {
		a, ok := w.Accounts[account]
		if !ok {
			return fmt.Errorf("the sandbox has no account %s", account)
		}
		key, ok := activeKey(a.User(administrator))
		if !ok {
			return fmt.Errorf("account %s has no administrator with an active access key", account)
		}
		id, secret = key.ID, awsid.SecretAccessKey(key.Secret)
		return nil
	})
	return id, secret, err
}

// activeKey returns the first active access key of a user, false where there is none or no user.
func activeKey(user *state.User) (*state.AccessKey, bool) {
	if user == nil {
		return nil, false
	}
	for _, key := range user.Keys {
		if key.Active {
			return key, true
		}
	}
	return nil, false
}

// lockedReader lets many goroutines read one source of randomness.
type lockedReader struct {
	mu     sync.Mutex
	reader io.Reader
}

func (l *lockedReader) Read(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.reader.Read(p)
}
