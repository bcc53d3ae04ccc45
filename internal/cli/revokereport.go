package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/pullpass/pullpass/arn"
	"github.com/pullpass/pullpass/internal/awserror"
	"github.com/pullpass/pullpass/internal/plan"
	"github.com/pullpass/pullpass/internal/provision"
	"github.com/pullpass/pullpass/internal/revoke"
	"github.com/pullpass/pullpass/internal/verify"
)

// revocationReport is the result of `pullpass revoke`.
type revocationReport struct {
	Plan     plan.Report      `json:"plan"`
	Clusters []revokedCluster `json:"clusters"`
	Shared   []sharedReport   `json:"shared,omitempty"`
	Steps    []stepReport     `json:"steps"`
	Audit    *trailHead       `json:"audit,omitempty"`
	done     provision.Result
}

type revokedCluster struct {
	Account arn.AccountID `json:"account"`
	Cluster string        `json:"cluster"`
	Ways    []wayReport   `json:"ways"`
}

// sharedReport is a user that could not be taken away from some of its clusters alone.
type sharedReport struct {
	Account  arn.AccountID `json:"account"`
	User     string        `json:"user"`
	Clusters []string      `json:"clusters"`
	Others   []string      `json:"others"`
}

// A wayState is what is known of a way in.
type wayState string

const (
	wayRefused   wayState = "refused"    // several times in a row
	wayOpen      wayState = "open"       // still accepted
	wayNotProven wayState = "not-proven" // ended, and nothing shows it
	wayLivesOn   wayState = "lives-on"   // nothing ends it but its age
	wayUnended   wayState = "not-ended"  // what was to end it has failed
)

// A basis says what the expectation rests on that a way in ends when it is made to. What this run saw is its state.
//
// Nobody has observed a revocation on AWS with this program, so that "observed", the third there could be, is not among them.
type basis string

const (
	basisDocumented basis = "documented"
	basisSandbox    basis = "sandbox-only"
)

// basisOf: an inactive key "can't be used for API calls"
// (https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_access-keys-admin-managed.html); the permissions of
// temporary credentials "are evaluated each time they are used", and a session can be denied by aws:userid
// (https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_temp_control-access_disable-perms.html). That a registry
// token is held against the policies of its session at every pull is said nowhere.
func basisOf(way verify.Way) basis {
	if way == verify.WayToken {
		return basisSandbox
	}
	return basisDocumented
}

type wayReport struct {
	Way   verify.Way `json:"way"`
	State wayState   `json:"state"`
	// Code is that of the refusal, Milliseconds the time to the first of these.
	Code         string `json:"code,omitempty"`
	Milliseconds *int64 `json:"milliseconds,omitempty"`
	Basis        basis  `json:"basis"`
	Reason       string `json:"reason,omitempty"`
}

func newWayReport(r verify.Refusal) wayReport {
	report := wayReport{Way: r.Way, State: wayNotProven, Basis: basisOf(r.Way)}
	switch {
	case r.Refused:
		ms := r.After.Milliseconds()
		report.State, report.Code, report.Milliseconds = wayRefused, r.Code, &ms
	case errors.Is(r.Err, verify.ErrStillOpen):
		report.State = wayOpen
		report.Reason = r.Err.Error()
	default:
		report.Reason = awserror.OnOneLine(r.Err)
	}
	return report
}

// livesOn is a way in that only its age ends. For how long is documented of each: a session lives for the hour that a role is
// assumed for by default, a registry token for 12 hours.
func livesOn(way verify.Way, why string) wayReport {
	r := wayReport{Way: way, State: wayLivesOn, Basis: basisDocumented, Reason: why}
	switch way {
	case verify.WaySession:
		r.Reason = "for up to an hour: " + why
	case verify.WayToken:
		r.Reason = "for up to 12 hours: " + why
	case verify.WayKey:
	}
	return r
}

func newRevocationReport(s *session, planned *revoke.Revocation, done provision.Result, ways [][]wayReport) revocationReport {
	report := revocationReport{
		Plan: planned.Report(), Clusters: []revokedCluster{}, Shared: sharedReports(planned.Shared), Steps: stepReports(done), Audit: s.journal.head(), done: done,
	}
	for i, c := range planned.Clusters {
		report.Clusters = append(report.Clusters, revokedCluster{Account: c.Account, Cluster: c.Delivery.Cluster, Ways: ways[i]})
	}
	return report
}

func sharedReports(shared []revoke.Shared) []sharedReport {
	var reports []sharedReport
	for _, s := range shared {
		r := sharedReport{Account: s.Account, User: s.User.Name}
		for _, c := range s.Clusters {
			r.Clusters = append(r.Clusters, c.Cluster)
		}
		for _, c := range s.Others {
			r.Others = append(r.Others, c.Cluster)
		}
		reports = append(reports, r)
	}
	return reports
}

