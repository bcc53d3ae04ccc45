package state

import (
	"fmt"
	"time"

	"github.com/pullpass/pullpass/arn"
)

// SubscriptionStatus is the status of an EKS Anywhere subscription, as the EKS API spells it.
type SubscriptionStatus string

// The statuses of the EKS API reference (EksAnywhereSubscription).
const (
	Creating SubscriptionStatus = "CREATING"
	Active   SubscriptionStatus = "ACTIVE"
	Updating SubscriptionStatus = "UPDATING"
	Expiring SubscriptionStatus = "EXPIRING"
	Expired  SubscriptionStatus = "EXPIRED"
	Deleting SubscriptionStatus = "DELETING"
)

// Subscription is an EKS Anywhere Enterprise Subscription.
type Subscription struct {
	ID        string
	Name      string
	Account   arn.AccountID
	Region    arn.Region
	Status    SubscriptionStatus
	Created   time.Time
	Effective time.Time
	Expires   time.Time
	Months    int // the term
	Licenses  int
	AutoRenew bool
	Tags      Tags
}

// ARN returns the subscription's ARN.
func (s *Subscription) ARN() arn.ARN {
	return arn.ARN{Partition: "aws", Service: "eks", Region: s.Region, Account: s.Account,
		Resource: "eks-anywhere-subscription/" + s.ID}
}

// ParseSubscriptionStatus checks that a text is one of the statuses.
func ParseSubscriptionStatus(text string) (SubscriptionStatus, error) {
	switch status := SubscriptionStatus(text); status {
	case Creating, Active, Updating, Expiring, Expired, Deleting:
		return status, nil
	}
	return "", fmt.Errorf("%q is no status of a subscription: want CREATING, ACTIVE, UPDATING, EXPIRING, EXPIRED or DELETING", text)
}

// StatusAt is the status at an instant: time alone expires a subscription.
func (s *Subscription) StatusAt(now time.Time) SubscriptionStatus {
	switch s.Status {
	case Active, Updating, Expiring:
		if !now.Before(s.Expires) {
			return Expired
		}
	case Creating, Expired, Deleting:
	}
	return s.Status
}

// Opens reports whether the packages registry of the subscription's Region lets the account pull at an instant: while
// it is active, updating, or running out.
func (s *Subscription) Opens(now time.Time) bool {
	switch s.StatusAt(now) {
	case Active, Updating, Expiring:
		return !now.Before(s.Effective)
	case Creating, Expired, Deleting:
	}
	return false
}
