package status

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/pullpass/pullpass/arn"
	"github.com/pullpass/pullpass/internal/awsid"
	"github.com/pullpass/pullpass/internal/plan"
	"github.com/pullpass/pullpass/internal/share"
)

const (
	day = 24 * time.Hour
	// horizon is how long before its time something counts as due.
	horizon = 14 * day
)

// A DueKind says what is due.
type DueKind string

// The kinds of what is due, in the order in which they are listed.
const (
	// SubscriptionEnd: the subscription ends, and pulls with it.
	SubscriptionEnd DueKind = "subscription"
	// RotationDue: a key passes keys.maxAge.
	RotationDue DueKind = "rotation"
	// RotationPending: a rotation has not ended.
	RotationPending DueKind = "rotation-pending"
	// RunPending: a run was about to deliver a key.
	RunPending DueKind = "run-pending"
	// InactiveKey: a key is inactive and no rotation's.
	InactiveKey DueKind = "inactive-key"
	// UnheldKey: a key is active, and no delivery of the share holds it.
	UnheldKey DueKind = "unheld-key"
	// ProofBroken: the last proof that was recorded failed.
	ProofBroken DueKind = "proof-broken"
	// Drifted: an account differs from the share.
	Drifted DueKind = "drift"
	// LeftBehind: something is the share's, and the share does not ask for it any more.
	LeftBehind DueKind = "left-behind"
)

// Due is something that somebody should see to.
type Due struct {
	Kind    DueKind           `json:"kind"`
	Account arn.AccountID     `json:"account,omitempty"`
	User    string            `json:"user,omitempty"`
	Key     awsid.AccessKeyID `json:"key,omitempty"`
	// At is when it is due, nil for now.
	At *time.Time `json:"at,omitempty"`
	// Overdue says that At has passed.
	Overdue bool   `json:"overdue"`
	What    string `json:"what"`
}

func (r *Report) findDue() {
	r.dueSubscription()
	for _, u := range r.Users {
		r.dueUser(u)
	}
	for _, c := range r.Clusters {
		if c.Proof.Outcome == Broken && c.Proof.Recorded {
			r.Due = append(r.Due, Due{Kind: ProofBroken, Account: c.Account, User: c.User, What: "cluster " + c.Cluster + " did not pull when it was last proven: pullpass verify"})
		}
	}
	for _, a := range r.Accounts {
		if n := len(r.drift(a.Account, func(string, string) bool { return true })); n > 0 && a.State == Known {
			r.Due = append(r.Due, Due{Kind: Drifted, Account: a.Account, What: fmt.Sprintf("differs from the share (%d), see pullpass plan", n)})
		}
	}
	for _, left := range r.facts.Plan.LeftBehind {
		r.Due = append(r.Due, Due{Kind: LeftBehind, Account: left.Account, What: left.Target + " is left behind: the share does not ask for it any more"})
	}
	slices.SortStableFunc(r.Due, func(a, b Due) int { return cmp.Compare(order(a.Kind), order(b.Kind)) })
}

func order(k DueKind) int {
	return slices.Index([]DueKind{
		SubscriptionEnd, RotationDue, RotationPending, RunPending, InactiveKey, UnheldKey, ProofBroken, Drifted, LeftBehind,
	}, k)
}

// dueSubscription follows EKS's words for a subscription's life: one that renews itself ends only where its status says so.
func (r *Report) dueSubscription() {
	s := r.Subscription
	if s == nil || s.Error != "" || s.NoAccess {
		return
	}
	d := Due{Kind: SubscriptionEnd, At: s.Expires, What: "subscription " + s.ID + " ends, and pulls with it"}
	d.Overdue = s.Status == "EXPIRED" || s.Expires != nil && !s.AutoRenew && !s.Expires.After(r.Time)
	ends := s.Expires != nil && !s.AutoRenew && r.near(*s.Expires)
	if d.Overdue || ends || s.Status == "EXPIRING" {
		r.Due = append(r.Due, d)
	}
}

func (r *Report) near(t time.Time) bool { return t.Sub(r.Time) <= horizon }

func (r *Report) dueUser(u User) {
	due := func(kind DueKind, key awsid.AccessKeyID, format string, args ...any) {
		r.Due = append(r.Due, Due{Kind: kind, Account: u.Account, User: u.User, Key: key, What: fmt.Sprintf(format, args...)})
	}
	if u.Pending != "" {
		due(RunPending, "", "run %s was about to deliver a key: pullpass apply goes on once it is over", u.Pending)
	}
	if u.Retiring != "" {
		due(RotationPending, u.Retiring, "the rotation of access key %s has not ended: pullpass rotate goes on with it", u.Retiring)
	}
	for _, k := range u.Keys {
		switch {
		case k.ID == u.Retiring:
		case u.Former:
			due(RotationPending, k.ID, "access key %s was replaced by keys of its clusters' own: pullpass rotate lets it go once each has moved", k.ID)
		case k.State == Inactive:
			due(InactiveKey, k.ID, "access key %s is inactive: pullpass rotate --key %s lets it go", k.ID, k.ID)
		case len(k.HeldBy) > 0:
			r.dueKey(u, k)
		case r.seesAll(u):
			due(UnheldKey, k.ID, "access key %s is active, and no delivery of the share holds it", k.ID)
		}
	}
}

// dueKey counts the age of a key that clusters hold.
func (r *Report) dueKey(u User, k Key) {
	at := k.Created.Add(r.facts.MaxAge)
	if r.facts.MaxAge == 0 || !r.near(at) {
		return
	}
	r.Due = append(r.Due, Due{
		Kind: RotationDue, Account: u.Account, User: u.User, Key: k.ID, At: &at, Overdue: !at.After(r.Time),
		What: fmt.Sprintf("access key %s is %d days old: pullpass rotate", k.ID, k.AgeDays),
	})
}

// seesAll reports whether every delivery of a user was read, so that a key which none of them holds is held by none.
func (r *Report) seesAll(u User) bool {
	return !r.facts.Desired.Partial && !slices.ContainsFunc(r.facts.Desired.Destinations, func(d share.DestinationSide) bool {
		return d.Account == u.Account && slices.ContainsFunc(d.Clusters, func(c share.ClusterDelivery) bool {
			return c.User == u.User && r.delivery(u.Account, c.Cluster).State == plan.Unknown
		})
	})
}
