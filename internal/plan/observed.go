package plan

import (
	"time"

	"github.com/pullpass/pullpass/arn"
	"github.com/pullpass/pullpass/iampolicy"
	"github.com/pullpass/pullpass/internal/awsid"
	"github.com/pullpass/pullpass/internal/credential"
)

// Observed is what reading both sides gives.
type Observed struct {
	// Accounts holds an entry for every account of the share.
	Accounts map[arn.AccountID]*Account
	Runs     Runs
}

// An AccountState says whether an account was read.
type AccountState string

// The states of an account.
const (
	// Read: everything that the share wants was looked for.
	Read AccountState = "read"
	// NoAccess: the share gives no access to the account.
	NoAccess AccountState = "no-access"
	// Failed: there is access, and reading failed.
	Failed AccountState = "failed"
)

// An Account is what was found in one account. What the share wants and is absent here does not exist.
type Account struct {
	State AccountState
	// Err is why reading failed.
	Err error
	// Caller is who reads, as STS tells.
	Caller arn.ARN
	// Policies are keyed by ARN, because a policy is found by path and name.
	Policies map[arn.ARN]*Policy
	// Roles and Users are keyed by name: there is one of a name in an account, whatever its path.
	Roles map[string]*Role
	Users map[string]*User
	// Former are users that the share does not want, or no longer, keyed by name: those whose keys its clusters hold, or held
	// before they got keys of their own.
	Former map[string]*User
	// FormerRoles are the roles that the policies of former users without keys let assume.
	FormerRoles []arn.ARN
	// Deliveries are keyed by cluster.
	Deliveries map[string]Delivery
	// LeftBehind are entities with the share's tag that the share does not want, sorted.
	LeftBehind []arn.ARN
	// Leftovers are the same in detail, where somebody asked for that.
	Leftovers Leftovers
}

// Leftovers are the roles and users that a share left behind in an account.
type Leftovers struct {
	Roles map[string]*Role
	Users map[string]*User
}

// A Policy is a managed policy as found.
type Policy struct {
	ARN arn.ARN
	// Document is the default version's; nil where it is none that iampolicy reads.
	Document *iampolicy.Document
	// Source is the default version's text as IAM gave it.
	Source   string
	Versions []PolicyVersion
	Tags     map[string]string
}

// A PolicyVersion is one of up to five versions of a policy.
type PolicyVersion struct {
	ID      string
	Default bool
	Created time.Time
}

// A Role is a role as found.
type Role struct {
	ARN arn.ARN
	// ID is the role's unique id, with which the ids of its sessions begin.
	ID awsid.UniqueID
	// Trust is nil where it is none that iampolicy reads.
	Trust *iampolicy.Document
	// Source is the trust policy's text as IAM gave it.
	Source   string
	Attached []arn.ARN
	// Boundary is the zero ARN for none.
	Boundary arn.ARN
	Tags     map[string]string
	// Denies are those of the share's revocations, the oldest first. Nobody looks for them where the role lacks TagRevoked.
	Denies []Deny
}

// A User is a user as found.
type User struct {
	ARN      arn.ARN
	Attached []arn.ARN
	// Boundary is the zero ARN for none.
	Boundary arn.ARN
	Tags     map[string]string
	Keys     []Key
}

// A Key is an access key as IAM tells of it.
type Key struct {
	ID     awsid.AccessKeyID
	Active bool
	// Created is the time at which the key was made.
	Created time.Time
	Use     KeyUse
	// LastUsed is when the key was last used, where Use is Used; IAM tells it to the hour or so.
	LastUsed time.Time
	// UsedService and UsedRegion are what it was used for then, such as sts in us-west-2; empty where IAM does not say.
	UsedService, UsedRegion string
}

// A KeyUse says whether a key has ever been used. A plan asks it only of keys that no readable delivery holds.
type KeyUse int

// The values of KeyUse; the zero value is the cautious one.
const (
	UseUnknown KeyUse = iota
	NeverUsed
	Used
)

// A DeliveryState says what a cluster holds.
type DeliveryState int

// The states of a delivery; the zero value is the cautious one.
const (
	// Unknown: it could not be read, or is not a credential that pullpass understands.
	Unknown DeliveryState = iota
	// None: nothing was delivered.
	None
	// Held: it holds a credential.
	Held
)

// A Delivery is what one cluster holds.
type Delivery struct {
	State DeliveryState
	// Config is what is delivered, the key included, where State is Held.
	Config credential.Config
	// Complete says, where State is Held, that every part of the delivery carries Config, such as both files of a
	// directory, and that nobody but its owner may read it.
	Complete bool
	// Err is why State is Unknown.
	Err error
	// Written is when the config got there; the zero time where nothing tells.
	Written time.Time
	// Cluster is what else a delivery into a cluster shows, nil where nothing could be seen or there is no such cluster.
	Cluster *InCluster
}

// InCluster is what a cluster shows beside the credential that it holds.
type InCluster struct {
	// NoNamespace says that the Secret's namespace is not there: the packages controller was never installed.
	NoNamespace bool
	// Refuses says why the Secret that is there can never be written: it is immutable, or of another type. Empty for none.
	Refuses string
	// TakesOver are the field managers that the Secret's config would be taken over from, sorted: those by which people
	// write it who follow AWS's page.
	TakesOver []string
	// Conflicts are the field managers of the config that nothing is taken over from unasked, sorted.
	Conflicts []string
	// Controller says that the packages controller is installed.
	Controller bool
	// Stale says that the packages controller runs since before the Secret was last written, and that nobody has asked
	// for its restart since. It reads the Secret only when it starts.
	Stale bool
	// Notes say what else keeps the cluster from using the share's registry, in the order in which to mend it.
	Notes []string
}

// Runs tells which runs of this machine are at work.
type Runs struct {
	// Host is this machine's name with its directory of locks, as its run ids have them: see RunPlace.
	Host string
	// Live are the runs of this machine whose lock is held.
	Live []RunID
}
