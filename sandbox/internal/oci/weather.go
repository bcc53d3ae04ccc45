package oci

import (
	"net/http"
	"strings"

	"github.com/pullpass/pullpass/sandbox/internal/weather"
)

// service is what the registries are called in forecasts and in the log of requests.
const service = "registry"

// visit is the request as the weather sees it: its operation is the IAM action that it takes, none for a ping.
func (x *exchange) visit() weather.Visit {
	return weather.Visit{
		Service: service, Operation: strings.TrimPrefix(x.operation.action, "ecr:"), Account: x.entry.Account,
	}
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

// record tells the log of a request that is over.
func (h *handler) record(x *exchange, met weather.Encounter) {
	x.entry.Weather = met.Told()
	x.entry.Took(h.config.Clock())
	h.config.Requests.Add(x.entry)
}
