package awsclient

import (
	"context"

	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/smithy-go/middleware"
)

// dated tells the date of every answer, repeated calls and those that fetch credentials included. It stands around the SDK's
// own reading of the date.
func (f *Factory) dated() []func(*middleware.Stack) error {
	if f.config.Dated == nil {
		return nil
	}
	tell := middleware.DeserializeMiddlewareFunc("Dated", func(
		ctx context.Context, in middleware.DeserializeInput, next middleware.DeserializeHandler,
	) (middleware.DeserializeOutput, middleware.Metadata, error) {
		out, metadata, err := next.HandleDeserialize(ctx, in)
		if date, ok := awsmiddleware.GetServerTime(metadata); ok {
			f.config.Dated(date)
		}
		return out, metadata, err
	})
	return []func(*middleware.Stack) error{
		func(stack *middleware.Stack) error { return stack.Deserialize.Add(tell, middleware.Before) },
	}
}
