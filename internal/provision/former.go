package provision

import (
	"context"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"golang.org/x/sync/errgroup"

	"github.com/pullpass/pullpass/arn"
	"github.com/pullpass/pullpass/internal/awserror"
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
	found, err := r.userInDetail(ctx, name)
	if err != nil || found == nil {
		return err
	}
	r.keep(func(a *plan.Account) { a.Former[name] = found })
	if !r.whole || found.Tags[share.TagShare] != r.share {
		return nil
	}
	r.leftBehind(found.ARN, found.Tags, func(l plan.Leftovers) { l.Users[name] = found })
	if len(found.Keys) > 0 || len(r.policies) == 0 {
		return nil // A cluster may use its role yet, or a rotation reads, which has no part in policies and roles.
	}
	for _, policy := range found.Attached {
		if err := r.formerPolicy(ctx, policy); err != nil {
			return err
		}
	}
	return nil
}

// formerPolicy keeps the roles that a policy of a former user lets assume.
func (r *reader) formerPolicy(ctx context.Context, name arn.ARN) error {
	if slices.ContainsFunc(r.policies, func(p share.Policy) bool { return p.ARN() == name }) {
		return nil
	}
	out, err := r.in.IAM.GetPolicy(ctx, &iam.GetPolicyInput{PolicyArn: aws.String(name.String())})
	if absent(err) || err == nil && tagsFrom(out.Policy.Tags)[share.TagShare] != r.share {
		return nil
	}
	if err != nil {
		return failed(r.account, err, "reading policy %s", name.Name())
	}
	found := &plan.Policy{ARN: name}
	if err := r.policyText(ctx, found, aws.ToString(out.Policy.DefaultVersionId)); err != nil || found.Document == nil {
		return err
	}
	for _, statement := range found.Document.Statements {
		for _, resource := range statement.Resource {
			if role, err := arn.Parse(resource); err == nil && role.Kind() == "role" {
				r.keep(func(a *plan.Account) { a.FormerRoles = append(a.FormerRoles, role) })
			}
		}
	}
	return nil
}

// formerRoles reads the roles of the source that former users assumed and that nothing can assume any more, as far as the whole
// share was seen: a role may serve several destinations, which move one by one.
func (c Config) formerRoles(ctx context.Context, w want, observed plan.Observed) {
	source := observed.Accounts[w.account]
	var roles []arn.ARN
	for _, account := range observed.Accounts {
		if !hasMoved(account) {
			return
		}
		roles = append(roles, account.FormerRoles...)
	}
	roles = slices.DeleteFunc(sortedARNs(roles), func(role arn.ARN) bool { return role.Account != w.account || slices.Contains(source.LeftBehind, role) })
	if len(roles) == 0 {
		return
	}
	account, err := c.Accounts[w.account](ctx)
	r := &reader{want: w, in: account, details: c.Leftovers, found: *source}
	for _, role := range roles {
		if err == nil {
			err = r.extraRole(ctx, role.Name())
		}
	}
	if err != nil {
		observed.Accounts[w.account] = &plan.Account{State: plan.Failed, Err: awserror.InBrief(err), Caller: source.Caller}
		return
	}
	source.LeftBehind = sortedARNs(r.found.LeftBehind)
}

// hasMoved reports whether all that an account holds was seen, and no cluster uses, or may use, the key of a former user.
func hasMoved(account *plan.Account) bool {
	if account.State != plan.Read {
		return false
	}
	for _, f := range account.Former {
		if len(f.Keys) > 0 {
			return false
		}
	}
	for _, d := range account.Deliveries {
		if d.State == plan.Unknown {
			return false
		}
	}
	return true
}
