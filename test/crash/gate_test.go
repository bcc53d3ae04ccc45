package crash

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
)

// An effect is a call that changes something: what it does to what, and which of several alike it is. Effects are known by
// this and not by a running number, because accounts and clusters are worked in side by side.
type effect string

// A stop says what happens at an effect.
type stop string

// The ways in which a run is stopped. But for a pause nothing more goes out from then on, and nothing comes in.
const (
	// before: the call never reaches AWS.
	before stop = "before"
	// after: the answer is there, and is the last that ever comes.
	after stop = "after"
	// unanswered: AWS did it, and nobody was told.
	unanswered stop = "answer lost"
	// paused: the run stands still before the call for as long as somebody else is at work, and goes on.
	paused stop = "paused before"
	// dazed: it stands still between the call and its answer.
	dazed stop = "paused after"
)

// A gate is all that a run can reach AWS through. It numbers the effects, and stops the run at one of them.
type gate struct {
	// at is the effect at which the run is stopped, empty for none.
	at   effect
	stop stop
	// meanwhile is what others do while the run is paused.
	meanwhile func()
	// look is called before the first effect that goes through, and after each; nil for nobody.
	look func(effect)
	// secrets take down what must not be found anywhere later.
	secrets *secrets

	mu      sync.RWMutex // held for writing while something is changed, or the run is paused
	seen    map[effect]int
	passed  []effect
	reached bool
	dead    bool
}

// errCut is what a run gets in place of an answer once it is stopped. It says of itself that it is not to be tried again, as
// an ended context does: a run that is stopped has no time to.
type errCut struct{}

func (errCut) Error() string       { return "the run was stopped here" }
func (errCut) CanceledError() bool { return true }

// over is a transport that leads through the gate.
func (g *gate) over(next http.RoundTripper) http.RoundTripper { return passage{g, next} }

type passage struct {
	gate *gate
	next http.RoundTripper
}

// RoundTrip implements http.RoundTripper.
func (p passage) RoundTrip(request *http.Request) (*http.Response, error) {
	action, err := actionOf(request)
	if err != nil {
		return nil, err
	}
	if action == "" {
		return p.gate.read(p.next, request)
	}
	return p.gate.write(p.next, request, action)
}

func (g *gate) read(next http.RoundTripper, request *http.Request) (*http.Response, error) {
	g.mu.RLock()
	defer g.mu.RUnlock()
	if g.dead {
		return nil, errCut{}
	}
	return g.send(next, request)
}

func (g *gate) write(next http.RoundTripper, request *http.Request, action string) (*http.Response, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.dead {
		return nil, errCut{}
	}
	at := g.number(action)
	if at == g.at {
		return g.halt(next, request, at)
	}
	return g.pass(next, request, at)
}

// halt does what is to be done at the effect at which the run is stopped.
func (g *gate) halt(next http.RoundTripper, request *http.Request, at effect) (*http.Response, error) {
	g.reached = true
	switch g.stop {
	case before:
		return nil, g.die(nil, nil)
	case after:
		response, err := g.pass(next, request, at)
		_ = g.die(nil, nil)
		return response, err
	case unanswered:
		return nil, g.die(g.pass(next, request, at))
	case paused:
		g.meanwhile()
		return g.pass(next, request, at)
	case dazed:
		response, err := g.pass(next, request, at)
		g.meanwhile()
		return response, err
	}
	return nil, fmt.Errorf("there is no way to stop %q", g.stop)
}

// die cuts the run off, and throws an answer away.
func (g *gate) die(response *http.Response, err error) error {
	g.dead = true
	if response != nil {
		err = errors.Join(err, response.Body.Close())
	}
	return errors.Join(errCut{}, err)
}

func (g *gate) number(action string) effect {
	if g.seen == nil {
		g.seen = map[effect]int{}
	}
	g.seen[effect(action)]++
	return effect(fmt.Sprintf("%s #%d", action, g.seen[effect(action)]))
}

func (g *gate) pass(next http.RoundTripper, request *http.Request, at effect) (*http.Response, error) {
	response, err := g.send(next, request)
	g.passed = append(g.passed, at)
	if g.look != nil {
		g.look(at)
	}
	return response, err
}

// send takes down the secrets of an answer.
func (g *gate) send(next http.RoundTripper, request *http.Request) (*http.Response, error) {
	response, err := next.RoundTrip(request)
	if err != nil || request.Method != http.MethodPost {
		return response, err
	}
	body, err := io.ReadAll(response.Body)
	if err = errors.Join(err, response.Body.Close()); err != nil {
		return nil, err
	}
	g.secrets.note(body)
	response.Body = io.NopCloser(bytes.NewReader(body))
	return response, nil
}

// actionOf names the effect of a request; empty for what only reads.
func actionOf(request *http.Request) (string, error) {
	if request.Method == http.MethodGet || request.Method == http.MethodHead {
		return "", nil
	}
	body, err := io.ReadAll(request.Body)
	if err = errors.Join(err, request.Body.Close()); err != nil {
		return "", err
	}
	request.Body = io.NopCloser(bytes.NewReader(body))
	_, name, found := strings.Cut(request.Header.Get("X-Amz-Target"), ".")
	form, err := url.ParseQuery(string(body))
	if !found && err == nil {
		name = form.Get("Action")
	}
	if name == "AssumeRole" || slices.ContainsFunc([]string{"Get", "List", "Describe", "Batch", "Simulate"}, func(p string) bool {
		return strings.HasPrefix(name, p)
	}) {
		return "", nil
	}
	return name + nameOf(form), nil
}

// stamp is the part of a run's id that names are made of.
var stamp = regexp.MustCompile(`[0-9]{8}T[0-9]{6}Z[-.][0-9a-f]+`)

// nameOf is what a call of IAM is about, without what is another in every run.
func nameOf(form url.Values) string {
	var parts []string
	for _, field := range []string{"UserName", "RoleName", "PolicyName", "PolicyArn", "Status"} {
		if value := form.Get(field); value != "" {
			parts = append(parts, stamp.ReplaceAllString(value[strings.LastIndexAny(value, "/")+1:], "*"))
		}
	}
	return " " + strings.Join(parts, " ")
}

// secrets are all that must be found in deliveries and nowhere else.
type secrets struct {
	mu    sync.Mutex
	found map[string]bool
}

func newSecrets() *secrets { return &secrets{found: map[string]bool{}} }

var material = regexp.MustCompile(`<(?:SecretAccessKey|SessionToken)>([^<]+)<|"authorizationToken":"([^"]+)"`)

func (s *secrets) note(body []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, match := range material.FindAllSubmatch(body, -1) {
		s.found[string(match[1])+string(match[2])] = true
	}
}

// in returns whether a text holds one of them.
func (s *secrets) in(text []byte) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for secret := range s.found {
		if bytes.Contains(text, []byte(secret)) {
			return true
		}
	}
	return false
}
