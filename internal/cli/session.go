package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/pullpass/pullpass/arn"
	"github.com/pullpass/pullpass/internal/audit"
	"github.com/pullpass/pullpass/internal/awsclient"
	"github.com/pullpass/pullpass/internal/plan"
	"github.com/pullpass/pullpass/internal/provision"
	"github.com/pullpass/pullpass/internal/runlock"
	"github.com/pullpass/pullpass/internal/share"
)

// shareFlags say which share, which part of it, and in which AWS.
type shareFlags struct {
	cloudFlags
	file                   string
	destinations, clusters []string
	// proving says that the accesses of the share help, and are no condition: a proof needs the delivered file alone.
	proving bool
}

func (f *shareFlags) register(cmd *cobra.Command) {
	f.cloudFlags.register(cmd)
	cmd.Flags().StringVarP(&f.file, "share", "f", "share.yaml", "the share document, a `FILE`")
	f.registerParts(cmd)
}

func (f *shareFlags) registerParts(cmd *cobra.Command) {
	cmd.Flags().StringArrayVar(&f.destinations, "destination", nil, "only this destination `ACCOUNT` (repeatable)")
	cmd.Flags().StringArrayVar(&f.clusters, "cluster", nil, "only the clusters of this `NAME` (repeatable)")
}

// session is a share, or one side of it, opened in one AWS.
type session struct {
	app     *app
	cloud   *cloud
	factory *awsclient.Factory
	// doc is the share document; nil where there is an invitation instead.
	doc *share.Document
	// shareFile is the document's name as it was given; empty where there is an invitation instead.
	shareFile string
	// dir is where the document is: deliveries are relative to it.
	dir     string
	desired share.Desired
	// whole is all of which desired may be a part.
	whole share.Desired
	// access holds the accounts that this side gives access to.
	access  map[arn.AccountID]share.Access
	keys    share.Keys
	located located
	reached *clusters
	named   named
	journal *journal
	// clock compares the clock here with AWS's.
	clock *clockCheck
	// trail is where the journal is written, unless --audit says otherwise.
	trail string
	// forceConflicts and createNamespace are the planOptions of the same names.
	forceConflicts, createNamespace bool
}

// readShare reads and checks the document, before anything is asked of AWS.
func readShare(file string) (*share.Document, error) {
	src, err := os.ReadFile(file)
	if err != nil {
		return nil, withHint(usage(fmt.Errorf("reading the share: %w", err)), "name the share document with -f FILE")
	}
	return share.Parse(file, src)
}

// withShare opens the share of the flags in the AWS of the flags, for as long as use takes.
func (a *app) withShare(ctx context.Context, f shareFlags, use func(*session) error) error {
	doc, err := readShare(f.file)
	if err != nil {
		return err
	}
	return a.withCloud(ctx, f.cloudFlags, func(c *cloud) error {
		s, err := a.open(ctx, doc, f, c)
		if err != nil {
			return err
		}
		return use(s)
	})
}

func (a *app) open(ctx context.Context, doc *share.Document, f shareFlags, c *cloud) (*session, error) {
	if c.sandboxed {
		nameDefaults(doc)
	}
	known, err := awsclient.Profiles(c.configFiles, c.credentialsFiles)
	if err != nil {
		return nil, err
	}
	if err := share.CheckProfiles(doc, known); err != nil && !f.proving {
		return nil, err
	}
	s := &session{
		app: a, cloud: c, doc: doc, shareFile: f.file, dir: filepath.Dir(f.file), reached: newClusters(),
		access: accesses(doc), keys: doc.Spec.Keys, trail: auditPath(f.file),
	}
	if err := s.sign(doc.Spec.Registry.Region); err != nil {
		return nil, err
	}
	find := s.locate
	if f.proving {
		find = s.locateAnyway
	}
	if s.located, err = find(ctx, doc); err != nil {
		return nil, err
	}
	if s.whole, err = doc.Desired(s.located.registry); err != nil {
		return nil, err
	}
	s.desired, err = s.whole.Select(f.destinations, f.clusters)
	return s, err
}

// nameDefaults gives `access: default` a meaning in a sandbox: the profile that every account has there.
func nameDefaults(doc *share.Document) {
	name := func(account arn.AccountID, access *share.Access) {
		if access != nil && access.Default {
			*access = share.Access{Profile: string(account)}
		}
	}
	name(doc.Spec.Source.Account, doc.Spec.Source.Access)
	for _, d := range doc.Spec.Destinations {
		name(d.Account, d.Access)
	}
}

func accesses(doc *share.Document) map[arn.AccountID]share.Access {
	found := map[arn.AccountID]share.Access{}
	if access := doc.Spec.Source.Access; access != nil {
		found[doc.Spec.Source.Account] = *access
	}
	for _, d := range doc.Spec.Destinations {
		if d.Access != nil {
			found[d.Account] = *d.Access
		}
	}
	return found
}

// opener signs in to an account, when and if it is worked in.
func (s *session) opener(access share.Access) provision.Opener {
	return func(ctx context.Context) (provision.Account, error) {
		clients, err := s.factory.For(ctx, access, s.desired.Registry.Region)
		if err != nil {
			return provision.Account{}, err
		}
		return provision.Account{IAM: clients.IAM, Caller: clients.Caller}, nil
	}
}

