package awsclient

import (
	"errors"
	"net"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws/ratelimit"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/smithy-go"

	"github.com/pullpass/pullpass/internal/awserror"
)

const (
	// unreachableAttempts is after how many attempts a host counts as out of reach, unreachableBackoff the longest wait
	// between them. Who answers and throttles is worth more patience.
	unreachableAttempts = 4
	unreachableBackoff  = time.Second
	// quietAttempts is how many attempts fail before anybody is told.
	quietAttempts = 2
)

// A patience decides how long a failed call is repeated: the SDK's standard retryer without its bucket of tokens, which gives
// up after a hundred throttled calls however patient each one is.
type patience struct {
	*retry.Standard
	waiting func(error)
	elapse  func(time.Duration) time.Duration
}

// newPatience makes a retryer. IAM answers ConcurrentModification where two requests change one entity at the same time,
// and asks for the request to be sent again
// (https://docs.aws.amazon.com/IAM/latest/APIReference/API_TagPolicy.html#API_TagPolicy_Errors).
func newPatience(r Retry) *patience {
	return &patience{waiting: r.Waiting, elapse: r.Elapse, Standard: retry.NewStandard(func(o *retry.StandardOptions) {
		o.MaxAttempts = r.MaxAttempts
		o.MaxBackoff = r.MaxBackoff
		o.RateLimiter = ratelimit.None
		o.Retryables = append(o.Retryables, retry.RetryableErrorCode{
			Codes: map[string]struct{}{"ConcurrentModification": {}, "ConcurrentModificationException": {}},
		})
	})}
}

// RetryDelay returns how long to wait after a failed attempt, the first being 1; or the error, where another one is of no
// use.
func (p *patience) RetryDelay(attempt int, err error) (time.Duration, error) {
	if inner := (*smithy.OperationError)(nil); errors.As(err, &inner) {
		return 0, err // A call that fetches credentials, which has been repeated already.
	}
	out := unreachable(err)
	if out && attempt >= unreachableAttempts {
		return 0, err
	}
	if attempt == quietAttempts && p.waiting != nil {
		p.waiting(awserror.InBrief(&smithy.OperationError{Err: err}))
	}
	delay, failed := p.Standard.RetryDelay(attempt, err)
	if out {
		delay = min(delay, unreachableBackoff)
	}
	if p.elapse != nil && failed == nil {
		delay = p.elapse(delay)
	}
	return delay, failed
}

// unreachable reports whether a request never got as far as a host that could have answered.
func unreachable(err error) bool {
	var dns *net.DNSError
	var network *net.OpError
	return errors.As(err, &dns) || errors.As(err, &network) && (network.Op == "dial" || network.Op == "proxyconnect")
}
