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

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/google/go-cmp/cmp"

	"github.com/pullpass/pullpass/arn"
	"github.com/pullpass/pullpass/internal/credential"
	"github.com/pullpass/pullpass/internal/delivery"
	"github.com/pullpass/pullpass/internal/plan"
	"github.com/pullpass/pullpass/internal/provision"
	"github.com/pullpass/pullpass/internal/share"
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

// A policy that has as many versions as IAM keeps takes no second new one: the first, whose answer was lost, is enough.
func TestALostAnswerToANewVersionIsNoReasonToStop(t *testing.T) {
	const nothing = `{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"*","Resource":"*"}]}`
	policy := aws.String("arn:aws:iam::111111111111:policy/curated-packages-policy")
	for n, write := range []string{"DeletePolicyVersion", "CreatePolicyVersion"} {
		t.Run(write, func(t *testing.T) {
			l := newLab(t, sandbox.Config{}, documented)
			l.mustApply()
			for range 4 {
				_, err := l.sandbox.IAM(source).CreatePolicyVersion(t.Context(), &iam.CreatePolicyVersionInput{
					PolicyArn: policy, PolicyDocument: aws.String(nothing), SetAsDefault: true,
				})
				must(t, err)
			}
			losing := &loser{RoundTripper: l.transport, answer: true}
			losing.left.Store(int64(n))
			l.transport, l.stubborn = losing, true
			l.mustApply()
			if losing.left.Load() >= 0 {
				t.Error("nothing was lost")
			}
			l.mustBeSettled()
		})
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

// interrupter is there when the first key is made: it lets something happen, and the answer is lost.
type interrupter struct {
	http.RoundTripper
	happened atomic.Bool
	// effective lets the key be made, onwards lets it be asked for afterwards, and the answer come.
	effective, onwards bool
	meanwhile          func()
}

func (i *interrupter) RoundTrip(request *http.Request) (*http.Response, error) {
	action, err := actionOf(request)
	if err != nil {
		return nil, err
	}
	if action != "CreateAccessKey" || i.happened.Swap(true) {
		return i.RoundTripper.RoundTrip(request)
	}
	if i.effective {
		response, err := i.RoundTripper.RoundTrip(request)
		if err = errors.Join(err, response.Body.Close()); err != nil {
			return nil, err
		}
	}
	i.meanwhile()
	if i.onwards {
		return i.RoundTripper.RoundTrip(request)
	}
	return nil, &net.OpError{Op: "read", Net: "tcp", Err: os.NewSyscallError("read", syscall.ECONNRESET)}
}

// keyless takes the key of depot-001 away, as a person may, so that a run makes another.
func (l *lab) keyless() {
	l.t.Helper()
	l.mustApply()
	must(l.t, os.RemoveAll(filepath.Join(l.out, "depot-001")))
	for _, key := range l.keys(depot, depotUser) {
		_, err := l.sandbox.IAM(depot).DeleteAccessKey(l.t.Context(), &iam.DeleteAccessKeyInput{
			UserName: aws.String(depotUser), AccessKeyId: aws.String(key),
		})
		must(l.t, err)
	}
}

// give delivers a key to depot-001.
func (l *lab) give(key credential.AccessKey) {
	l.t.Helper()
	i := slices.IndexFunc(l.desired.Destinations, func(d share.DestinationSide) bool { return d.Account == depot })
	config := l.desired.Destinations[i].Clusters[0].Config
	must(l.t, delivery.Directory{Path: filepath.Join(l.out, "depot-001")}.Write(l.t.Context(), config.WithKey(key)))
}

func (l *lab) unmark() {
	l.t.Helper()
	_, err := l.sandbox.IAM(depot).UntagUser(l.t.Context(), &iam.UntagUserInput{
		UserName: aws.String(depotUser), TagKeys: []string{plan.TagPending},
	})
	must(l.t, err)
}

// IAM has room for two keys: what takes the place of the one that a run is about to make is the work of somebody else, whether
// that run has marked the user or not.
func TestAKeyThatTakesTheLastPlaceIsNobodysOrphan(t *testing.T) {
	l := newLab(t, sandbox.Config{})
	l.mustApply()
	l.transport = &interrupter{RoundTripper: l.transport, onwards: true, meanwhile: func() { l.madeElsewhere() }}
	for _, result := range l.rotate(l.rotator(func(r *provision.Rotator) { r.Options.Only = arn.IAM(depot, "user", "/pullpass/packages/", depotUser) })) {
		if result.Err != nil || result.Action != plan.RotateBusy {
			t.Errorf("the rotation ended with %s, %s: %v", result.Action, result.Why, result.Err)
		}
	}
	if keys := l.keys(depot, depotUser); len(keys) != 2 || !slices.Contains(keys, l.held("depot-001")) {
		t.Errorf("the user has the keys %v, and %s is delivered", keys, l.held("depot-001"))
	}
	l.mustBeSettled()
}

// What shows after a lost answer may be another run's: it is deleted only where nothing says so.
func TestAnotherRunsKeyIsNotTakenForALostOne(t *testing.T) {
	const theirRun = "20261122T123000Z.0000000e.desktop"
	for sentence, test := range map[string]struct {
		effective bool
		meanwhile func(l *lab) (theirs credential.AccessKey)
	}{
		"a run that marked the user later makes it": {meanwhile: func(l *lab) credential.AccessKey {
			l.mark(theirRun)
			return l.madeElsewhere()
		}},
		"a run has made, delivered and unmarked it": {meanwhile: func(l *lab) credential.AccessKey {
			key := l.madeElsewhere()
			l.give(key)
			l.unmark()
			return key
		}},
		"a run that marked the user earlier delivers it": {meanwhile: func(l *lab) credential.AccessKey {
			key := l.madeElsewhere()
			l.give(key)
			return key
		}},
		"there are two, of which one is the lost one": {effective: true, meanwhile: (*lab).madeElsewhere},
	} {
		t.Run(sentence, func(t *testing.T) {
			l := newLab(t, sandbox.Config{})
			l.keyless()
			var theirs credential.AccessKey
			l.transport = &interrupter{RoundTripper: l.transport, effective: test.effective, meanwhile: func() { theirs = test.meanwhile(l) }}
			result := l.apply()
			if !slices.Contains(l.keys(depot, depotUser), string(theirs.ID)) {
				t.Error("their key was deleted")
			}
			if !result.Changed() {
				t.Errorf("the run does not say that something changed: %v", result.Err())
			}
		})
	}
}

// Between a plan and its carrying out a person may think, in which another run makes the key that was lacking.
func TestNoKeyIsMadeWhereAnotherRunHasMadeOneSinceThePlan(t *testing.T) {
	l := newLab(t, sandbox.Config{})
	l.keyless()
	c := l.run()
	p := l.plan(c)
	l.mustApply()
	want := l.held("depot-001")
	result, err := provision.Apply(t.Context(), c, p)
	must(t, err)
	if !result.Changed() {
		t.Errorf("the run does not say that something changed: %v", result.Err())
	}
	if got := l.held("depot-001"); got != want {
		t.Errorf("the cluster holds %s, another run had given it %s", got, want)
	}
	if diff := cmp.Diff([]string{want}, l.keys(depot, depotUser)); diff != "" {
		t.Errorf("keys of the user (-want +got):\n%s", diff)
	}
	l.mustApply()
	l.mustBeSettled()
	l.mustHoldTheOnlyKeys()
}
