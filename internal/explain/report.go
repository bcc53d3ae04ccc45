// Package explain finds out of what was read on both sides why an access is denied.
package explain

import (
	"encoding/json"

	"github.com/pullpass/pullpass/arn"
	"github.com/pullpass/pullpass/internal/verify"
)

// A Report is the explanation of one access: what AWS answered, what our reading of both sides makes of it, and the
// smallest change that would let it through. It holds no secret. Its JSON is that of `pullpass explain -o json`.
type Report struct {
	Subject Subject `json:"subject"`
	// Answered is what AWS really said; nil where it was not asked, or did not answer.
	Answered *Answer `json:"answered"`
	// Agrees is false where AWS's answer and our reading of the policies contradict each other, which then is the finding.
	Agrees     bool       `json:"agrees"`
	Outcome    Outcome    `json:"outcome"`
	Conclusion Conclusion `json:"conclusion"`
	// Chain has every link of a pull in order, and where all of them hold those of the cluster that uses them; a question about
	// one action has the link of that action alone.
	Chain []Link `json:"chain"`
	// Cause is what breaks the first broken link; nil where nothing is broken or nothing is known to be.
	Cause *Cause `json:"cause"`
	// Nearest are the near misses: what would have let the access through, had it not been for a difference.
	Nearest []Miss `json:"nearest"`
	// Unread is what could have decided and could not be read.
	Unread []Unread `json:"unread"`
	// Fix is the smallest change that removes the cause; nil where there is none to make, or none that is known.
	Fix *Fix `json:"fix"`
	// Send are texts for those who can read what could not be read here; empty where the cause is certain.
	Send []Letter `json:"send"`
}

// A Letter is a text to be sent as it is.
type Letter struct {
	// Account is whose administrator it is for; To says so in words.
	Account arn.AccountID `json:"account"`
	To      string        `json:"to"`
	Text    string        `json:"text"`
}

// A Subject is what a Report is about: a cluster of a share, a config file, or a principal with an action and a resource.
type Subject struct {
	Share     string        `json:"share,omitempty"`
	Account   arn.AccountID `json:"account,omitempty"`
	Cluster   string        `json:"cluster,omitempty"`
	Config    string        `json:"config,omitempty"`
	Principal string        `json:"principal,omitempty"`
	Action    string        `json:"action,omitempty"`
	Resource  string        `json:"resource,omitempty"`
}

// An Answer is what AWS, or the registry, said to the call that failed.
type Answer struct {
	Service   string `json:"service"`
	Operation string `json:"operation"`
	Code      string `json:"code"`
	Message   string `json:"message"`
	// RequestID is what AWS's support asks for; empty where the answer has none.
	RequestID string `json:"requestId,omitempty"`
}

// An Outcome says whether the access works.
type Outcome string

// The outcomes.
const (
	Works   Outcome = "works"
	Denied  Outcome = "denied"
	Unknown Outcome = "unknown"
	// Unused: it works, and the cluster for which it is does not use it as it should.
	Unused Outcome = "unused"
)

// A Conclusion says how sure a Report is of its cause.
type Conclusion string

// The conclusions.
const (
	// Certain: everything that could decide was read.
	Certain Conclusion = "certain"
	// Likely: what was read points at one cause, and something that was not read could be another.
	Likely Conclusion = "likely"
	// Open: what was not read decides.
	Open Conclusion = "open"
)

// A State is what became of a link.
type State string

// The states.
const (
	OK         State = "ok"
	Failed     State = "failed"
	NotReached State = "not reached"
	NotSeen    State = "not seen"
)

// A Link is one link of the chain with whom it depends on.
type Link struct {
	Link verify.Link `json:"link"`
	// Account is the one that decides about the link; empty for the config file, which belongs to no account.
	Account arn.AccountID `json:"account,omitempty"`
	// Principal is who acts.
	Principal string `json:"principal,omitempty"`
	Outcome   State  `json:"outcome"`
	Detail    string `json:"detail,omitempty"`
	// Policies are those that were read and take part in the decision.
	Policies []Policy `json:"policies,omitempty"`
}

// A PolicyKind says what part a policy plays.
type PolicyKind string

// The kinds of policies.
const (
	Identity   PolicyKind = "identity"
	Trust      PolicyKind = "trust"
	Boundary   PolicyKind = "boundary"
	SCP        PolicyKind = "scp"
	RCP        PolicyKind = "rcp"
	Session    PolicyKind = "session"
	Repository PolicyKind = "repository"
)

// A Policy names a policy: by its ARN if it has one, else by its name, which for a trust is that of the role.
type Policy struct {
	ARN  string     `json:"arn,omitempty"`
	Name string     `json:"name,omitempty"`
	Kind PolicyKind `json:"kind"`
}

// A Kind says what sort of fault a cause or a near miss is.
type Kind string

