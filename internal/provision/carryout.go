package provision

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"github.com/pullpass/pullpass/arn"
	"github.com/pullpass/pullpass/iampolicy"
	"github.com/pullpass/pullpass/internal/plan"
)

func (w *worker) carryOut(ctx context.Context, op plan.Op, call caller) error {
	switch op := op.(type) {
	case plan.CreatePolicy:
		return w.createPolicy(ctx, op, call)
	case plan.UpdatePolicy:
		return w.updatePolicy(ctx, op, call)
	case plan.CreateRole:
		return w.createRole(ctx, op, call)
	case plan.UpdateTrust:
		return w.updateTrust(ctx, op, call)
	case plan.CreateUser:
		return w.createUser(ctx, op, call)
	case plan.AttachPolicy:
		return w.attach(ctx, op, call)
	case plan.PutBoundary:
		return w.putBoundary(ctx, op, call)
	case plan.PutTags:
		return w.putTags(ctx, op.Entity, op.Tags, call)
	case plan.RemoveTags:
		return w.removeTags(ctx, op.Entity, op.Keys, call)
	case plan.CreateKey:
		return w.createKey(ctx, op, call)
	case plan.DeleteKey:
		return w.deleteKey(ctx, op, call)
	case plan.DeactivateKey:
		return w.deactivateKey(ctx, op, call)
	case plan.ReactivateKey:
		return w.setStatus(ctx, op.User, op.Key, types.StatusTypeActive, call)
	case plan.DeleteRetiredKey:
		return w.deleteRetired(ctx, op, call)
	case plan.WriteDelivery:
		return w.deliver(ctx, op.DeliveryOf, op.Key)
	case plan.RestartController:
		return w.restart(ctx, op.ClusterDelivery)
	}
	return w.takeAway(ctx, op, call)
}

// takeAway carries out what a revocation does.
func (w *worker) takeAway(ctx context.Context, op plan.Op, call caller) error {
	switch op := op.(type) {
	case plan.SuspendKey:
		return w.suspendKey(ctx, op)
	case plan.DenySessions:
		return w.denySessions(ctx, op, call)
	case plan.LiftDenies:
		return w.liftDenies(ctx, op)
	case plan.RemoveUser:
		return w.removeUser(ctx, op.Removal)
	case plan.RemoveRole:
		return w.removeRole(ctx, op.Removal)
	case plan.RemovePolicy:
		return w.removePolicy(ctx, op.Removal)
	case plan.RemoveDelivery:
		return w.withdraw(ctx, op)
	}
	return fmt.Errorf("account %s: there is no way to carry out a %T", w.id, op)
}

func (w *worker) createPolicy(ctx context.Context, op plan.CreatePolicy, call caller) error {
	p := op.Policy
	err := call(ctx, func(ctx context.Context) error {
		_, err := w.in.IAM.CreatePolicy(ctx, &iam.CreatePolicyInput{
			PolicyName: aws.String(p.Name), Path: aws.String(p.Path), PolicyDocument: text(p.Document), Tags: tagsTo(p.Tags),
		})
		return err
	})
	if exists(err) {
		return w.unlessMade(ctx, "policy", p.Name, err, call, func(ctx context.Context) (bool, error) { return w.isPolicy(ctx, p) })
	}
	return failed(w.id, err, "creating policy %s", p.Name)
}

func (w *worker) updatePolicy(ctx context.Context, op plan.UpdatePolicy, call caller) error {
	name := aws.String(op.Policy.String())
	if op.DeleteVersion != "" {
		err := call(ctx, func(ctx context.Context) error {
			_, err := w.in.IAM.DeletePolicyVersion(ctx, &iam.DeletePolicyVersionInput{
				PolicyArn: name, VersionId: aws.String(op.DeleteVersion),
			})
			return err
		})
		if err != nil && !absent(err) {
			return failed(w.id, err, "deleting version %s of policy %s", op.DeleteVersion, op.Policy.Name())
		}
	}
	err := call(ctx, func(ctx context.Context) error {
		_, err := w.in.IAM.CreatePolicyVersion(ctx, &iam.CreatePolicyVersionInput{
			PolicyArn: name, PolicyDocument: text(op.Document), SetAsDefault: true,
		})
		return err
	})
	if limited(err) && w.says(ctx, op) {
		return nil // An earlier attempt, whose answer was lost, made the version that is one too many now.
	}
	return failed(w.id, err, "creating a version of policy %s", op.Policy.Name())
}

// says reports whether a policy is known to say what it should.
func (w *worker) says(ctx context.Context, op plan.UpdatePolicy) bool {
	r := w.reader()
	if r.policy(ctx, op.Policy) != nil {
		return false
	}
	found := r.found.Policies[op.Policy]
	return found != nil && found.Document != nil && iampolicy.Equal(found.Document, op.Document)
}

func (w *worker) createRole(ctx context.Context, op plan.CreateRole, call caller) error {
	r := op.Role
	err := call(ctx, func(ctx context.Context) error {
		_, err := w.in.IAM.CreateRole(ctx, &iam.CreateRoleInput{
			RoleName: aws.String(r.Name), Path: aws.String(r.Path), AssumeRolePolicyDocument: text(r.Trust),
			PermissionsBoundary: optional(r.Boundary), Tags: tagsTo(r.Tags),
		})
		return err
	})
	if exists(err) {
		return w.unlessMade(ctx, "role", r.Name, err, call, func(ctx context.Context) (bool, error) { return w.isRole(ctx, r) })
	}
	return failed(w.id, err, "creating role %s", r.Name)
}

