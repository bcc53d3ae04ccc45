package iam

import "github.com/pullpass/pullpass/sandbox/internal/wire"

// The quotas that every account starts with, none of them raised: characters without white space for sizes
// (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html).
const (
	usersPerAccount    = 5000
	rolesPerAccount    = 1000
	policiesPerAccount = 1500
	versionsPerAccount = 10000
	versionsPerPolicy  = 5
	keysPerUser        = 2
	attachedPerEntity  = 10
	tagsPerThing       = 50
	managedSize        = 6144
	trustSize          = 2048
	userInlineSize     = 2048
	roleInlineSize     = 10240
)

// exceeded is IAM's error for a quota, named as IAM names it, that the call would exceed [seen].
func exceeded(quota string, limit int) error {
	return wire.Errorf("LimitExceeded", "Cannot exceed quota for %s: %d", quota, limit)
}

// within returns an error where count is more than the quota lets through.
func within(quota string, limit, count int) error {
	if count > limit {
		return exceeded(quota, limit)
	}
	return nil
}
