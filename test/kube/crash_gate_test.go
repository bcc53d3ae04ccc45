package kube

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path"
	"slices"
	"strings"
	"sync"

	"github.com/pullpass/pullpass/test/kube/lab"
)

// A write is a request that changes something in a cluster: which cluster, how, what, and which of several alike it is. They
// are known by this and not by a running number, because clusters are worked in side by side.
type write string

// A stop says what happens at a write.
type stop string

// The ways in which a run is stopped. Of the first three nothing more goes out from then on, to whomever, and nothing comes in.
const (
	// before: the request never reaches the API server.
	before stop = "before"
	// after: the answer is there, and is the last that ever comes.
	after stop = "after"
	// unanswered: the API server did it, and nobody was told.
	unanswered stop = "answer lost"
	// paused: the run stands still before the request for as long as somebody else is at work, and goes on.
	paused stop = "paused before"
	// dazed: it stands still between the request and its answer.
	dazed stop = "paused after"
	// severed: the cluster is gone from here on, and the run goes on without it; and so with the answer.
	severed           stop = "cluster gone before"
	severedUnanswered stop = "cluster gone with the answer"
)

// A gate is all that a run can reach AWS and clusters through. It numbers the writes, and stops the run at one of them.
type gate struct {
	// at is the write at which the run is stopped, empty for none.
	at   write
	stop stop
	// meanwhile is what others do while the run is paused.
	meanwhile func()
	// look is called after each change that goes through, of AWS or of a cluster; nil for nobody.
	look func(at string)

	mu      sync.RWMutex // held for writing while something is changed, or the run is paused
	seen    map[string]int
	writes  []write
	reached bool
	// dead says that nothing gets through any more, gone names the cluster to which nothing does.
	dead bool
	gone string
}

// errCut is what a run gets in place of an answer of AWS once it is stopped. It says of itself that it is not to be tried
// again, as an ended context does: a run that is stopped has no time to.
type errCut struct{}

func (errCut) Error() string       { return "the run was stopped here" }
func (errCut) CanceledError() bool { return true }

// over is a transport to AWS that leads through the gate.
func (g *gate) over(next http.RoundTripper) http.RoundTripper { return passage{g, next} }

type passage struct {
	gate *gate
	next http.RoundTripper
}

// RoundTrip implements http.RoundTripper.
func (p passage) RoundTrip(request *http.Request) (*http.Response, error) {
	action, err := changeOf(request)
	if err != nil {
		return nil, err
	}
	g := p.gate
	if action == "" {
		g.mu.RLock()
		defer g.mu.RUnlock()
	} else {
		g.mu.Lock()
		defer g.mu.Unlock()
	}
	if g.dead {
		return nil, errCut{}
	}
	response, err := p.next.RoundTrip(request)
	if action != "" && g.look != nil {
		g.look(action)
	}
	return response, err
}

// changeOf is the action of IAM by which a request changes something; empty for any other request.
func changeOf(request *http.Request) (string, error) {
	if request.Method != http.MethodPost || request.Header.Get("X-Amz-Target") != "" {
		return "", nil
	}
	body, err := io.ReadAll(request.Body)
	if err = errors.Join(err, request.Body.Close()); err != nil {
		return "", err
	}
	request.Body = io.NopCloser(bytes.NewReader(body))
	form, err := url.ParseQuery(string(body))
	action := form.Get("Action")
	if err != nil || action == "AssumeRole" || slices.ContainsFunc([]string{"Get", "List", "Simulate"}, func(reads string) bool {
		return strings.HasPrefix(action, reads)
	}) {
		return "", nil
	}
	return action, nil
}

// pass is a request on the road to a cluster.
func (g *gate) pass(cluster string, onwards http.Handler, w http.ResponseWriter, request *http.Request) {
	if !lab.Changes(lab.Form(request)) {
		g.mu.RLock()
		defer g.mu.RUnlock()
		g.mustReach(cluster)
		onwards.ServeHTTP(w, request)
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.mustReach(cluster)
	at := g.number(fmt.Sprintf("%s %s %s", cluster, request.Method, lastTwo(request.URL.Path)))
	if at == g.at {
		g.halt(at, onwards, w, request)
		return
	}
	g.let(at, onwards, w, request)
}

// mustReach breaks the connection off where nothing gets through.
func (g *gate) mustReach(cluster string) {
	if g.dead || g.gone == cluster {
		panic(http.ErrAbortHandler)
	}
}

func (g *gate) number(what string) write {
	if g.seen == nil {
		g.seen = map[string]int{}
	}
	g.seen[what]++
	return write(fmt.Sprintf("%s #%d", what, g.seen[what]))
}

func (g *gate) let(at write, onwards http.Handler, w http.ResponseWriter, request *http.Request) {
	onwards.ServeHTTP(w, request)
	g.writes = append(g.writes, at)
	if g.look != nil {
		g.look(string(at))
	}
}

// halt does what is to be done at the write at which the run is stopped.
func (g *gate) halt(at write, onwards http.Handler, w http.ResponseWriter, request *http.Request) {
	g.reached = true
	answer := httptest.NewRecorder()
	switch g.stop {
	case before, severed:
	case unanswered, severedUnanswered:
		g.let(at, onwards, answer, request)
	case after:
		g.let(at, onwards, w, request)
		g.dead = true
		return
	case paused:
		g.meanwhile()
		g.let(at, onwards, w, request)
		return
	case dazed:
		g.let(at, onwards, answer, request)
		g.meanwhile()
		give(w, answer)
		return
	}
	if g.stop == severed || g.stop == severedUnanswered {
		g.gone, _, _ = strings.Cut(string(at), " ")
	} else {
		g.dead = true
	}
	panic(http.ErrAbortHandler)
}

// isDead reports that the run was stopped.
func (g *gate) isDead() bool {
	g.mu.RLock()
	defer g.mu.RUnlock()
	return g.dead
}

// give passes an answer on that was held back.
func give(w http.ResponseWriter, answer *httptest.ResponseRecorder) {
	for name, values := range answer.Header() {
		w.Header()[name] = values
	}
	w.WriteHeader(answer.Code)
	_, _ = w.Write(answer.Body.Bytes()) // Whoever does not read it any more has gone.
}

// lastTwo are the kind and the name of what a path leads to.
func lastTwo(of string) string { return path.Join(path.Base(path.Dir(of)), path.Base(of)) }