func stepReports(done provision.Result) []stepReport {
	reports := []stepReport{}
	for _, step := range done.Steps {
		r := stepReport{ID: step.Step.ID, Account: step.Step.Account, State: step.State}
		if step.Err != nil {
			r.Error = awserror.InBrief(step.Err).Error()
		}
		reports = append(reports, r)
	}
	return reports
}

// has reports whether a way in of any cluster is in a state.
func (r revocationReport) has(state wayState) bool {
	for _, c := range r.Clusters {
		for _, w := range c.Ways {
			if w.State == state {
				return true
			}
		}
	}
	return false
}

// writer writes the report for people: each way in with what became of it, and the sum of what was done in the last line.
func (r revocationReport) writer(colours palette) func(io.Writer) error {
	return func(w io.Writer) error {
		var b strings.Builder
		for _, c := range r.Clusters {
			fmt.Fprintf(&b, "%s %s\n", c.Account, c.Cluster)
			for _, way := range c.Ways {
				way.write(&b, colours)
			}
		}
		for _, shared := range r.Shared {
			fmt.Fprintf(&b, "%s %s: not revoked, the user is shared with %s\n",
				shared.Account, strings.Join(shared.Clusters, ", "), strings.Join(shared.Others, ", "))
		}
		for _, step := range r.done.Steps {
			if step.State == provision.Failed {
				fmt.Fprintf(&b, "%s  failed: %s\n", step.Step.Account, awserror.InBrief(step.Err).Error())
			}
		}
		fmt.Fprintf(&b, "Revoked: %d done, %d failed, %d skipped.\n",
			r.done.Count(provision.Done), r.done.Count(provision.Failed), r.done.Count(provision.Skipped))
		_, err := io.WriteString(w, b.String())
		return err
	}
}

func (w wayReport) write(b *strings.Builder, colours palette) {
	words := map[wayState]string{
		wayRefused: colours.paint(green, "refused"), wayOpen: colours.paint(red, "STILL OPEN"), wayUnended: colours.paint(red, "NOT ENDED"),
		wayNotProven: "not proven", wayLivesOn: "lives on",
	}
	known := "documented"
	if w.Basis == basisSandbox {
		known = "seen on the sandbox only"
	}
	fmt.Fprintf(b, "  %s  %s", strings.ReplaceAll(string(w.Way), "-", " "), words[w.State])
	if w.State == wayRefused {
		fmt.Fprintf(b, " after %s, %s", time.Duration(*w.Milliseconds)*time.Millisecond, w.Code)
	}
	if w.Reason != "" {
		fmt.Fprintf(b, ": %s", w.Reason)
	}
	fmt.Fprintf(b, " (%s)\n", known)
}

// showRevocation is the end of a dry run.
func (s *session) showRevocation(planned *revoke.Revocation) error {
	report := revocationReport{Plan: planned.Report(), Clusters: []revokedCluster{}, Shared: sharedReports(planned.Shared), Steps: []stepReport{}}
	if err := s.app.result(report, func(w io.Writer) error { return writeRevocation(w, planned) }); err != nil {
		return err
	}
	s.hintEach(planned.Plan, revokeHint)
	switch {
	case len(planned.Problems) > 0, len(planned.Shared) > 0:
		return errIncomplete
	case planned.Pending():
		return errPending
	}
	return nil
}

// concludeRevocation says what was done, and what is left to do.
func (s *session) concludeRevocation(ctx context.Context, planned *revoke.Revocation, report revocationReport) error {
	if err := s.app.result(report, report.writer(s.app.onStdout())); err != nil {
		return err
	}
	failed := report.done.Err()
	if failed != nil {
		s.hintFailuresOr(report.done, "run it again: it goes on from here")
	}
	if ctx.Err() != nil {
		s.app.say("stopped before the end; run it again: it goes on from here")
	}
	s.hintEach(planned.Plan, revokeHint)
	if len(report.Clusters) > 0 {
		s.app.progress("hint: take what was revoked out of the share document: what it still names, pullpass apply gives access again")
	}
	switch {
	case failed != nil, len(planned.Problems) > 0, len(planned.Shared) > 0:
		return errIncomplete
	case report.has(wayOpen):
		s.app.say("hint: IAM may take minutes to spread a change: run it again")
		return errUnproven
	}
	return nil
}

// revokeHint says what to do about a problem of whoever takes access away.
func revokeHint(kind plan.ProblemKind) string {
	switch kind {
	case plan.Unreadable:
		return "run it again once that account can be read: it goes on from here"
	case plan.MadeByHand:
		return "deactivate its access keys by hand; or take it over, and revoke it then: pullpass apply --adopt"
	case plan.OtherShare, plan.PathDiffers:
		return "it is not this share's: whoever made it has to take it away"
	default:
		return problemHint(kind)
	}
}
