package sandbox_test

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/pullpass/pullpass/sandbox"
	"github.com/pullpass/pullpass/sandbox/sandboxtest"
)

// The SDK corrects its own clock by the Date of an answer that refuses it, which is the sandbox's.
func TestAClientWhoseClockIsWrongIsToldTheTime(t *testing.T) {
	s := sandboxtest.Start(t, sandbox.Config{Clock: func() time.Time { return time.Now().Add(20 * time.Minute) }})
	config := s.As(sandboxtest.Destination)
	config.RetryMaxAttempts = 3
	if _, err := sts.NewFromConfig(config).GetCallerIdentity(t.Context(), nil); err != nil {
		t.Error(err)
	}
}
