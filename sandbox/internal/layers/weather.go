package layers

import (
	"cmp"
	"net/http"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/pullpass/pullpass/sandbox/internal/requestlog"
	"github.com/pullpass/pullpass/sandbox/internal/weather"
)

// What the store and its one operation are called in forecasts and in the log of requests. Whoever has an address may read,
// so that its requests are no account's.
const (
	service   = "layers"
	operation = "GetObject"
)

// passage is a request on its way through the weather.
type passage struct {
	store   *Store
	http    *http.Request
	digest  v1.Hash
	refused *refusal
	entry   requestlog.Entry
}

// Visit implements weather.Request.
func (p *passage) Visit() weather.Visit {
	visit := weather.Visit{Service: service}
	if p.refused == nil {
		visit.Operation = operation
	}
	return visit
}

// Serve implements weather.Request.
func (p *passage) Serve(w http.ResponseWriter, bad weather.Fault) {
	answer := requestlog.Answer{ResponseWriter: w}
	p.entry.Outcome = p.store.answer(&answer, p.http, p.digest, cmp.Or(badDay(bad), p.refused))
	p.entry.Status = answer.Status
}

// Over implements weather.Request.
func (p *passage) Over(met weather.Encounter) {
	p.entry.Weather = met.Told()
	p.entry.Took(p.store.config.Clock())
	p.store.config.Requests.Add(p.entry)
}

// badDay is what S3 says on bad days (https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html).
func badDay(bad weather.Fault) *refusal {
	switch bad {
	case weather.Throttled:
		return &refusal{Code: "SlowDown", Message: "Please reduce your request rate.", status: http.StatusServiceUnavailable}
	case weather.InternalFailure:
		return internalError()
	case weather.Unavailable:
		return &refusal{Code: "ServiceUnavailable", Message: "Service is unable to handle request.",
			status: http.StatusServiceUnavailable}
	case weather.NoFault:
	}
	return nil
}