// The kinds of causes.
const (
	ActionMissing      Kind = "action-missing"       // no policy of the principal allows the action on the resource
	ExplicitDeny       Kind = "explicit-deny"        // a statement denies
	WrongRegion        Kind = "wrong-region"         // what is allowed, or the file, names another Region
	ExternalID         Kind = "external-id"          // the trust wants another external id than the file sends
	SessionName        Kind = "session-name"         // the trust wants another session name
	PrincipalPath      Kind = "principal-path"       // the trust, or the question, names the user under another path
	PrincipalRecreated Kind = "principal-recreated"  // the trust holds the unique id of a principal that is gone
	RolePath           Kind = "role-path"            // the role has another path than the file, or the question, says
	RoleMissing        Kind = "role-missing"         // there is no such role
	TrustMissing       Kind = "trust-missing"        // the trust does not name the caller
	ByScp              Kind = "scp"                  // a service control policy of the organization
	ByRcp              Kind = "rcp"                  // a resource control policy of the organization
	ByBoundary         Kind = "boundary"             // a permissions boundary
	BySession          Kind = "session-policy"       // a session policy
	KeyInactive        Kind = "key-inactive"         // the access key is switched off
	KeyDeleted         Kind = "key-deleted"          // the access key is gone
	Clock              Kind = "clock"                // the clock is minutes off
	Subscription       Kind = "subscription-expired" // the subscription that opens the registry has ended
	RegistryRegion     Kind = "registry-region"      // the registry is that of another Region
	ByRepository       Kind = "repository-policy"    // the repository has no policy that lets the account in
	UserMissing        Kind = "user-missing"         // the user of the key is gone
	ConfigFile         Kind = "config"               // the file is at fault
	Network            Kind = "network"              // AWS was not reached, or something in between answered
	Revoked            Kind = "revoked"              // pullpass revoke took the access away
	Cluster            Kind = "cluster"              // the access works, and the cluster does not use it as it should
)

// A Cause is what breaks a link.
type Cause struct {
	Link verify.Link `json:"link,omitempty"`
	// Account is the one in which the cause is to be mended; empty for what belongs to none, such as a file.
	Account arn.AccountID `json:"account,omitempty"`
	Kind    Kind          `json:"kind"`
	// Policy is the one that denies, or the one that lacks the statement; nil where no policy is the matter.
	Policy *Policy `json:"policy,omitempty"`
	// Statement is the one that denies, or the one that comes closest to allowing; nil where there is none.
	Statement *Statement `json:"statement,omitempty"`
	// Missing says that a statement that allows is missing, rather than that one denies.
	Missing bool `json:"missing"`
	// Text says it in one sentence for people.
	Text string `json:"text"`
}

// A Statement is a place in a policy.
type Statement struct {
	Sid string `json:"sid,omitempty"`
	// Index counts from 0, as a JSON pointer does.
	Index int `json:"index"`
	// Line is where the statement begins in the text that AWS holds, from 1; IAM keeps the lines as they were written.
	Line int `json:"line"`
	// Text is the statement as AWS holds it, without white space: a document that a program made is often one line.
	Text string `json:"text"`
}

// A Miss is one difference that kept something from allowing.
type Miss struct {
	Kind Kind `json:"kind"`
	// Where is the place of what differs, such as a condition of a statement of a policy.
	Where    string `json:"where"`
	Expected string `json:"expected"`
	Found    string `json:"found"`
	Text     string `json:"text"`
}

// An Unread is something that could not be read and what follows from that.
type Unread struct {
	What    string        `json:"what"`
	Account arn.AccountID `json:"account,omitempty"`
	Error   string        `json:"error"`
	Follows string        `json:"follows"`
	// Command of the AWS CLI shows it to an administrator of Account; empty where none does.
	Command string `json:"command,omitempty"`
}

// A Fix is the smallest change that removes a cause.
type Fix struct {
	// Account is the one to work in; empty where the change is made outside AWS.
	Account arn.AccountID `json:"account,omitempty"`
	Text    string        `json:"text"`
	// Patch changes policy documents; empty where the change is none of a document.
	Patch []PatchOp `json:"patch,omitempty"`
	// Commands are of the AWS CLI, for a POSIX shell, to be run in order by an administrator of Account.
	Commands []string `json:"commands,omitempty"`
	// Pullpass is the command of this program that does the same; empty where none does.
	Pullpass string `json:"pullpass,omitempty"`
}

// A PatchOp is one operation of a JSON patch (RFC 6902, section 4).
type PatchOp struct {
	Op   string `json:"op"`
	Path string `json:"path"`
	// Of is the document that is patched: the ARN of a managed policy, or `trust of` and the ARN of a role.
	Of    string          `json:"of"`
	Value json.RawMessage `json:"value,omitempty"`
}
