package provision_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/pullpass/pullpass/arn"
	"github.com/pullpass/pullpass/internal/credential"
	"github.com/pullpass/pullpass/internal/delivery"
	"github.com/pullpass/pullpass/internal/plan"
	"github.com/pullpass/pullpass/internal/provision"
	"github.com/pullpass/pullpass/internal/share"
	"github.com/pullpass/pullpass/sandbox"
)

// rotator rotates every key of the lab by force, waits for nothing that is unseen, and proves by a call with the key that
// is delivered.
func (l *lab) rotator(change ...func(*provision.Rotator)) *provision.Rotator {
	c := l.run()
	r := &provision.Rotator{
		Config: c, Desired: plan.RotationScope(l.desired, l.desired),
		Options: plan.RotationOptions{
			Options: plan.Options{Run: c.Run}, Force: true, Patience: plan.Patience{Limited: true},
		},
		Clock: time.Now,
		Live:  func() ([]plan.RunID, error) { return nil, nil },
		Witness: func(ctx context.Context, _ arn.AccountID, d share.ClusterDelivery, _ bool) plan.Receipt {
			return l.proof(ctx, d)
		},
		Wait: func(ctx context.Context, _ time.Duration) error { return ctx.Err() },
	}
	for _, f := range change {
		f(r)
	}
	return r
}

// proof signs a call with the delivered key.
func (l *lab) proof(ctx context.Context, d share.ClusterDelivery) plan.Receipt {
	held, err := delivery.Directory{Path: filepath.Join(l.out, d.Directory)}.Read(ctx)
	if err == nil {
		config := l.sandbox.As(retail)
		config.Credentials = aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: string(held.Config.Key.ID), SecretAccessKey: held.Config.Key.Secret.Reveal()}, nil
		})
		_, err = sts.NewFromConfig(config).GetCallerIdentity(ctx, nil)
	}
	if err != nil {
		return plan.Receipt{Broken: err.Error()}
	}
	return plan.Receipt{}
}

// mustWork checks that every delivered key does.
func (l *lab) mustWork() {
	l.t.Helper()
	for _, d := range l.desired.Destinations {
		for _, c := range d.Clusters {
			if r := l.proof(l.t.Context(), c); r.Broken != "" {
				l.t.Errorf("the key of cluster %s does not work: %s", c.Cluster, r.Broken)
			}
		}
	}
}

func (l *lab) rotate(r *provision.Rotator) []provision.UserResult {
	l.t.Helper()
	planned, err := r.Plan(l.t.Context())
	if err != nil {
		l.t.Fatal(err)
	}
	return r.Run(l.t.Context(), planned)
}

func (l *lab) mustRotate(change ...func(*provision.Rotator)) {
	l.t.Helper()
	for _, result := range l.rotate(l.rotator(change...)) {
		if result.Err != nil {
			l.t.Errorf("user %s: %v", result.User.Name(), result.Err)
		}
	}
}

// heldKeys are the keys of all deliveries, by cluster.
func (l *lab) heldKeys() map[string]string {
	l.t.Helper()
	keys := map[string]string{}
	for _, d := range l.desired.Destinations {
		for _, c := range d.Clusters {
			keys[c.Cluster] = l.held(c.Cluster)
		}
	}
	return keys
}

func TestKeysAreReplacedAndTheOldOnesAreGone(t *testing.T) {
	for _, posture := range []string{"documented", "hardened"} {
		t.Run(posture, func(t *testing.T) {
			l := newLab(t, sandbox.Config{}, "  posture: "+posture)
			l.mustApply()
			before := l.heldKeys()
			for _, result := range l.rotate(l.rotator()) {
				if !result.Ended || result.Err != nil {
					t.Errorf("user %s: %+v", result.User.Name(), result)
				}
			}
			for cluster, key := range l.heldKeys() {
				if key == before[cluster] {
					t.Errorf("cluster %s has the key that it had", cluster)
				}
			}
			l.mustHoldTheOnlyKeys()
			l.mustWork()
			l.mustBeSettled()
		})
	}
}

