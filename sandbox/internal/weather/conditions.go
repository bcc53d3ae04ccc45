package weather

import (
	"context"
	"net"
	"time"

	"github.com/pullpass/pullpass/arn"
)

// Conditions are what a request finds itself in, whatever it does.
type Conditions struct {
	// Lag is the longest time after which a write to IAM is seen; 0 for at once.
	Lag time.Duration
	// Replica tells which of the copies of IAM's data is looked at. The requests of one connection look at the same one.
	Replica uint64
}

// connection is a client's connection, as its requests' contexts know it.
type connection struct {
	net.Conn
	number uint64 // 1 for the first that the sandbox accepted
}

type connectionKey struct{}

// ConnContext is an http.Server's ConnContext that lets the weather tell the connections of its requests apart, and
// reset them.
func (w *Weather) ConnContext(ctx context.Context, conn net.Conn) context.Context {
	return context.WithValue(ctx, connectionKey{}, &connection{conn, w.connections.Add(1)})
}

func connectionOf(ctx context.Context) *connection {
	if c, ok := ctx.Value(connectionKey{}).(*connection); ok {
		return c
	}
	return &connection{}
}

// Conditions returns the conditions of a request to a service that is signed with a key of an account, empty for a key
// that is of none. Ctx is the request's.
func (w *Weather) Conditions(ctx context.Context, service string, account arn.AccountID) Conditions {
	day := w.day.Load()
	if !day.lags {
		return Conditions{}
	}
	var found Conditions
	for _, rule := range day.forecast.Rules {
		if rule.Lag != nil && rule.At.covers(service, account) {
			found.Lag = *rule.Lag
		}
	}
	found.Replica = day.draw.bits("replica", 0, Visit{}, connectionOf(ctx).number)
	return found
}

// LongestLag is how late a write to IAM may be seen by anybody.
func (w *Weather) LongestLag() (longest time.Duration) {
	for _, rule := range w.day.Load().forecast.Rules {
		if rule.Lag != nil {
			longest = max(longest, *rule.Lag)
		}
	}
	return longest
}
