// Package provision reads the accounts of a share to carry out plans in them.
package provision

import (
	"context"
	"time"

	"github.com/pullpass/pullpass/arn"
	"github.com/pullpass/pullpass/internal/awsclient"
	"github.com/pullpass/pullpass/internal/awsid"
	"github.com/pullpass/pullpass/internal/credential"
	"github.com/pullpass/pullpass/internal/plan"
	"github.com/pullpass/pullpass/internal/share"
)

// Config says how a run reaches what it works on.
type Config struct {
	// Accounts open the accounts that the share gives access to. One that is absent is neither read nor changed.
	Accounts map[arn.AccountID]Opener
	// Deliverer returns the place of a cluster's credential. It may ask a cluster for the way to another.
	Deliverer func(context.Context, share.ClusterDelivery) (Deliverer, error)
	// Restart restarts a cluster's packages controller where it started before its Secret was last written. It may be nil
	// where no plan asks for that.
	Restart func(context.Context, share.ClusterDelivery) error
	// Withdraw takes a credential out of where it was delivered, if it still is the one with this key. It may be nil where no
	// plan asks for that.
	Withdraw func(context.Context, share.ClusterDelivery, awsid.AccessKeyID) error
	// Run is this run, whose id marks users that are about to get a key.
	Run plan.RunID
	// Runs are the other runs of this machine.
	Runs plan.Runs
	// Settling repeats calls on what was just made.
	Settling awsclient.Settling
	// Spread is how long a new key that takes the place of one in use is kept before it is delivered, until AWS knows it
	// everywhere. Settling waits for it. Who is given it sooner may be refused with it, and has lost the old one.
	Spread time.Duration
	// Now returns the time, by which the age of deliveries is told; nil where none counts as young.
	Now func() time.Time
	// Uses asks for the last use of every key of the share's users. Otherwise it is asked of keys that no delivery holds.
	Uses bool
	// Leftovers reads what the share left behind in detail, for who is to remove it.
	Leftovers bool
	// Limit is how many entities of one account are read at the same time, or steps carried out; 0 for 64. AWS's
	// throttling slows an account down further, at the pace of its clients.
	Limit int
	// Progress is told of every step as it starts and ends, by one goroutine at a time; nil for nobody.
	Progress func(Event)
}

const defaultLimit = 64

// An Opener signs in to one account. Its error is the reason why the account cannot be read.
type Opener func(context.Context) (Account, error)

// An Account is one account that a run can work in.
type Account struct {
	IAM IAM
	// Caller returns who the run acts as in the account.
	Caller func(context.Context) (arn.ARN, error)
}

// A Deliverer is the place of one cluster's credential.
type Deliverer interface {
	// Observe tells what the place holds; what cannot be read is unknown.
	Observe(context.Context) plan.Delivery
	// Ready finds out whether Write can deliver, before there is a key whose secret would be lost.
	Ready(context.Context) error
	Write(context.Context, credential.Config) error
}

// An Event is a step that starts or ends.
type Event struct {
	Step  plan.Step
	State State
	// Err is why a step failed or was skipped.
	Err error
}

// A State is how far a step is.
type State string

// The states of a step.
const (
	Started State = "started"
	Done    State = "done"
	Failed  State = "failed"
	// Skipped: something that the step needs failed or was skipped, or the run was stopped.
	Skipped State = "skipped"
)

func (c Config) limit() int {
	if c.Limit > 0 {
		return c.Limit
	}
	return defaultLimit
}
