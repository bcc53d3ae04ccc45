package plan

import (
	"github.com/pullpass/pullpass/arn"
	"github.com/pullpass/pullpass/iampolicy"
	"github.com/pullpass/pullpass/internal/awsid"
	"github.com/pullpass/pullpass/internal/credential"
	"github.com/pullpass/pullpass/internal/share"
)

// An Op is what a step carries out. The types of this file are the only ones.
type Op interface{ op() }

// CreatePolicy makes a customer managed policy with its tags.
type CreatePolicy struct{ Policy share.Policy }

// UpdatePolicy makes a new default version of a policy.
type UpdatePolicy struct {
	Policy   arn.ARN
	Document *iampolicy.Document
	// DeleteVersion is the version that has to go first, where the policy has as many as IAM allows; else empty.
	DeleteVersion string
}

// CreateRole makes a role with its trust, boundary and tags. Its policies are attached by steps of their own.
type CreateRole struct{ Role share.Role }

// UpdateTrust replaces the trust policy of a role.
type UpdateTrust struct {
	Role  arn.ARN
	Trust *iampolicy.Document
}

// CreateUser makes a user with its boundary and tags. Its policies are attached by steps of their own.
type CreateUser struct {
	User share.User
	// Pending marks the user for this run in the same call, because a key will follow.
	Pending bool
}

// AttachPolicy attaches a managed policy to a role or user.
type AttachPolicy struct{ Entity, Policy arn.ARN }

// PutBoundary sets the permissions boundary of a role or user.
type PutBoundary struct{ Entity, Boundary arn.ARN }

// PutTags sets tags on a policy, role or user; other tags stay.
type PutTags struct {
	Entity arn.ARN
	Tags   map[string]string
}

// RemoveTags removes tags from a policy, role or user.
type RemoveTags struct {
	Entity arn.ARN
	Keys   []string
}

// CreateKey makes an access key and hands it to the clusters that use the user: the user is marked pending, the key is
// made, delivered, and the mark removed. The secret exists only between the making and the delivery.
type CreateKey struct {
	User arn.ARN
	// Mark says that the user is there already and has to be marked; otherwise the step that makes it does so.
	Mark       bool
	Deliveries []DeliveryOf
	// Others are the keys that the user has had so far: a further one must be the new one.
	Others []awsid.AccessKeyID
	// Pending is the user's pending tag as the plan found it, empty for none.
	Pending RunID
	// Replaces is the key that is to go once the new one has taken its place, which the user is marked with too; empty for
	// none.
	Replaces awsid.AccessKeyID
}

// Marks are the tags that the user bears while the key is made.
func (c CreateKey) Marks() []string {
	if c.Replaces == "" {
		return []string{TagPending}
	}
	return []string{TagPending, TagRetiring}
}

// DeliveryOf is where a key goes.
type DeliveryOf struct {
	share.ClusterDelivery
	// Fresh says that nothing has been delivered there before.
	Fresh bool
	// Moves says that what was delivered there before assumes another role, which may work.
	Moves bool
}

// DeleteKey removes an access key that nobody holds. What it was planned on may have changed by the time that it is carried
// out, so it carries what has to be looked at again.
type DeleteKey struct {
	User arn.ARN
	Key  awsid.AccessKeyID
	// Pending is the user's pending tag as the plan found it, empty for none.
	Pending RunID
	// Deliveries are the clusters that use the user: none of them may hold the key.
	Deliveries []share.ClusterDelivery
}

// WriteDelivery gives a cluster a key that exists already, copied from another delivery of the same user or from the
// delivery's own former content.
type WriteDelivery struct {
	DeliveryOf
	Key credential.AccessKey
}

// RestartController restarts a cluster's packages controller where it started before its Secret was last written.
type RestartController struct{ share.ClusterDelivery }

// A Retirement is what the going of an old key rests on. It may have changed by the time that a step is carried out, so
// it is looked at again.
type Retirement struct {
	User arn.ARN
	// Key is the old key, Successor the one that has taken its place; empty where the clusters have got keys of other users.
	Key, Successor awsid.AccessKeyID
	// Pending is the user's pending tag as the plan found it, empty for none.
	Pending RunID
	// Deliveries are the clusters that use the user, or have used it: those that hold a key must hold the successor, or another
	// than Key where there is none.
	Deliveries []share.ClusterDelivery
	// Disregarded are the clusters whose delivery does not count: patience with them has ended, or they are copies that
	// cannot be read.
	Disregarded []string
}

// DeactivateKey deactivates a key that a rotation has replaced. Mark says that the user does not bear the mark of that
// yet.
type DeactivateKey struct {
	Retirement
	Mark bool
}

// ReactivateKey gives back a key that was deactivated too early.
type ReactivateKey struct {
	User arn.ARN
	Key  awsid.AccessKeyID
}

// DeleteRetiredKey deletes a key that a rotation has replaced and that is inactive.
type DeleteRetiredKey struct{ Retirement }

// SuspendKey deactivates a key that nothing takes the place of.
type SuspendKey struct {
	User arn.ARN
	Key  awsid.AccessKeyID
}

// DenySessions denies everything to sessions of a role.
type DenySessions struct {
	Role     arn.ARN
	Deny     Deny
	Document *iampolicy.Document
}

// LiftDenies takes denies off a role, and with the last one its mark.
type LiftDenies struct {
	Role     arn.ARN
	Policies []string
	Last     bool
}

// A Removal is an entity that goes for good, with all that hangs on it. It is looked at again before: it must be the
// share's still, and adopted only if that was known.
type Removal struct {
	Entity arn.ARN
	Share  string
	// Adopted says that it was made by hand, and is to go all the same.
	Adopted bool
}

// RemoveUser deletes a user with all its access keys.
type RemoveUser struct{ Removal }

// RemoveRole deletes a role, with which all its sessions end.
type RemoveRole struct{ Removal }

// RemovePolicy deletes a managed policy with all its versions. Nothing is detached for it.
type RemovePolicy struct{ Removal }

// RemoveDelivery takes a credential out of where it was delivered, unless another one has taken its place.
type RemoveDelivery struct {
	share.ClusterDelivery
	Key awsid.AccessKeyID
}

func (SuspendKey) op()        {}
func (DenySessions) op()      {}
func (LiftDenies) op()        {}
func (RemoveUser) op()        {}
func (RemoveRole) op()        {}
func (RemovePolicy) op()      {}
func (RemoveDelivery) op()    {}
func (CreatePolicy) op()      {}
func (UpdatePolicy) op()      {}
func (CreateRole) op()        {}
func (UpdateTrust) op()       {}
func (CreateUser) op()        {}
func (AttachPolicy) op()      {}
func (PutBoundary) op()       {}
func (PutTags) op()           {}
func (RemoveTags) op()        {}
func (CreateKey) op()         {}
func (DeleteKey) op()         {}
func (WriteDelivery) op()     {}
func (RestartController) op() {}
func (DeactivateKey) op()     {}
func (ReactivateKey) op()     {}
func (DeleteRetiredKey) op()  {}
