package provision

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"

	"github.com/pullpass/pullpass/arn"
	"github.com/pullpass/pullpass/iampolicy"
	"github.com/pullpass/pullpass/internal/awsclient"
	"github.com/pullpass/pullpass/internal/plan"
	"github.com/pullpass/pullpass/internal/share"
)

// unlessMade says that something is there which was to be made, unless it is the very thing: then the call was repeated
// after its first answer was lost, or another run has made the same. What another run made, or what has another path, which
// a plan cannot see of a policy because policies are read by path and name, is ErrChanged.
func (w *worker) unlessMade(
	ctx context.Context, kind, name string, exists error, call caller, same func(context.Context) (bool, error),
) error {
	var made bool
	err := call(ctx, func(ctx context.Context) (err error) {
		made, err = same(ctx)
		return err
	})
	switch {
	case made:
		return nil
	case err != nil && !errors.Is(err, awsclient.ErrNotSeen):
		return err
	}
	return fmt.Errorf("%w: another run made it, or it has another path: %w", ErrChanged, failed(w.id, exists, "creating %s %s", kind, name))
}

// reader reads what is in the worker's account.
func (w *worker) reader() *reader {
	return &reader{want: want{account: w.id}, in: w.in, found: plan.Account{Policies: map[arn.ARN]*plan.Policy{}}}
}

// isUser tells by the run's own mark, where there is to be one, that a user is not another run's.
func (w *worker) isUser(ctx context.Context, u share.User, tags map[string]string) (bool, error) {
	found, err := w.reader().getUser(ctx, u.Name)
	if err != nil {
		return false, err
	}
	if found == nil {
		return false, awsclient.ErrNotSeen
	}
	return found.ARN == u.ARN() && found.Boundary == value(u.Boundary) && maps.Equal(found.Tags, tags), nil
}

func (w *worker) isRole(ctx context.Context, r share.Role) (bool, error) {
	found, err := w.reader().getRole(ctx, r.Name)
	if err != nil {
		return false, err
	}
	if found == nil {
		return false, awsclient.ErrNotSeen
	}
	return found.ARN == r.ARN() && found.Boundary == value(r.Boundary) && maps.Equal(found.Tags, r.Tags) &&
		found.Trust != nil && iampolicy.Equal(found.Trust, r.Trust), nil
}

func (w *worker) isPolicy(ctx context.Context, p share.Policy) (bool, error) {
	r := w.reader()
	if err := r.policy(ctx, p.ARN()); err != nil {
		return false, err
	}
	found := r.found.Policies[p.ARN()]
	if found == nil {
		return false, awsclient.ErrNotSeen
	}
	return maps.Equal(found.Tags, p.Tags) && found.Document != nil && iampolicy.Equal(found.Document, p.Document), nil
}

func value(a *arn.ARN) arn.ARN {
	if a == nil {
		return arn.ARN{}
	}
	return *a
}

// deleteLost deletes a key that this run has made without knowing, once it shows. A key that a person made before the run
// began is told by its date, one of another run by what that run leaves on the user and in the deliveries.
func (w *worker) deleteLost(ctx context.Context, op plan.CreateKey) error {
	lost, err := w.lostKeys(ctx, op)
	if err != nil || len(lost) == 0 {
		return err
	}
	if len(lost) > 1 { // One call makes one key.
		return w.changed(op.User, "another run has made a key")
	}
	if err := w.stillMarked(ctx, op); err != nil {
		return err
	}
	key := plan.DeleteKey{User: op.User, Key: lost[0].ID}
	for _, d := range op.Deliveries {
		key.Deliveries = append(key.Deliveries, d.ClusterDelivery)
	}
	if err := w.heldByNone(ctx, key); err != nil {
		return err
	}
	_, err = w.in.IAM.DeleteAccessKey(ctx, &iam.DeleteAccessKeyInput{
		UserName: aws.String(op.User.Name()), AccessKeyId: aws.String(string(key.Key)),
	})
	if err == nil || absent(err) {
		return nil
	}
	return failed(w.id, err, "deleting access key %s of user %s, whose secret was lost on the way", key.Key, op.User.Name())
}

// stillMarked makes sure that the user bears this run's mark: a run that has come since puts its own there, and takes it
// away once it has delivered.
func (w *worker) stillMarked(ctx context.Context, op plan.CreateKey) error {
	err := w.Settling.Do(ctx, func(ctx context.Context) error {
		found, err := w.reader().getUser(ctx, op.User.Name())
		if err != nil {
			return err
		}
		if found == nil {
			return awsclient.ErrNotSeen
		}
		switch mark := plan.RunID(found.Tags[plan.TagPending]); mark {
		case w.Run:
			return nil
		case "", op.Pending: // What was there before may be seen for a while yet.
			return awsclient.ErrNotSeen
		default:
			return w.changed(op.User, fmt.Sprintf("run %s is at work on it", mark))
		}
	})
	if errors.Is(err, awsclient.ErrNotSeen) {
		return w.changed(op.User, "another run is at work on it")
	}
	return err
}

// unmade makes sure that the user has no key of which the plan did not know. Between the plan and its carrying out a
// person may have thought for hours, in which another run may have made and delivered the key that was lacking.
func (w *worker) unmade(ctx context.Context, op plan.CreateKey) error {
	keys, err := w.reader().keys(ctx, op.User.Name())
	if err != nil {
		return err
	}
	for _, k := range keys {
		if !slices.Contains(op.Others, k.ID) {
			return w.changed(op.User, fmt.Sprintf("it has got access key %s", k.ID))
		}
	}
	return nil
}

func (w *worker) changed(user arn.ARN, why string) error {
	return fmt.Errorf("%w: user %s in account %s: %s", ErrChanged, user.Name(), w.id, why)
}

// lostKeys waits until a key shows that this run may have made, or long enough to say that it made none.
func (w *worker) lostKeys(ctx context.Context, op plan.CreateKey) (lost []plan.Key, err error) {
	since := w.Run.Started().Add(-plan.ClockSkew)
	err = w.Settling.Do(ctx, func(ctx context.Context) error {
		keys, err := w.reader().keys(ctx, op.User.Name())
		if err != nil {
			return err
		}
		lost = slices.DeleteFunc(keys, func(k plan.Key) bool {
			return slices.Contains(op.Others, k.ID) || k.Use == plan.Used || k.Created.Before(since)
		})
		if len(lost) == 0 {
			return awsclient.ErrNotSeen
		}
		return nil
	})
	if errors.Is(err, awsclient.ErrNotSeen) {
		return nil, nil
	}
	return lost, err
}
