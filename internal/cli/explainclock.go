package cli

import (
	"net/http"
	"sync"
	"time"
)

// A clockWatch is a transport that notes by how much the clocks of those who answer are ahead of the one here. Every answer
// of AWS is dated.
type clockWatch struct {
	http.RoundTripper
	now func() time.Time

	mu    sync.Mutex
	ahead time.Duration
}

// watch is the cloud's transport with a look at the clocks.
func (c *cloud) watch(now func() time.Time) *clockWatch {
	if c.transport == nil {
		return &clockWatch{RoundTripper: http.DefaultTransport, now: now}
	}
	return &clockWatch{RoundTripper: c.transport, now: now}
}

// RoundTrip implements http.RoundTripper.
func (w *clockWatch) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := w.RoundTripper.RoundTrip(req)
	if err != nil {
		return resp, err
	}
	if date, dateErr := http.ParseTime(resp.Header.Get("Date")); dateErr == nil {
		w.mu.Lock()
		defer w.mu.Unlock()
		if ahead := date.Sub(w.now()); ahead.Abs() > w.ahead.Abs() {
			w.ahead = ahead
		}
	}
	return resp, nil
}

// skew is the most that an answer showed, to the second; zero where nobody answered.
func (w *clockWatch) skew() time.Duration {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.ahead
}
