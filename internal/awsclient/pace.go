package awsclient

import (
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/ratelimit"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
)

// newPace returns the retryer that all clients of an account share. The SDK's adaptive mode sends at any rate until AWS
// throttles, then at a rate that it finds by itself and raises again: IAM and STS publish no rates to keep to. The token
// bucket of the standard mode is left out, since it gives up after a hundred throttled calls however patient each one is;
// MaxAttempts is the bound.
//
// IAM answers ConcurrentModification where two requests change one entity at the same time, and asks for the request to be
// sent again (https://docs.aws.amazon.com/IAM/latest/APIReference/API_TagPolicy.html#API_TagPolicy_Errors).
func newPace(r Retry) aws.Retryer {
	return retry.NewAdaptiveMode(func(o *retry.AdaptiveModeOptions) {
		o.StandardOptions = append(o.StandardOptions, func(so *retry.StandardOptions) {
			so.MaxAttempts = r.MaxAttempts
			so.MaxBackoff = r.MaxBackoff
			so.RateLimiter = ratelimit.None
			so.Retryables = append(so.Retryables, retry.RetryableErrorCode{
				Codes: map[string]struct{}{"ConcurrentModification": {}, "ConcurrentModificationException": {}},
			})
		})
	})
}
