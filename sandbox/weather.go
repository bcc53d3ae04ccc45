package sandbox

import "github.com/pullpass/pullpass/sandbox/internal/weather"

// Forecast says what the sandbox's weather is.
type Forecast = weather.Forecast

// ParseForecast reads a forecast, a YAML document that docs/weather.md describes. Errors name the line and column.
func ParseForecast(src []byte) (Forecast, error) { return weather.Parse(src) }

// NamedForecast returns one of the forecasts that come with the product, or false where none has the name.
func NamedForecast(name string) (Forecast, bool) { return weather.Named(name) }

// ForecastNames are the names that NamedForecast knows, sorted.
func ForecastNames() []string { return weather.Names() }
