package provision

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"github.com/pullpass/pullpass/arn"
	"github.com/pullpass/pullpass/internal/awsclient"
	"github.com/pullpass/pullpass/internal/plan"
	"github.com/pullpass/pullpass/internal/share"
)

// removeUser deletes a user and all that IAM wants gone before
// (https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeleteUser.html), but for what only a person gives a user, such
// as a password: that stops it, and IAM's answer names it.
func (w *worker) removeUser(ctx context.Context, op plan.Removal) error {
	name := aws.String(op.Entity.Name())
	found, err := w.reader().getUser(ctx, op.Entity.Name())
	if err != nil || found == nil {
		return err
	}
	if err := w.stillToGo(op, found.ARN, found.Tags); err != nil {
		return err
	}
	return w.untilGone(ctx, op, w.clearUser, func(ctx context.Context) error {
		_, err := w.in.IAM.DeleteUser(ctx, &iam.DeleteUserInput{UserName: name})
		return err
	})
}

// removeRole deletes a role and all that IAM wants gone before
// (https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeleteRole.html). Its inline policies, a deny among them, go last
// of all: until then they deny.
func (w *worker) removeRole(ctx context.Context, op plan.Removal) error {
	found, err := w.reader().getRole(ctx, op.Entity.Name())
	if err != nil || found == nil {
		return err
	}
	if err := w.stillToGo(op, found.ARN, found.Tags); err != nil {
		return err
	}
	return w.untilGone(ctx, op, w.clearRole, func(ctx context.Context) error {
		_, err := w.in.IAM.DeleteRole(ctx, &iam.DeleteRoleInput{RoleName: aws.String(op.Entity.Name())})
		return err
	})
}

// removePolicy deletes a policy with its versions. It is attached to nothing of the share any more; what others attached it
// to keeps it, and IAM's answer says so.
func (w *worker) removePolicy(ctx context.Context, op plan.Removal) error {
	r := w.reader()
	if err := r.policy(ctx, op.Entity); err != nil {
		return err
	}
	found := r.found.Policies[op.Entity]
	if found == nil {
		return nil
	}
	if err := w.stillToGo(op, found.ARN, found.Tags); err != nil {
		return err
	}
	return w.untilGone(ctx, op, w.clearPolicy, func(ctx context.Context) error {
		_, err := w.in.IAM.DeletePolicy(ctx, &iam.DeletePolicyInput{PolicyArn: aws.String(op.Entity.String())})
		return err
	})
}

// stillToGo makes sure that an entity is the one that was planned to go. Between the plan and its carrying out a person may
// have thought for hours.
func (w *worker) stillToGo(op plan.Removal, found arn.ARN, tags map[string]string) error {
	why := ""
	switch {
	case found != op.Entity:
		why = "it is another one, " + found.String()
	case tags[share.TagShare] != op.Share:
		why = "it is not the share's any more"
	case plan.Adopted(tags) && !op.Adopted:
		why = "it was taken over from somebody in the meantime"
	default:
		return nil
	}
	return fmt.Errorf("%w: %s %s in account %s: %s", ErrChanged, op.Entity.Kind(), op.Entity.Name(), w.id, why)
}

// untilGone clears an entity and deletes it. IAM may know for a while yet of what has just been taken away, and another
// run may have added to it: then it is cleared again.
func (w *worker) untilGone(ctx context.Context, op plan.Removal, clear func(context.Context, arn.ARN) error, remove func(context.Context) error) error {
	var last error
	err := w.Settling.Do(ctx, func(ctx context.Context) error {
		if last = clear(ctx, op.Entity); last == nil {
			last = failed(w.id, remove(ctx), "deleting %s %s", op.Entity.Kind(), op.Entity.Name())
		}
		if conflicts(last) {
			return awsclient.ErrNotSeen
		}
		return nil
	})
	switch {
	case absent(last):
		return nil // An earlier attempt's answer was lost, or another run did the same.
	case last == nil && !errors.Is(err, awsclient.ErrNotSeen):
		return err
	}
	return last
}

