// Package audit keeps a file of what was done, in which a line that is changed or taken away shows.
package audit

import (
	"context"
	"errors"
	"syscall"

	"github.com/pullpass/pullpass/arn"
)

// Errors to branch on.
var (
	// ErrUnwritten says that the trail cannot be written, so that nothing more may be done.
	ErrUnwritten = errors.New("the audit trail cannot be written")
	// ErrBroken says that the end of a trail is not what was written there: whatever follows it would rest on nothing.
	ErrBroken = errors.New("the audit trail is broken at its end")
	// ErrNotAFile says that something else than a regular file of the caller's own stands where the trail should be.
	ErrNotAFile = errors.New("not a regular file that nobody else may write")
)

// An Effect is one thing that was done, or tried. It has no place for what was sent, so that no secret can get in.
type Effect struct {
	// Place is what the effect is a part of.
	Place
	// Operator is the caller in the account of the effect.
	Operator arn.ARN
	// Action is <system>:<what>, such as iam:CreateAccessKey, file:write or kubernetes:apply.
	Action string
	// Resource is what it was done to: an ARN, or the kind and name by which the call names it; a path; a cluster and the
	// path of its API.
	Resource string
	Outcome
	// Earlier are the attempts before the last one, in their order.
	Earlier []Outcome
}

// An Outcome is how an attempt ended.
type Outcome struct {
	Result Result `json:"result"`
	// RequestID is the one under which the other side has it in its own log: CloudTrail's requestID, the audit id of a
	// Kubernetes API server. Empty where there was no answer, or for what was not asked of anybody.
	RequestID string `json:"requestId,omitempty"`
}

// A Result is OK, one of the other constants, or the code of an error, such as AccessDenied.
type Result string

// Results that are no error's code.
const (
	OK Result = "ok"
	// Lost: no answer came. It may have been done.
	Lost Result = "lost"
	// Failed: it was not done, and nobody gave a code for why.
	Failed Result = "failed"
)

// Begin is the action of the first line of a run, which shows that the file can be written before anything is done.
const Begin = "run:begin"

// A Place is the part of a run in which effects are made.
type Place struct {
	Account arn.AccountID
	// Step is the id of a plan's step.
	Step string
}

type placeKey struct{}

// At returns a context for what is done at a place.
func At(ctx context.Context, p Place) context.Context { return context.WithValue(ctx, placeKey{}, p) }

// PlaceOf returns the place of a context; the zero Place where none was given.
func PlaceOf(ctx context.Context) Place {
	p, _ := ctx.Value(placeKey{}).(Place)
	return p
}

// A Recorder takes effects from whoever makes them.
type Recorder interface {
	// Ready returns why nothing may be done, nil where something may. Allowed asks it before every effect.
	Ready() error
	// Record takes what was done. Where it cannot be kept, Ready fails from then on.
	Record(context.Context, Effect)
}

type mendingKey struct{}

// Mending returns a context for what takes an effect of the same run back: it is done whether it can be recorded or not, for
// what it takes back may be breaking something.
func Mending(ctx context.Context) context.Context { return context.WithValue(ctx, mendingKey{}, true) }

// Allowed returns why an effect may not be made, nil where it may.
func Allowed(ctx context.Context, r Recorder) error {
	if mending, _ := ctx.Value(mendingKey{}).(bool); mending {
		return nil
	}
	return r.Ready()
}

// Do makes an effect of which there is nothing to tell but an error; a nil Recorder is told nothing.
func Do(ctx context.Context, r Recorder, action, resource string, do func() error) error {
	if r == nil {
		return do()
	}
	if err := Allowed(ctx, r); err != nil {
		return err
	}
	err := do()
	r.Record(ctx, Effect{Place: PlaceOf(ctx), Action: action, Resource: resource, Outcome: Outcome{Result: resultOf(err)}})
	return err
}

// resultOf names errors of the operating system, which have no secrets in them.
func resultOf(err error) Result {
	var errno syscall.Errno
	switch {
	case err == nil:
		return OK
	case errors.As(err, &errno):
		return Result(errno.Error())
	}
	return Failed
}
