package provision

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"golang.org/x/sync/errgroup"

	"github.com/pullpass/pullpass/internal/awsclient"
	"github.com/pullpass/pullpass/internal/awsid"
	"github.com/pullpass/pullpass/internal/plan"
	"github.com/pullpass/pullpass/internal/share"
)

// young is the age up to which a delivery may hold a key that IAM does not list yet, and for how long such a key is waited
// for at most. IAM is eventually consistent, and gives no bound
// (https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot.html#troubleshoot_general_eventual-consistency).
const young = 30 * time.Second

// unlisted reads users again whose key was delivered and is not listed: one that was made a moment ago is not to be taken for
// one that was deleted, and replaced.
func (r *reader) unlisted(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(defaultLimit)
	asked := map[awsid.AccessKeyID]bool{}
	for _, c := range r.clusters {
		held := r.found.Deliveries[c.Cluster]
		id := held.Config.Key.ID
		if held.State != plan.Held || r.listed(id) || asked[id] {
			continue
		}
		asked[id] = true
		group.Go(func() error { return r.awaitKey(ctx, c, held) })
	}
	return group.Wait()
}

// listed reports whether one of the share's users has a key.
func (r *reader) listed(id awsid.AccessKeyID) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, u := range r.found.Users {
		if slices.ContainsFunc(u.Keys, func(k plan.Key) bool { return k.ID == id }) {
			return true
		}
	}
	return false
}

func (r *reader) awaitKey(ctx context.Context, c share.ClusterDelivery, held plan.Delivery) error {
	owner, err := r.ownerOf(ctx, held.Config.Key.ID)
	if err != nil {
		return err
	}
	r.keep(func(*plan.Account) { r.owners[held.Config.Key.ID] = owner })
	if owner != c.User && (owner != "" || !r.isYoung(held)) {
		return nil
	}
	settling := r.settling
	if settling.Limit == 0 {
		settling.Limit = young
	}
	err = settling.Do(ctx, func(ctx context.Context) error {
		if err := r.user(ctx, c.User); err != nil {
			return err
		}
		if !r.listed(held.Config.Key.ID) {
			return awsclient.ErrNotSeen
		}
		return nil
	})
	if errors.Is(err, awsclient.ErrNotSeen) {
		return nil // It is gone.
	}
	return err
}

func (r *reader) isYoung(d plan.Delivery) bool {
	return r.now != nil && !d.Written.IsZero() && r.now().Sub(d.Written) < young
}

// ownerOf returns the name of the user that has a key, empty where IAM does not say.
func (r *reader) ownerOf(ctx context.Context, key awsid.AccessKeyID) (string, error) {
	out, err := r.in.IAM.GetAccessKeyLastUsed(ctx, &iam.GetAccessKeyLastUsedInput{AccessKeyId: aws.String(string(key))})
	if absent(err) || denied(err) {
		return "", nil
	}
	if err != nil {
		return "", failed(r.account, err, "asking whose access key %s is", key)
	}
	return aws.ToString(out.UserName), nil
}
