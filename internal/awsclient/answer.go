package awsclient

import (
	"context"
	"sync"
	"sync/atomic"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// A firstAnswer lets the failure of credentials stand that somebody was asked a code for: each of the calls that waited
// meanwhile would ask again, and a code is good only once.
type firstAnswer struct {
	provider aws.CredentialsProvider
	asked    *atomic.Bool

	mu     sync.Mutex // held while the provider is at work
	failed error
}

// Retrieve implements aws.CredentialsProvider.
func (f *firstAnswer) Retrieve(ctx context.Context) (aws.Credentials, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.failed != nil {
		return aws.Credentials{}, f.failed
	}
	credentials, err := f.provider.Retrieve(ctx)
	if err != nil && f.asked.Load() {
		f.failed = err
	}
	return credentials, err
}