// From whatever call a rotation is killed at, whether AWS had it or not, what is delivered works, and the next rotation ends
// with one key a user.
func TestARotationKilledAtAnyCallIsFinishedByTheNext(t *testing.T) {
	for _, posture := range []string{"documented", "hardened"} {
		whole := newLab(t, sandbox.Config{}, "  posture: "+posture)
		whole.mustApply()
		calls := &recorder{RoundTripper: whole.transport}
		whole.transport = calls
		whole.mustRotate()
		writes := 0
		for n, action := range calls.actions {
			if strings.HasPrefix(action, "Get") || strings.HasPrefix(action, "List") {
				continue // Before a read is after the call before it.
			}
			writes++
			for _, answer := range []bool{false, true} {
				t.Run(fmt.Sprintf("%s, %d calls, answer lost: %v", posture, n, answer), func(t *testing.T) {
					t.Parallel()
					l := newLab(t, sandbox.Config{}, "  posture: "+posture)
					l.mustApply()
					stop := &stopper{RoundTripper: l.transport, answer: answer}
					stop.left.Store(int64(n))
					l.transport = stop
					l.rotate(l.rotator())
					l.mustWork()
					l.transport = stop.RoundTripper
					l.mustRotate(func(r *provision.Rotator) { r.Options.Force = false })
					l.mustWork()
					l.mustApply()
					l.mustBeSettled()
					l.mustHoldTheOnlyKeys()
				})
			}
		}
		if writes < 5 {
			t.Errorf("%s: a rotation makes %d writes", posture, writes)
		}
	}
}

// Two runs that both planned to make a key of the same user, on two machines, make one: whatever the first is at when the
// second does all of its work.
func TestTwoRunsThatMarkAtTheSameTimeMakeOneKey(t *testing.T) {
	lacking := func(t *testing.T) *lab {
		l := newLab(t, sandbox.Config{})
		l.mustApply()
		_, err := l.sandbox.IAM(depot).DeleteAccessKey(t.Context(), &iam.DeleteAccessKeyInput{
			UserName: aws.String(depotUser), AccessKeyId: aws.String(l.held("depot-001")),
		})
		must(t, err)
		must(t, os.RemoveAll(filepath.Join(l.out, "depot-001")))
		return l
	}
	whole := lacking(t)
	c := whole.run()
	p := whole.plan(c)
	calls := &recorder{RoundTripper: whole.transport}
	whole.transport = calls
	c = whole.run()
	result, err := provision.Apply(t.Context(), c, p)
	must(t, errors.Join(err, result.Err()))
	for n, action := range calls.actions {
		t.Run(fmt.Sprintf("call %d, %s", n+1, action), func(t *testing.T) {
			l := lacking(t)
			second := l.run()
			second.Run = plan.RunID(time.Now().UTC().Format("20060102T150405Z") + ".0000000f.desktop")
			theirs := l.plan(second)
			meanwhile := &interruption{RoundTripper: l.transport, left: n, do: func() {
				_, err := provision.Apply(t.Context(), second, theirs)
				must(t, err)
			}}
			first := l.run()
			mine := l.plan(first)
			l.transport = meanwhile
			first = l.run()
			_, err := provision.Apply(t.Context(), first, mine)
			must(t, err)
			if keys := l.keys(depot, depotUser); !slices.Equal(keys, []string{l.held("depot-001")}) {
				t.Errorf("the user has the keys %v, the cluster holds %s", keys, l.held("depot-001"))
			}
		})
	}
	if len(calls.actions) < 6 {
		t.Errorf("making a key took the calls %v", calls.actions)
	}
}

// interruption does something once, before a request goes out.
type interruption struct {
	http.RoundTripper
	mu   sync.Mutex
	left int
	do   func()
}

func (i *interruption) RoundTrip(request *http.Request) (*http.Response, error) {
	i.mu.Lock()
	now := i.left == 0
	i.left--
	i.mu.Unlock()
	if now {
		i.do()
	}
	return i.RoundTripper.RoundTrip(request)
}

