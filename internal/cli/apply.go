package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/pullpass/pullpass/arn"
	"github.com/pullpass/pullpass/internal/awserror"
	"github.com/pullpass/pullpass/internal/explain"
	"github.com/pullpass/pullpass/internal/plan"
	"github.com/pullpass/pullpass/internal/provision"
	"github.com/pullpass/pullpass/internal/registry"
)

// applyOptions are those of `pullpass apply` and `pullpass accept`.
type applyOptions struct {
	planOptions
	yes, noVerify bool
	prune         bool
	invitations   string
}

func (o *applyOptions) register(cmd *cobra.Command) {
	o.planOptions.register(cmd)
	cmd.Flags().BoolVar(&o.yes, "yes", false, "do not ask for a confirmation")
	cmd.Flags().BoolVar(&o.noVerify, "no-verify", false, "do not prove the result (pullpass verify does that later)")
	registerAudit(cmd, &o.audit)
}

func (a *app) applyCommand() *cobra.Command {
	var flags shareFlags
	var o applyOptions
	cmd := &cobra.Command{
		Use:   "apply",
		Short: "Make the share so, and prove it",
		Long: `Shows the plan, asks (unless --yes), carries it out in all accounts side by side, and at its end proves for every
cluster that its credential pulls, as pullpass verify does (unless --no-verify). A failure in one destination stops only
that one; running it again goes on from there. A side without access is handed over: see pullpass plan.

The exit code is 0 if all was done and proven, 1 if something was not done, and 4 if all was done and a proof failed. What
is handed over counts for none of these.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.withShare(cmd.Context(), flags, func(s *session) error { return s.apply(cmd.Context(), o) })
		},
	}
	flags.register(cmd)
	o.register(cmd)
	cmd.Flags().BoolVar(&o.prune, "prune", false, "take away what the share has made and no longer asks for, as pullpass revoke does")
	cmd.Flags().BoolVar(&o.liftDenies, "lift-denies", false, "give access again to what was revoked less than a day ago, and to what it was given before")
	cmd.Flags().StringVar(&o.invitations, "invitations", "", "write an invitation for every side handed over into this `DIR`")
	a.formatFlag(cmd)
	return cmd
}

// applyResult is the result of `pullpass apply`.
type applyResult struct {
	Plan   planResult   `json:"plan"`
	Steps  []stepReport `json:"steps"`
	Proofs *proofReport `json:"proofs,omitempty"`
	// Denials explain the steps that AWS denied, each kind of call once.
	Denials []explain.Report `json:"denials,omitempty"`
	// Pruned is what was taken away; nil without --prune.
	Pruned *revocationReport `json:"pruned,omitempty"`
	// Audit is where the audit trail ends; nil where nothing was done.
	Audit *trailHead `json:"audit,omitempty"`
}

type stepReport struct {
	ID      string          `json:"id"`
	Account arn.AccountID   `json:"account"`
	State   provision.State `json:"state"`
	Error   string          `json:"error,omitempty"`
}

func (s *session) apply(ctx context.Context, o applyOptions) (err error) {
	r, err := s.begin(ctx, o.planOptions, true)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.release()) }()
	s.noteSubscription()
	p, err := r.plan(ctx)
	if err != nil {
		return err
	}
	if err := s.clock.err(); err != nil {
		return err
	}
	pruning, err := r.pruning(ctx, o)
	if err != nil {
		return err
	}
	if err := s.confirm(ctx, p, pruning, o.yes); err != nil {
		return err
	}
	if o.invitations != "" {
		if err := s.invite(p, o.invitations); err != nil {
			return err
		}
	}
	if p.Pending() || pruning.pending() {
		if err := s.journal.Ready(); err != nil { // Said once, and not by every step that it stops.
			return err
		}
	}
	// What is to end ends first.
	pruned, err := pruning.carryOut(ctx, s)
	if err != nil {
		return err
	}
	r.config.Progress = s.app.stepProgress
	end := s.app.explainStop(ctx)
	done, err := provision.Apply(ctx, r.config, p)
	end()
	if err != nil {
		return err
	}
	return s.conclude(ctx, p, done, pruned, o)
}

// explainStop tells whoever ends ctx why the work does not end with it, until the function that it returns is called.
func (a *app) explainStop(ctx context.Context) (end func()) {
	said := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(said)
		a.progress("stopping: what has begun is finished; a second signal does not wait for it")
	})
	return func() {
		if !stop() {
			<-said
		}
	}
}

// confirm shows what will change and asks, where there is something to ask for.
func (s *session) confirm(ctx context.Context, p *plan.Plan, pruning *pruning, yes bool) error {
	if !s.app.quiet || !yes {
		if err := errors.Join(writePlan(s.app.env.Stderr, p), pruning.write(s.app.env.Stderr)); err != nil {
			return err
		}
	}
	if !p.Pending() && !pruning.pending() {
		return nil
	}
	return s.app.confirm(ctx, yes, "Carry this out?")
}

// stepProgress says how each step ended, one line a step.
func (a *app) stepProgress(e provision.Event) {
	switch e.State {
	case provision.Started:
	case provision.Done:
		a.progress("%s  %s  %s %s", e.Step.Account, a.onStderr().paint(green, "done"), e.Step.Verb, e.Step.Target)
	case provision.Failed:
		a.progress("%s  %s  %s %s", e.Step.Account, a.onStderr().paint(red, "FAIL"), e.Step.Verb, e.Step.Target)
	case provision.Skipped:
		a.progress("%s  %s  %s %s", e.Step.Account, a.onStderr().paint(faint, "skip"), e.Step.Verb, e.Step.Target)
	}
}

// conclude proves the result and sums it up.
func (s *session) conclude(ctx context.Context, p *plan.Plan, done provision.Result, pruned *revocationReport, o applyOptions) error {
	result := applyResult{Plan: s.planResult(p), Steps: []stepReport{}, Pruned: pruned, Audit: s.journal.head()}
	for _, step := range done.Steps {
		report := stepReport{ID: step.Step.ID, Account: step.Step.Account, State: step.State}
		if step.Err != nil {
			report.Error = awserror.InBrief(step.Err).Error()
		}
		result.Steps = append(result.Steps, report)
	}
	result.Denials = s.explainDenials(ctx, p, done)
	switch {
	case o.noVerify:
	case ctx.Err() != nil:
		s.app.say("stopped before the end, and not proven; pullpass apply again goes on from here")
	case p.IsHandedOver(s.desired.Source.Account):
		s.app.progress("not proven: %s is handed over; once its administrator has done that part: pullpass verify", s.desired.Source.Account)
	default:
		side, artifact := s.provable(p), registry.Probe()
		proofs := side.unproven(artifact)
		withoutCredential(&proofs, p, done)
		side.proveAll(ctx, &proofs, artifact, done.Count(provision.Done) > 0)
		result.Proofs = &proofs
	}
	if err := s.app.result(result, func(w io.Writer) error { return s.app.writeApplied(w, result, p, done) }); err != nil {
		return err
	}
	if pruned != nil && pruned.done.Err() != nil {
		s.hintFailures(pruned.done)
		return errors.Join(errIncomplete, s.outcome(p, done, result.Proofs))
	}
	return s.outcome(p, done, result.Proofs)
}

// provable leaves out the destinations that are handed over: their deliveries are not here.
func (s *session) provable(p *plan.Plan) *session {
	out := *s
	out.desired.Destinations = nil
	for _, side := range s.desired.Destinations {
		if !p.IsHandedOver(side.Account) {
			out.desired.Destinations = append(out.desired.Destinations, side)
		}
	}
	return &out
}

func (a *app) writeApplied(w io.Writer, result applyResult, p *plan.Plan, done provision.Result) error {
	if result.Proofs != nil && len(result.Proofs.Clusters) > 0 {
		if err := result.Proofs.writer(a.onStdout())(w); err != nil {
			return err
		}
	}
	if result.Pruned != nil {
		if err := result.Pruned.writer(a.onStdout())(w); err != nil {
			return err
		}
	}
	var b strings.Builder
	fmt.Fprintf(&b, "Applied: %d done, %d failed, %d skipped.\n",
		done.Count(provision.Done), done.Count(provision.Failed), done.Count(provision.Skipped))
	for _, step := range done.Steps {
		if step.State == provision.Failed {
			fmt.Fprintf(&b, "%s  failed: %s\n", step.Step.Account, awserror.InBrief(step.Err).Error())
		}
	}
	writeDenials(&b, result.Denials)
	for _, problem := range p.Problems {
		fmt.Fprintf(&b, "%s  not done: %s\n", problem.Account, problem)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// outcome turns what happened into an error, after everything has been said but for the hints.
func (s *session) outcome(p *plan.Plan, done provision.Result, proofs *proofReport) error {
	failed := done.Err()
	if failed != nil {
		s.hintFailures(done)
	}
	s.hintProblems(p)
	switch {
	case failed != nil || len(p.Problems) > 0:
		return errIncomplete
	case proofs != nil:
		return proofs.err()
	}
	return nil
}

// hintFailures says once for each kind of failure what to do about it.
func (s *session) hintFailures(done provision.Result) {
	s.hintFailuresOr(done, "pullpass apply again goes on from here")
}

func (s *session) hintFailuresOr(done provision.Result, otherwise string) {
	said := map[string]bool{}
	for _, step := range done.Steps {
		if step.State != provision.Failed {
			continue
		}
		hint := otherwise
		for _, r := range rules() {
			if r.is(step.Err) && r.hint != "" {
				hint = r.hint
				break
			}
		}
		if !said[hint] {
			said[hint] = true
			s.app.say("hint: %s", hint)
		}
	}
}
