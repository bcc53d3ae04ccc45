// Package plan is the difference between a share and what exists.
package plan

import (
	"slices"
	"time"

	"github.com/pullpass/pullpass/arn"
	"github.com/pullpass/pullpass/internal/registry"
	"github.com/pullpass/pullpass/internal/share"
)

// A Plan is what it takes to make a share so. It holds no secret that would be printed, and the same Desired and
// Observed give the same Plan.
type Plan struct {
	Share    string
	Registry registry.Registry
	Posture  share.Posture
	// Sides are the source and then the destinations, in the order of the share.
	Sides []Side
	// Steps are in an order in which they could be carried out one after the other.
	Steps    []Step
	Problems []Problem
	Notes    []Note
	// LeftBehind are the share's own entities that it no longer asks for. No step touches them: taking access away is
	// a decision of its own.
	LeftBehind []Left
}

// A Side is one account of the share and the part that it plays.
type Side struct {
	Account arn.AccountID
	Part    Part
	State   SideState
}

// A Part says what an account is to the share.
type Part string

// The parts.
const (
	SourcePart      Part = "source"
	DestinationPart Part = "destination"
)

// A SideState says what can become of a side's steps.
type SideState string

// The states of a side.
const (
	// Ready: the side's steps can be carried out.
	Ready SideState = "ready"
	// HandedOver: the share gives no access, so the side was not read. Its steps are all that the side needs if nothing
	// is there yet, and its administrator carries them out.
	HandedOver SideState = "handed-over"
	// Stopped: a problem keeps the whole side from having steps.
	Stopped SideState = "stopped"
)

// A Step is one change, made by one operation. An operation may take more than one call.
type Step struct {
	// ID is the same in every plan that has this step.
	ID      string
	Account arn.AccountID
	// Cluster is set where the step serves one cluster alone.
	Cluster string
	Verb    Verb
	// Target names what is changed, such as `role curated-packages-role`.
	Target string
	Op     Op
	// Needs are the IDs of the steps that must have ended well before this one. They are all in the same account, because the
	// two sides of a share do not wait for each other, but for a delivery that takes the place of one of another role.
	Needs []string
	// Changes say what will be different.
	Changes []Change
}

// A Verb says what a step does to its target.
type Verb string

// The verbs.
const (
	Create Verb = "create"
	Update Verb = "update"
	Tag    Verb = "tag"
	Untag  Verb = "untag"
	Attach Verb = "attach"
	Write  Verb = "write"
	Delete Verb = "delete"
	// Restart starts a program again, so that it reads what has changed.
	Restart Verb = "restart"
	// Deactivate and Reactivate are for keys: an inactive one is refused, and can be given back.
	Deactivate Verb = "deactivate"
	Reactivate Verb = "reactivate"
)

// Mark is the sign of the verb: + for what is made, ~ for what is changed, - for what goes.
func (s Step) Mark() string {
	switch s.Verb {
	case Create, Attach:
		return "+"
	case Delete:
		return "-"
	case Write:
		if w, ok := s.Op.(WriteDelivery); ok && w.Fresh {
			return "+"
		}
	case Update, Tag, Untag, Restart, Deactivate, Reactivate:
	}
	return "~"
}

// A Change is one property before and after. A property that is not there is the empty string; a document has many
// lines.
type Change struct {
	Field  string `json:"field"`
	Before string `json:"before,omitempty"`
	After  string `json:"after,omitempty"`
}

// A ProblemKind is what callers branch on, to give the right hint.
type ProblemKind string

