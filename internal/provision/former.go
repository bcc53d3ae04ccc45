package provision

import (
	"context"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/pullpass/pullpass/internal/plan"
	"github.com/pullpass/pullpass/internal/share"
)

// former reads the users whose keys clusters hold, or held before they got keys of their own. Mostly there are none, and no
// call is made.
func (r *reader) former(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(defaultLimit)
	for _, name := range r.formerNames() {
		group.Go(func() error { return r.formerUser(ctx, name) })
	}
	return group.Wait()
}

// formerNames returns the names of the users that the marks of the share's users name, and of those that have a key which a
// delivery holds and none of the share's users has.
func (r *reader) formerNames() []string {
	var names []string
	for _, u := range r.found.Users {
		for _, name := range plan.FormerKeys(u.Tags) {
			names = append(names, name)
		}
	}
	for _, name := range r.owners {
		names = append(names, name)
	}
	slices.Sort(names)
	return slices.DeleteFunc(slices.Compact(names), func(name string) bool {
		return name == "" || slices.ContainsFunc(r.users, func(u share.User) bool { return u.Name == name })
	})
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
