// Package read gathers what explains a denial out of the accounts of both sides.
package read

import (
	"context"
	"errors"
	"sync"

	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"github.com/pullpass/pullpass/arn"
	"github.com/pullpass/pullpass/internal/awserror"
	"github.com/pullpass/pullpass/internal/awsid"
	"github.com/pullpass/pullpass/internal/explain"
)

// ErrNoAccess says that there is no access to an account.
var ErrNoAccess = errors.New("there is no access to the account")

// IAM is what is read of an account; nothing of it changes anything. *iam.Client satisfies it.
type IAM interface {
	entities
	policies
	SimulatePrincipalPolicy(context.Context, *iam.SimulatePrincipalPolicyInput, ...func(*iam.Options)) (*iam.SimulatePrincipalPolicyOutput, error)
}

type entities interface {
	GetUser(context.Context, *iam.GetUserInput, ...func(*iam.Options)) (*iam.GetUserOutput, error)
	GetRole(context.Context, *iam.GetRoleInput, ...func(*iam.Options)) (*iam.GetRoleOutput, error)
	iam.ListAttachedUserPoliciesAPIClient
	iam.ListAttachedRolePoliciesAPIClient
	iam.ListAttachedGroupPoliciesAPIClient
	iam.ListUserPoliciesAPIClient
	iam.ListRolePoliciesAPIClient
	iam.ListGroupPoliciesAPIClient
	iam.ListGroupsForUserAPIClient
	iam.ListAccessKeysAPIClient
	GetAccessKeyLastUsed(context.Context, *iam.GetAccessKeyLastUsedInput, ...func(*iam.Options)) (*iam.GetAccessKeyLastUsedOutput, error)
}

type policies interface {
	GetPolicy(context.Context, *iam.GetPolicyInput, ...func(*iam.Options)) (*iam.GetPolicyOutput, error)
	GetPolicyVersion(context.Context, *iam.GetPolicyVersionInput, ...func(*iam.Options)) (*iam.GetPolicyVersionOutput, error)
	iam.ListPolicyVersionsAPIClient
	GetUserPolicy(context.Context, *iam.GetUserPolicyInput, ...func(*iam.Options)) (*iam.GetUserPolicyOutput, error)
	GetRolePolicy(context.Context, *iam.GetRolePolicyInput, ...func(*iam.Options)) (*iam.GetRolePolicyOutput, error)
	GetGroupPolicy(context.Context, *iam.GetGroupPolicyInput, ...func(*iam.Options)) (*iam.GetGroupPolicyOutput, error)
}

// An Account reads one account. What several clusters have in common is read once, whoever asks first. It is safe for
// concurrent use.
type Account struct {
	id    arn.AccountID
	slots chan struct{}
	open  func() (IAM, error)

	entities      memo[arn.ARN, *explain.Entity]
	documents     memo[string, text]
	groups        memo[string, group]
	organizations memo[explain.OrganizationQuestion, explain.OrganizationAnswer]
	owners        memo[awsid.AccessKeyID, explain.KeyOwner]
}

// parallel bounds the calls that are made in one account at the same time; AWS's throttling slows it down further.
const parallel = 64

// New returns the account with an id. open signs in, at most once, when something is asked; nil is for an account to which
// there is no access.
func New(ctx context.Context, id arn.AccountID, open func(context.Context) (IAM, error)) *Account {
	a := &Account{id: id, slots: make(chan struct{}, parallel)}
	a.open = sync.OnceValues(func() (IAM, error) {
		if open == nil {
			return nil, ErrNoAccess
		}
		return open(ctx)
	})
	return a
}

// call makes one call while the account has a place for it.
func call[T any](a *Account, do func(IAM) (T, error)) (T, error) {
	client, err := a.open()
	if err != nil {
		var none T
		return none, awserror.InBrief(err)
	}
	a.slots <- struct{}{}
	defer func() { <-a.slots }()
	out, err := do(client)
	if err != nil {
		err = awserror.InBrief(err)
	}
	return out, err
}

// memo keeps what was read, by what was asked. Who asks while it is being read waits for it.
type memo[K comparable, V any] struct {
	mu   sync.Mutex
	kept map[K]func() V
}

func (m *memo[K, V]) get(key K, read func() V) V {
	m.mu.Lock()
	if m.kept == nil {
		m.kept = map[K]func() V{}
	}
	once, found := m.kept[key]
	if !found {
		once = sync.OnceValue(read)
		m.kept[key] = once
	}
	m.mu.Unlock()
	return once()
}

func absent(err error) bool {
	var missing *types.NoSuchEntityException
	return errors.As(err, &missing)
}
