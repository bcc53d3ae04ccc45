package lab

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
)

// A Stop says what becomes of the request at which a road ends.
type Stop string

// The ways in which a road ends.
const (
	// Before: the request does not reach the API server.
	Before Stop = "before"
	// After: the answer is the last thing that comes through.
	After Stop = "after"
	// Unanswered: the API server has done it, and nobody is told.
	Unanswered Stop = "answer lost"
)

// Changes reports whether a request, in the form of [Road.Requests], changes something.
func Changes(request string) bool {
	method, path, _ := strings.Cut(request, " ")
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodOptions:
		return false
	}
	return !strings.Contains(path, "dryRun=") && !strings.HasPrefix(path, "/apis/authorization.k8s.io/")
}

// EndAt ends the road at the n-th request from now on that changes something. Mend makes it whole, and reports whether it
// had ended.
func (r *Road) EndAt(n int, stop Stop) (mend func() (ended bool)) {
	end := &roadEnd{onwards: r.next(), left: n, stop: stop}
	r.lead(end)
	return func() bool {
		r.lead(end.onwards)
		end.mu.Lock()
		defer end.mu.Unlock()
		return end.left <= 0
	}
}

func (r *Road) next() http.Handler {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.onwards
}

func (r *Road) lead(onwards http.Handler) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.onwards = onwards
}

// A roadEnd passes on what comes before it.
type roadEnd struct {
	onwards http.Handler
	stop    Stop

	mu   sync.Mutex
	left int // how many changes until the end
}

// ServeHTTP passes requests on one by one, and from its end on it breaks connections off.
func (e *roadEnd) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.left <= 0 {
		panic(http.ErrAbortHandler)
	}
	if Changes(form(request)) {
		e.left--
	}
	switch {
	case e.left > 0, e.stop == After:
		e.onwards.ServeHTTP(w, request)
	case e.stop == Unanswered:
		e.onwards.ServeHTTP(httptest.NewRecorder(), request)
		panic(http.ErrAbortHandler)
	default:
		panic(http.ErrAbortHandler)
	}
}
