package sandbox

import (
	"cmp"
	"net/http"

	"github.com/pullpass/pullpass/sandbox/internal/weather"
	"github.com/pullpass/pullpass/sandbox/internal/wire"
)

// Forecast says what the sandbox's weather is.
type Forecast = weather.Forecast

// ParseForecast reads a forecast, a YAML document that docs/weather.md describes. Errors name the line and column.
func ParseForecast(src []byte) (Forecast, error) { return weather.Parse(src) }

// NamedForecast returns one of the forecasts that come with the product, or false where none has the name.
func NamedForecast(name string) (Forecast, bool) { return weather.Named(name) }

// ForecastNames are the names that NamedForecast knows, sorted.
func ForecastNames() []string { return weather.Names() }

// Visit implements weather.Request. Whose the request is counts only where the signature is good.
func (r *request) Visit() weather.Visit {
	visit := weather.Visit{Service: r.service.Name, Operation: r.operation.Name}
	if r.verified {
		visit.Account = r.account
	}
	return visit
}

// Serve implements weather.Request.
func (r *request) Serve(w http.ResponseWriter, fault weather.Fault) {
	r.gateway.answer(w, r, cmp.Or(faultError(fault), r.refused))
}

// Over implements weather.Request.
func (r *request) Over(met weather.Encounter) {
	r.trace.met = met
	r.gateway.record(r)
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
