package sandbox

import (
	"log/slog"
	"net/http"
	"time"

	"github.com/pullpass/pullpass/sandbox/internal/guard"
	"github.com/pullpass/pullpass/sandbox/internal/requestlog"
	"github.com/pullpass/pullpass/sandbox/internal/weather"
	"github.com/pullpass/pullpass/sandbox/internal/wire"
)

// keptRequests is how many requests the control endpoint can tell of.
const keptRequests = 1000

func newRequestLog(config Config) *requestlog.Log {
	return requestlog.New(keptRequests, config.Requests, func(err error) {
		config.Log.Error("the log of requests ends here", "error", err)
	})
}

// trace is what became of a request, for the log.
type trace struct {
	begun     time.Time
	principal string // its ARN
	targets   []guard.Target
	allowed   bool
	outcome   string
	status    int
	met       weather.Encounter
}

func (g *gateway) record(r *http.Request, req *request) {
	g.requests.Add(g.entry(req))
	if g.log.Enabled(r.Context(), slog.LevelDebug) {
		g.log.DebugContext(r.Context(), "request", "id", req.id, "service", req.service.Name,
			"operation", req.operation.Name, "key", string(req.identity.key), "outcome", req.trace.outcome)
	}
}

func (g *gateway) entry(req *request) requestlog.Entry {
	trace := &req.trace
	entry := requestlog.Entry{
		Time: trace.begun, ID: req.id, Principal: trace.principal, Service: req.service.Name,
		Outcome: trace.outcome, Status: trace.status, Weather: trace.met.Told(),
	}
	entry.Took(g.clock())
	if req.verified {
		entry.Account = req.account
	}
	if req.operation.Name != "" {
		entry.Action = req.service.Name + ":" + req.operation.Name
	}
	if trace.outcome == "" {
		entry.Outcome = requestlog.Cut
	}
	for _, target := range trace.targets {
		entry.Resources = append(entry.Resources, target.Resource)
	}
	switch {
	case trace.allowed:
		entry.Decision = requestlog.Allow
	case trace.outcome == wire.AccessDenied:
		entry.Decision = requestlog.Deny
	}
	return entry
}

// visit is the request as the weather sees it. Whose it is counts only where the signature is good.
func (r *request) visit() weather.Visit {
	visit := weather.Visit{Service: r.service.Name, Operation: r.operation.Name}
	if r.verified {
		visit.Account = r.account
	}
	return visit
}

// faultError is AWS's error for a bad day. The texts of the last two are those of "Common Errors" of each API reference,
// such as https://docs.aws.amazon.com/IAM/latest/APIReference/CommonErrors.html; that of the first is what all the services
// say [seen].
func faultError(fault weather.Fault) error {
	switch fault {
	case weather.Throttled:
		return wire.Errorf(wire.Throttling, "Rate exceeded")
	case weather.InternalFailure:
		return wire.Errorf(wire.InternalFailure,
			"The request processing has failed because of an unknown error, exception or failure.")
	case weather.Unavailable:
		return wire.Errorf(wire.ServiceUnavailable, "The request has failed due to a temporary failure of the server.")
	case weather.NoFault:
	}
	return nil
}
