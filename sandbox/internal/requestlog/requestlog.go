// Package requestlog keeps account of what was asked of the sandbox.
package requestlog

import (
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/pullpass/pullpass/arn"
)

// Entry is one request. No secret, signature, token or body has a place in it.
type Entry struct {
	// Time is when the request came, by the sandbox's clock; so is Latency, in milliseconds.
	Time time.Time `json:"time"`
	// ID is the request id that the answer bears; empty for a service whose answers bear none.
	ID string `json:"id,omitempty"`
	// Account is the one that the request acted for, and Principal the ARN of who signed it; empty for nobody known.
	Account   arn.AccountID `json:"account,omitempty"`
	Principal string        `json:"principal,omitempty"`
	// Service is a signing name, "registry" or "layers"; Action is the IAM action, empty if it did not come to one.
	Service string `json:"service"`
	Action  string `json:"action,omitempty"`
	// Resources are what the request was decided on, the first ten of them.
	Resources []string `json:"resources,omitempty"`
	// Decision is "allow" or "deny", empty if it did not come to one.
	Decision Decision `json:"decision,omitempty"`
	// Outcome is "ok" or the code of the error. Where the answer was lost it is the lost one's, as is Status.
	Outcome string `json:"outcome"`
	// Status is the HTTP status; 0 if there was no answer to lose.
	Status  int     `json:"status"`
	Latency float64 `json:"latency"`
	// Weather is what the weather did to the request.
	Weather []string `json:"weather,omitempty"`
	// UserAgent is the header that CloudTrail keeps of a call; it is not kept of what CloudTrail does not see.
	UserAgent string `json:"userAgent,omitempty"`
}

// Took sets the latency of a request that is over at an instant of the clock that gave its Time.
func (e *Entry) Took(now time.Time) { e.Latency = float64(now.Sub(e.Time)) / float64(time.Millisecond) }

// Decision is what was decided on a request.
type Decision string

// The decisions.
const (
	Allow Decision = "allow"
	Deny  Decision = "deny"
)

// Outcomes that are no error's code.
const (
	OK = "ok"
	// Cut is the outcome of a request that was cut off before it was handled.
	Cut = "cut"
)

const (
	// longest bounds a text of an entry in bytes: no ARN is longer, but a client may send anything as a name.
	longest = 2048
	// mostResources bounds the resources of an entry.
	mostResources = 10
)

// Log is where entries go. A nil Log drops them. It is safe for concurrent use.
type Log struct {
	writer io.Writer
	failed func(error)

	mu     sync.Mutex
	recent []Entry // a ring, of which next is the oldest once it is full
	next   int
}

// New returns a log that keeps the last so many entries, and writes each as a line of JSON, in one call of Write; nil writes
// none. Failed is told of the first write that fails, after which none is tried.
func New(keep int, writer io.Writer, failed func(error)) *Log {
	return &Log{writer: writer, failed: failed, recent: make([]Entry, 0, keep)}
}

// Add adds an entry for a request that is over.
func (l *Log) Add(e Entry) {
	if l == nil {
		return
	}
	e.Resources = bounded(e.Resources)
	e.Action, e.UserAgent = cut(e.Action), cut(e.UserAgent)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.write(e)
	if len(l.recent) < cap(l.recent) {
		l.recent = append(l.recent, e)
	} else if len(l.recent) > 0 {
		l.recent[l.next] = e
		l.next = (l.next + 1) % len(l.recent)
	}
}

func (l *Log) write(e Entry) {
	if l.writer == nil {
		return
	}
	// An entry is made of strings, numbers and a time of this age, which always have a form in JSON.
	line, _ := json.Marshal(e)
	if _, err := l.writer.Write(append(line, '\n')); err != nil {
		l.writer = nil
		l.failed(err)
	}
}

// Recent returns the entries that are kept, the oldest first.
func (l *Log) Recent() []Entry {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Concat(l.recent[l.next:], l.recent[:l.next])
}

func bounded(texts []string) []string {
	texts = texts[:min(len(texts), mostResources)]
	for i, text := range texts {
		if len(text) > longest {
			texts = slices.Clone(texts)
			texts[i] = cut(text)
		}
	}
	return texts
}

func cut(text string) string {
	if len(text) <= longest {
		return text
	}
	// A copy, so that the rest of what the client sent is not kept.
	return string([]byte(text[:longest]))
}

// Answer is a ResponseWriter that remembers the status.
type Answer struct {
	http.ResponseWriter

	// Status is 0 as long as there is none.
	Status int
}

// WriteHeader implements http.ResponseWriter.
func (a *Answer) WriteHeader(status int) {
	if a.Status == 0 {
		a.Status = status
	}
	a.ResponseWriter.WriteHeader(status)
}

// Write implements http.ResponseWriter.
func (a *Answer) Write(b []byte) (int, error) {
	if a.Status == 0 {
		a.Status = http.StatusOK
	}
	return a.ResponseWriter.Write(b)
}

// ReadFrom implements io.ReaderFrom, so that a file still goes to the socket by sendfile.
func (a *Answer) ReadFrom(r io.Reader) (int64, error) {
	if a.Status == 0 {
		a.Status = http.StatusOK
	}
	return io.Copy(a.ResponseWriter, r)
}

// Unwrap is for http.ResponseController.
func (a *Answer) Unwrap() http.ResponseWriter { return a.ResponseWriter }