func (w *worker) updateTrust(ctx context.Context, op plan.UpdateTrust, call caller) error {
	err := call(ctx, func(ctx context.Context) error {
		_, err := w.in.IAM.UpdateAssumeRolePolicy(ctx, &iam.UpdateAssumeRolePolicyInput{
			RoleName: aws.String(op.Role.Name()), PolicyDocument: text(op.Trust),
		})
		return err
	})
	return failed(w.id, err, "changing the trust of role %s", op.Role.Name())
}

func (w *worker) createUser(ctx context.Context, op plan.CreateUser, call caller) error {
	u := op.User
	tags := maps.Clone(u.Tags)
	if op.Pending {
		tags[plan.TagPending] = string(w.Run)
	}
	err := call(ctx, func(ctx context.Context) error {
		_, err := w.in.IAM.CreateUser(ctx, &iam.CreateUserInput{
			UserName: aws.String(u.Name), Path: aws.String(u.Path), PermissionsBoundary: optional(u.Boundary), Tags: tagsTo(tags),
		})
		return err
	})
	if exists(err) {
		return w.unlessMade(ctx, "user", u.Name, err, call, func(ctx context.Context) (bool, error) { return w.isUser(ctx, u, tags) })
	}
	return failed(w.id, err, "creating user %s", u.Name)
}

func (w *worker) attach(ctx context.Context, op plan.AttachPolicy, call caller) error {
	policy, name := aws.String(op.Policy.String()), aws.String(op.Entity.Name())
	err := call(ctx, func(ctx context.Context) (err error) {
		if op.Entity.Kind() == "role" {
			_, err = w.in.IAM.AttachRolePolicy(ctx, &iam.AttachRolePolicyInput{RoleName: name, PolicyArn: policy})
			return err
		}
		_, err = w.in.IAM.AttachUserPolicy(ctx, &iam.AttachUserPolicyInput{UserName: name, PolicyArn: policy})
		return err
	})
	return failed(w.id, err, "attaching policy %s to %s %s", op.Policy.Name(), op.Entity.Kind(), op.Entity.Name())
}

func (w *worker) putBoundary(ctx context.Context, op plan.PutBoundary, call caller) error {
	boundary, name := aws.String(op.Boundary.String()), aws.String(op.Entity.Name())
	err := call(ctx, func(ctx context.Context) (err error) {
		if op.Entity.Kind() == "role" {
			_, err = w.in.IAM.PutRolePermissionsBoundary(ctx, &iam.PutRolePermissionsBoundaryInput{
				RoleName: name, PermissionsBoundary: boundary,
			})
			return err
		}
		_, err = w.in.IAM.PutUserPermissionsBoundary(ctx, &iam.PutUserPermissionsBoundaryInput{
			UserName: name, PermissionsBoundary: boundary,
		})
		return err
	})
	return failed(w.id, err, "setting the permissions boundary of %s %s", op.Entity.Kind(), op.Entity.Name())
}

func (w *worker) putTags(ctx context.Context, entity arn.ARN, tags map[string]string, call caller) error {
	list := tagsTo(tags)
	err := call(ctx, func(ctx context.Context) (err error) {
		switch entity.Kind() {
		case "policy":
			_, err = w.in.IAM.TagPolicy(ctx, &iam.TagPolicyInput{PolicyArn: aws.String(entity.String()), Tags: list})
		case "role":
			_, err = w.in.IAM.TagRole(ctx, &iam.TagRoleInput{RoleName: aws.String(entity.Name()), Tags: list})
		default:
			_, err = w.in.IAM.TagUser(ctx, &iam.TagUserInput{UserName: aws.String(entity.Name()), Tags: list})
		}
		return err
	})
	return failed(w.id, err, "tagging %s %s", entity.Kind(), entity.Name())
}

func (w *worker) removeTags(ctx context.Context, entity arn.ARN, keys []string, call caller) error {
	err := call(ctx, func(ctx context.Context) (err error) {
		switch entity.Kind() {
		case "policy":
			_, err = w.in.IAM.UntagPolicy(ctx, &iam.UntagPolicyInput{PolicyArn: aws.String(entity.String()), TagKeys: keys})
		case "role":
			_, err = w.in.IAM.UntagRole(ctx, &iam.UntagRoleInput{RoleName: aws.String(entity.Name()), TagKeys: keys})
		default:
			_, err = w.in.IAM.UntagUser(ctx, &iam.UntagUserInput{UserName: aws.String(entity.Name()), TagKeys: keys})
		}
		return err
	})
	return failed(w.id, err, "untagging %s %s", entity.Kind(), entity.Name())
}

func text(d *iampolicy.Document) *string { return aws.String(string(d.JSON())) }

func optional(a *arn.ARN) *string {
	if a == nil {
		return nil
	}
	return aws.String(a.String())
}

// tagsTo sorts tags by key, so that the same step sends the same request.
func tagsTo(tags map[string]string) []types.Tag {
	list := make([]types.Tag, 0, len(tags))
	for _, key := range slices.Sorted(maps.Keys(tags)) {
		list = append(list, types.Tag{Key: aws.String(key), Value: aws.String(tags[key])})
	}
	return list
}
