package weather_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/pullpass/pullpass/sandbox/internal/weather"
)

// standing is a weather in which every wait lasts until something ends it; begun tells of each.
func standing(t *testing.T, forecast string) (w *weather.Weather, begun <-chan time.Duration) {
	t.Helper()
	parsed, err := weather.Parse([]byte(forecast))
	if err != nil {
		t.Fatal(err)
	}
	waits := make(chan time.Duration, 100)
	return weather.New(weather.Config{Clock: time.Now, Wait: func(ctx context.Context, d time.Duration) error {
		waits <- d
		<-ctx.Done()
		return ctx.Err()
	}}, parsed), waits
}

// through sends a request through and returns what was written to its client, once it is over.
func through(ctx context.Context, w *weather.Weather) <-chan string {
	over := make(chan string, 1)
	go func() {
		recorder := httptest.NewRecorder()
		r := httptest.NewRequestWithContext(ctx, http.MethodGet, "/", nil)
		passing := &recorded{}
		w.Through(recorder, r, passing)
		over <- recorder.Body.String() + " " + strings.Join(passing.calls, ", ")
	}()
	return over
}

const anHour = "rules: [{latency: {fixed: 1h}, slow: {bytesPerSecond: 1}}]"

func TestAWaitEndsWithItsWeather(t *testing.T) {
	const served = "answer served 0, over [latency 1h0m0s slow 1 B/s]"
	for sentence, end := range map[string]func(*weather.Weather){
		"when fair weather sets in":   func(w *weather.Weather) { w.Set(weather.Forecast{}) },
		"when the server is to close": func(w *weather.Weather) { w.Hurry() },
	} {
		t.Run(sentence, func(t *testing.T) {
			w, begun := standing(t, anHour)
			over := through(t.Context(), w)
			if got := <-begun; got != time.Hour {
				t.Errorf("it waits for %s", got)
			}
			end(w)
			// Nor is it held up by the slow answer that it met, which would wait for six bytes.
			if got := <-over; got != served {
				t.Errorf("got %q, want %q", got, served)
			}
			if len(begun) > 0 {
				t.Errorf("it waited again, for %s", <-begun)
			}
		})
	}
}

func TestAWaitEndsWithItsRequest(t *testing.T) {
	w, begun := standing(t, anHour)
	ctx, cancel := context.WithCancel(t.Context())
	over := through(ctx, w)
	<-begun
	cancel()
	if got, want := <-over, " over [latency 1h0m0s slow 1 B/s]"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestAfterAServerHasClosedTheNextHasItsWeather(t *testing.T) {
	w, begun := standing(t, anHour)
	relax := w.Hurry()
	<-through(t.Context(), w)
	if len(begun) > 0 {
		t.Errorf("it waited for %s", <-begun)
	}
	relax()
	over := through(t.Context(), w)
	<-begun
	w.Set(weather.Forecast{})
	<-over
}

func TestNewRequestsHaveTheNewWeather(t *testing.T) {
	w, begun := standing(t, anHour)
	forecast, err := weather.Parse([]byte("rules: [{latency: {fixed: 1m}}]"))
	if err != nil {
		t.Fatal(err)
	}
	w.Set(forecast)
	over := through(t.Context(), w)
	if got := <-begun; got != time.Minute {
		t.Errorf("it waits for %s, want that of the new weather", got)
	}
	w.Set(weather.Forecast{})
	<-over
}
