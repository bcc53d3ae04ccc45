package provision

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"golang.org/x/sync/errgroup"

	"github.com/pullpass/pullpass/arn"
	"github.com/pullpass/pullpass/internal/awsclient"
	"github.com/pullpass/pullpass/internal/awsid"
	"github.com/pullpass/pullpass/internal/credential"
	"github.com/pullpass/pullpass/internal/pause"
	"github.com/pullpass/pullpass/internal/plan"
	"github.com/pullpass/pullpass/internal/share"
)

// createKey makes sure that a key can be delivered, marks the user, makes the key, delivers it and takes the mark away. A
// key that replaces one is not tried out before it is delivered: one that was used and that nobody holds could not be told
// from a key that somebody needs, if the program were killed now.
// Where it ends early, the mark stays: it tells the next run whose key it was.
func (w *worker) createKey(ctx context.Context, op plan.CreateKey, call caller) error {
	places, err := w.ready(ctx, op.Deliveries)
	if err != nil {
		return err
	}
	if op.Mark {
		if err := w.mark(ctx, op, call); err != nil {
			return err
		}
	}
	key, err := w.newKey(ctx, op, call)
	if err != nil {
		return errors.Join(err, w.unmarkUnmade(ctx, op, err, call))
	}
	if op.Replaces != "" || moves(op.Deliveries...) {
		if err := pause.For(ctx, w.Settling.Wait, w.Spread); err != nil {
			return fmt.Errorf("access key %s was made and not delivered: %w", key.ID, err)
		}
	}
	if op.Mark {
		if err := w.keepMark(ctx, op, key.ID); err != nil {
			return err
		}
	}
	err = w.toEach(op.Deliveries, func(i int, d plan.DeliveryOf) error {
		return of(d, places[i].Write(ctx, d.Config.WithKey(key)))
	})
	if err != nil {
		return &UndeliveredError{User: op.User, Key: string(key.ID), Err: err}
	}
	return w.removeTags(ctx, op.User, []string{plan.TagPending}, call)
}

// errNoRoom says that the user got its last key from somebody else.
var errNoRoom = errors.New("another run, or a person, made a key")

// unmarkUnmade takes the marks away where the run has made no key, and will make none: nothing is left half done. What took the
// last place must not count as made by this run, which would be an orphan of it.
func (w *worker) unmarkUnmade(ctx context.Context, op plan.CreateKey, err error, call caller) error {
	switch {
	case !op.Mark:
		return nil
	case denied(err):
	case !errors.Is(err, errNoRoom):
		return nil
	case w.stillMarked(ctx, op) != nil: // By another run, whose mark it is.
		return nil
	}
	return w.removeTags(ctx, op.User, op.Marks(), call)
}

// mark marks the user, unless another run has done so since the plan was made, and makes sure that there is no new key.
// IAM has no way to set a tag only if it is not set. So each of two runs that mark at the same time looks for the other's
// key after its own mark, and for the other's mark after its own key: whatever the order, the last to mark is the one whose
// mark both see, and the other makes no key or takes it back.
func (w *worker) mark(ctx context.Context, op plan.CreateKey, call caller) error {
	if err := w.unmarked(ctx, op.User, op.Pending); err != nil {
		return err
	}
	tags := map[string]string{plan.TagPending: string(w.Run)}
	if op.Replaces != "" {
		tags[plan.TagRetiring] = string(op.Replaces)
	}
	if err := w.putTags(ctx, op.User, tags, call); err != nil {
		return err
	}
	return w.unmade(ctx, op)
}

// unmarked makes sure that the user bears no mark but the one that the plan saw, or this run's.
func (w *worker) unmarked(ctx context.Context, user arn.ARN, planned plan.RunID) error {
	var found *plan.User
	err := w.Settling.Do(ctx, func(ctx context.Context) (err error) {
		if found, err = w.reader().getUser(ctx, user.Name()); err == nil && found == nil {
			err = awsclient.ErrNotSeen
		}
		return err
	})
	switch {
	case errors.Is(err, awsclient.ErrNotSeen):
		return w.changed(user, "it is gone")
	case err != nil:
		return err
	}
	if mark := plan.RunID(found.Tags[plan.TagPending]); mark != "" && mark != planned && mark != w.Run {
		return w.changed(user, fmt.Sprintf("run %s may be about to deliver a key", mark))
	}
	return nil
}