func TestWhatBreaksAfterTheDeactivationGivesTheKeyBack(t *testing.T) {
	l := newLab(t, sandbox.Config{})
	l.mustApply()
	before := l.heldKeys()
	proofs := map[string]int{}
	var mu sync.Mutex
	results := l.rotate(l.rotator(func(r *provision.Rotator) {
		r.Witness = func(_ context.Context, _ arn.AccountID, d share.ClusterDelivery, _ bool) plan.Receipt {
			mu.Lock()
			defer mu.Unlock()
			proofs[d.Cluster]++
			if d.Cluster == "store-002" && proofs[d.Cluster] == 2 {
				return plan.Receipt{Broken: "role: AccessDenied"}
			}
			return plan.Receipt{Faults: []string{"packages: harbor was unknown before"}}
		}
	}))
	for _, result := range results {
		switch name := result.Clusters[0].Cluster; {
		case name != "store-002":
			if result.Err != nil || !result.Ended {
				t.Errorf("cluster %s: %v", name, result.Err)
			}
		case result.Err == nil || !strings.Contains(result.Err.Error(), before[name]+" was reactivated: cluster store-002: the new key does not pull: role: AccessDenied"):
			t.Errorf("the error is %v", result.Err)
		}
	}
	if keys := l.keys(retail, "pullpass-packages-store-002"); len(keys) != 2 || !slices.Contains(keys, before["store-002"]) {
		t.Errorf("the user has the active keys %v, and had %s", keys, before["store-002"])
	}
	l.mustRotate()
	l.mustHoldTheOnlyKeys()
}

// A clockwork is a clock that moves by what is waited for alone.
type clockwork struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clockwork) read() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clockwork) wait(ctx context.Context, d time.Duration) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
	return ctx.Err()
}

// The nodes of a cluster go on with the old key for a while after the new one was delivered, and nothing outside shows it.
func TestNodesGetTheTimeToFollowTheirSecret(t *testing.T) {
	const follow = 2 * time.Minute
	for name, test := range map[string]struct {
		grace time.Duration
		ended bool
	}{
		"within the grace of the run": {4 * time.Minute, true},
		"by a later run":              {time.Minute, false},
	} {
		t.Run(name, func(t *testing.T) {
			l := newLab(t, sandbox.Config{})
			l.mustApply()
			clock := &clockwork{now: time.Now()}
			var mu sync.Mutex
			delivered, deactivated := map[arn.ARN]time.Time{}, map[arn.ARN]time.Time{}
			results := l.rotate(l.rotator(func(r *provision.Rotator) {
				r.Clock, r.Wait, r.Grace = clock.read, clock.wait, test.grace
				r.Options.Follow, r.Options.Patience = follow, plan.Patience{}
				for _, side := range r.Desired.Destinations {
					for i := range side.Clusters { // The lab delivers to directories all the same.
						side.Clusters[i].Kubernetes = &share.Kubernetes{}
					}
				}
				r.Progress = func(e provision.Event) {
					mu.Lock()
					defer mu.Unlock()
					switch op := e.Step.Op.(type) {
					case plan.CreateKey:
						delivered[op.User] = clock.read()
					case plan.DeactivateKey:
						deactivated[op.User] = clock.read()
					}
				}
			}))
			for _, result := range results {
				if result.Err != nil || result.Ended != test.ended || len(result.Missing) > 0 == test.ended {
					t.Errorf("user %s: ended %t, missing %v: %v", result.User.Name(), result.Ended, result.Missing, result.Err)
				}
				at, gone := deactivated[result.User]
				if gone != test.ended || gone && at.Sub(delivered[result.User]) < follow {
					t.Errorf("user %s: the new key was delivered at %s, and the old one deactivated at %s", result.User.Name(), delivered[result.User], at)
				}
			}
			l.mustWork()
		})
	}
}

