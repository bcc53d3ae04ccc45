package awsclient

import (
	"context"
	"errors"
	"strings"

	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/middleware"

	"github.com/pullpass/pullpass/arn"
	"github.com/pullpass/pullpass/internal/audit"
)

// runMark is the key before the run's id in User-Agent, which CloudTrail keeps of every request
// (https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html, userAgent).
const runMark = "run"

// marked puts the run's id into User-Agent. The SDK writes run/<id>, and a hyphen for what a token of HTTP has no room for,
// of which a run's id has nothing.
func (f *Factory) marked() []func(*middleware.Stack) error {
	if f.config.Run == "" {
		return nil
	}
	return []func(*middleware.Stack) error{awsmiddleware.AddUserAgentKeyValue(runMark, f.config.Run)}
}

// tracing is what every call of the factory carries.
func (f *Factory) tracing() []func(*middleware.Stack) error { return append(f.marked(), f.dated()...) }

// audited tells the recorder of the factory of all calls of an account's clients that change something.
func (f *Factory) audited(clients *Clients) func(*middleware.Stack) error {
	return func(stack *middleware.Stack) error {
		if f.config.Effects == nil {
			return nil
		}
		// After the SDK's own checks of the input, and around everything that sends.
		return stack.Initialize.Add(&auditing{effects: f.config.Effects, caller: clients.Caller}, middleware.After)
	}
}

// An auditing stands around a call with all its attempts.
type auditing struct {
	effects audit.Recorder
	caller  func(context.Context) (arn.ARN, error)
}

// ID implements middleware.InitializeMiddleware.
func (*auditing) ID() string { return "Audit" }

// HandleInitialize implements middleware.InitializeMiddleware. A call that cannot be recorded, or of which nobody could say
// who made it, is not made. What a call returned is returned whether it could be recorded or not: it may be the only copy
// of a new key's secret.
func (a *auditing) HandleInitialize(
	ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler,
) (middleware.InitializeOutput, middleware.Metadata, error) {
	called := operation{prefix(awsmiddleware.GetServiceID(ctx)), middleware.GetOperationName(ctx)}
	if called.reads() {
		return next.HandleInitialize(ctx, in)
	}
	if err := audit.Allowed(ctx, a.effects); err != nil {
		return middleware.InitializeOutput{}, middleware.Metadata{}, err
	}
	caller, err := a.caller(ctx)
	if err != nil {
		return middleware.InitializeOutput{}, middleware.Metadata{}, err
	}
	out, metadata, err := next.HandleInitialize(ctx, in)
	effect := audit.Effect{
		Place: audit.PlaceOf(ctx), Operator: caller, Action: called.String(),
		Resource: resourceOf(caller, in.Parameters, out.Result), Outcome: outcomeOf(metadata, err),
	}
	effect.Account = caller.Account
	if attempts, ok := retry.GetAttemptResults(metadata); ok && len(attempts.Results) > 1 {
		for _, attempt := range attempts.Results[:len(attempts.Results)-1] {
			effect.Earlier = append(effect.Earlier, outcomeOf(attempt.ResponseMetadata, attempt.Err))
		}
	}
	a.effects.Record(ctx, effect)
	return out, metadata, err
}

// outcomeOf tells how an attempt ended by AWS's code. AWS's words stay out: they quote what was sent.
func outcomeOf(metadata middleware.Metadata, err error) audit.Outcome {
	outcome := audit.Outcome{Result: audit.OK}
	outcome.RequestID, _ = awsmiddleware.GetRequestIDMetadata(metadata)
	if err == nil {
		return outcome
	}
	var answered interface{ ServiceRequestID() string }
	if outcome.RequestID == "" && errors.As(err, &answered) {
		outcome.RequestID = answered.ServiceRequestID()
	}
	var api smithy.APIError
	switch {
	case errors.As(err, &api):
		outcome.Result = audit.Result(api.ErrorCode())
	case Lost(err):
		outcome.Result = audit.Lost
	default:
		outcome.Result = audit.Failed
	}
	return outcome
}

// prefix is what a service is called in the names of its IAM actions, given its name in the SDK.
func prefix(service string) string { return strings.ToLower(strings.ReplaceAll(service, " ", "")) }
