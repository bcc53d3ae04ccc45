package verify

import (
	"errors"
	"slices"
	"time"

	"github.com/pullpass/pullpass/internal/awsid"
)

// A Link is one step on the way from a config file to a pulled layer.
type Link string

// The links, in the order in which they depend on each other.
const (
	LinkConfig   Link = "config"   // the delivered file can be read and names a role, a Region and a key
	LinkIdentity Link = "identity" // AWS knows the key
	LinkRole     Link = "role"     // the key's user may assume the role in the source account
	LinkToken    Link = "token"    // the role may ask ECR for an authorization token
	LinkRegistry Link = "registry" // the packages registry takes the token
	LinkManifest Link = "manifest" // the role may read a package's manifest
	LinkLayer    Link = "layer"    // the role may fetch a layer, whose bytes are those that the manifest promises
)

// Links returns every link in order.
func Links() []Link {
	links := make([]Link, 0, len(steps()))
	for _, s := range steps() {
		links = append(links, s.link)
	}
	return links
}

// A Side is who can mend a broken link.
type Side string

// The sides.
const (
	Source      Side = "source"      // the account that owns the subscription and the role
	Destination Side = "destination" // the account that owns the user and its key
	Cluster     Side = "cluster"     // whoever keeps the delivered file
	Network     Side = "network"     // whoever runs the network, or the clock, between here and AWS
	// SourceOrDestination is for a refusal of AssumeRole: AWS gives one text for a trust that says no, a role that is
	// gone and a user without the permission [seen], so that only a look at both accounts can tell them apart.
	SourceOrDestination Side = "source or destination"
)

// An Outcome is what became of a link. The zero value is NotReached: nothing is proven unless it was done.
type Outcome string

// The outcomes.
const (
	NotReached Outcome = ""
	Passed     Outcome = "passed"
	Failed     Outcome = "failed"
)

// String returns the word for the outcome.
func (o Outcome) String() string {
	if o == NotReached {
		return "not reached"
	}
	return string(o)
}

// A Proof is what was found out about one link. It holds no secret.
type Proof struct {
	Link    Link
	Outcome Outcome
	// Detail says in a few words what was proven. Empty unless Passed.
	Detail string
	// Err is why the link is broken, a *Fault, or why it is Unseen. Nil for other outcomes.
	Err error
	// Took is how long the proof took by the clock of the Config, waits for a new key included.
	Took time.Duration
}

// Fault returns the *Fault of a broken link, nil for any other.
func (p Proof) Fault() *Fault {
	var f *Fault
	if errors.As(p.Err, &f) {
		return f
	}
	return nil
}

// A Chain is one Proof for every link, in order. After the first broken one the rest are NotReached.
type Chain struct {
	Proofs []Proof
	// Notices are things to know that broke no link, such as a subscription about to end.
	Notices []string
	// Key is the one that was delivered; empty where the first link is broken.
	Key awsid.AccessKeyID
}

// OK reports whether every link passed.
func (c Chain) OK() bool {
	return len(c.Proofs) == len(steps()) &&
		!slices.ContainsFunc(c.Proofs, func(p Proof) bool { return p.Outcome != Passed })
}

// Broken returns the broken link, and whether there is one.
func (c Chain) Broken() (Proof, bool) {
	i := slices.IndexFunc(c.Proofs, func(p Proof) bool { return p.Outcome == Failed })
	if i < 0 {
		return Proof{}, false
	}
	return c.Proofs[i], true
}
