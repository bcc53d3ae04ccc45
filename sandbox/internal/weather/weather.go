// Package weather decides what AWS's bad days do to a request.
package weather

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pullpass/pullpass/arn"
	"github.com/pullpass/pullpass/internal/pause"
)

// Config is what a Weather is made of.
type Config struct {
	// Clock gives the time on which the sandbox's own clock rests.
	Clock func() time.Time
	// Wait returns after a time of that clock, or with the context's error when that ends; nil waits in real time.
	Wait func(context.Context, time.Duration) error
}

// Weather is the weather of one sandbox. It is safe for concurrent use.
type Weather struct {
	config      Config
	connections atomic.Uint64
	day         atomic.Pointer[day]
	turning     sync.Mutex
	waits       waits
}

// Visit is a request as the weather sees it.
type Visit struct {
	// Service is a signing name, "registry" or "layers".
	Service string
	// Operation is empty for a request that was refused before it was told.
	Operation string
	// Account is empty for a request of nobody that is known.
	Account arn.AccountID
}

// day is what has happened since a forecast set in.
type day struct {
	forecast Forecast
	draw     drawer
	course   course
	lags     bool // some rule says something about lag
	resets   bool // and some other about resets

	mu      sync.Mutex
	counts  map[Visit]uint64
	buckets map[bucketKey]bucket
}

// New returns the weather of a forecast.
func New(config Config, forecast Forecast) *Weather {
	if config.Wait == nil {
		config.Wait = pause.InRealTime
	}
	w := &Weather{config: config}
	now := config.Clock()
	w.day.Store(newDay(forecast, course{since: now, lived: now, rate: 1}.turn(now, forecast.Clock)))
	return w
}

func newDay(forecast Forecast, course course) *day {
	d := &day{
		forecast: forecast, draw: newDrawer(forecast.Seed), course: course,
		counts: map[Visit]uint64{}, buckets: map[bucketKey]bucket{},
	}
	for _, rule := range forecast.Rules {
		d.lags = d.lags || rule.Lag != nil
		d.resets = d.resets || rule.Reset != nil && *rule.Reset != (Reset{})
	}
	return d
}

// Set makes a forecast set in. It begins anew: the counts, from which draws are made, are those of requests from now on.
// Requests that wait in the weather that was wait no longer.
func (w *Weather) Set(forecast Forecast) {
	w.turning.Lock()
	defer w.turning.Unlock()
	w.day.Store(newDay(forecast, w.day.Load().course.turn(w.config.Clock(), forecast.Clock)))
	w.waits.end()
}

// Forecast returns the forecast that has set in.
func (w *Weather) Forecast() Forecast { return w.day.Load().forecast }

// Now is the sandbox's time.
func (w *Weather) Now() time.Time {
	now, course := w.config.Clock(), w.day.Load().course
	if course.plain() {
		return now
	}
	return course.at(now)
}

// Lived is the sandbox's time without an offset. Other than Now it never leaps, wherever the clock is set to, so that it
// tells how long ago something was.
func (w *Weather) Lived() time.Time { return w.day.Load().course.without(w.config.Clock()) }
