// Package fieldcheck asks AWS what only AWS can tell, one assumption at a time.
//
// A check makes users, roles and policies of its own in two accounts, below one path, looks at AWS's answers to them, and
// writes them down with names in place of ids and dates. The same checks run against any AWS: what two of them did is then
// laid side by side.
package fieldcheck

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"

	"github.com/pullpass/pullpass/arn"
	"github.com/pullpass/pullpass/internal/awsclient"
	"github.com/pullpass/pullpass/internal/awserror"
)

// Bounds of one run.
const (
	// MostCalls is how many requests the checks send at most, attempts counted one by one; cleaning up has as many.
	MostCalls = 1500
	// MostTime is after how long the checks begin nothing more; cleaning up comes after it, and takes a minute or two.
	MostTime = 30 * time.Minute
	// DefaultPatience is how long a check waits for what may never come: see Config.Patience.
	DefaultPatience = 2 * time.Minute
	// spread is how long a change of IAM is given to be known everywhere. AWS gives no bound: "seconds", mostly (IAM User
	// Guide, "Changes that I make are not always immediately visible"); up to 20 were reported [seen].
	spread = 25 * time.Second
)

// Side is one of the two accounts, with what its administrator can do.
type Side struct {
	Account arn.AccountID
	IAM     *iam.Client
	// Keys gives the administrator's credentials, for what is signed by hand.
	Keys func(context.Context) (aws.Credentials, error)
	// Subscriptions reads EKS Anywhere subscriptions; only the source's is asked.
	Subscriptions *awsclient.Subscriptions
}

// Config says where and how to check. What has no default is needed.
type Config struct {
	Source, Destination Side
	Region              arn.Region
	// Subscription is the id of one of the source's EKS Anywhere subscriptions; empty for none.
	Subscription string
	// HTTPClient carries what is signed by hand; nil is http.DefaultClient. Redirects are never followed.
	HTTPClient *http.Client
	Now        func() time.Time
	// Wait returns after a time of that clock, or with the context's error.
	Wait func(context.Context, time.Duration) error
	// Patience bounds the waits for what may never come: the end of a registry token, the use of a key to show; 0 is
	// DefaultPatience.
	Patience time.Duration
	Random   io.Reader
	// Progress is told of each check as it begins, and of the cleaning up; nil for nobody.
	Progress func(what string)
}

// Field is two accounts of one AWS.
type Field struct {
	Config
	run    string
	names  names
	budget *budget
	// What several checks use.
	owner *user
	store *repository
}

// New makes a field with a run of its own. Nothing is sent yet.
func New(c Config) (*Field, error) {
	var id [4]byte
	if _, err := io.ReadFull(c.Random, id[:]); err != nil {
		return nil, fmt.Errorf("naming the run: %w", err)
	}
	if c.Patience == 0 {
		c.Patience = DefaultPatience
	}
	if c.HTTPClient == nil {
		c.HTTPClient = http.DefaultClient
	}
	if c.Progress == nil {
		c.Progress = func(string) {}
	}
	client := *c.HTTPClient
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	c.HTTPClient = &client
	f := &Field{Config: c, run: hex.EncodeToString(id[:]), budget: &budget{now: c.Now}}
	f.Source.IAM, f.Destination.IAM = f.budget.counted(c.Source.IAM), f.budget.counted(c.Destination.IAM)
	f.names = newNames(f)
	return f, nil
}

// RunID is the part of every name and path that tells this run from others.
func (f *Field) RunID() string { return f.run }

// Run does the checks one after the other, and cleans up whatever became of them, even once ctx has ended. The
// observations are those of the checks that were begun; the error is one of cleaning up.
func (f *Field) Run(ctx context.Context, checks []Check) (seen map[ID]Observation, err error) {
	seen = map[ID]Observation{}
	f.budget.grant(MostCalls, MostTime)
	defer func() { err = f.clean(context.WithoutCancel(ctx), f.path()) }()
	for _, check := range checks {
		if ctx.Err() != nil {
			break
		}
		f.Progress("check " + string(check.ID))
		seen[check.ID] = f.observe(ctx, check)
	}
	return seen, nil
}

func (f *Field) observe(ctx context.Context, check Check) Observation {
	s := &stage{Field: f}
	err := check.run(s, ctx)
	var untold notSeen
	switch {
	case errors.As(err, &untold):
		s.seen.NotSeen = f.names.normal(string(untold))
	case err != nil:
		s.seen.Error = f.names.normal(awserror.InBrief(err).Error())
	}
	return s.seen
}

// Clean removes what earlier runs have left in both accounts.
func (f *Field) Clean(ctx context.Context) error { return f.clean(ctx, Path) }
