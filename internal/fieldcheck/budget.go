package fieldcheck

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/smithy-go/middleware"
)

// ErrSpent says that a run has sent all the requests, or has taken all the time, that it may.
var ErrSpent = errors.New("the run has used up the calls or the time that it may take")

// budget bounds the requests of a run, each attempt counted. It is used by one goroutine.
type budget struct {
	now   func() time.Time
	calls int
	until time.Time
}

func (b *budget) grant(calls int, within time.Duration) {
	b.calls, b.until = calls, b.now().Add(within)
}

func (b *budget) spend() error {
	if b.calls == 0 || b.now().After(b.until) {
		return ErrSpent
	}
	b.calls--
	return nil
}

// counted returns a client whose attempts are counted, each repeated one too.
func (b *budget) counted(client *iam.Client) *iam.Client {
	step := middleware.FinalizeMiddlewareFunc("SpendBudget", func(
		ctx context.Context, in middleware.FinalizeInput, next middleware.FinalizeHandler,
	) (middleware.FinalizeOutput, middleware.Metadata, error) {
		if err := b.spend(); err != nil {
			return middleware.FinalizeOutput{}, middleware.Metadata{}, err
		}
		return next.HandleFinalize(ctx, in)
	})
	return iam.New(client.Options(), func(o *iam.Options) {
		o.APIOptions = append(slices.Clone(o.APIOptions), func(stack *middleware.Stack) error {
			return stack.Finalize.Insert(step, "Retry", middleware.After)
		})
	})
}
