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
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/google/go-cmp/cmp"

	"github.com/pullpass/pullpass/arn"
	"github.com/pullpass/pullpass/internal/awsclient"
	"github.com/pullpass/pullpass/internal/delivery"
	"github.com/pullpass/pullpass/internal/plan"
	"github.com/pullpass/pullpass/internal/revoke"
	"github.com/pullpass/pullpass/internal/share"
	"github.com/pullpass/pullpass/sandbox"
)

// Between the plan and its carrying out a person may think for hours.
func TestWhatChangedInTheMeantimeIsNotRemoved(t *testing.T) {
	const user = "pullpass-packages-store-001"
	for sentence, test := range map[string]struct {
		meanwhile func(*testing.T, *lab)
		want      string
	}{
		"the user is another share's now": {func(t *testing.T, l *lab) {
			_, err := l.sandbox.IAM(retail).TagUser(t.Context(), &iam.TagUserInput{
				UserName: aws.String(user), Tags: []types.Tag{{Key: aws.String(share.TagShare), Value: aws.String("others")}},
			})
			must(t, err)
		}, "it is not the share's any more"},
		"it was adopted": {func(t *testing.T, l *lab) {
			_, err := l.sandbox.IAM(retail).TagUser(t.Context(), &iam.TagUserInput{
				UserName: aws.String(user), Tags: []types.Tag{{Key: aws.String(plan.TagAdopted), Value: aws.String("true")}},
			})
			must(t, err)
		}, "it was taken over from somebody in the meantime"},
		"its cluster got another key": {func(t *testing.T, l *lab) {
			other, err := delivery.Directory{Path: filepath.Join(l.out, "store-002")}.Read(t.Context())
			must(t, err)
			must(t, delivery.Directory{Path: filepath.Join(l.out, "store-001")}.Write(t.Context(), other.Config))
		}, "it holds another access key"},
	} {
		t.Run(sentence, func(t *testing.T) {
			l := newLab(t, sandbox.Config{})
			l.mustApply()
			r := l.revoker(oneStore())
			planned, err := r.Plan(t.Context())
			must(t, err)
			ended, err := r.End(t.Context(), planned)
			must(t, errors.Join(err, ended.Err()))
			test.meanwhile(t, l)
			cleared, err := r.Clear(t.Context(), planned, ended, nil)
			must(t, err)
			if err := cleared.Err(); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("the error is %v, want one that says %q", err, test.want)
			}
			if _, err := os.Stat(filepath.Join(l.out, "store-001", "aws-config")); err != nil {
				t.Errorf("the delivery went: %v", err)
			}
		})
	}
}

// A key that another run makes while a user goes, goes with it.
func TestAKeyMadeInTheMeantimeGoesToo(t *testing.T) {
	l := newLab(t, sandbox.Config{})
	l.mustApply()
	r := l.revoker(oneStore())
	planned, err := r.Plan(t.Context())
	must(t, err)
	ended, err := r.End(t.Context(), planned)
	must(t, errors.Join(err, ended.Err()))
	made := 0
	l.transport = before{RoundTripper: l.transport, action: "DeleteUser", do: func() {
		if made++; made == 1 {
			_, err := l.sandbox.IAM(retail).CreateAccessKey(t.Context(), &iam.CreateAccessKeyInput{UserName: aws.String("pullpass-packages-store-001")})
			must(t, err)
		}
	}}
	l.settling.Limit = 0
	l.settling.Wait = func(context.Context, time.Duration) error { return nil }
	again := l.revoker(oneStore())
	cleared, err := again.Clear(t.Context(), planned, ended, nil)
	must(t, errors.Join(err, cleared.Err()))
	if left := l.left(); slices.Contains(left, "999999999999 user pullpass-packages-store-001") || made != 2 {
		t.Errorf("after %d attempts there is left %v", made, left)
	}
}

