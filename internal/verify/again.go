package verify

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"slices"
	"time"
)

// again sends a request once more that failed for reasons that pass: of the network, or of the other side's.
type again struct {
	http.RoundTripper
	attempts int
	wait     func(context.Context, time.Duration) error
}

// dialAttempts is how often a host is tried that cannot be reached at all.
const dialAttempts = 3

// RoundTrip implements http.RoundTripper. A request with a body is sent once.
func (a again) RoundTrip(req *http.Request) (*http.Response, error) {
	for attempt, pause := 1, firstPause/2; ; attempt, pause = attempt+1, min(2*pause, longestPause) {
		resp, err := a.RoundTripper.RoundTrip(req)
		if attempt >= a.attempts || req.Body != nil || !passes(resp, err) || undialled(err) && attempt >= dialAttempts {
			return resp, err
		}
		if err == nil {
			_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, 64<<10)) // so that the connection can be used again
			_ = resp.Body.Close()
		}
		if err := a.wait(req.Context(), pause); err != nil {
			return nil, err
		}
	}
}

// passes reports whether a failure may be gone the next time.
func passes(resp *http.Response, err error) bool {
	if err == nil {
		return slices.Contains([]int{
			http.StatusTooManyRequests, http.StatusInternalServerError, http.StatusBadGateway,
			http.StatusServiceUnavailable, http.StatusGatewayTimeout,
		}, resp.StatusCode)
	}
	return isInterruption(err) || errors.Is(err, io.EOF)
}

func undialled(err error) bool {
	var network *net.OpError
	return errors.As(err, &network) && network.Op == "dial"
}
