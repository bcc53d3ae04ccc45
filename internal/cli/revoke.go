package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/pullpass/pullpass/internal/awsid"
	"github.com/pullpass/pullpass/internal/plan"
	"github.com/pullpass/pullpass/internal/provision"
	"github.com/pullpass/pullpass/internal/revoke"
	"github.com/pullpass/pullpass/internal/share"
	"github.com/pullpass/pullpass/internal/verify"
)

// revokeOptions are those of `pullpass revoke`.
type revokeOptions struct {
	shareFlags
	all, yes, dryRun, takeOver          bool
	hard, keepDeliveries, deleteAdopted bool
	audit                               string
}

func (a *app) revokeCommand() *cobra.Command {
	var o revokeOptions
	cmd := &cobra.Command{
		Use:   "revoke",
		Short: "Take access away from a cluster, an account or all, and prove that it is gone",
		Long: `Takes away the access of the clusters given with --cluster, of whole destinations (--destination without --cluster) or
of the whole share (--all). Shows what will go and asks (unless --yes). First access ends: the access keys are deactivated, and the
sessions that were made with them are denied. Then a key, a session and a registry token, taken before from each delivery, are
tried until each is refused several times in a row; the time to each refusal is reported. Then users, policies, roles and
what was delivered are removed (--keep-deliveries keeps the latter). What was adopted is released and not deleted, unless
--delete-adopted. Running it again goes on from where the last run ended.

In the documented posture clusters share a user and destinations share a role, so that AWS cannot tell their sessions apart:
they live on for up to an hour, and registry tokens for up to 12 hours. --hard denies the role to all of its sessions, those
of other destinations too, for a day.

The exit code is 0 if all was done, 1 if something was not, 3 with --dry-run if something would be, and 4 if something was
still accepted after five minutes; then nothing of that cluster is removed.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.withShare(cmd.Context(), shareFlags{cloudFlags: o.cloudFlags, file: o.file}, func(s *session) error {
				return s.revoke(cmd.Context(), o)
			})
		},
	}
	o.register(cmd)
	flags := cmd.Flags()
	flags.BoolVar(&o.all, "all", false, "revoke the whole share")
	flags.BoolVar(&o.hard, "hard", false, "in the documented posture, deny the role to all of its sessions for a day")
	flags.BoolVar(&o.keepDeliveries, "keep-deliveries", false, "leave what was delivered where it is")
	flags.BoolVar(&o.deleteAdopted, "delete-adopted", false, "delete what was made by hand and adopted, too")
	flags.BoolVar(&o.dryRun, "dry-run", false, "show what would go, and change nothing")
	flags.BoolVar(&o.yes, "yes", false, "do not ask for a confirmation")
	flags.BoolVar(&o.takeOver, "take-over", false, "disregard other runs that may still be at work")
	registerAudit(cmd, &o.audit)
	a.formatFlag(cmd)
	return cmd
}

func (s *session) revoke(ctx context.Context, o revokeOptions) (err error) {
	target, err := revoke.Choose(s.desired, o.all, o.destinations, o.clusters)
	if err != nil {
		return unchosen(err)
	}
	r, err := s.begin(ctx, planOptions{takeOver: o.takeOver, audit: o.audit}, !o.dryRun)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.release()) }()
	if !o.dryRun && !o.takeOver {
		if err := r.awaitOthers(ctx); err != nil {
			return err
		}
	}
	revoker := r.revoker(target, revoke.Options{Hard: o.hard, KeepDeliveries: o.keepDeliveries, DeleteAdopted: o.deleteAdopted})
	planned, err := revoker.Plan(ctx)
	if err != nil {
		return err
	}
	if o.dryRun {
		return s.showRevocation(planned)
	}
	if !s.app.quiet || !o.yes {
		if err := writeRevocation(s.app.env.Stderr, planned); err != nil {
			return err
		}
	}
	if planned.Pending() {
		if err := s.app.confirm(ctx, o.yes, "Take this away?"); err != nil {
			return err
		}
		if err := s.journal.Ready(); err != nil {
			return err
		}
	}
	report, err := s.carryOutRevocation(ctx, revoker, planned)
	if err != nil {
		return err
	}
	return s.concludeRevocation(ctx, planned, report)
}

// unchosen says how to choose what is to be revoked.
func unchosen(err error) error {
	switch {
	case errors.Is(err, revoke.ErrTarget):
		return withHint(usage(err), "--cluster NAME, --destination ACCOUNT, or --all")
	case errors.Is(err, revoke.ErrWorkload):
		return withHint(usage(err), "revoke the management cluster, and its workload clusters with it")
	case errors.Is(err, share.ErrUnknownName):
		return withHint(usage(err), "--destination and --cluster name parts of the share; what has left it goes with pullpass apply --prune")
	}
	return err
}

func (r *run) revoker(target revoke.Target, o revoke.Options) *provision.Revoker {
	config := r.config
	config.Progress = r.app.stepProgress
	config.Withdraw = r.withdraw
	o.Run = r.options.Run
	return &provision.Revoker{
		Config: config, Desired: r.desired, Target: target, Options: o, Clock: r.app.env.Now, Dates: r.clock.aws,
	}
}

// withdraw takes a credential out of where it was delivered.
func (s *session) withdraw(ctx context.Context, c share.ClusterDelivery, key awsid.AccessKeyID) error {
	place, err := s.place(ctx, c)
	if err != nil {
		return err
	}
	return place.Remove(ctx, key)
}

// carryOutRevocation ends access, proves that it has ended, and clears up.
func (s *session) carryOutRevocation(ctx context.Context, revoker *provision.Revoker, planned *revoke.Revocation) (revocationReport, error) {
	end := s.app.explainStop(ctx)
	defer end()
	passes := s.takePasses(ctx, planned)
	ended, err := revoker.End(ctx, planned)
	if err != nil {
		return revocationReport{}, err
	}
	if len(planned.Clusters) > 0 {
		s.app.progress("waiting until key, session and registry token are refused, %s at most", verify.Closing)
	}
	refusals := s.awaitRefusals(ctx, planned, ended, passes)
	cleared, err := revoker.Clear(ctx, planned, ended, stillOpen(planned, refusals))
	if err != nil {
		return revocationReport{}, err
	}
	done := provision.Result{Steps: append(ended.Steps, cleared.Steps...)}
	return newRevocationReport(s, planned, done, refusals), nil
}

// takePasses takes what each delivery opens, before it is closed. It is nil for a cluster whose delivery cannot be read.
func (s *session) takePasses(ctx context.Context, planned *revoke.Revocation) []*verify.Pass {
	passes := make([]*verify.Pass, len(planned.Clusters))
	s.eachCluster(planned, func(i int, c revoke.Cluster) {
		if c.Held == plan.Held {
			passes[i] = verify.Mint(ctx, verify.Input{File: s.file(c.Delivery), Registry: s.desired.Registry, Subscription: s.subscription()}, s.proofs())
		}
	})
	return passes
}

// proofs is how the session proves: under the name of its run.
func (s *session) proofs() verify.Config {
	return verify.Config{
		HTTPClient: s.cloud.client(), Run: string(s.named.run), Now: s.app.env.Now, Wait: s.app.env.Wait, Elapse: s.app.env.Elapse,
	}
}

// eachCluster does something for each cluster, side by side.
func (s *session) eachCluster(planned *revoke.Revocation, do func(int, revoke.Cluster)) {
	slots := make(chan struct{}, parallelChains)
	var group sync.WaitGroup
	for i, c := range planned.Clusters {
		group.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			do(i, c)
		})
	}
	group.Wait()
}

// awaitRefusals tries every way in of every cluster until it is refused, side by side.
func (s *session) awaitRefusals(ctx context.Context, planned *revoke.Revocation, ended provision.Ended, passes []*verify.Pass) [][]wayReport {
	began := s.app.env.Now()
	reports := make([][]wayReport, len(planned.Clusters))
	s.eachCluster(planned, func(i int, c revoke.Cluster) {
		ways := verify.Ways()
		reports[i] = make([]wayReport, len(ways))
		var group sync.WaitGroup
		for j, way := range ways {
			group.Go(func() { reports[i][j] = awaitRefusal(ctx, way, endingOf(c, way), ended, passes[i], began) })
		}
		group.Wait()
	})
	return reports
}

// endingOf is what ends a way in. A registry token ends with the session that it was made with.
func endingOf(c revoke.Cluster, way verify.Way) revoke.Ending {
	if way == verify.WayKey {
		return c.Key
	}
	return c.Session
}

// errNothingDelivered says that there is nothing to try.
var errNothingDelivered = errors.New("no delivery of it could be read")

func awaitRefusal(
	ctx context.Context, way verify.Way, ending revoke.Ending, ended provision.Ended, pass *verify.Pass, began time.Time,
) wayReport {
	at, done := ended.At[ending.Step]
	switch {
	case ending.Why != "":
		return livesOn(way, ending.Why)
	case ending.Step != "" && !done:
		return wayReport{Way: way, State: wayUnended, Basis: basisOf(way), Reason: "the step that ends it was not carried out"}
	case ending.Step == "":
		at = began
	}
	if pass == nil {
		return newWayReport(verify.Refusal{Way: way, Err: errNothingDelivered})
	}
	return newWayReport(pass.AwaitRefusal(ctx, way, at))
}

// stillOpen are the clusters of which something is still accepted.
func stillOpen(planned *revoke.Revocation, reports [][]wayReport) []revoke.Cluster {
	var open []revoke.Cluster
	for i, c := range planned.Clusters {
		for _, r := range reports[i] {
			if r.State == wayOpen {
				open = append(open, c)
				break
			}
		}
	}
	return open
}

// writeRevocation writes what will go, and what cannot be taken away alone.
func writeRevocation(w io.Writer, planned *revoke.Revocation) error {
	if err := planned.WriteText(w); err != nil {
		return err
	}
	var b strings.Builder
	for _, side := range planned.Sides {
		if commands := planned.Commands(side.Account); side.State == plan.HandedOver && len(commands) > 0 {
			fmt.Fprintf(&b, "\n# For the administrator of %s, who has the rest of it:\n%s\n", side.Account, strings.Join(commands, "\n"))
		}
	}
	for _, shared := range planned.Shared {
		fmt.Fprintf(&b, "%s\n", sharedText(shared))
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// sharedText says what cannot be done about a cluster that shares its user, and what can.
func sharedText(shared revoke.Shared) string {
	return fmt.Sprintf(`%s  %s cannot be cut off alone: it uses access key and role of user %s together with %s, and AWS cannot tell them apart.
  What is possible: take it out of the share document and give the others a new key, so that the old one goes: pullpass rotate
  --force --destination %s, with --not-later-than 0h where nobody sees whether the others have moved. Its sessions live on
  for up to an hour after that, its registry tokens for up to 12 hours. --hard denies the role to everybody at once, for a day.
  The hardened posture gives each cluster a user of its own.`,
		shared.Account, clusterNames(shared.Clusters), shared.User.Name, clusterNames(shared.Others), shared.Account)
}

func clusterNames(clusters []share.ClusterDelivery) string {
	names := make([]string, len(clusters))
	for i, c := range clusters {
		names[i] = c.Cluster
	}
	return strings.Join(names, ", ")
}
