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
	clusters []string
	profile  string
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
	desired, err := invitation.Desired()
	if err != nil {
		return err
	}
	if desired, err = desired.Select(nil, o.clusters); err != nil {
		return err
	}
	return a.withCloud(ctx, o.cloudFlags, func(c *cloud) error {
		if err := c.checkProfile(o.profile); err != nil {
			return err
		}
		account := invitation.Spec.Destination.Account
		s := &session{
			app: a, cloud: c, dir: filepath.Dir(file), trail: auditPath(file), desired: desired, reached: newClusters(),
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
