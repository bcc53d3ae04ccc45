package fieldcheck

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
)

const (
	// rounds is how often a place is swept at most.
	rounds = 15
	// strikes is how many sweeps in a row may fail for a reason that does not pass by itself.
	strikes = 3
	// betweenSweeps is how long IAM is given to forget what was deleted.
	betweenSweeps = 2 * longestPause
)

// clean removes everything below a path from both accounts. IAM may list late what was made last: it is done when nothing
// was there for as long as a change is given to be known everywhere.
func (f *Field) clean(ctx context.Context, path string) error {
	f.Progress("clean up below " + path + ", which takes a minute or so")
	f.budget.grant(MostCalls, MostTime)
	var err error
	quiet, failed := -betweenSweeps, 0
	for range rounds {
		s := &sweep{Field: f, path: path, left: map[string]bool{}}
		s.all(ctx)
		if err = errors.Join(s.failed...); err != nil {
			failed++
		} else {
			failed = 0
		}
		if quiet += betweenSweeps; s.found > 0 || err != nil {
			quiet = 0
		}
		if failed == strikes || quiet >= spread {
			s.tellLeft()
			break
		}
		if err := f.Wait(ctx, betweenSweeps); err != nil {
			return fmt.Errorf("cleaning up below %s: %w", path, err)
		}
	}
	if err == nil && quiet < spread {
		err = errors.New("there is still something")
	}
	if err != nil {
		return fmt.Errorf("cleaning up below %s: %w", path, err)
	}
	return nil
}

// sweep goes through both accounts once.
type sweep struct {
	*Field
	path   string
	found  int
	failed []error
	// left is what is at the path without this program's tag, and is none of its business.
	left map[string]bool
}

func (s *sweep) all(ctx context.Context) {
	for _, side := range []*Side{&s.Source, &s.Destination} {
		s.try(s.users(ctx, side.IAM), "the users of %s", side.Account)
		s.try(s.roles(ctx, side.IAM), "the roles of %s", side.Account)
		s.try(s.policies(ctx, side.IAM), "the policies of %s", side.Account)
	}
	s.try(s.repositories(ctx), "the repositories of %s", s.Source.Account)
}

// try keeps an error. What goes away by itself is for the next sweep.
func (s *sweep) try(err error, format string, args ...any) {
	switch {
	case err == nil:
	case unsettled(err):
		s.found++
	default:
		s.failed = append(s.failed, fmt.Errorf("removing %s: %w", fmt.Sprintf(format, args...), err))
	}
}

func (s *sweep) tellLeft() {
	for _, name := range slices.Sorted(maps.Keys(s.left)) {
		s.Progress("left alone, because it lacks the tag " + Tag + ": " + name)
	}
}

// tag is a tag of either service.
type tag struct{ Key, Value string }

func tagsOf(tags []types.Tag) []tag {
	out := make([]tag, len(tags))
	for i, t := range tags {
		out[i] = tag{aws.ToString(t.Key), aws.ToString(t.Value)}
	}
	return out
}

// mine reports whether a thing has the tag that goes with its path.
func (s *sweep) mine(arn, path string, tags []tag) bool {
	run, _, _ := strings.Cut(strings.TrimPrefix(path, Path), "/")
	if slices.Contains(tags, tag{Tag, run}) {
		s.found++
		return true
	}
	s.left[arn] = true
	return false
}

func (s *sweep) users(ctx context.Context, in *iam.Client) error {
	pages := iam.NewListUsersPaginator(in, &iam.ListUsersInput{PathPrefix: aws.String(s.path)})
	var failed []error
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return err
		}
		for _, u := range page.Users {
			failed = append(failed, s.later(s.user(ctx, in, u)))
		}
	}
	return errors.Join(failed...)
}

func (s *sweep) user(ctx context.Context, in *iam.Client, u types.User) error {
	out, err := in.ListUserTags(ctx, &iam.ListUserTagsInput{UserName: u.UserName})
	if err != nil || !s.mine(aws.ToString(u.Arn), aws.ToString(u.Path), tagsOf(out.Tags)) {
		return err
	}
	return deleteUser(ctx, in, u.UserName)
}