// A cluster of which something is still accepted keeps what tells of it; others do not wait.
func TestWhatIsNotKnownToHaveEndedIsNotRemoved(t *testing.T) {
	l := newLab(t, sandbox.Config{})
	l.mustApply()
	both := revoke.Target{Clusters: []plan.ClusterRef{{Account: retail, Cluster: "store-001"}, {Account: retail, Cluster: "store-002"}}}
	r := l.revoker(both)
	planned, err := r.Plan(t.Context())
	must(t, err)
	ended, err := r.End(t.Context(), planned)
	must(t, errors.Join(err, ended.Err()))
	_, err = r.Clear(t.Context(), planned, ended, planned.Clusters[:1])
	must(t, err)
	left := l.left()
	if !slices.Contains(left, "999999999999 user pullpass-packages-store-001") || !slices.Contains(left, "delivery store-001") {
		t.Errorf("what is open went: %v", left)
	}
	if slices.Contains(left, "999999999999 user pullpass-packages-store-002") || slices.Contains(left, "delivery store-002") {
		t.Errorf("what has ended is left: %v", left)
	}
	l.mustRevoke(both)
	if left := l.left(); slices.Contains(left, "999999999999 user pullpass-packages-store-001") {
		t.Errorf("the next run left %v", left)
	}
}

// Two operators who revoke the same at the same time end as one does, whatever the first is at when the second does all of its
// work.
func TestTwoRevocationsAtTheSameTimeEndAsOne(t *testing.T) {
	target := revoke.Target{Accounts: []arn.AccountID{retail}}
	whole := newLab(t, sandbox.Config{})
	whole.mustApply()
	calls := &recorder{RoundTripper: whole.transport}
	whole.transport = calls
	whole.mustRevoke(target)
	want := whole.left()
	for n := range calls.actions {
		t.Run(fmt.Sprintf("%d calls", n), func(t *testing.T) {
			t.Parallel()
			l := newLab(t, sandbox.Config{})
			l.mustApply()
			// What one of them adds to a role while the other deletes it makes that begin anew.
			l.settling = awsclient.Settling{Wait: func(ctx context.Context, _ time.Duration) error { return ctx.Err() }}
			second := l.revoker(target)
			second.Progress = nil // The lab notes the events of one run at a time.
			l.transport = &interruption{RoundTripper: l.transport, left: n, do: func() {
				if err := l.revoke(second); err != nil {
					t.Errorf("the second: %v", err)
				}
			}}
			must(t, l.revoke(l.revoker(target)))
			if diff := cmp.Diff(want, l.left()); diff != "" {
				t.Errorf("left (-want +got):\n%s", diff)
			}
			l.othersMustWork(target)
		})
	}
}

// refusing refuses requests of one action.
type refusing struct {
	http.RoundTripper
	action string
}

func (r refusing) RoundTrip(request *http.Request) (*http.Response, error) {
	action, err := actionOf(request)
	if err == nil && action == r.action {
		err = errStopped
	}
	if err != nil {
		return nil, err
	}
	return r.RoundTripper.RoundTrip(request)
}

// Where access cannot be ended, what tells of it stays: the next run goes on from there.
func TestWhatCouldNotBeEndedIsNotRemoved(t *testing.T) {
	for action, target := range map[string]revoke.Target{
		"PutRolePolicy": oneStore(), "UpdateAccessKey": oneStore(), "TagRole": {Accounts: []arn.AccountID{retail}},
	} {
		t.Run(action, func(t *testing.T) {
			l := newLab(t, sandbox.Config{})
			l.mustApply()
			open := l.transport
			l.transport = refusing{open, action}
			if err := l.revoke(l.revoker(target)); err == nil {
				t.Error("it failed and says nothing")
			}
			left := l.left()
			if !slices.Contains(left, "999999999999 user pullpass-packages-store-001") || !slices.Contains(left, "delivery store-001") {
				t.Errorf("there is left only %v", left)
			}
			l.transport = open
			l.mustRevoke(target)
			if left := l.left(); slices.Contains(left, "999999999999 user pullpass-packages-store-001") || slices.Contains(left, "delivery store-001") {
				t.Errorf("the next run left %v", left)
			}
			l.othersMustWork(target)
		})
	}
}
