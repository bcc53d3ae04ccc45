package oci

import (
	"cmp"
	"net/http"
	"strings"

	"github.com/pullpass/pullpass/sandbox/internal/weather"
)

// service is what the registries are called in forecasts and in the log of requests.
const service = "registry"

// passage is a request that was opened, or refused, on its way through the weather.
type passage struct {
	handler  *handler
	exchange *exchange
	refused  error
}

// Visit implements weather.Request. The operation is that of the IAM action that the request takes, none for a ping.
func (p *passage) Visit() weather.Visit {
	operation := strings.TrimPrefix(p.exchange.operation.action, "ecr:")
	return weather.Visit{Service: service, Operation: operation, Account: p.exchange.entry.Account}
}

// Serve implements weather.Request.
func (p *passage) Serve(w http.ResponseWriter, bad weather.Fault) {
	p.handler.answer(w, p.exchange, cmp.Or(badDay(bad), p.refused))
}

// Over implements weather.Request.
func (p *passage) Over(met weather.Encounter) {
	entry := &p.exchange.entry
	entry.Weather = met.Told()
	entry.Took(p.handler.config.Clock())
	p.handler.config.Requests.Add(*entry)
}

// badDay is what a registry says on bad days. "TOOMANYREQUESTS: Rate exceeded" is ECR's
// (https://docs.aws.amazon.com/AmazonECR/latest/userguide/common-errors.html) with the code and status of the OCI
// distribution specification ("Error Codes"); what it says with the statuses 500 and 503 has not been seen.
func badDay(bad weather.Fault) error {
	switch bad {
	case weather.Throttled:
		return faultf(http.StatusTooManyRequests, "TOOMANYREQUESTS", "Rate exceeded")
	case weather.InternalFailure:
		return faultf(http.StatusInternalServerError, "UNKNOWN", "An unknown error has occurred.")
	case weather.Unavailable:
		return faultf(http.StatusServiceUnavailable, "UNAVAILABLE", "Service Unavailable")
	case weather.NoFault:
	}
	return nil
}
