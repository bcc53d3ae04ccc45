package fieldcheck

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"github.com/pullpass/pullpass/arn"
	"github.com/pullpass/pullpass/internal/awsclient"
)

const (
	// Path is above everything that a run makes; the run's id follows it.
	Path = "/pullpass/fieldcheck/"
	// Tag is the key of the tag on everything that a run makes; its value is the run's id.
	Tag = "pullpass:fieldcheck"
	// inline is the name of every inline policy.
	inline = "given"
)

func (f *Field) path() string              { return Path + f.run + "/" }
func (f *Field) named(what string) *string { return aws.String("fieldcheck-" + f.run + "-" + what) }
func (f *Field) tags() []types.Tag {
	return []types.Tag{{Key: aws.String(Tag), Value: aws.String(f.run)}}
}
func (f *Field) pathOf(side *Side) string {
	return "arn:aws:iam::" + string(side.Account) + ":role" + f.path() + "*"
}
func (f *Field) root(side *Side) string { return arn.Root(side.Account).String() }

// user is a user that a check has made.
type user struct {
	side *Side
	name *string
	arn  arn.ARN
	id   string // the unique id
	keys []aws.Credentials
}

// key is the credentials of the user's first key.
func (u *user) key() aws.Credentials { return u.keys[0] }

// makeUser makes a user with a key, and an inline policy where there are statements. It is not known everywhere yet.
func (f *Field) makeUser(ctx context.Context, side *Side, what string, statements ...statement) (*user, error) {
	u, err := f.createUser(ctx, side, what, "", nil)
	if err != nil {
		return nil, err
	}
	if len(statements) > 0 {
		if err := f.give(ctx, u, statements...); err != nil {
			return nil, err
		}
	}
	return u, f.createKey(ctx, u)
}

// createUser makes a user, with the policy of an ARN as its boundary where there is one. One that is gone has the unique id
// that the new one of the same name must not have.
func (f *Field) createUser(ctx context.Context, side *Side, what, boundary string, gone *user) (*user, error) {
	u := &user{side: side, name: f.named(what), arn: arn.IAM(side.Account, "user", f.path(), *f.named(what))}
	in := &iam.CreateUserInput{UserName: u.name, Path: aws.String(f.path()), Tags: f.tags()}
	if boundary != "" {
		in.PermissionsBoundary = aws.String(boundary)
	}
	err := f.administer(ctx, func(ctx context.Context) error {
		out, err := side.IAM.CreateUser(ctx, in)
		if err == nil {
			u.id = aws.ToString(out.User.UserId)
			return nil
		}
		if code, _ := codeOf(err); code != "EntityAlreadyExists" {
			return err
		}
		return f.recognise(ctx, u, gone, err) // The answer to an earlier attempt was lost.
	})
	if err != nil {
		return nil, fmt.Errorf("creating user %s: %w", *u.name, err)
	}
	return u, nil
}

// recognise takes up a user that is there already: the path, with the run's random id, tells that this run has made it.
func (f *Field) recognise(ctx context.Context, u, gone *user, exists error) error {
	out, err := u.side.IAM.GetUser(ctx, &iam.GetUserInput{UserName: u.name})
	switch {
	case err != nil:
		return err
	case aws.ToString(out.User.Arn) != u.arn.String(), gone != nil && aws.ToString(out.User.UserId) == gone.id:
		return exists
	}
	u.id = aws.ToString(out.User.UserId)
	return nil
}

// give puts an inline policy on a user.
func (f *Field) give(ctx context.Context, u *user, statements ...statement) error {
	text, err := document(statements...)
	if err != nil {
		return err
	}
	err = f.administer(ctx, func(ctx context.Context) error {
		_, err := u.side.IAM.PutUserPolicy(ctx, &iam.PutUserPolicyInput{
			UserName: u.name, PolicyName: aws.String(inline), PolicyDocument: aws.String(text),
		})
		return err
	})
	if err != nil {
		return fmt.Errorf("giving user %s its permissions: %w", *u.name, err)
	}
	return nil
}

// mostLost is how many keys of one user may be lost on the way before it is given up.
const mostLost = 8

// createKey makes another key of a user. One whose secret is lost on the way is deleted, and another made.
func (f *Field) createKey(ctx context.Context, u *user) error {
	for lost := 0; ; lost++ {
		key, err := f.tryKey(ctx, u)
		if err == nil {
			u.keys = append(u.keys, key)
			return nil
		}
		code, _ := codeOf(err)
		if lost == mostLost || ctx.Err() != nil || !awsclient.Lost(err) && code != "LimitExceeded" {
			return fmt.Errorf("creating an access key of user %s: %w", *u.name, err)
		}
		err = f.administer(ctx, func(ctx context.Context) error { return f.dropStrays(ctx, u) })
		if err := errors.Join(err, f.Wait(ctx, longestPause)); err != nil {
			return fmt.Errorf("deleting a key of user %s that was lost on the way: %w", *u.name, err)
		}
	}
}