// later leaves to the next sweep what passes by itself, so that it does not hide what does not. What is listed and is not
// there may be gone, or not be known everywhere yet.
func (s *sweep) later(err error) error {
	if unsettled(err) {
		s.found++
		return nil
	}
	return err
}

// deleteUser takes from a user all that checks may have given it, then deletes it.
func deleteUser(ctx context.Context, in *iam.Client, name *string) error {
	if err := deleteKeys(ctx, in, name); err != nil {
		return err
	}
	attached, err := in.ListAttachedUserPolicies(ctx, &iam.ListAttachedUserPoliciesInput{UserName: name})
	if err != nil {
		return err
	}
	for _, policy := range attached.AttachedPolicies {
		_, err := in.DetachUserPolicy(ctx, &iam.DetachUserPolicyInput{UserName: name, PolicyArn: policy.PolicyArn})
		if err := unlessGone(err); err != nil {
			return err
		}
	}
	_, err = in.DeleteUserPolicy(ctx, &iam.DeleteUserPolicyInput{UserName: name, PolicyName: aws.String(inline)})
	if err := unlessGone(err); err != nil {
		return err
	}
	_, err = in.DeleteUser(ctx, &iam.DeleteUserInput{UserName: name})
	return unlessGone(err)
}

func deleteKeys(ctx context.Context, in *iam.Client, name *string) error {
	keys, err := in.ListAccessKeys(ctx, &iam.ListAccessKeysInput{UserName: name})
	if err != nil {
		return err
	}
	for _, key := range keys.AccessKeyMetadata {
		_, err := in.DeleteAccessKey(ctx, &iam.DeleteAccessKeyInput{UserName: name, AccessKeyId: key.AccessKeyId})
		if err := unlessGone(err); err != nil {
			return err
		}
	}
	return nil
}

func (s *sweep) roles(ctx context.Context, in *iam.Client) error {
	pages := iam.NewListRolesPaginator(in, &iam.ListRolesInput{PathPrefix: aws.String(s.path)})
	var failed []error
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return err
		}
		for _, r := range page.Roles {
			failed = append(failed, s.later(s.role(ctx, in, r)))
		}
	}
	return errors.Join(failed...)
}

func (s *sweep) role(ctx context.Context, in *iam.Client, r types.Role) error {
	out, err := in.ListRoleTags(ctx, &iam.ListRoleTagsInput{RoleName: r.RoleName})
	if err != nil || !s.mine(aws.ToString(r.Arn), aws.ToString(r.Path), tagsOf(out.Tags)) {
		return err
	}
	return deleteRole(ctx, in, r.RoleName)
}

func deleteRole(ctx context.Context, in *iam.Client, name *string) error {
	_, err := in.DeleteRolePolicy(ctx, &iam.DeleteRolePolicyInput{RoleName: name, PolicyName: aws.String(inline)})
	if err := unlessGone(err); err != nil {
		return err
	}
	_, err = in.DeleteRole(ctx, &iam.DeleteRoleInput{RoleName: name})
	return unlessGone(err)
}

func (s *sweep) policies(ctx context.Context, in *iam.Client) error {
	pages := iam.NewListPoliciesPaginator(in, &iam.ListPoliciesInput{PathPrefix: aws.String(s.path), Scope: types.PolicyScopeTypeLocal})
	var failed []error
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return err
		}
		for _, p := range page.Policies {
			failed = append(failed, s.later(s.policy(ctx, in, p)))
		}
	}
	return errors.Join(failed...)
}

func (s *sweep) policy(ctx context.Context, in *iam.Client, p types.Policy) error {
	out, err := in.ListPolicyTags(ctx, &iam.ListPolicyTagsInput{PolicyArn: p.Arn})
	if err != nil || !s.mine(aws.ToString(p.Arn), aws.ToString(p.Path), tagsOf(out.Tags)) {
		return err
	}
	_, err = in.DeletePolicy(ctx, &iam.DeletePolicyInput{PolicyArn: p.Arn})
	return unlessGone(err)
}
