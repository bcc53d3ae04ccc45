package provision_test

import (
	"context"
	"fmt"
	"net/http"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pullpass/pullpass/arn"
	"github.com/pullpass/pullpass/internal/awsclient"
	"github.com/pullpass/pullpass/internal/credential"
	"github.com/pullpass/pullpass/internal/plan"
	"github.com/pullpass/pullpass/internal/provision"
	"github.com/pullpass/pullpass/internal/share"
	"github.com/pullpass/pullpass/sandbox"
	"github.com/pullpass/pullpass/sandbox/sandboxtest"
)

const (
	callTime = 50 * time.Millisecond
	rounds   = 7 // of which the median counts: the first finds everything cold
)

// far makes every call take as long as one to a Region far away.
type far struct{ http.RoundTripper }

func (f far) RoundTrip(request *http.Request) (*http.Response, error) {
	timer := time.NewTimer(callTime)
	defer timer.Stop()
	select {
	case <-timer.C:
		return f.RoundTripper.RoundTrip(request)
	case <-request.Context().Done():
		return nil, request.Context().Err()
	}
}

// fleet is a share of so many destinations with so many clusters each, in a sandbox of its own.
func fleet(b *testing.B, size, clusters int) *lab {
	seed := sandbox.Seed{Accounts: []sandbox.Account{{ID: source}}}
	access := []arn.AccountID{source}
	var destinations strings.Builder
	destinations.WriteString("  destinations:\n")
	for i := range size {
		account := arn.AccountID(fmt.Sprintf("%012d", 200000000000+i))
		seed.Accounts = append(seed.Accounts, sandbox.Account{ID: account})
		access = append(access, account)
		fmt.Fprintf(&destinations, "    - account: %q\n      access: default\n      clusters:\n", string(account))
		for n := range clusters {
			fmt.Fprintf(&destinations, "        - {name: c-%d-%d, directory: c-%d-%d}\n", i, n, i, n)
		}
	}
	transport := network(b)
	// The 50 ms pass before a request takes a connection, so that a few carry them all.
	transport.MaxConnsPerHost = 8
	return &lab{
		t: b, sandbox: sandboxtest.Start(b, sandbox.Config{Seed: seed}), desired: derive(b, destinations.String()), out: b.TempDir(),
		access: access, settling: awsclient.Settling{Limit: -1}, transport: far{transport},
	}
}

// memory keeps deliveries, so that the speed of a disk plays no part.
type memory struct {
	mu   sync.Mutex
	held map[string]credential.Config
}

// place is one cluster's place in memory.
type place struct {
	*memory
	cluster string
}

func (p place) Observe(context.Context) plan.Delivery {
	p.mu.Lock()
	defer p.mu.Unlock()
	config, found := p.held[p.cluster]
	if !found {
		return plan.Delivery{State: plan.None}
	}
	return plan.Delivery{State: plan.Held, Config: config, Complete: true}
}

func (place) Ready(context.Context) error { return nil }

func (p place) Write(_ context.Context, config credential.Config) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.held[p.cluster] = config
	return nil
}

// BenchmarkApply makes a share of 50 destinations with 2 clusters each from nothing, reading included, where each call
// takes 50 ms and what the sandbox takes besides. It does the same for one destination with one cluster, whose calls are the
// longest chain of calls that depend on each other and little else: a read, then CreateUser, CreateAccessKey, UntagUser. The
// metrics say how many times as long the many took as the one, for making the share and for the plan that follows.
func BenchmarkApply(b *testing.B) {
	defer debug.SetGCPercent(debug.SetGCPercent(400)) // as the command sets it
	var many, one timings
	for b.Loop() {
		for range rounds {
			one.add(clocked(b, fleet(b, 1, 1)))
			many.add(clocked(b, fleet(b, 50, 2)))
		}
	}
	b.ReportMetric(median(many.apply)/median(one.apply), "apply/chain")
	b.ReportMetric(median(many.plan)/median(one.plan), "plan/chain")
	b.ReportMetric(median(one.apply)/float64(callTime), "calls-in-chain")
}

// timing is how long it took to make a share, and to see that there is nothing left to do.
type timing struct{ apply, plan time.Duration }

// timings are those of several shares alike.
type timings struct{ apply, plan []time.Duration }

func (t *timings) add(one timing) {
	t.apply, t.plan = append(t.apply, one.apply), append(t.plan, one.plan)
}

// median is what other work on the machine shifts least.
func median(of []time.Duration) float64 {
	sorted := slices.Sorted(slices.Values(of))
	return float64(sorted[len(sorted)/2])
}

func clocked(b *testing.B, l *lab) (took timing) {
	b.Helper()
	deliveries := &memory{held: map[string]credential.Config{}}
	run := func() provision.Config {
		c := l.run()
		c.Deliverer = func(_ context.Context, d share.ClusterDelivery) (provision.Deliverer, error) {
			return place{deliveries, d.Cluster}, nil
		}
		return c
	}
	runtime.GC() // What setting up has left is not to be cleared away under the clock.
	start := time.Now()
	c := run()
	result, err := provision.Apply(b.Context(), c, l.plan(c))
	took.apply = time.Since(start)
	must(b, err)
	must(b, result.Err())
	start = time.Now()
	p := l.plan(run(), func(o *plan.Options) { o.MaxKeyAge = time.Hour })
	took.plan = time.Since(start)
	if !p.Empty() {
		b.Fatal(describe(b, p))
	}
	return took
}