// A key that IAM would not take back is none: the disk is full, and the cluster goes on with the one that it has.
func TestAFullDiskLeavesTheOldKeyAsItIs(t *testing.T) {
	l := newLab(t, sandbox.Config{})
	l.mustApply()
	before := l.held("depot-001")
	results := l.rotate(l.rotator(func(r *provision.Rotator) { r.Deliverer = l.losing("depot-001").Deliverer }))
	for _, result := range results {
		var undelivered *provision.UndeliveredError
		if lost := result.Clusters[0].Cluster == "depot-001"; lost != errors.As(result.Err, &undelivered) {
			t.Errorf("cluster %s: %v", result.Clusters[0].Cluster, result.Err)
		}
	}
	if l.held("depot-001") != before || !slices.Contains(l.keys(depot, depotUser), before) {
		t.Errorf("the cluster holds %s, and held %s", l.held("depot-001"), before)
	}
	l.mustRotate(func(r *provision.Rotator) { r.Options.Force = false })
	if l.held("depot-001") == before {
		t.Error("the rotation was not taken up again")
	}
	l.mustHoldTheOnlyKeys()
	l.mustBeSettled()
}

// What the share's tag does not name, and what IAM has no room for, is refused, and so is what an organization forbids: at
// the first write, and for that user alone.
func TestWhatStandsInTheWayOfOneRotationStopsNoOther(t *testing.T) {
	for name, test := range map[string]struct {
		meanwhile func(*lab)
		action    plan.RotationAction
	}{
		"a second key made by hand is in use": {
			func(l *lab) { l.use(l.madeElsewhere()) }, plan.RotateRefuse,
		},
		"another machine has marked the user": {
			func(l *lab) { l.mark(time.Now().UTC().Format("20060102T150405Z") + ".0000000e.desktop") }, plan.RotateBusy,
		},
		"the user is another share's": {
			func(l *lab) { l.tag("pullpass:share", "another") }, plan.RotateRefuse,
		},
	} {
		t.Run(name, func(t *testing.T) {
			l := newLab(t, sandbox.Config{})
			l.mustApply()
			before := l.held("depot-001")
			test.meanwhile(l)
			for _, result := range l.rotate(l.rotator()) {
				switch {
				case result.User.Name() != depotUser:
					if !result.Ended {
						t.Errorf("user %s: %+v", result.User.Name(), result)
					}
				case result.Action != test.action || result.Err != nil || len(result.Steps) > 0:
					t.Errorf("user %s: %s, %v", result.User.Name(), result.Action, result.Err)
				}
			}
			if l.held("depot-001") != before {
				t.Error("the cluster has another key")
			}
		})
	}
}

// use signs a call with a key.
func (l *lab) use(key credential.AccessKey) {
	l.t.Helper()
	config := l.sandbox.As(depot)
	config.Credentials = aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
		return aws.Credentials{AccessKeyID: string(key.ID), SecretAccessKey: key.Secret.Reveal()}, nil
	})
	_, err := sts.NewFromConfig(config).GetCallerIdentity(l.t.Context(), nil)
	must(l.t, err)
}

func (l *lab) tag(key, value string) {
	l.t.Helper()
	_, err := l.sandbox.IAM(depot).TagUser(l.t.Context(), &iam.TagUserInput{
		UserName: aws.String(depotUser), Tags: []types.Tag{{Key: aws.String(key), Value: aws.String(value)}},
	})
	must(l.t, err)
}