// The kinds of problems.
const (
	// Unreadable: the account could not be read.
	Unreadable ProblemKind = "unreadable"
	// WrongAccount: the access leads to another account.
	WrongAccount ProblemKind = "wrong-account"
	// MadeByHand: something has the name that the share wants, and not the share's tag.
	MadeByHand ProblemKind = "made-by-hand"
	// OtherShare: something with the name that the share wants belongs to another share.
	OtherShare ProblemKind = "other-share"
	// PathDiffers: something has the name that the share wants, under another path. IAM cannot move it.
	PathDiffers ProblemKind = "path-differs"
	// Quota: IAM would refuse for a quota.
	Quota ProblemKind = "quota"
	// KeyBusy: another run may be about to deliver a key of the user.
	KeyBusy ProblemKind = "key-busy"
	// KeysFull: the user has as many keys as IAM allows, and none of them may go.
	KeysFull ProblemKind = "keys-full"
	// RotationRefused: a key cannot be replaced as things are.
	RotationRefused ProblemKind = "rotation-refused"
	// DeliveryUnknown: what the cluster holds could not be read.
	DeliveryUnknown ProblemKind = "delivery-unknown"
	// NoNamespace: the cluster lacks the namespace of the Secret.
	NoNamespace ProblemKind = "no-namespace"
	// Unwritable: the Secret that is there can never be written.
	Unwritable ProblemKind = "unwritable"
	// FieldConflict: somebody else keeps what the Secret says.
	FieldConflict ProblemKind = "field-conflict"
	// DeliveryTaken: the cluster holds a key of another share.
	DeliveryTaken ProblemKind = "delivery-taken"
	// RoleUnseen: what the cluster holds may work, and nobody sees whether the role that would take the place of its own does.
	RoleUnseen ProblemKind = "role-unseen"
	// Revoked: the cluster's access was taken away a short time ago, and its sessions may live yet.
	Revoked ProblemKind = "revoked"
	// SharedKey: what is to lose its access uses a key that others may use too.
	SharedKey ProblemKind = "shared-key"
	// TrustStays: a role goes on trusting an account that is to lose its access.
	TrustStays ProblemKind = "trust-stays"
	// SourceStopped: the source lacks what the destination would use, for a problem of its own.
	SourceStopped ProblemKind = "source-stopped"
)

// A Problem is why something is not planned. One without a cluster stops its whole side.
type Problem struct {
	Kind    ProblemKind
	Account arn.AccountID
	// Cluster is set where the problem stops one cluster alone.
	Cluster string
	// Target names the thing in the way, empty where it is the account as a whole.
	Target string
	Msg    string
}

// A Note is something that people should know and that stops nothing.
type Note struct {
	Account arn.AccountID
	Cluster string
	Msg     string
}

// Left is one of the share's entities that the share no longer asks for.
type Left struct {
	Account arn.AccountID
	Target  string
}

// Options are what the operator asks for, and what a run knows of itself.
type Options struct {
	// Adopt takes over what was made by hand under the names that the share wants: it is tagged, and not changed otherwise.
	Adopt bool
	// CreateNamespace makes the Secret's namespace in a cluster that lacks it.
	CreateNamespace bool
	// ForceConflicts takes deliveries over from other shares, and the Secret's config from whoever keeps it.
	ForceConflicts bool
	// TakeOver disregards other runs that may still be at work.
	TakeOver bool
	// LiftDenies takes denies of revocations away before their time, and gives access again to what was revoked.
	LiftDenies bool
	// Run is the run that plans.
	Run RunID
	// Now is the time at which the run plans.
	Now time.Time
	// MaxKeyAge is the age from which a key is due for rotation; 0 for never.
	MaxKeyAge time.Duration
}

// Empty reports whether there is nothing to say: no step, no problem, and no side that somebody else must look after.
func (p *Plan) Empty() bool {
	return len(p.Steps) == 0 && len(p.Problems) == 0 && !slices.ContainsFunc(p.Sides, Side.handedOver)
}

// Pending reports whether carrying out the plan would change anything.
func (p *Plan) Pending() bool { return len(p.Runnable()) > 0 }

// Runnable returns the steps of the sides that are ready.
func (p *Plan) Runnable() []Step {
	return slices.DeleteFunc(slices.Clone(p.Steps), func(s Step) bool { return p.IsHandedOver(s.Account) })
}

// StepsOf returns the steps of one account.
func (p *Plan) StepsOf(account arn.AccountID) []Step {
	return slices.DeleteFunc(slices.Clone(p.Steps), func(s Step) bool { return s.Account != account })
}

// IsHandedOver reports whether the account's administrator has to carry out its steps.
func (p *Plan) IsHandedOver(account arn.AccountID) bool {
	return slices.ContainsFunc(p.Sides, func(s Side) bool { return s.Account == account && s.handedOver() })
}

func (s Side) handedOver() bool { return s.State == HandedOver }

// A Summary counts the steps of a plan.
type Summary struct {
	Create     int `json:"create"`
	Change     int `json:"change"`
	Delete     int `json:"delete"`
	HandedOver int `json:"handedOver"`
	Stopped    int `json:"stopped"`
}

// Summary counts steps by what they do, those of handed-over sides included, and sides by their state.
func (p *Plan) Summary() Summary {
	var s Summary
	for _, step := range p.Steps {
		switch step.Mark() {
		case "+":
			s.Create++
		case "-":
			s.Delete++
		default:
			s.Change++
		}
	}
	for _, side := range p.Sides {
		switch side.State {
		case HandedOver:
			s.HandedOver++
		case Stopped:
			s.Stopped++
		case Ready:
		}
	}
	return s
}
