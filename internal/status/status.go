// Package status says who holds which access key of a share.
package status

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/pullpass/pullpass/arn"
	"github.com/pullpass/pullpass/internal/awsid"
	"github.com/pullpass/pullpass/internal/plan"
	"github.com/pullpass/pullpass/internal/share"
)

// Facts are what a report is made of.
type Facts struct {
	Desired share.Desired
	// Observed is the share's accounts, read with the last uses of all keys.
	Observed plan.Observed
	// Plan is the difference of the two.
	Plan *plan.Plan
	// Subscription is nil where the share names none.
	Subscription *Subscription
	// MaxAge is the age from which a key is due for rotation; 0 for never.
	MaxAge time.Duration
	Now    time.Time
	// Proofs are those made for this report, or else the last ones that were recorded.
	Proofs map[plan.ClusterRef]Proof
}

// A Subscription is that of the share, as far as its end goes.
type Subscription struct {
	ID string `json:"id"`
	// Status is EKS's; empty where nobody could ask.
	Status string `json:"status,omitempty"`
	// Expires is nil where EKS does not say.
	Expires   *time.Time `json:"expires,omitempty"`
	AutoRenew bool       `json:"autoRenew"`
	// Error is why EKS was not asked; empty where it was.
	Error string `json:"error,omitempty"`
	// NoAccess says that the share gives no access to who could ask EKS.
	NoAccess bool `json:"noAccess,omitempty"`
}

// A Report is who holds which key.
type Report struct {
	Share        string         `json:"share"`
	Posture      share.Posture  `json:"posture"`
	Registry     string         `json:"registry"`
	Time         time.Time      `json:"time"`
	Subscription *Subscription  `json:"subscription,omitempty"`
	Accounts     []Account      `json:"accounts"`
	Clusters     []Cluster      `json:"clusters"`
	Users        []User         `json:"users"`
	Due          []Due          `json:"due"`
	Unknown      []Unknown      `json:"unknown"`
	facts        Facts          // for the answers about one key
	keys         map[keyRef]Key // of the accounts that were read
}

type keyRef struct {
	account arn.AccountID
	id      awsid.AccessKeyID
}

// A State says what is known of an account, a user or a delivery.
type State string

// The states.
const (
	// Known: the account was read, the user is there.
	Known State = "known"
	// Held: the delivery holds a credential.
	Held State = "held"
	// None: there is no such user, or nothing was delivered.
	None State = "none"
	// Unread: it could not be read.
	Unread State = "unknown"
	// HandedOver: the share gives no access, so nobody looked.
	HandedOver State = "handed-over"
)

// An Account is one account of the share.
type Account struct {
	Account arn.AccountID `json:"account"`
	Part    plan.Part     `json:"part"`
	State   State         `json:"state"`
	Error   string        `json:"error,omitempty"`
	// Drift are the changes that the account as a whole needs, a line each.
	Drift []string `json:"drift,omitempty"`
}

// A Cluster is one delivery of the share: a cluster's, or the copy of a workload cluster.
type Cluster struct {
	Account   arn.AccountID `json:"account"`
	Cluster   string        `json:"cluster"`
	ManagedBy string        `json:"managedBy,omitempty"`
	Place     string        `json:"place"`
	User      string        `json:"user"`
	Posture   share.Posture `json:"posture"`
	State     State         `json:"state"`
	Error     string        `json:"error,omitempty"`
	// Key is the id of the key that is delivered.
	Key awsid.AccessKeyID `json:"key,omitempty"`
	// KeyState is empty where no key is delivered.
	KeyState KeyState `json:"keyState,omitempty"`
	// Delivered is when it was, nil where nothing tells.
	Delivered *time.Time `json:"delivered,omitempty"`
	// UseUnseen says that what is delivered goes on to where nobody sees which key is in use, as files of a directory do.
	UseUnseen bool  `json:"useUnseen"`
	Proof     Proof `json:"proof"`
	// Role is what the delivered credential assumes, empty where it names none.
	Role string `json:"role,omitempty"`
	// Drift are the changes that the cluster, its user or its role need, a line each.
	Drift []string `json:"drift"`
	Notes []string `json:"notes,omitempty"`
}

// A KeyState is what IAM says of a key.
type KeyState string

// The states of a key.
const (
	Active   KeyState = "active"
	Inactive KeyState = "inactive"
	// Gone: the user of the delivery has no such key.
	Gone KeyState = "gone"
	// KeyUnread: the account could not be read.
	KeyUnread KeyState = "unknown"
)

// A Proof is what is known of the last proof of a cluster.
type Proof struct {
	Outcome Outcome `json:"outcome"`
	// Time is when it was made, nil where there is none.
	Time *time.Time `json:"time,omitempty"`
	// Error is the link that failed, or why nothing could be tried.
	Error string `json:"error,omitempty"`
	// Key is the one that it was made with, empty where nothing tells.
	Key awsid.AccessKeyID `json:"key,omitempty"`
	// Recorded says that it was made by an earlier run.
	Recorded bool `json:"recorded"`
}

