package provision

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/pullpass/pullpass/arn"
	"github.com/pullpass/pullpass/internal/awsclient"
	"github.com/pullpass/pullpass/internal/awserror"
	"github.com/pullpass/pullpass/internal/awsid"
	"github.com/pullpass/pullpass/internal/plan"
	"github.com/pullpass/pullpass/internal/share"
)

// Observe reads what exists of a share: every account that there is access to, side by side, and the deliveries. An
// account that cannot be read is an answer, not an error: the only error is that the context ended.
//
// Calls for an account: 1 for the caller, 4 a policy (itself, its versions, the text of the default one, who uses it), 2 a
// role, 3 a user, 1 an access key that no delivery holds (with Uses, any access key), and 1 for each entity left behind; 1 for
// each thing that does not exist. Where a cluster holds a key of another user, or held one before it got its own: 1 for the key
// as long as a cluster holds it, and 3 for that user, after all the others; once its keys are gone 2 for each
// of its policies, and 1 for the role. With Leftovers 1 more, at the end, for a list of what is under the share's own path. A
// user whose key was delivered a moment ago and is not listed yet is read again until it is.
// Of all others none waits for more than one, but for the last two, which wait for two, and for signing in.
func Observe(ctx context.Context, c Config, desired share.Desired) (plan.Observed, error) {
	wanted := wants(desired)
	observed := plan.Observed{Accounts: map[arn.AccountID]*plan.Account{}, Runs: c.Runs}
	var mu sync.Mutex
	var group sync.WaitGroup
	for _, w := range wanted {
		group.Go(func() {
			account := c.observe(ctx, w)
			mu.Lock()
			defer mu.Unlock()
			observed.Accounts[w.account] = account
		})
	}
	group.Wait()
	if len(wanted) > 0 && wanted[0].whole && len(wanted[0].roles) > 0 {
		c.formerRoles(ctx, wanted[0], observed)
	}
	if err := ctx.Err(); err != nil {
		return plan.Observed{}, fmt.Errorf("reading the accounts of share %s: %w", desired.Share, err)
	}
	return observed, nil
}

// want is what the share wants in one account.
type want struct {
	account arn.AccountID
	part    plan.Part
	share   string
	// path is that of ownPath.
	path     string
	policies []share.Policy
	roles    []share.Role
	users    []share.User
	clusters []share.ClusterDelivery
	// whole says that what is not wanted is left behind.
	whole bool
}

func wants(desired share.Desired) []want {
	whole := !desired.Partial
	var all []want
	if s := desired.Source; len(s.Policies)+len(s.Roles) > 0 {
		all = append(all, want{
			account: s.Account, part: plan.SourcePart, share: desired.Share, path: ownPath(desired.Posture, s.Policies),
			policies: s.Policies, roles: s.Roles, whole: whole,
		})
	}
	for _, d := range desired.Destinations {
		all = append(all, want{
			account: d.Account, part: plan.DestinationPart, share: desired.Share, path: ownPath(desired.Posture, d.Policies),
			policies: d.Policies, users: d.Users, clusters: d.Clusters, whole: whole,
		})
	}
	return all
}

func (c Config) observe(ctx context.Context, w want) *plan.Account {
	open := c.Accounts[w.account]
	if open == nil {
		return &plan.Account{State: plan.NoAccess}
	}
	account, err := open(ctx)
	if err != nil {
		return &plan.Account{State: plan.Failed, Err: awserror.InBrief(err)}
	}
	r := &reader{
		want: w, in: account, uses: c.Uses, details: c.Leftovers, settling: c.Settling, now: c.Now, owners: map[awsid.AccessKeyID]string{},
		found: plan.Account{
			State: plan.Read, Policies: map[arn.ARN]*plan.Policy{}, Roles: map[string]*plan.Role{}, Users: map[string]*plan.User{}, Former: map[string]*plan.User{},
			Leftovers: plan.Leftovers{Roles: map[string]*plan.Role{}, Users: map[string]*plan.User{}},
		},
	}
	// Deliveries come first: what they hold saves calls.
	r.found.Deliveries = c.deliveries(ctx, w.clusters)
	if err := r.read(ctx, c.limit()); err != nil {
		return &plan.Account{State: plan.Failed, Err: awserror.InBrief(err), Caller: r.found.Caller}
	}
	return &r.found
}

// deliveries reads what clusters hold, side by side: some are far away, and some do not answer.
func (c Config) deliveries(ctx context.Context, clusters []share.ClusterDelivery) map[string]plan.Delivery {
	found := make([]plan.Delivery, len(clusters))
	var group errgroup.Group
	group.SetLimit(c.limit())
	for i, cluster := range clusters {
		group.Go(func() error {
			found[i] = c.delivery(ctx, cluster)
			return nil
		})
	}
	_ = group.Wait() // what cannot be read is part of what was found
	byCluster := map[string]plan.Delivery{}
	for i, cluster := range clusters {
		byCluster[cluster.Cluster] = found[i]
	}
	return byCluster
}

func (c Config) delivery(ctx context.Context, cluster share.ClusterDelivery) plan.Delivery {
	place, err := c.Deliverer(ctx, cluster)
	if err != nil {
		return plan.Delivery{State: plan.Unknown, Err: err}
	}
	return place.Observe(ctx)
}

// A reader reads one account.
type reader struct {
	want
	in Account
	// uses and details are Uses and Leftovers of Config.
	uses, details bool
	// settling and now are Settling and Now.
	settling awsclient.Settling
	now      func() time.Time
	// owners are the names of the users of keys that deliveries hold and that are not listed; empty where IAM tells none.
	owners map[awsid.AccessKeyID]string

	mu    sync.Mutex
	found plan.Account
}

// keep stores part of what was found.
func (r *reader) keep(store func(*plan.Account)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	store(&r.found)
}

func (r *reader) read(whole context.Context, limit int) error {
	group, ctx := errgroup.WithContext(whole)
	group.SetLimit(limit)
	// Who the caller is decides whether the rest is worth anything; it is asked at the same time, to save a round trip.
	group.Go(func() error {
		// The answer is wanted whatever fails beside it: in a wrong account, everything does.
		caller, err := r.in.Caller(whole)
		r.keep(func(a *plan.Account) { a.Caller = caller })
		return err
	})
	for _, p := range r.policies {
		group.Go(func() error { return r.policy(ctx, p.ARN()) })
	}
	for _, role := range r.roles {
		group.Go(func() error { return r.role(ctx, role.Name) })
	}
	for _, user := range r.users {
		group.Go(func() error { return r.user(ctx, user.Name) })
	}
	if err := group.Wait(); err != nil {
		return err
	}
	if err := r.unlisted(whole); err != nil {
		return err
	}
	if err := r.former(whole); err != nil {
		return err
	}
	if err := r.strays(whole); err != nil {
		return err
	}
	r.found.LeftBehind = sortedARNs(r.found.LeftBehind)
	return nil
}

func sortedARNs(arns []arn.ARN) []arn.ARN {
	byText := map[string]arn.ARN{}
	for _, a := range arns {
		byText[a.String()] = a
	}
	var sorted []arn.ARN
	for _, text := range slices.Sorted(maps.Keys(byText)) {
		sorted = append(sorted, byText[text])
	}
	return sorted
}
