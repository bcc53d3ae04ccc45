package weather_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pullpass/pullpass/sandbox/internal/weather"
)

// recorded is a request on a connection of its own, which remembers in which order things happen.
type recorded struct {
	net.Conn

	calls []string
}

func (r *recorded) Visit() weather.Visit { return weather.Visit{Service: "iam"} }

func (r *recorded) Serve(w http.ResponseWriter, fault weather.Fault) {
	r.calls = append(r.calls, fmt.Sprintf("served %d", fault))
	if _, err := w.Write([]byte("answer")); err != nil {
		r.calls = append(r.calls, "could not write")
	}
}

func (r *recorded) Over(met weather.Encounter) {
	r.calls = append(r.calls, fmt.Sprintf("over %v", met.Told()))
}

func (r *recorded) SetLinger(seconds int) error {
	r.calls = append(r.calls, fmt.Sprintf("linger %d", seconds))
	return nil
}

func (r *recorded) Close() error {
	r.calls = append(r.calls, "closed")
	return nil
}

// inside is a connection in another one, as TLS is.
type inside struct {
	net.Conn

	outer net.Conn
}

func (i inside) NetConn() net.Conn { return i.outer }

func TestARequestGoesThroughInThisOrder(t *testing.T) {
	for sentence, test := range map[string]struct {
		rule   string
		answer string
		want   []string
	}{
		"fair weather":          {"{}", "answer", []string{"served 0", "over []"}},
		"waits, then is served": {"{latency: {fixed: 2s}}", "answer", []string{"waited 2s", "served 0", "over [latency 2s]"}},
		"throttled":             {"{throttle: {share: 1}}", "answer", []string{"served 1", "over [throttled]"}},
		"reset before": {
			"{latency: {fixed: 2s}, reset: {before: 1}}", "",
			[]string{"waited 2s", "over [latency 2s reset before]", "linger 0", "closed"},
		},
		"reset after": {"{reset: {after: 1}}", "", []string{"served 0", "over [reset after]", "linger 0", "closed"}},
		"its client leaves": {
			"{latency: {fixed: 1h}, reset: {after: 1}}", "", []string{"waited 1h0m0s", "over [latency 1h0m0s reset after]"},
		},
		"a slow answer": {
			"{slow: {bytesPerSecond: 20}}", "answer",
			[]string{"served 0", "waited 50ms", "waited 50ms", "waited 50ms", "waited 50ms", "waited 50ms", "waited 50ms", "over [slow 20 B/s]"},
		},
	} {
		t.Run(sentence, func(t *testing.T) {
			request := &recorded{}
			clock := &still{}
			w := weather.New(weather.Config{
				Clock: clock.now,
				Wait: func(_ context.Context, d time.Duration) error {
					request.calls = append(request.calls, "waited "+d.String())
					if d == time.Hour {
						return errors.New("the client has gone")
					}
					return nil
				},
			}, read(t, "rules: ["+test.rule+"]"))
			ctx := w.ConnContext(t.Context(), inside{outer: request})
			answer := httptest.NewRecorder()
			w.Through(answer, httptest.NewRequestWithContext(ctx, http.MethodGet, "/", nil), request)
			if diff := cmp.Diff(test.want, request.calls); diff != "" {
				t.Error(diff)
			}
			if got := answer.Body.String(); got != test.answer {
				t.Errorf("the answer is %q, want %q", got, test.answer)
			}
		})
	}
}

func TestWithoutWeatherARequestIsServed(t *testing.T) {
	var none *weather.Weather
	request, answer := &recorded{}, httptest.NewRecorder()
	none.Through(answer, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil), request)
	if diff := cmp.Diff([]string{"served 0", "over []"}, request.calls); diff != "" {
		t.Error(diff)
	}
}
