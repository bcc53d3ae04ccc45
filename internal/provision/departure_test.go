package provision_test

import (
	"cmp"
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	gocmp "github.com/google/go-cmp/cmp"

	"github.com/pullpass/pullpass/arn"
	"github.com/pullpass/pullpass/internal/delivery"
	"github.com/pullpass/pullpass/internal/plan"
	"github.com/pullpass/pullpass/internal/provision"
	"github.com/pullpass/pullpass/internal/share"
	"github.com/pullpass/pullpass/sandbox"
)

const sharedUser = "curated-packages-user"

// hardening is a share that was made in the documented posture, and asks for the hardened one now.
func hardening(t *testing.T) *lab {
	l := newLab(t, sandbox.Config{}, documented)
	l.mustApply()
	l.desired = derive(t, twoDestinations)
	return l
}

// sharedKeys are the keys of the documented posture's users that are still there.
func (l *lab) sharedKeys() []string {
	l.t.Helper()
	var keys []string
	for _, account := range []arn.AccountID{retail, depot} {
		keys = append(keys, l.keys(account, sharedUser)...)
	}
	return keys
}

// mustNotLeaveTheRole checks that the role of the documented posture does not count as left behind: who takes such things away
// would cut off the clusters that have yet to move.
func (l *lab) mustNotLeaveTheRole() {
	l.t.Helper()
	for _, left := range l.plan(l.run()).LeftBehind {
		if left.Account == source {
			l.t.Errorf("%s counts as left behind", left.Target)
		}
	}
}

// notDue lets rotations go on and begin none.
func notDue(r *provision.Rotator) { r.Options.Force = false }

// A change of posture moves each cluster to a user of its own. The key that they shared goes when the last has moved, and
// not before; the user stays, for the plan lists it as left behind.
func TestAChangeOfPostureLetsTheSharedKeyGoWhenTheLastClusterHasMoved(t *testing.T) {
	l := hardening(t)
	shared := l.sharedKeys()
	l.access = []arn.AccountID{source, depot}
	l.mustApply()
	l.mustRotate(notDue)
	if got := l.sharedKeys(); len(got) != 1 || got[0] != l.held("store-001") {
		t.Errorf("with one account moved the shared keys are %v, and were %v", got, shared)
	}
	l.mustNotLeaveTheRole()
	l.access = []arn.AccountID{source, retail, depot}
	l.mustNotLeaveTheRole()
	stuck := l.losing("store-002")
	if _, err := provision.Apply(t.Context(), stuck, l.plan(stuck)); err != nil {
		t.Fatal(err)
	}
	for _, result := range l.rotate(l.rotator(notDue)) {
		if result.Leaving && result.Account == retail && (result.Action != plan.RotateWait || len(result.Missing) == 0 ||
			result.Missing[0].String() != "cluster store-002: it holds "+shared[0]+", and has yet to get a key of its own (pullpass apply)") {
			t.Errorf("with one cluster to move: %s %v", result.Action, result.Missing)
		}
	}
	if got := l.sharedKeys(); !slices.Equal(got, shared[:1]) {
		t.Errorf("with one cluster to move the shared keys are %v, and were %v", got, shared)
	}
	l.mustNotLeaveTheRole()
	l.mustWork()
	l.mustApply()
	l.mustRotate(notDue)
	l.mustWork()
	l.mustHoldTheOnlyKeys()
	if got := l.sharedKeys(); len(got) != 0 {
		t.Errorf("in the end the shared keys are %v", got)
	}
	p := l.plan(l.run())
	var left []string
	for _, one := range p.LeftBehind {
		left = append(left, fmt.Sprintf("%s %s", one.Account, one.Target))
	}
	want := []string{"111111111111 role curated-packages-role", "999999999999 user " + sharedUser, "222222222222 user " + sharedUser}
	if diff := gocmp.Diff(want, left); diff != "" || len(p.Steps) > 0 {
		t.Errorf("left behind (-want +got):\n%s\nsteps %v", diff, p.Steps)
	}
}