func conflicts(err error) bool {
	var conflict *types.DeleteConflictException
	return errors.As(err, &conflict)
}

// clearUser deletes the keys of a user first: with them its access goes.
func (w *worker) clearUser(ctx context.Context, user arn.ARN) error {
	name := aws.String(user.Name())
	keys, err := w.list(ctx, user)
	if err != nil {
		return err
	}
	for _, k := range keys {
		_, err := w.in.IAM.DeleteAccessKey(ctx, &iam.DeleteAccessKeyInput{UserName: name, AccessKeyId: k.AccessKeyId})
		if err != nil && !absent(err) {
			return failed(w.id, err, "deleting access key %s of user %s", aws.ToString(k.AccessKeyId), user.Name())
		}
	}
	attached, err := w.reader().attachedTo(ctx, user.Name())
	if err != nil {
		return err
	}
	for _, policy := range attached {
		_, err := w.in.IAM.DetachUserPolicy(ctx, &iam.DetachUserPolicyInput{UserName: name, PolicyArn: aws.String(policy.String())})
		if err != nil && !absent(err) {
			return failed(w.id, err, "detaching policy %s from user %s", policy.Name(), user.Name())
		}
	}
	pages := iam.NewListUserPoliciesPaginator(w.in.IAM, &iam.ListUserPoliciesInput{UserName: name})
	inline, err := awsclient.Collect(ctx, pages, func(page *iam.ListUserPoliciesOutput) []string { return page.PolicyNames })
	if err != nil {
		return failed(w.id, err, "listing the inline policies of user %s", user.Name())
	}
	for _, policy := range inline {
		_, err := w.in.IAM.DeleteUserPolicy(ctx, &iam.DeleteUserPolicyInput{UserName: name, PolicyName: aws.String(policy)})
		if err != nil && !absent(err) {
			return failed(w.id, err, "deleting inline policy %s of user %s", policy, user.Name())
		}
	}
	return nil
}

func (w *worker) clearRole(ctx context.Context, role arn.ARN) error {
	name := aws.String(role.Name())
	found := plan.Role{ARN: role}
	if err := w.reader().attachedToRole(ctx, &found); err != nil {
		return err
	}
	for _, policy := range found.Attached {
		_, err := w.in.IAM.DetachRolePolicy(ctx, &iam.DetachRolePolicyInput{RoleName: name, PolicyArn: aws.String(policy.String())})
		if err != nil && !absent(err) {
			return failed(w.id, err, "detaching policy %s from role %s", policy.Name(), role.Name())
		}
	}
	pages := iam.NewListRolePoliciesPaginator(w.in.IAM, &iam.ListRolePoliciesInput{RoleName: name})
	inline, err := awsclient.Collect(ctx, pages, func(page *iam.ListRolePoliciesOutput) []string { return page.PolicyNames })
	if err != nil {
		return failed(w.id, err, "listing the inline policies of role %s", role.Name())
	}
	for _, policy := range inline {
		_, err := w.in.IAM.DeleteRolePolicy(ctx, &iam.DeleteRolePolicyInput{RoleName: name, PolicyName: aws.String(policy)})
		if err != nil && !absent(err) {
			return failed(w.id, err, "deleting inline policy %s of role %s", policy, role.Name())
		}
	}
	return nil
}

// clearPolicy deletes the versions of a policy but for the default one, which goes with it.
func (w *worker) clearPolicy(ctx context.Context, policy arn.ARN) error {
	found := plan.Policy{ARN: policy}
	if err := w.reader().policyVersions(ctx, &found); err != nil {
		return err
	}
	for _, v := range found.Versions {
		if v.Default {
			continue
		}
		_, err := w.in.IAM.DeletePolicyVersion(ctx, &iam.DeletePolicyVersionInput{PolicyArn: aws.String(policy.String()), VersionId: aws.String(v.ID)})
		if err != nil && !absent(err) {
			return failed(w.id, err, "deleting version %s of policy %s", v.ID, policy.Name())
		}
	}
	return nil
}
