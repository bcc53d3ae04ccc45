package sandbox

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/pullpass/pullpass/arn"
	"github.com/pullpass/pullpass/sandbox/internal/api"
	"github.com/pullpass/pullpass/sandbox/internal/caught"
	"github.com/pullpass/pullpass/sandbox/internal/guard"
	"github.com/pullpass/pullpass/sandbox/internal/requestlog"
	"github.com/pullpass/pullpass/sandbox/internal/sigv4"
	"github.com/pullpass/pullpass/sandbox/internal/state"
	"github.com/pullpass/pullpass/sandbox/internal/token"
	"github.com/pullpass/pullpass/sandbox/internal/weather"
	"github.com/pullpass/pullpass/sandbox/internal/wire"
)

// gateway is where requests to the APIs come in.
type gateway struct {
	store    *state.Store
	sealer   *token.Sealer
	verifier *sigv4.Verifier
	services map[string]*api.Service
	weather  *weather.Weather
	requests *requestlog.Log
	clock    func() time.Time
	random   io.Reader
	log      *slog.Logger
	bodies   bodies
}

func newGateway(s *Sandbox, sealer *token.Sealer, config Config, services map[string]*api.Service) *gateway {
	return &gateway{
		store: s.store, sealer: sealer, verifier: &sigv4.Verifier{}, services: services,
		weather: s.weather, requests: s.requests, clock: config.Clock, random: config.Random, log: config.Log,
		bodies: bodies{limit: bodiesLimit},
	}
}

func serviceTable(services ...*api.Service) map[string]*api.Service {
	table := map[string]*api.Service{}
	for _, service := range services {
		table[service.Name] = service
	}
	return table
}

// request is one request on its way through the five steps.
type request struct {
	*wire.Request
	gateway   *gateway
	http      *http.Request
	body      body
	id        string
	service   *api.Service
	operation api.Operation
	signature *sigv4.Signature
	identity  identity
	// account is that of the key, which is good only once verified says that the signature is. The conditions are known
	// before: a key may be too new to be seen.
	account    arn.AccountID
	verified   bool
	conditions weather.Conditions
	// input is the operation's; there is none where the request was refused as it was read.
	input   any
	refused error
	trace   trace
}

// region is the Region that the request is for: that of its signature. IAM is in none, whatever a client signs; its
// requests count as us-east-1's (aws:RequestedRegion in
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html).
func (r *request) region() arn.Region {
	if r.service.Name == "iam" {
		return "us-east-1"
	}
	return r.signature.Scope.Region
}

// handler serves an endpoint of the APIs.
func (g *gateway) handler(at endpoint) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { g.serve(w, r, at) })
}

func (g *gateway) serve(w http.ResponseWriter, r *http.Request, at endpoint) {
	id, err := newRequestID(g.random)
	if err != nil {
		http.Error(w, "no randomness", http.StatusInternalServerError)
		return
	}
	req := &request{gateway: g, http: r, id: id, service: g.identify(r, at), trace: trace{begun: g.clock()}}
	w.Header().Set("Date", req.trace.begun.UTC().Format(http.TimeFormat)) // by which clients correct their clocks
	req.body = body{from: http.MaxBytesReader(w, r.Body, maxBody(req.service.Name)), all: &g.bodies}
	defer req.body.release()
	req.input, req.refused = g.read(r, req, at)
	g.weather.Through(w, r, req)
}

// answer takes a request that was read, or that came to an error before, through the steps that are left.
func (g *gateway) answer(w http.ResponseWriter, req *request, err error) {
	answer := &req.trace.answer
	answer.ResponseWriter = w
	if err == nil {
		err = g.handle(answer, req)
	}
	req.trace.outcome = requestlog.OK
	if refusal := g.refusal(err); refusal != nil {
		req.service.Codec.EncodeError(answer, req.id, refusal)
		req.trace.outcome = refusal.Code
	}
}

// read takes a request to where its operation and input are known. Its body is read once it names a key that is good, so
// that a stranger's is never kept.
func (g *gateway) read(r *http.Request, req *request, at endpoint) (in any, err error) {
	defer caught.Into(&err)
	secret, err := g.claim(r, req, at)
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(&req.body)
	if err != nil {
		return nil, unreadable(err)
	}
	req.Request = wire.NewRequest(r, body)
	if err := g.verifier.Verify(req.signature, r, body, secret); err != nil {
		return nil, signatureError(err)
	}
	req.verified = true
	name, err := req.service.Codec.Operation(req.Request)
	if err != nil {
		return nil, err
	}
	if req.operation, err = req.service.Operation(name); err != nil {
		return nil, err
	}
	return req.operation.Decode(req.service.Codec, req.Request)
}

// handle runs the call and writes what came of it. A panic is a fault of the sandbox like any other.
func (g *gateway) handle(w http.ResponseWriter, req *request) (err error) {
	defer caught.Into(&err)
	out, err := g.run(req.http, req, req.input)
	if err != nil {
		return err
	}
	return req.service.Codec.Encode(w, wire.Reply{Operation: req.operation.Name, RequestID: req.id, Output: out})
}

// run authorizes and handles the call, with the world held.
func (g *gateway) run(r *http.Request, req *request, in any) (out any, err error) {
	g.noteUse(req)
	err = g.transact(req, func(w *state.World) error {
		caller, err := req.identity.caller(w)
		if err != nil {
			return err
		}
		req.trace.principal = caller.Principal.ARN
		scene := g.scene(r)
		scene.Region = req.region()
		call := &api.Call{
			Context: r.Context(), World: w, Sealer: g.sealer, Random: g.random, Caller: caller, Scene: scene,
			Service: req.service.Name, Host: r.Host,
		}
		out, err = req.operation.Run(call, in)
		req.trace.targets, req.trace.allowed = call.Targets, call.Allowed
		return err
	})
	return out, err
}

// unreadable is the answer to a body that is too long, that there is no room for, or that ends early.
func unreadable(err error) error {
	var refusal *wire.Error
	if errors.As(err, &refusal) {
		return refusal
	}
	var long *http.MaxBytesError
	if errors.As(err, &long) {
		return &wire.Error{Code: "RequestEntityTooLarge", Status: http.StatusRequestEntityTooLarge,
			Message: fmt.Sprintf("Request size exceeded %d bytes", long.Limit)}
	}
	return wire.Errorf("IncompleteBody", "The request body could not be read.")
}

func (g *gateway) scene(r *http.Request) guard.Scene {
	ip, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		ip = ""
	}
	return guard.Scene{Now: g.clock(), SourceIP: ip, UserAgent: r.UserAgent(), Secure: r.TLS != nil}
}

// refusal is the error as it goes over the wire. One that is no wire.Error is a fault of the sandbox: its text goes to
// the log alone.
func (g *gateway) refusal(err error) *wire.Error {
	if err == nil {
		return nil
	}
	var refusal *wire.Error
	if errors.As(err, &refusal) {
		return refusal
	}
	g.log.Error("fault of the sandbox", "error", err)
	return wire.Errorf(wire.InternalFailure, "The request processing has failed because of an unknown error.")
}

// maxBody bounds a request's body, in bytes. ECR takes layer parts of up to 20 MiB, in base64; no policy, tag list or
// parameter of the others comes near a mebibyte.
func maxBody(service string) int64 {
	if service == "ecr" {
		return 32 << 20
	}
	return 1 << 20
}
