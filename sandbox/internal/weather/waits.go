package weather

import (
	"context"
	"sync"
	"time"
)

// waits are those under way.
type waits struct {
	mu      sync.Mutex
	next    uint64
	cancel  map[uint64]context.CancelFunc
	hurries int // calls of Hurry that are not taken back
}

// begin lets a wait end with the others, or reports that it is over already. Whether its day holds is asked with the lock
// held: either it sees another that sets in, or that one's end sees it.
func (w *waits) begin(holds func() bool, cancel context.CancelFunc) (end func(), ok bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.hurries > 0 || !holds() {
		return nil, false
	}
	if w.cancel == nil {
		w.cancel = map[uint64]context.CancelFunc{}
	}
	w.next++
	id := w.next
	w.cancel[id] = cancel
	return func() { w.drop(id) }, true
}

func (w *waits) drop(id uint64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.cancel, id)
}

// end ends all the waits under way.
func (w *waits) end() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, cancel := range w.cancel {
		cancel()
	}
}

func (w *waits) hurry(by int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.hurries += by
}

// Hurry ends the waits under way, and lets nobody wait until the function that it returns is called: it is for a server
// that closes.
func (w *Weather) Hurry() (relax func()) {
	w.waits.hurry(1)
	w.waits.end()
	return func() { w.waits.hurry(-1) }
}

// pass waits until some time of the sandbox's has passed, or until the day is over.
func (w *Weather) pass(ctx context.Context, today *day, d time.Duration) error {
	waiting, cancel := context.WithCancel(ctx)
	defer cancel()
	end, ok := w.waits.begin(func() bool { return w.day.Load() == today }, cancel)
	if !ok {
		return ctx.Err()
	}
	defer end()
	err := w.config.Wait(waiting, time.Duration(float64(d)/today.course.rate))
	if waiting.Err() != nil {
		return ctx.Err() // The day ended the wait, where the request did not.
	}
	return err
}
