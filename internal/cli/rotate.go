package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/pullpass/pullpass/internal/awsid"
	"github.com/pullpass/pullpass/internal/filelock"
	"github.com/pullpass/pullpass/internal/pause"
	"github.com/pullpass/pullpass/internal/plan"
	"github.com/pullpass/pullpass/internal/provision"
	"github.com/pullpass/pullpass/internal/runlock"
)

// rotateOptions are those of `pullpass rotate`.
type rotateOptions struct {
	eitherFlags
	key                          string
	force, dryRun, yes, takeOver bool
	patience                     patience
	settle, watch, grace, follow time.Duration
	audit                        string
}

func (a *app) rotateCommand() *cobra.Command {
	var o rotateOptions
	cmd := &cobra.Command{
		Use:   "rotate",
		Short: "Replace access keys that are due, without a failed pull",
		Long: `Replaces every access key that is older than keys.maxAge of the share, or all with --force: makes a new key,
delivers it, proves it, and waits until everything that used the old key has moved. Then the old key is deactivated; if
something fails now it is given back at once; otherwise it is deleted.

What has moved is seen where the share delivers into clusters. Where nothing shows it (files handed on, clusters that
cannot be read) the old key must not have been used for keys.idle, a day unless the share says otherwise. Until then the
old key stays as it is, what is missing is listed, and the exit code is 1: run it again, as a daily job does. The end of
that patience is --not-later-than: a date, or a time since the new key was made, such as 7d; what may break then is named.

Clusters that share a user have one key, and are rotated together. The exit code is 0 if nothing is left to do, 1 if
something is pending or failed, and with --dry-run 3 if something would be done.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if cmd.Flags().Changed("key") && o.key == "" { // Such as a variable that is not set: it must not mean all keys.
				return usagef("--key names no key")
			}
			if o.settle < 0 || o.watch < 0 || o.grace < 0 || o.follow < 0 {
				return usagef("--settle, --follow, --watch and --grace are times to wait")
			}
			return a.withEither(cmd.Context(), o.eitherFlags, func(s *session) error { return s.rotate(cmd.Context(), o) })
		},
	}
	o.register(cmd)
	flags := cmd.Flags()
	flags.StringVar(&o.key, "key", "", "rotate the access key of this `ID`, and no other")
	flags.BoolVar(&o.force, "force", false, "rotate whatever the age of the keys")
	flags.BoolVar(&o.dryRun, "dry-run", false, "show what would be done first, and change nothing")
	flags.BoolVar(&o.yes, "yes", false, "do not ask for a confirmation")
	flags.BoolVar(&o.takeOver, "take-over", false, "disregard other runs that may still be at work")
	flags.Var(&o.patience, "not-later-than", "deactivate old keys then, whatever is missing: a date, or a time since the new key was made")
	flags.DurationVar(&o.settle, "settle", 20*time.Second, "deliver a new key so long after it was made: AWS needs the time to know it everywhere")
	flags.DurationVar(&o.follow, "follow", 2*time.Minute, "give the nodes of clusters so long to follow a Secret that was written")
	flags.DurationVar(&o.watch, "watch", 15*time.Second, "look again so long after a key was deactivated")
	flags.DurationVar(&o.grace, "grace", 6*time.Minute, "wait so long for what passes by itself, such as a controller's restart")
	registerAudit(cmd, &o.audit)
	a.formatFlag(cmd)
	return cmd
}

// patience is the flag that ends the waiting for what is missing.
type patience struct {
	plan.Patience
	text string
}

// String implements pflag.Value.
func (p *patience) String() string { return p.text }

// Type implements pflag.Value.
func (p *patience) Type() string { return "DATE|DURATION" }

var patienceShape = regexp.MustCompile(`^([0-9]{1,5})([dh])$`)

// Set implements pflag.Value.
func (p *patience) Set(s string) error {
	p.text = s
	if m := patienceShape.FindStringSubmatch(s); m != nil {
		n, err := strconv.Atoi(m[1])
		if err != nil {
			return err
		}
		unit := map[string]time.Duration{"d": 24 * time.Hour, "h": time.Hour}[m[2]]
		p.Patience = plan.Patience{After: time.Duration(n) * unit, Limited: true}
		return nil
	}
	for _, layout := range []string{time.DateOnly, time.RFC3339} {
		if t, err := time.Parse(layout, s); err == nil {
			p.Patience = plan.Patience{Until: t}
			return nil
		}
	}
	return errors.New("want a date such as 2026-12-24 or 2026-12-24T06:00:00Z, or a time such as 7d or 36h")
}

func (s *session) rotate(ctx context.Context, o rotateOptions) (err error) {
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
	rotator := r.rotator(o)
	planned, err := rotator.Plan(ctx)
	if err != nil {
		return err
	}
	if err := s.clock.err(); err != nil {
		return err
	}
	switch {
	case o.key != "" && len(planned.Users) == 0 && len(planned.Problems) == 0:
		return noSuchKey(planned, o)
	case o.dryRun:
		return s.showRotation(planned)
	}
	if !s.app.quiet || !o.yes {
		if err := writePlan(s.app.env.Stderr, planned.Plan); err != nil {
			return err
		}
	}
	if rotates(planned) {
		if err := s.app.confirm(ctx, o.yes, "Carry this out?"); err != nil {
			return err
		}
		if err := s.journal.Ready(); err != nil { // Said once, and not by every user whom it stops.
			return err
		}
	}
	end := s.app.explainStop(ctx)
	results := rotator.Run(ctx, planned)
	end()
	return s.concludeRotation(planned, results)
}

// noSuchKey says where a key was looked for that was not found.
func noSuchKey(planned *plan.Rotation, o rotateOptions) error {
	part := "the share"
	if len(o.destinations)+len(o.clusters) > 0 {
		part = "what the flags leave of the share"
	}
	var unseen []string
	for _, side := range planned.Sides {
		if side.State == plan.HandedOver {
			unseen = append(unseen, string(side.Account))
		}
	}
	text := fmt.Sprintf("no user of %s has access key %s", part, o.key)
	if len(unseen) > 0 {
		text += "; not looked at, for want of access: " + strings.Join(unseen, ", ")
	}
	return withHint(usagef("%s", text), "pullpass status --key says who holds it")
}

// rotates reports whether there is anything to be done.
func rotates(planned *plan.Rotation) bool {
	for _, u := range planned.Users {
		switch u.Action {
		case plan.RotateNothing, plan.RotateBusy, plan.RotateRefuse:
		default:
			return true
		}
	}
	return false
}

// rotator is the run's rotation of the users that the flags leave, with all clusters of each.
func (r *run) rotator(o rotateOptions) *provision.Rotator {
	config := r.config
	config.Progress, config.Spread = r.app.stepProgress, o.settle
	return &provision.Rotator{
		Config:  config,
		Desired: plan.RotationScope(r.whole, r.desired),
		Options: plan.RotationOptions{
			Options: r.options, Force: o.force, Key: awsid.AccessKeyID(o.key), Patience: o.patience.Patience, Rules: r.keys, Follow: o.follow,
		},
		Clock:   r.app.env.Now,
		Live:    func() ([]plan.RunID, error) { return runlock.Live(r.locks, r.app.env.Now()) },
		Witness: r.receipt,
		Watch:   o.watch, Grace: o.grace, Wait: r.app.env.Wait,
	}
}

// awaitOthers waits for the runs of this share on this machine that began before this one, and then for the one that takes
// keys away now: two that do so would only find each other's work changed. Who waits second holds nothing that others wait
// for, so that no two wait for each other.
func (r *run) awaitOthers(ctx context.Context) error {
	told := plan.RunID("")
	for {
		other, err := r.ahead()
		if other == "" || err != nil {
			return err
		}
		if other != told {
			r.app.progress("waiting for run %s of this machine to end; --take-over does not wait", other)
			told = other
		}
		if err := r.app.wait(ctx, time.Second); err != nil {
			return fmt.Errorf("%w while waiting for run %s; nothing was changed", errInterrupted, other)
		}
	}
}

// ahead returns the run that is to be waited for; none where this one may go on, which from then on no other may that asks.
func (r *run) ahead() (plan.RunID, error) {
	live, err := runlock.Live(r.locks, r.app.env.Now())
	if err != nil {
		return "", err
	}
	if live[0] != r.options.Run { // There is one at least: this run.
		return live[0], nil
	}
	lock, err := runlock.HoldAlone(r.locks)
	switch {
	case errors.Is(err, filelock.ErrHeld):
		return live[len(live)-1], nil // The one that began last, and did not know of this one yet.
	case err != nil:
		return "", err
	}
	end := r.release
	r.release = func() error { return errors.Join(lock.Release(), end()) }
	return "", nil
}

// wait waits by the clock of the environment.
func (a *app) wait(ctx context.Context, d time.Duration) error {
	return pause.For(ctx, a.env.Wait, d)
}

// showRotation is the end of a dry run.
func (s *session) showRotation(planned *plan.Rotation) error {
	report := newRotationReport(planned, nil)
	err := s.app.result(report, func(w io.Writer) error {
		if err := writePlan(w, planned.Plan); err != nil {
			return err
		}
		return report.write(w)
	})
	switch {
	case err != nil:
		return err
	case len(planned.Problems) > 0:
		s.hintProblems(planned.Plan)
		return errIncomplete
	case rotates(planned):
		return errPending
	}
	return nil
}

// concludeRotation says how far each rotation has come.
func (s *session) concludeRotation(planned *plan.Rotation, results []provision.UserResult) error {
	report := newRotationReport(planned, results)
	report.Audit = s.journal.head()
	if err := s.app.result(report, report.write); err != nil {
		return err
	}
	s.hintProblems(planned.Plan)
	s.hintRotation(report, results)
	if report.complete() && len(planned.Problems) == 0 {
		return nil
	}
	return errIncomplete
}

// hintRotation says what to do about rotations that failed or are pending.
func (s *session) hintRotation(report rotationReport, results []provision.UserResult) {
	var failed provision.Result
	for _, r := range results {
		if r.Err != nil {
			failed.Steps = append(failed.Steps, r.Steps...)
		}
	}
	s.hintFailuresOr(failed, "run it again: it goes on from here")
	if report.count(statePending) > 0 {
		s.app.say("hint: run it again, as a daily job does: it goes on from here; --not-later-than ends the waiting")
	}
	for _, u := range report.Users {
		if u.OldKeyInactive {
			s.app.say("hint: if something breaks in account %s, this gives the old key back: aws iam update-access-key --user-name %s --access-key-id %s --status Active",
				u.Account, u.User, u.OldKey)
		}
	}
}
