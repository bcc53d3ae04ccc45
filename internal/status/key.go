package status

import (
	"slices"

	"github.com/pullpass/pullpass/arn"
	"github.com/pullpass/pullpass/internal/awsid"
	"github.com/pullpass/pullpass/internal/plan"
)

// A KeyAnswer says who holds one access key and what it opens.
type KeyAnswer struct {
	Share string            `json:"share"`
	ID    awsid.AccessKeyID `json:"id"`
	// Known says that a user of the share has the key, or that a delivery of the share holds it.
	Known bool `json:"known"`
	// Account and User are those of the user that has the key, empty where none of the share's has.
	Account arn.AccountID `json:"account,omitempty"`
	User    string        `json:"user,omitempty"`
	// Key is nil where no user of the share has it.
	Key *Key `json:"key,omitempty"`
	// Deliveries are those that hold it.
	Deliveries []Holding `json:"deliveries"`
	// Roles are what the deliveries assume with it, or would, sorted; Registry is what these open.
	Roles    []string `json:"roles"`
	Registry string   `json:"registry,omitempty"`
	// Unknown is what could not be read: somebody there may hold it too. Unseen are accounts that nobody looked into,
	// because the share gives no access.
	Unknown []Unknown       `json:"unknown"`
	Unseen  []arn.AccountID `json:"unseen,omitempty"`
}

// A Holding is a delivery that holds a key.
type Holding struct {
	Account arn.AccountID `json:"account"`
	Cluster string        `json:"cluster"`
	Place   string        `json:"place"`
	// UseUnseen is as in Cluster.
	UseUnseen bool `json:"useUnseen"`
}

// Find says who holds a key and what it opens.
func (r *Report) Find(id awsid.AccessKeyID) KeyAnswer {
	a := KeyAnswer{Share: r.Share, ID: id, Deliveries: []Holding{}, Roles: []string{}, Unknown: r.Unknown}
	for _, account := range r.Accounts {
		if account.State == HandedOver && account.Part == plan.DestinationPart {
			a.Unseen = append(a.Unseen, account.Account)
		}
	}
	for _, u := range r.Users {
		if i := slices.IndexFunc(u.Keys, func(k Key) bool { return k.ID == id }); i >= 0 {
			a.Known, a.Account, a.User, a.Key = true, u.Account, u.User, &u.Keys[i]
		}
	}
	for _, c := range r.Clusters {
		if c.Key == id {
			a.Known = true
			a.Deliveries = append(a.Deliveries, Holding{Account: c.Account, Cluster: c.Cluster, Place: c.Place, UseUnseen: c.UseUnseen})
		}
		if c.Key == id && c.Role != "" {
			a.Roles = append(a.Roles, c.Role)
		}
	}
	if a.Key != nil && len(a.Roles) == 0 {
		a.Roles = r.rolesOf(a.Account, a.User)
	}
	slices.Sort(a.Roles)
	a.Roles = slices.Compact(a.Roles)
	if a.opens() {
		a.Registry = r.Registry
	}
	return a
}

// opens reports whether the key is one that AWS accepts, as far as was seen.
func (a KeyAnswer) opens() bool { return a.Key != nil && a.Key.State == Active && len(a.Roles) > 0 }

// rolesOf returns the roles that the share has a user's clusters assume.
func (r *Report) rolesOf(account arn.AccountID, user string) []string {
	roles := []string{}
	for _, d := range r.facts.Desired.Destinations {
		for _, c := range d.Clusters {
			if d.Account == account && c.User == user {
				roles = append(roles, c.Config.RoleARN.String())
			}
		}
	}
	return roles
}
