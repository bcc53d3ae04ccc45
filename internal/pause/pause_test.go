package pause_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/pullpass/pullpass/internal/pause"
)

func TestACallersClockCounts(t *testing.T) {
	moved := errors.New("moved")
	var asked time.Duration
	wait := func(_ context.Context, d time.Duration) error {
		asked = d
		return moved
	}
	if err := pause.For(t.Context(), wait, time.Hour); !errors.Is(err, moved) || asked != time.Hour {
		t.Errorf("got %v after %v, want the clock's own answer after an hour", err, asked)
	}
}

func TestTheRealClockCountsElsewhere(t *testing.T) {
	if err := pause.For(t.Context(), nil, time.Nanosecond); err != nil {
		t.Errorf("got %v, want the time to pass", err)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if err := pause.For(ended, nil, time.Hour); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want the context's error", err)
	}
}
