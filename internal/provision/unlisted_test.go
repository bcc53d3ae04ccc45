package provision_test

import (
	"context"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/aws/smithy-go"

	"github.com/pullpass/pullpass/internal/awsclient"
	"github.com/pullpass/pullpass/internal/plan"
	"github.com/pullpass/pullpass/internal/provision"
	"github.com/pullpass/pullpass/sandbox"
)

// late is an IAM whose replica lists a key only after so many lists, and tells whose it is or not.
type late struct {
	provision.IAM
	key   string
	lists atomic.Int64
	mute  bool
}

func (l *late) ListAccessKeys(ctx context.Context, in *iam.ListAccessKeysInput, o ...func(*iam.Options)) (*iam.ListAccessKeysOutput, error) {
	out, err := l.IAM.ListAccessKeys(ctx, in, o...)
	if err == nil && l.lists.Add(-1) >= 0 {
		out.AccessKeyMetadata = slices.DeleteFunc(out.AccessKeyMetadata, func(k types.AccessKeyMetadata) bool { return aws.ToString(k.AccessKeyId) == l.key })
	}
	return out, err
}

func (l *late) GetAccessKeyLastUsed(ctx context.Context, in *iam.GetAccessKeyLastUsedInput, o ...func(*iam.Options)) (*iam.GetAccessKeyLastUsedOutput, error) {
	if l.mute && aws.ToString(in.AccessKeyId) == l.key {
		return nil, &smithy.GenericAPIError{Code: "AccessDenied"}
	}
	return l.IAM.GetAccessKeyLastUsed(ctx, in, o...)
}

// A key that was delivered a moment ago and that IAM does not list yet is not replaced; one that is gone is.
func TestADeliveredKeyThatIsNotListedYetIsWaitedFor(t *testing.T) {
	const forever = 1 << 40
	for sentence, test := range map[string]struct {
		lists int64
		mute  bool
		age   time.Duration
		want  int // steps
	}{
		"it is listed": {},
		"IAM tells whose it is, and lists it late":            {lists: 3, age: time.Hour},
		"IAM tells nothing, and it was delivered just now":    {lists: 3, mute: true},
		"IAM tells nothing, and it was delivered an hour ago": {lists: 3, mute: true, age: time.Hour, want: 1},
		"IAM never lists it":                                  {lists: forever, want: 1},
	} {
		t.Run(sentence, func(t *testing.T) {
			l := newLab(t, sandbox.Config{})
			l.mustApply()
			c := l.run()
			open, slow := c.Accounts[depot], &late{key: l.held("depot-001"), mute: test.mute}
			slow.lists.Store(test.lists)
			c.Accounts[depot] = func(ctx context.Context) (provision.Account, error) {
				account, err := open(ctx)
				if slow.IAM == nil {
					slow.IAM = account.IAM
				}
				account.IAM = slow
				return account, err
			}
			c.Settling = awsclient.Settling{Wait: func(ctx context.Context, _ time.Duration) error { return ctx.Err() }}
			c.Now = func() time.Time { return time.Now().Add(test.age) }
			observed, err := provision.Observe(t.Context(), c, l.desired)
			must(t, err)
			p, err := plan.Diff(l.desired, observed, plan.Options{Run: c.Run, Now: time.Now()})
			must(t, err)
			if len(p.Steps) != test.want {
				t.Errorf("the steps are %v", p.Steps)
			}
		})
	}
}
