// Package verify walks the chain of proofs that a delivered AWS config file really pulls.
package verify

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/pullpass/pullpass/internal/credential"
	"github.com/pullpass/pullpass/internal/pause"
	"github.com/pullpass/pullpass/internal/registry"
)

// Config says how proofs are done. The zero value works.
type Config struct {
	// HTTPClient carries every request. Nil means http.DefaultClient. Redirects are followed by this package's own rules.
	HTTPClient *http.Client
	// Run is put into the User-Agent of every call to AWS, as run/<id>, so that CloudTrail tells a proof from a cluster's use of
	// the same key; empty for no mark.
	Run string
	// Now is the clock. Nil means time.Now.
	Now func() time.Time
	// Wait waits for d, or returns the context's error. Nil means a timer.
	Wait func(ctx context.Context, d time.Duration) error
	// Elapse lets a wait before an AWS call is repeated pass by the clock of Now, and returns what is left of it to be slept.
	// Nil leaves all.
	Elapse func(time.Duration) time.Duration
	// Patience is how long refusals that pass by themselves are retried when Input.Fresh says that the key, the user or
	// the role was just made. IAM spreads such changes within seconds, rarely more (IAM User Guide, "Changes that I make
	// are not always immediately visible"). Zero means 60 seconds.
	Patience time.Duration
	// Timeout is how long one link may take beyond Patience. Zero means two minutes.
	Timeout time.Duration
	// Attempts is how often a request is sent that fails for reasons of transport, throttling or an error on AWS's side.
	// Zero means 8: on a bad day one in five is throttled, which is no broken link.
	Attempts int
}

// Input is what is to be proven.
type Input struct {
	// File gives the delivered AWS config file. Nothing but this file decides: no AWS_* variable and no other file is read.
	File func(context.Context) ([]byte, error)
	// Registry is the packages registry that the file should open.
	Registry registry.Registry
	// Artifact is pulled from it. The zero value means registry.Probe().
	Artifact registry.Artifact
	// Subscription is what is known about the subscription that opens the registry; nil for nothing.
	Subscription *Subscription
	// Fresh says that something in the chain was made within the last minutes.
	Fresh bool
}

// ReadFile is an Input.File for a file on this machine.
func ReadFile(name string) func(context.Context) ([]byte, error) {
	return func(context.Context) ([]byte, error) { return os.ReadFile(name) }
}

// Verify does one link after the other, each with nothing but the delivered file and what the links before it gave, and
// stops at the first that is broken. A cancelled context breaks the link that is being done.
func Verify(ctx context.Context, in Input, cfg Config) Chain {
	walking := newWalk(in, cfg)
	w := &walking
	chain := Chain{Notices: w.in.Subscription.Notices(w.Now())}
	broken := false
	for _, s := range steps() {
		proof := Proof{Link: s.link}
		if !broken {
			proof = w.prove(ctx, s)
			broken = proof.Outcome == Failed
		}
		chain.Proofs = append(chain.Proofs, proof)
	}
	chain.Key = w.config.Key.ID
	return chain
}

func newWalk(in Input, cfg Config) walk {
	w := walk{Config: cfg.withDefaults(), in: in}
	if w.in.Artifact == (registry.Artifact{}) {
		w.in.Artifact = registry.Probe()
	}
	w.deadline = w.Now().Add(w.Patience)
	return w
}

func (c Config) withDefaults() Config {
	if c.HTTPClient == nil {
		c.HTTPClient = http.DefaultClient
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Wait == nil {
		c.Wait = pause.InRealTime
	}
	if c.Patience == 0 {
		c.Patience = time.Minute
	}
	if c.Timeout == 0 {
		c.Timeout = 2 * time.Minute
	}
	if c.Attempts == 0 {
		c.Attempts = 8
	}
	return c
}

// walk is one walk along the chain. Each link reads what the links before it have left here.
type walk struct {
	Config
	in       Input
	deadline time.Time // when patience ends

	config  credential.Config // of link config
	session aws.Credentials   // of link role
	basic   string            // of link token: the registry's Basic credentials
	puller  http.RoundTripper // of link registry: sends the Basic credentials to the registry's host alone
	image   v1.Image          // of link manifest
}

// step is a link with what proves it. prove returns the Proof's Detail; its error is a *Fault.
type step struct {
	link  Link
	prove func(*walk, context.Context) (string, error)
}

func steps() []step {
	return []step{
		{LinkConfig, (*walk).proveConfig},
		{LinkIdentity, (*walk).proveIdentity},
		{LinkRole, (*walk).proveRole},
		{LinkToken, (*walk).proveToken},
		{LinkRegistry, (*walk).proveRegistry},
		{LinkManifest, (*walk).proveManifest},
		{LinkLayer, (*walk).proveLayer},
	}
}

func (w *walk) prove(ctx context.Context, s step) Proof {
	begun := w.Now()
	ctx, cancel := context.WithTimeout(ctx, w.Patience+w.Timeout)
	defer cancel()
	detail, err := s.prove(w, ctx)
	proof := Proof{Link: s.link, Outcome: Passed, Detail: detail, Took: w.Now().Sub(begun)}
	if err != nil {
		proof.Outcome, proof.Detail = Failed, ""
		if errors.Is(err, ErrUnseen) {
			proof.Outcome = Unseen
		}
		proof.Err = fmt.Errorf("proving the link %s: %w", s.link, err)
	}
	return proof
}
