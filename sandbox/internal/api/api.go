// Package api is the table form of an AWS service: for each operation its name, what it does to which resources, and its
// handler.
//
// The table is the one choke point: an operation runs only through Operation.Run, which asks for a decision on every
// target before the handler sees the call.
package api

import (
	"context"
	"io"
	"time"

	"github.com/pullpass/pullpass/sandbox/internal/guard"
	"github.com/pullpass/pullpass/sandbox/internal/state"
	"github.com/pullpass/pullpass/sandbox/internal/token"
	"github.com/pullpass/pullpass/sandbox/internal/wire"
)

// Service is one AWS service.
type Service struct {
	// Name is the signing name, which is also the prefix of its actions: "iam".
	Name  string
	Codec wire.Codec
	// Skew is how far a client's clock may be off.
	Skew       time.Duration
	operations map[string]Operation
}

// NewService returns a service with these operations.
func NewService(name string, codec wire.Codec, skew time.Duration, operations ...[]Operation) *Service {
	s := &Service{Name: name, Codec: codec, Skew: skew, operations: map[string]Operation{}}
	for _, table := range operations {
		for _, operation := range table {
			operation.Action = name + ":" + operation.Name
			s.operations[operation.Name] = operation
		}
	}
	return s
}

// Operation returns the operation with that name.
func (s *Service) Operation(name string) (Operation, error) {
	operation, ok := s.operations[name]
	if !ok {
		return Operation{}, s.Codec.UnknownOperation(name)
	}
	return operation, nil
}

// Call is one authenticated request on its way through an operation.
type Call struct {
	Context context.Context
	// World is held for the time of the call: for writing if the operation writes.
	World  *state.World
	Sealer *token.Sealer
	Random io.Reader
	Caller *guard.Caller
	Scene  guard.Scene
	// Service is the signing name of the service that was called.
	Service string
	// Host is the host that the client asked, with the port if it named one.
	Host string
	// Targets is what the call was decided on, and Allowed whether all of it was; Operation.Run sets both.
	Targets []guard.Target
	Allowed bool
}

// Account is the caller's account.
func (c *Call) Account() *state.Account { return c.Caller.Account }

// Now is the sandbox's time.
func (c *Call) Now() time.Time { return c.Scene.Now }

// Operation is one row of a service's table.
type Operation struct {
	Name string
	// Action is the IAM action of the same name.
	Action string
	// Writes says that the handler changes the World.
	Writes   bool
	newInput func() any
	run      func(*Call, any) (any, error)
}

// Targets tells what a call does to which resources. An empty list is a call that needs no permission.
type Targets[In any] func(*Call, *In) ([]guard.Target, error)

// None is the output of an operation without a result.
type None struct{}

// Read is the row of an operation that changes nothing but a state.LastUse.
func Read[In, Out any](name string, targets Targets[In], handle func(*Call, *In) (*Out, error)) Operation {
	return Operation{
		Name:     name,
		newInput: func() any { return new(In) },
		run:      func(c *Call, in any) (any, error) { return run(c, name, in.(*In), targets, handle) },
	}
}

// Write is the row of an operation that changes the World. The handler must change nothing if it fails.
func Write[In, Out any](name string, targets Targets[In], handle func(*Call, *In) (*Out, error)) Operation {
	operation := Read(name, targets, handle)
	operation.Writes = true
	return operation
}

// Decode returns the operation's input.
func (o Operation) Decode(codec wire.Codec, r *wire.Request) (any, error) {
	in := o.newInput()
	return in, codec.Decode(r, in)
}

// Run decides on every target, then lets the handler act. Its output is nil for an operation without a result, and
// errors that are not *wire.Error are faults of the sandbox.
func (o Operation) Run(c *Call, in any) (any, error) { return o.run(c, in) }

func run[In, Out any](
	c *Call, name string, in *In, targets Targets[In], handle func(*Call, *In) (*Out, error),
) (any, error) {
	affected, err := targets(c, in)
	if err != nil {
		return nil, err
	}
	c.Targets = affected
	for _, target := range affected {
		if target.Action == "" {
			target.Action = c.Service + ":" + name
		}
		if err := authorize(c, target); err != nil {
			return nil, err
		}
	}
	c.Allowed = true
	out, err := handle(c, in)
	if err != nil {
		return nil, err
	}
	if _, none := any(out).(*None); none {
		return nil, nil
	}
	return out, nil
}

func authorize(c *Call, target guard.Target) error {
	decision := guard.Decide(c.World, c.Caller, c.Scene, target)
	if decision.Allowed() {
		return nil
	}
	return wire.Errorf(wire.AccessDenied, "%s", guard.Denial(c.Caller, target, decision))
}

// Anyone is the Targets of an operation that needs no permission.
func Anyone[In any](*Call, *In) ([]guard.Target, error) { return nil, nil }

// OnEverything is the Targets of an operation whose action knows no resource: it is decided on "*".
func OnEverything[In any](*Call, *In) ([]guard.Target, error) { return []guard.Target{{}}, nil }
