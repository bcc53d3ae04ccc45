package share

import (
	"github.com/pullpass/pullpass/arn"
	"github.com/pullpass/pullpass/iampolicy"
	"github.com/pullpass/pullpass/internal/credential"
	"github.com/pullpass/pullpass/internal/registry"
)

// The tags on everything that a share makes or adopts. A thing carries a tag only where it belongs to that one share,
// destination or cluster for good:
//
//	                                      share  destination  cluster
//	policy in the source, either posture    x
//	role, documented (may serve several)    x
//	role, hardened                          x         x
//	policy in a destination                 x         x
//	user, documented (clusters share it)    x         x
//	user, hardened                          x         x          x
//
// So no tag changes when destinations or clusters come and go.
const (
	TagShare       = "pullpass:share"
	TagDestination = "pullpass:destination"
	TagCluster     = "pullpass:cluster"
)

// Desired is what a share says should exist, as data. Everything in it is in the order of the document.
type Desired struct {
	// Share is the share's name.
	Share        string
	Registry     registry.Registry
	Posture      Posture
	Source       SourceSide
	Destinations []DestinationSide
	// Partial is set by Select: what is absent is then out of scope rather than unwanted.
	Partial bool
}

// SourceSide is what should exist in the account that owns the subscription.
type SourceSide struct {
	Account  arn.AccountID
	Policies []Policy
	Roles    []Role
}

// DestinationSide is what should exist in one account that receives access, and what its clusters should be given.
type DestinationSide struct {
	Account  arn.AccountID
	Policies []Policy
	Users    []User
	Clusters []ClusterDelivery
}

// Policy is a customer managed policy.
type Policy struct {
	Account    arn.AccountID
	Path, Name string
	Document   *iampolicy.Document
	Tags       map[string]string
}

// ARN returns the policy's name in AWS.
func (p Policy) ARN() arn.ARN { return arn.IAM(p.Account, "policy", p.Path, p.Name) }

// Role is an IAM role of the source account.
type Role struct {
	Account    arn.AccountID
	Path, Name string
	Trust      *iampolicy.Document
	// Policies are the managed policies to be attached.
	Policies []arn.ARN
	// Boundary is the permissions boundary, nil for none.
	Boundary *arn.ARN
	Tags     map[string]string
	// Destinations are the accounts that the trust names.
	Destinations []arn.AccountID
}

// ARN returns the role's name in AWS.
func (r Role) ARN() arn.ARN { return arn.IAM(r.Account, "role", r.Path, r.Name) }

// User is an IAM user of a destination.
type User struct {
	Account    arn.AccountID
	Path, Name string
	// Policies are the managed policies to be attached.
	Policies []arn.ARN
	// Boundary is the permissions boundary, nil for none.
	Boundary *arn.ARN
	Tags     map[string]string
}

// ARN returns the user's name in AWS.
func (u User) ARN() arn.ARN { return arn.IAM(u.Account, "user", u.Path, u.Name) }

// ClusterDelivery is what one cluster should be given, and where. Exactly one of Directory and Kubernetes is set.
type ClusterDelivery struct {
	Cluster string
	// ManagedBy is set for a workload cluster, whose Secret is a copy: the cluster that manages it, which Kubernetes leads to.
	ManagedBy string
	// User is the name of the user in the same destination whose key the cluster gets.
	User string
	// Config is complete but for the key.
	Config credential.Config
	// Directory is where the files go, as the document has it: relative to the share file unless absolute.
	Directory  string
	Kubernetes *Kubernetes
}

// manager returns the cluster that manages this one, which may be itself.
func (c ClusterDelivery) manager() string {
	if c.ManagedBy != "" {
		return c.ManagedBy
	}
	return c.Cluster
}

// Place names where the credential goes, for people.
func (c ClusterDelivery) Place() string {
	switch {
	case c.Kubernetes == nil:
		return c.Directory
	case c.ManagedBy != "":
		return "by " + c.Kubernetes.Place()
	}
	return c.Kubernetes.Place()
}