// mustAssume checks that every delivered credential assumes the role that it names.
func (l *lab) mustAssume() {
	l.t.Helper()
	for _, d := range l.desired.Destinations {
		for _, c := range d.Clusters {
			held, err := delivery.Directory{Path: filepath.Join(l.out, c.Directory)}.Read(l.t.Context())
			must(l.t, err)
			config := l.sandbox.As(d.Account)
			config.Credentials = aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
				return aws.Credentials{AccessKeyID: string(held.Config.Key.ID), SecretAccessKey: held.Config.Key.Secret.Reveal()}, nil
			})
			_, err = sts.NewFromConfig(config).AssumeRole(l.t.Context(), &sts.AssumeRoleInput{
				RoleArn: aws.String(held.Config.RoleARN.String()), RoleSessionName: aws.String(cmp.Or(held.Config.RoleSessionName, "any")),
			})
			if err != nil {
				l.t.Errorf("cluster %s: %v", c.Cluster, err)
			}
		}
	}
}

// From whatever call a change of posture is killed at, whether AWS had it or not, what is delivered works, and the next apply
// and rotate end it.
func TestAChangeOfPostureKilledAtAnyCallIsFinishedByTheNext(t *testing.T) {
	move := func(l *lab) {
		l.apply()
		l.rotate(l.rotator(notDue))
	}
	// One account is enough, and half as many calls.
	smaller := func(l *lab) *lab {
		l.desired = derive(t, strings.Split(twoDestinations, `    - account: "2222`)[0])
		return l
	}
	whole := smaller(hardening(t))
	calls := &recorder{RoundTripper: whole.transport}
	whole.transport = calls
	move(whole)
	if got := whole.keys(retail, sharedUser); len(got) != 0 {
		t.Fatalf("unkilled, it leaves the shared keys %v", got)
	}
	for n, action := range calls.actions {
		if strings.HasPrefix(action, "Get") || strings.HasPrefix(action, "List") {
			continue // Before a read is after the call before it.
		}
		for _, answer := range []bool{false, true} {
			t.Run(fmt.Sprintf("%d calls, then %s, answer lost: %v", n, action, answer), func(t *testing.T) {
				t.Parallel()
				l := smaller(hardening(t))
				stop := &stopper{RoundTripper: l.transport, answer: answer}
				stop.left.Store(int64(n))
				l.transport = stop
				move(l)
				l.mustAssume()
				l.transport = stop.RoundTripper
				l.mustApply()
				l.mustAssume()
				l.mustRotate(notDue)
				l.mustAssume()
				l.mustHoldTheOnlyKeys()
				if got := l.keys(retail, sharedUser); len(got) != 0 {
					t.Errorf("the shared keys are %v", got)
				}
				if p := l.plan(l.run()); len(p.Steps) > 0 {
					t.Errorf("there is something left to do: %v", p.Steps)
				}
			})
		}
	}
}

// What holds for the change of posture holds for every change of the user that a cluster is to use.
func TestClustersMoveToWhateverUserTheShareGivesThem(t *testing.T) {
	renamed := strings.ReplaceAll(twoDestinations, "name: store-001", "name: shop-001")
	for sentence, test := range map[string]struct {
		before, after func(*testing.T) share.Desired
	}{
		"back to the documented posture": {
			func(t *testing.T) share.Desired { return derive(t, twoDestinations) },
			func(t *testing.T) share.Desired { return derive(t, twoDestinations, documented) },
		},
		"to a user of another name, because the cluster has got one": {
			func(t *testing.T) share.Desired { return derive(t, twoDestinations) },
			func(t *testing.T) share.Desired { return derive(t, renamed) },
		},
	} {
		t.Run(sentence, func(t *testing.T) {
			l := newLab(t, sandbox.Config{})
			l.desired = test.before(t)
			l.mustApply()
			old := l.held("store-001")
			l.desired = test.after(t)
			l.mustApply()
			if !slices.Contains(l.keys(retail, "pullpass-packages-store-001"), old) {
				t.Error("the old key went before anybody had looked")
			}
			l.mustAssume()
			l.mustRotate(notDue)
			l.mustAssume()
			if got := l.keys(retail, "pullpass-packages-store-001"); len(got) > 0 {
				t.Errorf("the former user has the keys %v", got)
			}
			l.mustRotate(notDue)
			if p := l.plan(l.run()); len(p.Steps) > 0 {
				t.Errorf("there is something left to do: %v", p.Steps)
			}
		})
	}
}
