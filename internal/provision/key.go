package provision

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"

	"github.com/pullpass/pullpass/internal/awsclient"
	"github.com/pullpass/pullpass/internal/awsid"
	"github.com/pullpass/pullpass/internal/credential"
	"github.com/pullpass/pullpass/internal/plan"
)

// createKey makes sure that a key can be delivered, marks the user, makes the key, delivers it and takes the mark away.
// Where it ends early, the mark stays: it tells the next run whose key it was.
func (w *worker) createKey(ctx context.Context, op plan.CreateKey, call caller) error {
	places, err := w.places(op.Deliveries)
	if err != nil {
		return err
	}
	for i, place := range places {
		if err := place.Ready(ctx); err != nil {
			return fmt.Errorf("cluster %s of account %s: no key was made: %w", op.Deliveries[i].Cluster, w.id, err)
		}
	}
	if op.Mark {
		if err := w.putTags(ctx, op.User, map[string]string{plan.TagPending: string(w.Run)}, call); err != nil {
			return err
		}
		if err := w.unmade(ctx, op); err != nil { // After the mark, which makes runs that begin now wait.
			return err
		}
	}
	key, err := w.newKey(ctx, op, call)
	if err != nil {
		return err
	}
	var undelivered []error
	for i, place := range places {
		if err := place.Write(ctx, op.Deliveries[i].Config.WithKey(key)); err != nil {
			undelivered = append(undelivered, fmt.Errorf("cluster %s: %w", op.Deliveries[i].Cluster, err))
		}
	}
	if len(undelivered) > 0 {
		return &UndeliveredError{User: op.User, Key: string(key.ID), Err: errors.Join(undelivered...)}
	}
	return w.removeTags(ctx, op.User, []string{plan.TagPending}, call)
}

// places finds out where a key is to go before there is one.
func (w *worker) places(deliveries []plan.DeliveryOf) ([]Deliverer, error) {
	places := make([]Deliverer, len(deliveries))
	for i, d := range deliveries {
		place, err := w.Deliverer(d.ClusterDelivery)
		if err != nil {
			return nil, fmt.Errorf("cluster %s of account %s: %w", d.Cluster, w.id, err)
		}
		places[i] = place
	}
	return places, nil
}

// keyAttempts is how often a key is made whose making nobody could tell of.
const keyAttempts = 3

// newKey makes a key. Where the answer is lost there may be a key whose secret nobody knows: it is taken away before
// another is made.
func (w *worker) newKey(ctx context.Context, op plan.CreateKey, call caller) (credential.AccessKey, error) {
	for attempt := 1; ; attempt++ {
		out, err := w.makeKey(ctx, op, call)
		switch {
		case err == nil:
			return credential.AccessKey{
				ID:     awsid.AccessKeyID(aws.ToString(out.AccessKey.AccessKeyId)),
				Secret: credential.NewSecret(aws.ToString(out.AccessKey.SecretAccessKey)),
			}, nil
		case limited(err):
			return credential.AccessKey{}, fmt.Errorf("%w: another run made a key: %w", ErrChanged, err)
		case !awsclient.Lost(err) || attempt == keyAttempts:
			return credential.AccessKey{}, err
		}
		if lostErr := w.deleteLost(ctx, op); lostErr != nil {
			return credential.AccessKey{}, errors.Join(err, lostErr)
		}
	}
}

func (w *worker) makeKey(ctx context.Context, op plan.CreateKey, call caller) (out *iam.CreateAccessKeyOutput, err error) {
	cautiously := func(o *iam.Options) { o.Retryer = awsclient.Cautious(o.Retryer) }
	err = call(ctx, func(ctx context.Context) (err error) {
		out, err = w.in.IAM.CreateAccessKey(ctx, &iam.CreateAccessKeyInput{UserName: aws.String(op.User.Name())}, cautiously)
		return err
	})
	return out, failed(w.id, err, "creating an access key of user %s", op.User.Name())
}

// deliver gives a cluster a key that it lacked.
func (w *worker) deliver(ctx context.Context, d plan.DeliveryOf, key credential.AccessKey) error {
	places, err := w.places([]plan.DeliveryOf{d})
	if err != nil {
		return err
	}
	if err := places[0].Write(ctx, d.Config.WithKey(key)); err != nil {
		return fmt.Errorf("cluster %s of account %s: %w", d.Cluster, w.id, err)
	}
	return nil
}