// An Outcome is how a proof ended.
type Outcome string

// The outcomes.
const (
	// NotRecorded: no proof was asked for, and none is recorded.
	NotRecorded Outcome = "not-recorded"
	Proven      Outcome = "proven"
	Broken      Outcome = "broken"
	// Unproven: nothing could be tried.
	Unproven Outcome = "unknown"
)

// A User is one user of the share and its keys.
type User struct {
	Account arn.AccountID `json:"account"`
	User    string        `json:"user"`
	State   State         `json:"state"`
	// Pending is the run that may be about to deliver a key, Retiring the key that a rotation replaces.
	Pending  plan.RunID        `json:"pending,omitempty"`
	Retiring awsid.AccessKeyID `json:"retiring,omitempty"`
	// Former says that the share does not want the user any more: clusters hold its keys, or held them before they got keys of
	// their own.
	Former bool  `json:"former,omitempty"`
	Keys   []Key `json:"keys"`
}

// A Key is an access key of a user.
type Key struct {
	ID      awsid.AccessKeyID `json:"id"`
	State   KeyState          `json:"state"`
	Created time.Time         `json:"created"`
	// AgeDays counts whole days.
	AgeDays int `json:"ageDays"`
	// Use is never, used or unknown.
	Use  string `json:"use"`
	Last *Use   `json:"lastUse,omitempty"`
	// HeldBy are the clusters whose delivery holds it.
	HeldBy []string `json:"heldBy"`
}

// A Use is the last use of a key; IAM tells its time to the hour or so.
type Use struct {
	Time    time.Time `json:"time"`
	Service string    `json:"service,omitempty"`
	Region  string    `json:"region,omitempty"`
}

// Unknown is something that could not be read.
type Unknown struct {
	Account arn.AccountID `json:"account,omitempty"`
	Cluster string        `json:"cluster,omitempty"`
	What    string        `json:"what"`
}

// New makes a report. What could not be read is unknown in it, never empty.
func New(f Facts) *Report {
	r := &Report{
		Share: f.Desired.Share, Posture: f.Desired.Posture, Registry: f.Desired.Registry.Host(), Time: f.Now.UTC(), Subscription: f.Subscription,
		Accounts: []Account{}, Clusters: []Cluster{}, Users: []User{}, Due: []Due{}, Unknown: []Unknown{},
		facts: f, keys: map[keyRef]Key{},
	}
	for _, side := range f.Plan.Sides {
		r.account(side)
	}
	for _, d := range f.Desired.Destinations {
		for _, u := range d.Users {
			r.user(d, u)
		}
		r.formerUsers(d)
		for _, c := range d.Clusters {
			r.cluster(d, c)
		}
	}
	if s := f.Subscription; s != nil && s.Error != "" {
		r.unknown("", "", "the end of subscription "+s.ID+": "+s.Error)
	}
	r.findDue()
	return r
}

func (r *Report) unknown(account arn.AccountID, cluster, what string) {
	r.Unknown = append(r.Unknown, Unknown{Account: account, Cluster: cluster, What: what})
}

func (r *Report) account(side plan.Side) {
	a := Account{Account: side.Account, Part: side.Part, State: r.stateOf(side.Account)}
	if a.State == Unread {
		a.Error = r.whyUnread(side)
		r.unknown(a.Account, "", a.Error)
	}
	if a.State == Known {
		a.Drift = r.drift(side.Account, func(cluster, _ string) bool { return cluster == "" })
	}
	r.Accounts = append(r.Accounts, a)
}

// stateOf says whether an account was read. One that belongs to somebody else was not, whatever was found in it.
func (r *Report) stateOf(account arn.AccountID) State {
	got := r.facts.Observed.Accounts[account]
	switch {
	case got.State == plan.NoAccess:
		return HandedOver
	case got.State == plan.Read && got.Caller.Account == account:
		return Known
	}
	return Unread
}

func (r *Report) whyUnread(side plan.Side) string {
	for _, p := range r.facts.Plan.Problems {
		if p.Account == side.Account && (p.Kind == plan.Unreadable || p.Kind == plan.WrongAccount) {
			return oneLine(p.Msg)
		}
	}
	return "the account could not be read"
}

func (r *Report) user(d share.DestinationSide, want share.User) {
	u := User{Account: d.Account, User: want.Name, State: r.stateOf(d.Account), Keys: []Key{}}
	if u.State != Known {
		r.Users = append(r.Users, u)
		return
	}
	got := r.facts.Observed.Accounts[d.Account].Users[want.Name]
	if got == nil {
		u.State = None
		r.Users = append(r.Users, u)
		return
	}
	r.Users = append(r.Users, r.withKeys(d, u, got))
}

