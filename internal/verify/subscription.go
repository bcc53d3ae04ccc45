package verify

import (
	"fmt"
	"time"
)

// notice is how long before its end a subscription is spoken of.
const notice = 30 * 24 * time.Hour

// A Subscription is what EKS says about the EKS Anywhere subscription that opens the registry.
type Subscription struct {
	ID string
	// Status is EKS's word: CREATING, ACTIVE, UPDATING, EXPIRING, EXPIRED or DELETING
	// (EksAnywhereSubscription, Amazon EKS API Reference).
	Status string
	// Expires is the zero time where it is not known.
	Expires time.Time
	// AutoRenew says that it does not end by itself.
	AutoRenew bool
}

// Ended reports whether the registry no longer opens to the account; it is false of nil.
func (s *Subscription) Ended(now time.Time) bool {
	return s != nil && (s.Status == "EXPIRED" || s.Status == "DELETING" || (!s.Expires.IsZero() && !now.Before(s.Expires)))
}

// end says when, as far as is known.
func (s *Subscription) end() string {
	if s.Expires.IsZero() {
		return "status " + s.Status
	}
	return "status " + s.Status + ", " + s.Expires.UTC().Format(time.DateOnly)
}

// Notices says what people should know about the subscription: that it has ended, or is about to. It is none of nil.
func (s *Subscription) Notices(now time.Time) []string {
	switch {
	case s == nil:
		return nil
	case s.Ended(now):
		return []string{fmt.Sprintf("subscription %s has ended (%s)", s.ID, s.end())}
	case s.Status == "EXPIRING", !s.AutoRenew && !s.Expires.IsZero() && s.Expires.Sub(now) < notice:
		return []string{fmt.Sprintf("subscription %s is about to end (%s); pulls stop working then", s.ID, s.end())}
	}
	return nil
}
