package provision

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"github.com/pullpass/pullpass/arn"
	"github.com/pullpass/pullpass/internal/awsclient"
	"github.com/pullpass/pullpass/internal/awsid"
	"github.com/pullpass/pullpass/internal/plan"
)

// deactivateKey deactivates a key that a rotation has replaced. The mark comes first: an inactive key without it would
// count as a person's doing.
func (w *worker) deactivateKey(ctx context.Context, op plan.DeactivateKey, call caller) error {
	if err := w.stillReplaced(ctx, op.Retirement); err != nil {
		return err
	}
	if op.Mark {
		if err := w.putTags(ctx, op.User, map[string]string{plan.TagRetiring: string(op.Key)}, call); err != nil {
			return err
		}
	}
	return w.setStatus(ctx, op.User, op.Key, types.StatusTypeInactive, call)
}

func (w *worker) setStatus(ctx context.Context, user arn.ARN, key awsid.AccessKeyID, status types.StatusType, call caller) error {
	err := call(ctx, func(ctx context.Context) error {
		_, err := w.in.IAM.UpdateAccessKey(ctx, &iam.UpdateAccessKeyInput{
			UserName: aws.String(user.Name()), AccessKeyId: aws.String(string(key)), Status: status,
		})
		return err
	})
	return failed(w.id, err, "making access key %s of user %s %s", key, user.Name(), status)
}

// deleteRetired deletes a key that a rotation has replaced, once it has made sure that it is inactive: a key that somebody
// has given back is in use.
func (w *worker) deleteRetired(ctx context.Context, op plan.DeleteRetiredKey, call caller) error {
	if err := w.stillReplaced(ctx, op.Retirement); err != nil {
		return err
	}
	if err := w.inactive(ctx, op.Retirement); err != nil {
		return err
	}
	err := call(ctx, func(ctx context.Context) error {
		_, err := w.in.IAM.DeleteAccessKey(ctx, &iam.DeleteAccessKeyInput{
			UserName: aws.String(op.User.Name()), AccessKeyId: aws.String(string(op.Key)),
		})
		return err
	})
	if absent(err) {
		return nil // It is gone already: an earlier attempt's answer was lost, or another run did the same.
	}
	return failed(w.id, err, "deleting access key %s of user %s", op.Key, op.User.Name())
}

// stillReplaced reads again what lets an old key go. Between the plan and its carrying out a person may have thought for
// hours, or another run have begun.
func (w *worker) stillReplaced(ctx context.Context, op plan.Retirement) error {
	if err := w.unmarked(ctx, op.User, op.Pending); err != nil {
		return err
	}
	if op.Successor == "" {
		return w.heldBySuccessor(ctx, op)
	}
	err := w.Settling.Do(ctx, func(ctx context.Context) error {
		keys, err := w.list(ctx, op.User)
		if err != nil {
			return err
		}
		successor := slices.IndexFunc(keys, func(k types.AccessKeyMetadata) bool { return aws.ToString(k.AccessKeyId) == string(op.Successor) })
		if successor < 0 || keys[successor].Status != types.StatusTypeActive {
			return awsclient.ErrNotSeen // It may have been made a moment ago.
		}
		return nil
	})
	if errors.Is(err, awsclient.ErrNotSeen) {
		return w.changed(op.User, fmt.Sprintf("access key %s, which was to take the place of %s, is gone or inactive", op.Successor, op.Key))
	}
	if err != nil {
		return err
	}
	return w.heldBySuccessor(ctx, op)
}

func (w *worker) inactive(ctx context.Context, op plan.Retirement) error {
	err := w.Settling.Do(ctx, func(ctx context.Context) error {
		keys, err := w.list(ctx, op.User)
		if err != nil {
			return err
		}
		if slices.ContainsFunc(keys, func(k types.AccessKeyMetadata) bool {
			return aws.ToString(k.AccessKeyId) == string(op.Key) && k.Status != types.StatusTypeInactive
		}) {
			return awsclient.ErrNotSeen // It may have been deactivated a moment ago.
		}
		return nil
	})
	if errors.Is(err, awsclient.ErrNotSeen) {
		return w.changed(op.User, fmt.Sprintf("access key %s is active again", op.Key))
	}
	return err
}

func (w *worker) list(ctx context.Context, user arn.ARN) ([]types.AccessKeyMetadata, error) {
	out, err := w.in.IAM.ListAccessKeys(ctx, &iam.ListAccessKeysInput{UserName: aws.String(user.Name())})
	if err != nil {
		return nil, failed(w.id, err, "listing the access keys of user %s", user.Name())
	}
	return out.AccessKeyMetadata, nil // A user has two at most, which fit into the first page.
}

// heldBySuccessor reads the deliveries, last and right before the old key goes: each that holds a key holds its successor, or
// another than the old one where the clusters have got keys of other users.
func (w *worker) heldBySuccessor(ctx context.Context, op plan.Retirement) error {
	for _, c := range op.Deliveries {
		if slices.Contains(op.Disregarded, c.Cluster) {
			continue
		}
		switch got := w.delivery(ctx, c); {
		case got.State == plan.Unknown:
			return w.changed(op.User, fmt.Sprintf("what cluster %s holds is not known: %v; %s stays as it is", c.Cluster, got.Err, op.Key))
		case got.State == plan.Held && (got.Config.Key.ID == op.Key || op.Successor != "" && got.Config.Key.ID != op.Successor):
			return w.changed(op.User, fmt.Sprintf("cluster %s holds %s; %s stays as it is", c.Cluster, got.Config.Key.ID, op.Key))
		}
	}
	return nil
}