// formerUsers adds the users whose keys clusters are moving away from.
func (r *Report) formerUsers(d share.DestinationSide) {
	got := r.facts.Observed.Accounts[d.Account]
	for _, name := range slices.Sorted(maps.Keys(got.Former)) {
		if f := got.Former[name]; f.Tags[share.TagShare] == r.Share && r.stateOf(d.Account) == Known {
			r.Users = append(r.Users, r.withKeys(d, User{Account: d.Account, User: name, State: Known, Former: true, Keys: []Key{}}, f))
		}
	}
}

func (r *Report) withKeys(d share.DestinationSide, u User, got *plan.User) User {
	u.Pending, u.Retiring = plan.RunID(got.Tags[plan.TagPending]), awsid.AccessKeyID(got.Tags[plan.TagRetiring])
	for _, k := range got.Keys {
		u.Keys = append(u.Keys, r.key(d, k))
	}
	slices.SortFunc(u.Keys, func(a, b Key) int { return cmp.Or(a.Created.Compare(b.Created), cmp.Compare(a.ID, b.ID)) })
	return u
}

func (r *Report) key(d share.DestinationSide, got plan.Key) Key {
	k := Key{
		ID: got.ID, State: Inactive, Created: got.Created.UTC(), AgeDays: int(max(0, r.facts.Now.Sub(got.Created)) / day), Use: "unknown", HeldBy: []string{},
	}
	if got.Active {
		k.State = Active
	}
	switch got.Use {
	case plan.UseUnknown:
		r.unknown(d.Account, "", "the last use of access key "+string(got.ID)+": iam:GetAccessKeyLastUsed is refused")
	case plan.NeverUsed:
		k.Use = "never"
	case plan.Used:
		k.Use, k.Last = "used", &Use{Time: got.LastUsed.UTC(), Service: got.UsedService, Region: got.UsedRegion}
	}
	for _, c := range d.Clusters {
		if held := r.delivery(d.Account, c.Cluster); held.State == plan.Held && held.Config.Key.ID == got.ID {
			k.HeldBy = append(k.HeldBy, c.Cluster)
		}
	}
	r.keys[keyRef{d.Account, k.ID}] = k
	return k
}

func (r *Report) delivery(account arn.AccountID, cluster string) plan.Delivery {
	return r.facts.Observed.Accounts[account].Deliveries[cluster]
}

func (r *Report) cluster(d share.DestinationSide, want share.ClusterDelivery) {
	c := Cluster{
		Account: d.Account, Cluster: want.Cluster, ManagedBy: want.ManagedBy, Place: want.Place(), User: want.User, Posture: r.Posture,
		State: r.stateOf(d.Account), UseUnseen: want.Kubernetes == nil, Proof: Proof{Outcome: NotRecorded}, Drift: []string{},
	}
	switch c.State {
	case Known:
		r.delivered(&c)
	case HandedOver:
		c.UseUnseen = true
	case Unread, Held, None:
		c.Error = "account " + string(d.Account) + " could not be read"
	}
	if proof, made := r.facts.Proofs[plan.ClusterRef{Account: d.Account, Cluster: c.Cluster}]; made {
		c.Proof = proof
	}
	if c.Proof.Outcome == Unproven {
		r.unknown(c.Account, c.Cluster, "proof: "+c.Proof.Error)
	}
	if c.State != HandedOver {
		c.Drift = append(c.Drift, r.driftOf(d, want)...)
	}
	r.Clusters = append(r.Clusters, c)
}

// delivered says what a cluster holds.
func (r *Report) delivered(c *Cluster) {
	got := r.delivery(c.Account, c.Cluster)
	for _, n := range r.facts.Plan.Notes {
		if n.Account == c.Account && n.Cluster == c.Cluster {
			c.Notes = append(c.Notes, oneLine(n.Msg))
		}
	}
	switch got.State {
	case plan.Unknown:
		c.State, c.Error = Unread, "the delivery could not be read"
		if got.Err != nil {
			c.Error = oneLine(got.Err.Error())
		}
		r.unknown(c.Account, c.Cluster, c.Error)
	case plan.None:
		c.State = None
	case plan.Held:
		c.State, c.Key, c.KeyState = Held, got.Config.Key.ID, Gone
		if !got.Written.IsZero() {
			written := got.Written.UTC()
			c.Delivered = &written
		}
		if !got.Config.RoleARN.IsZero() {
			c.Role = got.Config.RoleARN.String()
		}
		if k, found := r.keys[keyRef{c.Account, c.Key}]; found {
			c.KeyState = k.State
		}
	}
}

// Broken reports whether a proof failed that was made for this report.
func (r *Report) Broken() bool {
	return slices.ContainsFunc(r.Clusters, func(c Cluster) bool { return c.Proof.Outcome == Broken && !c.Proof.Recorded })
}
