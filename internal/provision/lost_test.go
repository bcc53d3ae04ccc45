package provision_test

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pullpass/pullpass/sandbox"
)

// loser loses one write: the request on its way, or the answer to it.
type loser struct {
	http.RoundTripper
	left   atomic.Int64
	answer bool
}

func (l *loser) RoundTrip(request *http.Request) (*http.Response, error) {
	action, err := actionOf(request)
	if err != nil {
		return nil, err
	}
	if strings.HasPrefix(action, "Get") || strings.HasPrefix(action, "List") || l.left.Add(-1) != -1 {
		return l.RoundTripper.RoundTrip(request)
	}
	if l.answer {
		response, err := l.RoundTripper.RoundTrip(request)
		if err = errors.Join(err, response.Body.Close()); err != nil {
			return nil, err
		}
	}
	return nil, &net.OpError{Op: "read", Net: "tcp", Err: os.NewSyscallError("read", syscall.ECONNRESET)}
}

// Whichever write is lost on its way, or its answer is: the same run makes the share whole, with no key too many.
func TestALostAnswerIsNoReasonToStop(t *testing.T) {
	for _, posture := range []string{"documented", "hardened"} {
		whole := newLab(t, sandbox.Config{}, "  posture: "+posture)
		calls := &recorder{RoundTripper: whole.transport}
		whole.transport = calls
		whole.mustApply()
		for _, answer := range []bool{false, true} {
			for n := range len(calls.writes()) {
				t.Run(fmt.Sprintf("%s, write %d, its answer alone: %v", posture, n+1, answer), func(t *testing.T) {
					t.Parallel()
					l := newLab(t, sandbox.Config{}, "  posture: "+posture)
					losing := &loser{RoundTripper: l.transport, answer: answer}
					losing.left.Store(int64(n))
					l.transport, l.stubborn = losing, true
					l.mustApply()
					if losing.left.Load() >= 0 {
						t.Error("nothing was lost")
					}
					l.mustBeSettled()
					l.mustHoldTheOnlyKeys()
				})
			}
		}
	}
}

// A key that was there before is somebody's, whatever is lost.
func TestAKeyThatWasThereIsNotTakenForALostOne(t *testing.T) {
	const user = "pullpass-packages-depot-001"
	l := newLab(t, sandbox.Config{})
	l.mustApply()
	must(t, os.RemoveAll(filepath.Join(l.out, "depot-001")))
	before := l.keys(depot, user)
	losing := &loser{RoundTripper: l.transport, answer: true}
	losing.left.Store(1) // the mark on the user is the first write, its key the second
	l.transport, l.stubborn = losing, true
	l.mustApply()
	want := slices.Sorted(slices.Values([]string{before[0], l.held("depot-001")}))
	if diff := cmp.Diff(want, slices.Sorted(slices.Values(l.keys(depot, user)))); diff != "" || losing.left.Load() >= 0 {
		t.Errorf("keys of the user (-want +got):\n%s", diff)
	}
}
