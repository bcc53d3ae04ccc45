package sandbox

import "github.com/pullpass/pullpass/sandbox/internal/weather"

// Forecast says what the sandbox's weather is.
type Forecast = weather.Forecast