// keepMark makes sure that no other run has marked the user since this one did; otherwise it takes its key back, which
// nobody has yet.
func (w *worker) keepMark(ctx context.Context, op plan.CreateKey, made awsid.AccessKeyID) error {
	err := w.stillMarked(ctx, op)
	if err == nil {
		return nil
	}
	_, deleteErr := w.in.IAM.DeleteAccessKey(ctx, &iam.DeleteAccessKeyInput{
		UserName: aws.String(op.User.Name()), AccessKeyId: aws.String(string(made)),
	})
	if absent(deleteErr) {
		deleteErr = nil
	}
	return errors.Join(err, failed(w.id, deleteErr, "deleting access key %s of user %s, which nobody has", made, op.User.Name()))
}

// ready finds out where a key is to go, and that it can go there, before there is one.
func (w *worker) ready(ctx context.Context, deliveries []plan.DeliveryOf) ([]Deliverer, error) {
	places := make([]Deliverer, len(deliveries))
	err := w.toEach(deliveries, func(i int, d plan.DeliveryOf) (err error) {
		if places[i], err = w.Deliverer(ctx, d.ClusterDelivery); err == nil {
			err = places[i].Ready(ctx)
		}
		return of(d, err)
	})
	if err != nil {
		return nil, fmt.Errorf("account %s: no key was made: %w", w.id, err)
	}
	return places, nil
}

// toEach serves deliveries side by side. One that fails stops none but its copies; the error tells of all, in the order given.
// A copy is served after its original, which comes before it: the bundle manager would write what a management cluster still
// holds over what the copy has just got, and whatever used that key by then would be seen by nobody.
func (w *worker) toEach(deliveries []plan.DeliveryOf, serve func(int, plan.DeliveryOf) error) error {
	failed, served := make([]error, len(deliveries)), make([]chan struct{}, len(deliveries))
	var group errgroup.Group
	group.SetLimit(w.limit())
	for i, d := range deliveries {
		served[i] = make(chan struct{})
		original := slices.IndexFunc(deliveries[:i], func(o plan.DeliveryOf) bool { return o.Cluster == d.ManagedBy })
		group.Go(func() error {
			defer close(served[i])
			if original >= 0 {
				<-served[original]
				if failed[original] != nil {
					failed[i] = of(d, fmt.Errorf("it is a copy of what cluster %s did not get", d.ManagedBy))
					return nil
				}
			}
			failed[i] = serve(i, d)
			return nil
		})
	}
	return errors.Join(append(failed, group.Wait())...)
}

// of says which cluster an error is about.
func of(d plan.DeliveryOf, err error) error {
	if err != nil {
		return fmt.Errorf("cluster %s: %w", d.Cluster, err)
	}
	return nil
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
		case limited(err) && attempt == 1:
			return credential.AccessKey{}, fmt.Errorf("%w: %w: %w", ErrChanged, errNoRoom, err)
		case limited(err): // By the key, maybe, whose answer was lost.
			return credential.AccessKey{}, fmt.Errorf("%w: there is a key already: %w", ErrChanged, err)
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
	place, err := w.Deliverer(ctx, d.ClusterDelivery)
	if err == nil && moves(d) {
		err = pause.For(ctx, w.Settling.Wait, w.Spread)
	}
	if err == nil {
		err = place.Write(ctx, d.Config.WithKey(key))
	}
	if err != nil {
		return fmt.Errorf("cluster %s of account %s: %w", d.Cluster, w.id, err)
	}
	return nil
}

// moves reports whether a delivery moves to another role, which may have been made a moment ago.
func moves(deliveries ...plan.DeliveryOf) bool {
	return slices.ContainsFunc(deliveries, func(d plan.DeliveryOf) bool { return d.Moves })
}

// restart lets a packages controller see what was written.
func (w *worker) restart(ctx context.Context, c share.ClusterDelivery) error {
	if err := w.Restart(ctx, c); err != nil {
		return fmt.Errorf("cluster %s of account %s: %w", c.Cluster, w.id, err)
	}
	return nil
}
