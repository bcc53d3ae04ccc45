package provision_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"github.com/pullpass/pullpass/arn"
	"github.com/pullpass/pullpass/internal/audit"
	"github.com/pullpass/pullpass/internal/plan"
	"github.com/pullpass/pullpass/internal/provision"
	"github.com/pullpass/pullpass/internal/share"
	"github.com/pullpass/pullpass/sandbox"
)

// unrecorded is an IAM of which nothing more can be recorded once a key was deactivated. It decides as the SDK's clients of
// awsclient do.
type unrecorded struct {
	provision.IAM
	full atomic.Bool
}

func (u *unrecorded) Ready() error {
	if u.full.Load() {
		return fmt.Errorf("%w: no space left on device", audit.ErrUnwritten)
	}
	return nil
}

func (u *unrecorded) Record(context.Context, audit.Effect) {}

func (u *unrecorded) UpdateAccessKey(ctx context.Context, in *iam.UpdateAccessKeyInput, o ...func(*iam.Options)) (*iam.UpdateAccessKeyOutput, error) {
	if err := audit.Allowed(ctx, u); err != nil {
		return nil, err
	}
	if in.Status == types.StatusTypeInactive {
		u.full.Store(true)
	}
	return u.IAM.UpdateAccessKey(ctx, in, o...)
}

func (u *unrecorded) DeleteAccessKey(ctx context.Context, in *iam.DeleteAccessKeyInput, o ...func(*iam.Options)) (*iam.DeleteAccessKeyOutput, error) {
	if err := audit.Allowed(ctx, u); err != nil {
		return nil, err
	}
	return u.IAM.DeleteAccessKey(ctx, in, o...)
}

// recordedOn has what a rotator does in the depot recorded on a disk.
func recordedOn(disk *unrecorded, r *provision.Rotator) {
	open := r.Accounts[depot]
	r.Accounts[depot] = func(ctx context.Context) (provision.Account, error) {
		account, err := open(ctx)
		if disk.IAM == nil {
			disk.IAM = account.IAM
		}
		account.IAM = disk
		return account, err
	}
}

// A run that has deactivated a key and can see or record nothing more gives the key back: who would find out that something
// breaks?
func TestAKeyIsGivenBackByWhoCanNoLongerWatchOverIt(t *testing.T) {
	depotOnly := func(r *provision.Rotator) {
		r.Desired.Destinations = slices.DeleteFunc(r.Desired.Destinations, func(d share.DestinationSide) bool { return d.Account != depot })
	}
	for sentence, fail := range map[string]func(*provision.Rotator) (says string){
		"nothing more can be recorded": func(r *provision.Rotator) string {
			recordedOn(&unrecorded{}, r)
			return "no space left on device"
		},
		"nothing more can be recorded, and the new key fails": func(r *provision.Rotator) string {
			disk := &unrecorded{}
			recordedOn(disk, r)
			witness := r.Witness
			r.Witness = func(ctx context.Context, a arn.AccountID, c share.ClusterDelivery, fresh bool) plan.Receipt {
				if disk.full.Load() {
					return plan.Receipt{Broken: "role: AccessDenied"}
				}
				return witness(ctx, a, c, fresh)
			}
			return "the new key does not pull: role: AccessDenied"
		},
		"nothing more can be seen": func(r *provision.Rotator) string {
			looks := 0
			r.Live = func() ([]plan.RunID, error) {
				// Two looks each for the plan, and then for what is to be made, proven, deactivated and proven.
				if looks++; looks > 10 {
					return nil, errors.New("the directory of locks is gone")
				}
				return nil, nil
			}
			return "the directory of locks is gone"
		},
	} {
		t.Run(sentence, func(t *testing.T) {
			l := newLab(t, sandbox.Config{})
			l.mustApply()
			before := l.held("depot-001")
			r := l.rotator(depotOnly)
			says := fail(r)
			results := l.rotate(r)
			if len(results) != 1 || results[0].Err == nil || !strings.Contains(results[0].Err.Error(), "access key "+before+" was reactivated") ||
				!strings.Contains(results[0].Err.Error(), says) {
				t.Fatalf("the results are %+v", results)
			}
			if keys := l.keys(depot, depotUser); len(keys) != 2 || !slices.Contains(keys, before) {
				t.Errorf("the user has the keys %v, and had %s", keys, before)
			}
			l.mustRotate(depotOnly, notDue)
			if keys := l.keys(depot, depotUser); !slices.Equal(keys, []string{l.held("depot-001")}) {
				t.Errorf("in the end the user has the keys %v", keys)
			}
		})
	}
}
