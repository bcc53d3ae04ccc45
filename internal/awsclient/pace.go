package awsclient

import (
	"context"
	"slices"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
)

// A pace is the retryer that all clients of an account share: it bounds how many calls are under way, and finds the bound
// as TCP finds its window. A throttled call halves it, once for all calls that were under way together; each call that goes
// through widens it a little. IAM and STS publish no rates to keep to.
//
// The SDK's own adaptive mode is no good here: what throttles in its first half second, when it has measured no rate yet,
// holds it to one call every two seconds.
type pace struct {
	*patience
	throttles retry.IsErrorThrottles

	mu       sync.Mutex
	window   float64
	underWay int
	waiting  []chan struct{}
	// begun counts attempts, and halved is how many had begun when the window was last halved.
	begun, halved int
}

const maxWindow = 64

func newPace(r Retry) *pace {
	return &pace{patience: newPatience(r), throttles: retry.IsErrorThrottles(retry.DefaultThrottles), window: maxWindow}
}

// GetAttemptToken waits until another attempt may be made. The SDK calls the function that it returns with the attempt's
// outcome.
func (p *pace) GetAttemptToken(ctx context.Context) (func(error) error, error) {
	if err := p.enter(ctx); err != nil {
		return nil, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.begun++
	number := p.begun
	return func(err error) error {
		p.leave(number, p.throttles.IsErrorThrottle(err) == aws.TrueTernary)
		return nil
	}, nil
}

// enter takes a place in the window.
func (p *pace) enter(ctx context.Context) error {
	p.mu.Lock()
	if p.underWay < int(p.window) && len(p.waiting) == 0 {
		p.underWay++
		p.mu.Unlock()
		return nil
	}
	turn := make(chan struct{})
	p.waiting = append(p.waiting, turn)
	p.mu.Unlock()
	select {
	case <-turn:
		return nil
	case <-ctx.Done():
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if i := slices.Index(p.waiting, turn); i >= 0 {
		p.waiting = slices.Delete(p.waiting, i, i+1)
		return ctx.Err()
	}
	// The turn came at the same time: it is somebody else's now.
	p.underWay--
	p.admit()
	return ctx.Err()
}

func (p *pace) leave(number int, throttled bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.underWay--
	switch {
	case throttled && number > p.halved:
		p.window = max(1, p.window/2)
		p.halved = p.begun
	case !throttled:
		p.window = min(maxWindow, p.window+1/p.window)
	}
	p.admit()
}

// admit lets in who waits, as far as the window allows.
func (p *pace) admit() {
	for p.underWay < int(p.window) && len(p.waiting) > 0 {
		close(p.waiting[0])
		p.waiting = p.waiting[1:]
		p.underWay++
	}
}
