package lab

import (
	"net/http"
	"strings"
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

// Form is a request as [Road.Requests] has it.
func Form(request *http.Request) string { return request.Method + " " + request.URL.RequestURI() }

// Through leads the road through a handler, which is given the one that passes requests on, until straighten is called.
func (r *Road) Through(wrap func(onwards http.Handler) http.Handler) (straighten func()) {
	onwards := r.next()
	r.lead(wrap(onwards))
	return func() { r.lead(onwards) }
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