// named is a run with its name.
type named struct {
	run plan.RunID
	// place is where it locks, and locks the directory.
	place, locks string
}

// sign gives the session's run a name, and has everything that the session asks of AWS bear it.
func (s *session) sign(region arn.Region) error {
	locks, err := filepath.Abs(filepath.Join(s.dir, ".pullpass", "runs"))
	if err != nil {
		return err
	}
	place := plan.RunPlace(s.app.env.Hostname, locks)
	id, err := plan.NewRunID(place, s.app.env.Now(), s.app.env.Random)
	if err != nil {
		return err
	}
	s.named = named{run: id, place: place, locks: locks}
	s.journal, s.clock = &journal{operator: s.operator}, &clockCheck{now: s.app.env.Now}
	s.factory = s.cloud.factory(s.app, region, func(c *awsclient.Config) {
		c.Run, c.Effects, c.Dated = string(id), s.journal, s.clock.answered
	})
	return nil
}

// operator returns who the session acts as in an account; nobody where the share gives no access.
func (s *session) operator(ctx context.Context, account arn.AccountID) (arn.ARN, error) {
	access, given := s.access[account]
	if !given {
		return arn.ARN{}, nil
	}
	clients, err := s.factory.For(ctx, access, s.desired.Registry.Region)
	if err != nil {
		return arn.ARN{}, err
	}
	return clients.Caller(ctx)
}

// run is one run of plan or apply.
type run struct {
	*session
	config  provision.Config
	options plan.Options
	// locks is the directory in which runs are locked.
	locks   string
	release func() error
}

// planOptions are what plan, apply and accept let an operator choose.
type planOptions struct {
	adopt, takeOver, createNamespace, forceConflicts, liftDenies bool
	// audit is the file of the audit trail; empty for the share's own.
	audit string
}

func (o *planOptions) register(cmd *cobra.Command) {
	cmd.Flags().BoolVar(&o.adopt, "adopt", false, "take over what was made by hand: tag it, and change nothing else")
	cmd.Flags().BoolVar(&o.takeOver, "take-over", false, "disregard other runs that may still be at work")
	cmd.Flags().BoolVar(&o.createNamespace, "create-namespace", false, "make the Secret's namespace in clusters that lack it")
	cmd.Flags().BoolVar(&o.forceConflicts, "force-conflicts", false, "write over what another share delivered, and the Secret's config whoever keeps it")
}

// auditConfig says how the session records in a file.
func (s *session) auditConfig(file string) audit.Config {
	return audit.Config{Path: file, Share: s.desired.Share, Run: string(s.named.run), Now: s.app.env.Now}
}

// spreading is how long AWS is given to know what takes the place of something that works, unless --settle says otherwise.
const spreading = 20 * time.Second

// begin starts a run. One that will change things takes a lock, so that others can tell that it is at work.
func (s *session) begin(ctx context.Context, o planOptions, changes bool) (*run, error) {
	s.forceConflicts, s.createNamespace = o.forceConflicts, o.createNamespace
	now := s.app.env.Now()
	id, place, locks := s.named.run, s.named.place, s.named.locks
	live, err := runlock.Live(locks, now)
	if err != nil {
		return nil, err
	}
	r := &run{session: s, locks: locks, release: func() error { return nil }}
	if changes {
		lock, err := runlock.Hold(ctx, locks, id)
		if err != nil {
			return nil, err
		}
		r.release = func() error { return errors.Join(s.journal.end(s.app), lock.Release()) }
		s.journal.begin(s.auditConfig(cmp.Or(o.audit, s.trail)))
	}
	r.options = plan.Options{
		Adopt: o.adopt, LiftDenies: o.liftDenies, TakeOver: o.takeOver, CreateNamespace: o.createNamespace, ForceConflicts: o.forceConflicts,
		Run: id, Now: now, MaxKeyAge: s.keys.MaxAge,
	}
	r.config = provision.Config{
		Accounts: map[arn.AccountID]provision.Opener{}, Deliverer: s.deliverer, Restart: s.restart, Run: id,
		Runs:     plan.Runs{Host: place, Live: live},
		Settling: awsclient.Settling{Wait: s.app.env.Wait, Jitter: rand.Float64}, Spread: spreading,
		Now: s.app.env.Now,
	}
	for account, access := range s.access {
		r.config.Accounts[account] = s.opener(access)
	}
	return r, nil
}

// plan reads both sides and compares. Which runs are at work is asked before the reading and after it: one that began in
// the meantime may have made a key that was read, and one that ended in the meantime may have delivered it unseen.
func (r *run) plan(ctx context.Context) (*plan.Plan, error) {
	observed, err := r.observe(ctx)
	if err != nil {
		return nil, err
	}
	return plan.Diff(r.desired, observed, r.options)
}

func (r *run) observe(ctx context.Context) (plan.Observed, error) {
	observed, err := provision.Observe(ctx, r.config, r.desired)
	if err != nil {
		return plan.Observed{}, err
	}
	live, err := runlock.Live(r.locks, r.options.Now)
	if err != nil {
		return plan.Observed{}, err
	}
	observed.Runs.Live = slices.Concat(observed.Runs.Live, live)
	return observed, nil
}
