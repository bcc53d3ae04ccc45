package provision

import (
	"context"
	"slices"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"golang.org/x/sync/errgroup"

	"github.com/pullpass/pullpass/internal/awsid"
	"github.com/pullpass/pullpass/internal/plan"
	"github.com/pullpass/pullpass/internal/share"
)

// former reads the users whose keys clusters hold, or held before they got keys of their own. Mostly there are none, and no
// call is made.
func (r *reader) former(ctx context.Context) error {
	names, err := r.formerNames(ctx)
	if err != nil {
		return err
	}
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(defaultLimit)
	for _, name := range names {
		if !slices.ContainsFunc(r.users, func(u share.User) bool { return u.Name == name }) {
			group.Go(func() error { return r.formerUser(ctx, name) })
		}
	}
	return group.Wait()
}

// formerNames returns the names of the users that the marks of the share's users name, and of those that have a key which a
// delivery holds and none of the share's users has.
func (r *reader) formerNames(ctx context.Context) ([]string, error) {
	var names []string
	known := map[awsid.AccessKeyID]bool{}
	for _, u := range r.found.Users {
		for _, k := range u.Keys {
			known[k.ID] = true
		}
		for key, name := range plan.FormerKeys(u.Tags) {
			known[key] = true
			names = append(names, name)
		}
	}
	var mu sync.Mutex
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(defaultLimit)
	for _, d := range r.found.Deliveries {
		id := d.Config.Key.ID
		if d.State != plan.Held || known[id] {
			continue
		}
		known[id] = true
		group.Go(func() error {
			name, err := r.ownerOf(ctx, id)
			mu.Lock()
			defer mu.Unlock()
			names = append(names, name)
			return err
		})
	}
	err := group.Wait()
	slices.Sort(names)
	return slices.DeleteFunc(slices.Compact(names), func(name string) bool { return name == "" }), err
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

func (r *reader) formerUser(ctx context.Context, name string) error {
	found, err := r.getUser(ctx, name)
	if err != nil || found == nil {
		return err
	}
	if found.Keys, err = r.keys(ctx, name); err != nil {
		return err
	}
	r.keep(func(a *plan.Account) { a.Former[name] = found })
	if r.whole {
		return r.extraUser(ctx, name)
	}
	return nil
}
