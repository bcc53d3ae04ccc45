package provision

import (
	"context"
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"

	"github.com/pullpass/pullpass/internal/plan"
)

// deleteKey deletes an orphan, once it has made sure that it still is one.
func (w *worker) deleteKey(ctx context.Context, op plan.DeleteKey, call caller) error {
	if err := w.stillOrphan(ctx, op); err != nil {
		return err
	}
	err := call(ctx, func(ctx context.Context) error {
		_, err := w.in.IAM.DeleteAccessKey(ctx, &iam.DeleteAccessKeyInput{
			UserName: aws.String(op.User.Name()), AccessKeyId: aws.String(string(op.Key)),
		})
		return err
	})
	if absent(err) {
		return nil // It has just been there: an earlier attempt's answer was lost.
	}
	return failed(w.id, err, "deleting access key %s of user %s", op.Key, op.User.Name())
}

// stillOrphan reads again what makes a key an orphan. Between the plan and its carrying out a person may have thought for
// hours, in which the key's run, counted as over, may have delivered it.
func (w *worker) stillOrphan(ctx context.Context, op plan.DeleteKey) error {
	r := w.reader()
	user, err := r.getUser(ctx, op.User.Name())
	if err != nil {
		return err
	}
	if user == nil {
		return w.notOrphan(op, "the user is gone")
	}
	// No mark at all is one that this run has taken away, in a step beside this one, or a run that has delivered.
	if mark := plan.RunID(user.Tags[plan.TagPending]); mark != "" && mark != op.Pending && mark != w.Run {
		return w.notOrphan(op, fmt.Sprintf("run %s may be about to deliver a key", mark))
	}
	keys, err := r.keys(ctx, op.User.Name())
	if err != nil {
		return err
	}
	i := slices.IndexFunc(keys, func(k plan.Key) bool { return k.ID == op.Key })
	switch {
	case i < 0:
		return w.notOrphan(op, "it is gone")
	case keys[i].Use != plan.NeverUsed:
		return w.notOrphan(op, "it may have been used and is kept")
	}
	return w.heldByNone(ctx, op)
}

// heldByNone reads the deliveries, last and right before the key is deleted.
func (w *worker) heldByNone(ctx context.Context, op plan.DeleteKey) error {
	for _, c := range op.Deliveries {
		switch got := w.delivery(ctx, c); {
		case got.State == plan.Unknown:
			return w.notOrphan(op, fmt.Sprintf("what cluster %s holds is not known and it is kept: %v", c.Cluster, got.Err))
		case got.State == plan.Held && got.Config.Key.ID == op.Key:
			return w.notOrphan(op, fmt.Sprintf("cluster %s holds it and it is kept", c.Cluster))
		}
	}
	return nil
}

func (w *worker) notOrphan(op plan.DeleteKey, why string) error {
	return fmt.Errorf("%w: access key %s of user %s in account %s: %s", ErrChanged, op.Key, op.User.Name(), w.id, why)
}
