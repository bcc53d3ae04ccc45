package awsclient

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
)

func TestAFailureStandsWhereSomebodyWasAsked(t *testing.T) {
	refused := errors.New("the code was refused")
	for sentence, test := range map[string]struct {
		asks bool
		want int32
	}{
		"a code was asked for: the others get the same answer": {true, 1},
		"nobody was asked: each may try for itself":            {false, 8},
	} {
		t.Run(sentence, func(t *testing.T) {
			var asked atomic.Bool
			var tries atomic.Int32
			f := &firstAnswer{asked: &asked, provider: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
				asked.Store(test.asks)
				tries.Add(1)
				return aws.Credentials{}, refused
			})}
			var group sync.WaitGroup
			for range 8 {
				group.Go(func() {
					if _, err := f.Retrieve(t.Context()); !errors.Is(err, refused) {
						t.Errorf("Retrieve = %v", err)
					}
				})
			}
			group.Wait()
			if got := tries.Load(); got != test.want {
				t.Errorf("the provider was tried %d times, want %d", got, test.want)
			}
		})
	}
}
