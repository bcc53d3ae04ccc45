package cli

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/pullpass/pullpass/internal/plan"
)

// planCommandOptions are those of `pullpass plan`.
type planCommandOptions struct {
	shareFlags
	planOptions
	invitations string
}

func (a *app) planCommand() *cobra.Command {
	var o planCommandOptions
	cmd := &cobra.Command{
		Use:   "plan",
		Short: "Show what apply would change",
		Long: `Reads both sides and shows the difference to the share. A side without access is handed over: what it needs is
shown as commands of the AWS CLI for its administrator. Nothing is changed.

The exit code is 0 if apply would change nothing, 3 if it would change something, and 1 if a problem stops a side or a
cluster, or a side cannot be read. A side that is handed over is not looked at, and counts for none of these: with every
side handed over the exit code is 0.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.withShare(cmd.Context(), o.shareFlags, func(s *session) error {
				r, err := s.begin(cmd.Context(), o.planOptions, false)
				if err != nil {
					return err
				}
				s.noteSubscription()
				p, err := r.plan(cmd.Context())
				if err != nil {
					return err
				}
				return s.showPlan(p, o.invitations)
			})
		},
	}
	o.shareFlags.register(cmd)
	o.planOptions.register(cmd)
	cmd.Flags().StringVar(&o.invitations, "invitations", "", "write an invitation for every side handed over into this `DIR`")
	a.formatFlag(cmd)
	return cmd
}

// planResult is the result of `pullpass plan`.
type planResult struct {
	plan.Report
	// Subscription is nil where EKS was not asked about it.
	Subscription *subscriptionResult `json:"subscription,omitempty"`
}

func (s *session) planResult(p *plan.Plan) planResult {
	return planResult{Report: p.Report(), Subscription: newSubscriptionResult(s.located.subscription)}
}

func (s *session) showPlan(p *plan.Plan, invitations string) error {
	if err := s.app.result(s.planResult(p), func(w io.Writer) error { return writePlan(w, p) }); err != nil {
		return err
	}
	if invitations != "" {
		if err := s.invite(p, invitations); err != nil {
			return err
		}
	}
	switch {
	case len(p.Problems) > 0:
		s.hintProblems(p)
		return errIncomplete
	case p.Pending():
		return errPending
	}
	return nil
}

// writePlan writes the plan and, for each side handed over, the commands that its administrator can run.
func writePlan(w io.Writer, p *plan.Plan) error {
	if err := p.WriteText(w); err != nil {
		return err
	}
	for _, side := range p.Sides {
		commands := p.Commands(side.Account)
		if side.State != plan.HandedOver || len(commands) == 0 {
			continue
		}
		if _, err := fmt.Fprintf(w, "\n# For the administrator of %s, if nothing of this is there yet:\n", side.Account); err != nil {
			return err
		}
		for _, c := range commands {
			if _, err := fmt.Fprintln(w, c); err != nil {
				return err
			}
		}
	}
	return nil
}

// hintProblems says once for each kind of problem what to do about it.
func (s *session) hintProblems(p *plan.Plan) { s.hintEach(p, problemHint) }

// hintEach says once for each kind of problem the hint that is for it; empty for none.
func (s *session) hintEach(p *plan.Plan, hintFor func(plan.ProblemKind) string) {
	said := map[plan.ProblemKind]bool{}
	for _, problem := range p.Problems {
		if problem.Kind == plan.Unreadable && len(p.Runnable()) == 0 {
			continue // There are no others that could go on.
		}
		if hint := hintFor(problem.Kind); hint != "" && !said[problem.Kind] {
			said[problem.Kind] = true
			s.app.say("hint: %s", hint)
		}
	}
}

func problemHint(kind plan.ProblemKind) string {
	switch kind {
	case plan.Unreadable:
		return "the others can go on: pullpass apply --destination ACCOUNT"
	case plan.WrongAccount:
		return "the profile leads elsewhere: correct the access in the share"
	case plan.MadeByHand:
		return "pullpass apply --adopt takes over what was made by hand, as it is"
	case plan.OtherShare:
		return "give one of the two shares other names"
	case plan.PathDiffers:
		return "give the share the path that is there (iam.path), or remove what is in the way"
	case plan.Quota:
		return "make room, or split the share"
	case plan.KeyBusy:
		return "wait for the other run to end; --take-over disregards it"
	case plan.KeysFull:
		return "delete the one that nothing uses, in the destination account: aws iam delete-access-key --user-name USER --access-key-id AKIA…"
	case plan.RotationRefused:
		return "pullpass plan shows what else is the matter; --key AKIA… names a key that may go"
	case plan.DeliveryUnknown:
		return "make the delivery readable (the files, or the kubeconfig, its context and the permissions of pullpass rbac), or move away what is there"
	case plan.NoNamespace:
		return "install the packages controller: eksctl anywhere install packagecontroller -f CLUSTER.yaml; or let pullpass make the namespace: --create-namespace"
	case plan.Unwritable:
		return "once nothing needs what it holds, delete that Secret and run pullpass apply: kubectl -n eksa-packages delete secret aws-secret"
	case plan.FieldConflict:
		return "let that manager deliver it (pullpass secret prints the manifest), or take it over: --force-conflicts"
	case plan.DeliveryTaken:
		return "one of the two shares has to leave the cluster to the other: take it out of this document; or out of the other's, " +
			"then take it over here: pullpass apply --force-conflicts, and only then end the other's access, with its document: pullpass apply --prune"
	case plan.RoleUnseen:
		return "give the share access to the source; or take up an invitation, which its administrator writes once the role is there: pullpass accept FILE"
	case plan.Revoked:
		return "take it out of the share document; or give it access again, and what it was given before with it: pullpass apply --lift-denies"
	case plan.SharedKey:
		return "let pullpass apply and pullpass rotate finish the move to users of their own first, or revoke the whole destination"
	case plan.TrustStays:
		return "change that trust by hand, in the source account: aws iam update-assume-role-policy; or delete the role if nobody else is to use it"
	case plan.SourceStopped:
	}
	return ""
}