// What an organization forbids is said, and nothing is left half done: the user bears no mark, and the cluster goes on.
func TestAnOrganizationThatForbidsNewKeysLeavesTheOldOneAsItIs(t *testing.T) {
	var ahead atomic.Int64
	forbidden := fmt.Sprintf(`{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"iam:CreateAccessKey","Resource":"*",`+
		`"Condition":{"DateGreaterThan":{"aws:CurrentTime":%q}}}]}`, time.Now().Add(5*time.Minute).UTC().Format(time.RFC3339))
	seed := sandbox.DefaultSeed(time.Now())
	seed.Organization = &sandbox.Organization{
		ID: "o-a1b2c3d4e5", Management: "888888888888", Members: []arn.AccountID{source, retail, depot},
		ServiceControlPolicies: map[arn.AccountID][]sandbox.PolicyText{depot: {sandbox.PolicyText(forbidden)}},
	}
	l := newLab(t, sandbox.Config{Seed: seed, Clock: func() time.Time { return time.Now().Add(time.Duration(ahead.Load())) }})
	l.mustApply()
	before := l.held("depot-001")
	ahead.Store(int64(6 * time.Minute))
	late := func(r *provision.Rotator) { r.Clock = func() time.Time { return time.Now().Add(6 * time.Minute) } }
	for _, result := range l.rotate(l.rotator(late)) {
		var scp *provision.SCPError
		if forbidden := result.User.Name() == depotUser; forbidden != errors.As(result.Err, &scp) || forbidden == result.Ended {
			t.Errorf("user %s: %v", result.User.Name(), result.Err)
		}
	}
	if l.held("depot-001") != before {
		t.Error("the cluster has another key")
	}
	user, err := l.sandbox.IAM(depot).GetUser(t.Context(), &iam.GetUserInput{UserName: aws.String(depotUser)})
	must(t, err)
	for _, tag := range user.User.Tags {
		if key := aws.ToString(tag.Key); key == plan.TagPending || key == plan.TagRetiring {
			t.Errorf("the user bears the mark %s", key)
		}
	}
	l.mustHoldTheOnlyKeys()
	l.mustBeSettled()
}

// What lets an old key go is read again before it goes.
func TestARetirementIsReadAgainBeforeItIsCarriedOut(t *testing.T) {
	for name, test := range map[string]struct {
		meanwhile func(l *lab, old credential.Config, successor string)
		done      bool
	}{
		"nothing happens": {func(*lab, credential.Config, string) {}, true},
		"the delivery is restored from a backup": {func(l *lab, old credential.Config, _ string) {
			must(l.t, delivery.Directory{Path: filepath.Join(l.out, "depot-001")}.Write(l.t.Context(), old))
		}, false},
		"the delivery can no longer be read": {func(l *lab, _ credential.Config, _ string) {
			writeFile(l.t, filepath.Join(l.out, "depot-001", "aws-config"), "torn")
		}, false},
		"the new key is deactivated": {func(l *lab, _ credential.Config, successor string) {
			_, err := l.sandbox.IAM(depot).UpdateAccessKey(l.t.Context(), &iam.UpdateAccessKeyInput{
				UserName: aws.String(depotUser), AccessKeyId: aws.String(successor), Status: types.StatusTypeInactive,
			})
			must(l.t, err)
		}, false},
		"another run marks the user": {func(l *lab, _ credential.Config, _ string) {
			l.mark("20261122T113000Z.0000000e.desktop")
		}, false},
	} {
		t.Run(name, func(t *testing.T) {
			l := newLab(t, sandbox.Config{})
			l.mustApply()
			old, err := delivery.Directory{Path: filepath.Join(l.out, "depot-001")}.Read(t.Context())
			must(t, err)
			l.mustRotate(func(r *provision.Rotator) { r.Options.Patience, r.Options.Rules.Idle = plan.Patience{}, time.Hour })
			successor := l.held("depot-001")
			r := l.rotator(func(r *provision.Rotator) {
				r.Options.Receipts = map[plan.ClusterRef]plan.Receipt{{Account: depot, Cluster: "depot-001"}: {}}
			})
			planned, err := r.Plan(t.Context())
			must(t, err)
			test.meanwhile(l, old.Config, successor)
			result, err := provision.Apply(t.Context(), r.Config, planned.Plan)
			must(t, err)
			steps := result.In(depot)
			if len(steps) != 1 || steps[0].Step.Verb != plan.Deactivate {
				t.Fatalf("the steps are %v", steps)
			}
			if done := steps[0].State == provision.Done; done != test.done || !done && !errors.Is(steps[0].Err, provision.ErrChanged) {
				t.Errorf("the step is %s: %v", steps[0].State, steps[0].Err)
			}
		})
	}
}