func (f *Field) tryKey(ctx context.Context, u *user) (key aws.Credentials, err error) {
	err = f.administer(ctx, func(ctx context.Context) error {
		out, err := u.side.IAM.CreateAccessKey(ctx, &iam.CreateAccessKeyInput{UserName: u.name}, cautiously)
		if err == nil {
			key.AccessKeyID, key.SecretAccessKey = aws.ToString(out.AccessKey.AccessKeyId), aws.ToString(out.AccessKey.SecretAccessKey)
		}
		return err
	})
	return key, err
}

func cautiously(o *iam.Options) { o.Retryer = awsclient.Cautious(o.Retryer) }

// dropStrays deletes the keys of a user that nobody holds.
func (f *Field) dropStrays(ctx context.Context, u *user) error {
	out, err := u.side.IAM.ListAccessKeys(ctx, &iam.ListAccessKeysInput{UserName: u.name})
	if err != nil {
		return err
	}
	for _, key := range out.AccessKeyMetadata {
		held := slices.ContainsFunc(u.keys, func(k aws.Credentials) bool { return k.AccessKeyID == aws.ToString(key.AccessKeyId) })
		if held {
			continue
		}
		_, err := u.side.IAM.DeleteAccessKey(ctx, &iam.DeleteAccessKeyInput{UserName: u.name, AccessKeyId: key.AccessKeyId})
		if err := unlessGone(err); err != nil {
			return err
		}
	}
	return nil
}

func (f *Field) deactivate(ctx context.Context, u *user) error {
	return f.administer(ctx, func(ctx context.Context) error {
		_, err := u.side.IAM.UpdateAccessKey(ctx, &iam.UpdateAccessKeyInput{
			UserName: u.name, AccessKeyId: aws.String(u.key().AccessKeyID), Status: types.StatusTypeInactive,
		})
		return err
	})
}

// unlessGone is an error but for the one that says that there is nothing.
func unlessGone(err error) error {
	if code, _ := codeOf(err); code == "NoSuchEntity" {
		return nil
	}
	return err
}

// role is a role that a check has made.
type role struct {
	side *Side
	name *string
	arn  arn.ARN
}

// makeRole makes a role of the source, which may do what the statements say.
func (f *Field) makeRole(ctx context.Context, what string, trust []statement, statements ...statement) (*role, error) {
	r := &role{side: &f.Source, name: f.named(what), arn: arn.IAM(f.Source.Account, "role", f.path(), *f.named(what))}
	text, err := document(trust...)
	if err != nil {
		return nil, err
	}
	if err := f.administer(ctx, func(ctx context.Context) error { return f.createRole(ctx, r, text) }); err != nil {
		return nil, fmt.Errorf("creating role %s: %w", *r.name, err)
	}
	if len(statements) == 0 {
		return r, nil
	}
	if text, err = document(statements...); err != nil {
		return nil, err
	}
	err = f.administer(ctx, func(ctx context.Context) error {
		_, err := r.side.IAM.PutRolePolicy(ctx, &iam.PutRolePolicyInput{
			RoleName: r.name, PolicyName: aws.String(inline), PolicyDocument: aws.String(text),
		})
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("giving role %s its permissions: %w", *r.name, err)
	}
	return r, nil
}

func (f *Field) createRole(ctx context.Context, r *role, trust string) error {
	_, err := r.side.IAM.CreateRole(ctx, &iam.CreateRoleInput{
		RoleName: r.name, Path: aws.String(f.path()), Tags: f.tags(), AssumeRolePolicyDocument: aws.String(trust),
	})
	if code, _ := codeOf(err); code != "EntityAlreadyExists" {
		return err
	}
	out, getErr := r.side.IAM.GetRole(ctx, &iam.GetRoleInput{RoleName: r.name})
	if getErr == nil && aws.ToString(out.Role.Arn) == r.arn.String() {
		return nil // The answer to an earlier attempt was lost.
	}
	return err
}

// makePolicy makes a managed policy, and returns its ARN.
func (f *Field) makePolicy(ctx context.Context, side *Side, what string, statements ...statement) (string, error) {
	text, err := document(statements...)
	if err != nil {
		return "", err
	}
	name := arn.IAM(side.Account, "policy", f.path(), *f.named(what)).String()
	_, err = side.IAM.CreatePolicy(ctx, &iam.CreatePolicyInput{
		PolicyName: f.named(what), Path: aws.String(f.path()), Tags: f.tags(), PolicyDocument: aws.String(text),
	})
	if code, _ := codeOf(err); code == "EntityAlreadyExists" { // Its name holds the run's random id: it is this run's.
		err = nil
	}
	if err != nil {
		return "", fmt.Errorf("creating policy %s: %w", *f.named(what), err)
	}
	return name, nil
}
