package provision

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"github.com/pullpass/pullpass/internal/plan"
)

// suspendKey deactivates a key; one that is gone is as good.
func (w *worker) suspendKey(ctx context.Context, op plan.SuspendKey) error {
	err := w.setStatus(ctx, op.User, op.Key, types.StatusTypeInactive, w.once)
	if absent(err) {
		return nil
	}
	return err
}

// denySessions puts the deny on the role. The mark comes first: a deny without it would never be taken away. A role that
// another run has deleted has no sessions any more.
func (w *worker) denySessions(ctx context.Context, op plan.DenySessions, call caller) error {
	err := w.putDeny(ctx, op, call)
	if absent(err) {
		return nil
	}
	return err
}

func (w *worker) putDeny(ctx context.Context, op plan.DenySessions, call caller) error {
	if err := w.putTags(ctx, op.Role, map[string]string{plan.TagRevoked: op.Deny.Mark()}, call); err != nil {
		return err
	}
	err := call(ctx, func(ctx context.Context) error {
		_, err := w.in.IAM.PutRolePolicy(ctx, &iam.PutRolePolicyInput{
			RoleName: aws.String(op.Role.Name()), PolicyName: aws.String(op.Deny.Policy), PolicyDocument: text(op.Document),
		})
		return err
	})
	if limited(err) {
		return fmt.Errorf("%w; the role bears the denies of a day already: revoke the whole destination, whose deny is short",
			failed(w.id, err, "denying the sessions of role %s", op.Role.Name()))
	}
	return failed(w.id, err, "denying the sessions of role %s", op.Role.Name())
}

func (w *worker) liftDenies(ctx context.Context, op plan.LiftDenies) error {
	for _, policy := range op.Policies {
		_, err := w.in.IAM.DeleteRolePolicy(ctx, &iam.DeleteRolePolicyInput{RoleName: aws.String(op.Role.Name()), PolicyName: aws.String(policy)})
		if err != nil && !absent(err) {
			return failed(w.id, err, "deleting inline policy %s of role %s", policy, op.Role.Name())
		}
	}
	if !op.Last {
		return nil
	}
	return w.removeTags(ctx, op.Role, []string{plan.TagRevoked}, w.once)
}

// withdraw empties the place of a cluster's credential.
func (w *worker) withdraw(ctx context.Context, op plan.RemoveDelivery) error {
	if err := w.Withdraw(ctx, op.ClusterDelivery, op.Key); err != nil {
		return fmt.Errorf("cluster %s of account %s: %w", op.Cluster, w.id, err)
	}
	return nil
}
