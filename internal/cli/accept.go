package cli

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/pullpass/pullpass/arn"
	"github.com/pullpass/pullpass/internal/atomicfile"
	"github.com/pullpass/pullpass/internal/plan"
	"github.com/pullpass/pullpass/internal/share"
)

// acceptOptions are those of `pullpass accept`.
type acceptOptions struct {
	cloudFlags
	applyOptions
	destinations, clusters []string
	profile                string
}

// eitherFlags are those of the commands that take a share or an invitation.
type eitherFlags struct {
	shareFlags
	profile string
}

func (f *eitherFlags) register(cmd *cobra.Command) {
	f.shareFlags.register(cmd)
	cmd.Flags().Lookup("share").Usage = "the share document, or the invitation, a `FILE`"
	cmd.Flags().StringVar(&f.profile, "profile", "", "for an invitation: the AWS `PROFILE` of the destination (default: the SDK's own chain)")
}

// withEither opens what the flags name. A file that cannot be read counts as a share, which says so.
func (a *app) withEither(ctx context.Context, f eitherFlags, use func(*session) error) error {
	src, err := os.ReadFile(f.file)
	switch {
	case err == nil && share.IsInvitation(src):
		o := acceptOptions{cloudFlags: f.cloudFlags, destinations: f.destinations, clusters: f.clusters, profile: f.profile}
		return a.withInvitation(ctx, o, f.file, use)
	case f.profile != "":
		return usagef("--profile is for an invitation: a share names the access of each account")
	}
	return a.withShare(ctx, f.shareFlags, use)
}

func (a *app) acceptCommand() *cobra.Command {
	var o acceptOptions
	cmd := &cobra.Command{
		Use:   "accept FILE",
		Short: "Take up an invitation: make the destination's side of a share, and prove it",
		Long: `Makes the destination's side from an invitation, which the source's administrator wrote with --invitations. The end
is the same as if one administrator with access to both accounts had applied the share. The credentials go where the
invitation says, relative to its file. The proofs at the end, and the exit codes, are those of pullpass apply.`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usagef("want the FILE of one invitation")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.withInvitation(cmd.Context(), o, args[0], func(s *session) error {
				return s.apply(cmd.Context(), o.applyOptions)
			})
		},
	}
	o.cloudFlags.register(cmd)
	o.applyOptions.register(cmd)
	cmd.Flags().StringArrayVar(&o.clusters, "cluster", nil, "only the clusters of this `NAME` (repeatable)")
	cmd.Flags().StringVar(&o.profile, "profile", "", "the AWS `PROFILE` of the destination (default: the SDK's own chain)")
	a.formatFlag(cmd)
	return cmd
}

func (a *app) withInvitation(ctx context.Context, o acceptOptions, file string, use func(*session) error) error {
	src, err := os.ReadFile(file)
	if err != nil {
		return usage(fmt.Errorf("reading the invitation: %w", err))
	}
	invitation, err := share.ParseInvitation(file, src)
	if err != nil {
		return err
	}
	whole, err := invitation.Desired()
	if err != nil {
		return err
	}
	desired, err := whole.Select(o.destinations, o.clusters)
	if err != nil {
		return err
	}
	return a.withCloud(ctx, o.cloudFlags, func(c *cloud) error {
		if err := c.checkProfile(o.profile); err != nil {
			return err
		}
		account := invitation.Spec.Destination.Account
		s := &session{
			app: a, cloud: c, dir: filepath.Dir(file), trail: auditPath(file), whole: whole, desired: desired, reached: newClusters(),
			access: map[arn.AccountID]share.Access{account: o.access(invitation, c)},
			keys:   invitation.Spec.Keys, located: located{registry: desired.Registry, by: byShare},
		}
		if err := s.sign(desired.Registry.Region); err != nil {
			return err
		}
		return use(s)
	})
}

// access is the flag's, else what somebody wrote into the invitation, else the SDK's own chain.
func (o acceptOptions) access(invitation *share.Invitation, c *cloud) share.Access {
	dest := invitation.Spec.Destination
	switch {
	case o.profile != "":
		return share.Access{Profile: o.profile}
	case dest.Access != nil && !dest.Access.Default:
		return *dest.Access
	case c.sandboxed:
		return share.Access{Profile: string(dest.Account)}
	}
	return share.Access{Default: true}
}

// invite writes an invitation for every destination that is handed over.
func (s *session) invite(p *plan.Plan, dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("making the directory of the invitations: %w", err)
	}
	for _, side := range p.Sides {
		if side.Part != plan.DestinationPart || side.State != plan.HandedOver {
			continue
		}
		invitation, err := s.doc.Invitation(s.desired, side.Account)
		if err != nil {
			return err
		}
		text, err := invitation.YAML()
		if err != nil {
			return err
		}
		file := filepath.Join(dir, invitation.FileName())
		if err := atomicfile.Write(file, text, 0o644); err != nil {
			return fmt.Errorf("writing the invitation of account %s: %w", side.Account, err)
		}
		s.app.progress("invitation of %s: %s (pullpass accept %s)", side.Account, file, filepath.Base(file))
	}
	return nil
}
