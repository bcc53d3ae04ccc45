package cli

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"github.com/pullpass/pullpass/internal/awsid"
	"github.com/pullpass/pullpass/internal/plan"
	"github.com/pullpass/pullpass/internal/registry"
	"github.com/pullpass/pullpass/internal/status"
)

// statusOptions are those of `pullpass status`.
type statusOptions struct {
	eitherFlags
	key   string
	prove bool
}

func (a *app) statusCommand() *cobra.Command {
	var o statusOptions
	cmd := &cobra.Command{
		Use:   "status",
		Short: "Show who has access: which key, how old, last used, and what is due",
		Long: `Shows for every cluster and every copy of a workload cluster which access key it holds, how old that is, when and for
what it was last used (IAM tells it to the hour or so), when it was delivered, and what differs from the share. Below that
stands what is due within 14 days: keys that pass keys.maxAge, rotations and runs that have not ended, inactive keys and
keys that no delivery holds, differences to the share, and the end of the subscription. Nothing is changed.

The last proof is that of the share's audit trail, where one is kept: apply, rotate and verify record it. --prove makes one
now, as pullpass verify does, and thereby uses the keys.
What is handed over (files of a directory, accounts without access) is used where nobody sees it, which is said.

With --key the answer is who holds that key, and what it opens; or that nobody of the share does.

Calls for an account: 1 for the caller, 4 for each policy, 2 for each role, 3 for each user, those that clusters are moving away
from included, 1 for each access key, also one that is delivered and gone, and 1 for each thing left behind; in the source 1 more
for the subscription, and for a role whose access was revoked 1 and 1 for each deny. Proofs take further ones.

The exit code is 1 if anything could not be read: that is unknown, not absent. Otherwise it is 4 if a proof failed, 3 if
something is due or overdue, and 0 if not. With --key it is 0 unless something could not be read. Accounts without access
count for none of these.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if cmd.Flags().Changed("key") && o.key == "" {
				return usagef("--key names no key")
			}
			if o.key != "" && o.prove {
				return usagef("--key asks who holds a key, which no proof tells: leave out --prove")
			}
			o.proving = true // An account that cannot be reached is unknown, and no reason not to look at the others.
			return a.withEither(cmd.Context(), o.eitherFlags, func(s *session) error { return s.status(cmd.Context(), o) })
		},
	}
	o.register(cmd)
	cmd.Flags().StringVar(&o.key, "key", "", "say who holds the access key of this `ID`, and what it opens")
	cmd.Flags().BoolVar(&o.prove, "prove", false, "prove every cluster now")
	a.formatFlag(cmd)
	return cmd
}

func (s *session) status(ctx context.Context, o statusOptions) error {
	r, err := s.begin(ctx, planOptions{}, false)
	if err != nil {
		return err
	}
	// A key that is not listed is told as gone, and waited for only where IAM says that it is the user's.
	r.config.Uses, r.config.Now = true, nil
	facts := status.Facts{Desired: s.desired, Subscription: s.statusSubscription(), MaxAge: s.keys.MaxAge, Now: r.options.Now}
	if facts.Observed, err = r.observe(ctx); err != nil {
		return err
	}
	if err := s.clock.err(); err != nil {
		s.app.say("note: %v", err)
	}
	if facts.Plan, err = plan.Diff(s.desired, facts.Observed, r.options); err != nil {
		return err
	}
	if o.prove {
		facts.Proofs = s.statusProofs(ctx, facts.Observed)
	} else {
		facts.Proofs = s.recordedProofs()
	}
	report := status.New(facts)
	if o.key != "" {
		return s.showKey(report.Find(awsid.AccessKeyID(o.key)))
	}
	if err := s.app.result(report, report.WriteText); err != nil {
		return err
	}
	return statusErr(report)
}

func statusErr(r *status.Report) error {
	switch {
	case len(r.Unknown) > 0:
		return errIncomplete
	case r.Broken():
		return errUnproven
	case len(r.Due) > 0:
		return errPending
	}
	return nil
}

func (s *session) showKey(answer status.KeyAnswer) error {
	if err := s.app.result(answer, answer.WriteText); err != nil {
		return err
	}
	if len(answer.Unknown) > 0 {
		return errIncomplete
	}
	return nil
}

// statusSubscription is what EKS said of the share's subscription, nil where the share names none.
func (s *session) statusSubscription() *status.Subscription {
	if s.doc == nil { // The subscription of an invitation is the source's business.
		return nil
	}
	wanted := s.doc.Spec.Registry.Subscription
	if wanted == "" {
		return nil
	}
	out := &status.Subscription{ID: wanted}
	_, open := s.access[s.doc.Spec.Source.Account]
	known := s.located.subscription
	switch {
	case !open:
		out.NoAccess = true
	case known == nil:
		out.Error = "EKS could not be asked"
	default:
		out.Status, out.AutoRenew = string(known.Status), known.AutoRenew
		if !known.Expires.IsZero() {
			expires := known.Expires.UTC()
			out.Expires = &expires
		}
	}
	return out
}

// statusProofs proves the clusters that hold something, and those of which nobody could say.
func (s *session) statusProofs(ctx context.Context, observed plan.Observed) map[plan.ClusterRef]status.Proof {
	report := s.unproven(registry.Probe())
	for i := range report.Clusters {
		c := &report.Clusters[i]
		account := observed.Accounts[c.Account]
		if account.State == plan.NoAccess || account.State == plan.Read && account.Deliveries[c.Cluster].State == plan.None {
			c.NotProven = "nothing was delivered that could be seen"
		}
	}
	s.proveAll(ctx, &report, registry.Probe(), false)
	proofs := map[plan.ClusterRef]status.Proof{}
	now := s.app.env.Now().UTC()
	for i := range report.Clusters {
		if c := &report.Clusters[i]; c.NotProven == "" {
			proofs[plan.ClusterRef{Account: c.Account, Cluster: c.Cluster}] = statusProof(c, now)
		}
	}
	return proofs
}

// recordedProofs are the last ones of the share's audit trail. Who may not read that gets the rest of the status.
func (s *session) recordedProofs() map[plan.ClusterRef]status.Proof {
	last, err := s.lastProofs()
	if err != nil {
		s.app.say("note: the recorded proofs cannot be read: %v", err)
	}
	proofs := map[plan.ClusterRef]status.Proof{}
	for _, p := range last {
		proof := status.Proof{Outcome: status.Proven, Time: &p.Time, Key: p.Key, Recorded: true}
		if p.Broken != "" {
			proof.Outcome, proof.Error = status.Broken, "link "+p.Broken
		}
		proofs[plan.ClusterRef{Account: p.Account, Cluster: p.Cluster}] = proof
	}
	return proofs
}

func statusProof(c *clusterReport, now time.Time) status.Proof {
	broken := c.broken()
	switch {
	case c.Unseen != "":
		return status.Proof{Outcome: status.Unproven, Error: c.Unseen}
	case c.OK:
		return status.Proof{Outcome: status.Proven, Time: &now, Key: c.chain.Key}
	case broken != nil:
		return status.Proof{Outcome: status.Broken, Time: &now, Key: c.chain.Key, Error: string(broken.Link) + ": " + broken.Error}
	}
	return status.Proof{Outcome: status.Unproven, Error: "the chain did not end"}
}
