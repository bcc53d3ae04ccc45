package explain

import (
	"fmt"

	"github.com/pullpass/pullpass/authz"
	"github.com/pullpass/pullpass/internal/registry"
	"github.com/pullpass/pullpass/internal/verify"
)

// Subscriptions are those that EKS lists for the role's account in the registry's Region.
type Subscriptions struct {
	Held []verify.Subscription
	// Err is why they could not be listed.
	Err error
}

// eliminateRegistry is for a pull that the role's own side allows: the registry's side says no. Its policy only its owner
// can read; in a packages registry it follows the subscriptions.
func (e *Evidence) eliminateRegistry(q *question, said sentence) finding {
	if _, packages := registry.ByAccount(q.owner); packages {
		if f, found := e.findSubscription(q); found {
			return f
		}
	}
	unread := []Unread{q.repositoryUnread()}
	if caller, asked := e.Organizations[q.organization()]; said.blamed != authz.Resource && (!asked || caller.Err != nil || caller.Member) {
		unread = append(unread, q.policiesAbove(authz.SCP))
	}
	if s := e.Subscriptions; s != nil && s.Err != nil {
		unread = append(unread, Unread{What: "the subscriptions in " + string(e.Registry.Region), Account: q.principal.Account, Error: s.Err.Error(),
			Follows: "if there is none, or it has ended, the packages registry lets nobody of the account in, and that would be the cause"})
		return open(unread...)
	}
	return likely(Cause{
		Link: linkOf(q.action), Account: q.owner, Kind: ByRepository, Policy: &Policy{Name: q.resource, Kind: Repository},
		Text: fmt.Sprintf("Everything in account %s allows %s; the policy of %s in account %s does not.", q.principal.Account, q.action,
			q.resource, q.owner),
	}, q.repositoryFix(), unread...)
}

// findSubscription looks for the subscription by which a packages registry lets the account in.
func (e *Evidence) findSubscription(q *question) (finding, bool) {
	account, link := q.principal.Account, linkOf(q.action)
	if row, known := registry.ByAccount(q.owner); known && row.Region != e.Registry.Region {
		return certain(Cause{Link: link, Account: q.owner, Kind: RegistryRegion,
			Text: fmt.Sprintf("Account %s holds the packages of %s, not of %s.", q.owner, row.Region, e.Registry.Region)},
			&Fix{Account: q.owner, Text: "name the registry of the subscription: pullpass registry tells"}), true
	}
	if e.Subscription.Ended(e.Now) {
		return e.ended(q, *e.Subscription), true
	}
	if e.Subscriptions == nil || e.Subscriptions.Err != nil || e.Subscription != nil {
		return finding{}, false
	}
	held := e.Subscriptions.Held
	for _, s := range held {
		if !s.Ended(e.Now) {
			return finding{}, false
		}
	}
	if len(held) > 0 {
		return e.ended(q, held[0]), true
	}
	// That a registry opens to the subscriptions of its Region alone is our inference: AWS's page names one registry a Region.
	return likely(Cause{Link: link, Account: account, Kind: RegistryRegion,
		Text: fmt.Sprintf("EKS lists no EKS Anywhere subscription of account %s in %s, and the registry of a Region opens to the subscriptions of that "+
			"Region alone.", account, e.Registry.Region)},
		&Fix{Account: account, Text: fmt.Sprintf("give the share the Region of the subscription (spec.registry.region) in place of %s, or buy one there",
			e.Registry.Region)}, q.repositoryUnread()), true
}

// repositoryUnread says of a repository's policy that nobody but its owner reads it.
func (q *question) repositoryUnread() Unread {
	return Unread{What: "the policy of repository " + q.resource, Account: q.owner, Error: "only the registry's owner may read it",
		Follows: fmt.Sprintf("if it does not let account %s in, that would be the cause", q.principal.Account)}
}

// ended says that a subscription is over. The role's side allows, so nothing else is left.
func (e *Evidence) ended(q *question, s verify.Subscription) finding {
	account := q.principal.Account
	return certain(Cause{Link: linkOf(q.action), Account: account, Kind: Subscription,
		Text: fmt.Sprintf("Subscription %s of account %s has ended (status %s), and with it the registry's consent.", s.ID, account, s.Status)},
		&Fix{Account: account, Text: fmt.Sprintf("renew subscription %s, or buy another in %s", s.ID, e.Registry.Region)})
}
