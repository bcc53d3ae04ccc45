package sandbox

import (
	"log/slog"
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
	answer    requestlog.Answer
	met       weather.Encounter
}

func (g *gateway) record(req *request) {
	ctx := req.http.Context()
	g.requests.Add(g.entry(req))
	if g.log.Enabled(ctx, slog.LevelDebug) {
		g.log.DebugContext(ctx, "request", "id", req.id, "service", req.service.Name,
			"operation", req.operation.Name, "key", string(req.identity.key), "outcome", req.trace.outcome)
	}
}

func (g *gateway) entry(req *request) requestlog.Entry {
	trace := &req.trace
	entry := requestlog.Entry{
		Time: trace.begun, ID: req.id, Principal: trace.principal, Service: req.service.Name, Action: req.operation.Action,
		UserAgent: req.http.UserAgent(), Outcome: trace.outcome, Status: trace.answer.Status, Weather: trace.met.Told(),
	}
	entry.Took(g.clock())
	if req.verified {
		entry.Account = req.account
	}
	if trace.outcome == "" {
		entry.Outcome = requestlog.Cut
	}
	for _, target := range trace.targets {
		entry.Resources = append(entry.Resources, target.Resource)
	}
	switch {
	case trace.outcome == wire.AccessDenied: // Some operations look closer at what the policies allow.
		entry.Decision = requestlog.Deny
	case trace.allowed:
		entry.Decision = requestlog.Allow
	}
	return entry
}
