package cli

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/pullpass/pullpass/arn"
	"github.com/pullpass/pullpass/internal/awserror"
	"github.com/pullpass/pullpass/internal/awsid"
	"github.com/pullpass/pullpass/internal/plan"
	"github.com/pullpass/pullpass/internal/provision"
)

// rotationReport is the result of `pullpass rotate`.
type rotationReport struct {
	Share string               `json:"share"`
	Users []userRotationReport `json:"users"`
	// NotDone are the problems that are of no one user, such as an account that cannot be read: nothing is known of its keys.
	NotDone []notDoneReport `json:"notDone,omitempty"`
	// Audit is where the audit trail ends; nil where nothing was done.
	Audit *trailHead `json:"audit,omitempty"`
}

type notDoneReport struct {
	Account arn.AccountID    `json:"account"`
	Cluster string           `json:"cluster,omitempty"`
	Kind    plan.ProblemKind `json:"kind"`
	Message string           `json:"message"`
}

// A rotationState is how far a rotation has come.
type rotationState string

const (
	stateRotated rotationState = "rotated" // the old key is gone
	stateNotDue  rotationState = "not-due" // there is nothing to do
	stateNoKey   rotationState = "no-key"  // there is nothing to replace: apply makes what is lacking
	stateDue     rotationState = "due"     // it would be begun or carried on
	statePending rotationState = "pending" // something is missing before the old key may go
	stateBusy    rotationState = "busy"    // another run may be at work
	stateRefused rotationState = "refused" // it cannot be begun as things are
	stateFailed  rotationState = "failed"
)

type userRotationReport struct {
	Account  arn.AccountID     `json:"account"`
	User     string            `json:"user"`
	Clusters []string          `json:"clusters"`
	State    rotationState     `json:"state"`
	OldKey   awsid.AccessKeyID `json:"oldKey,omitempty"`
	// OldKeyInactive says that the old key was deactivated and is there yet: what still uses it fails.
	OldKeyInactive bool              `json:"oldKeyInactive,omitempty"`
	NewKey         awsid.AccessKeyID `json:"newKey,omitempty"`
	Reason         string            `json:"reason,omitempty"`
	Missing        []gapReport       `json:"missing,omitempty"`
	// Risks may break, or have broken, because patience has ended.
	Risks []gapReport  `json:"risks,omitempty"`
	Error string       `json:"error,omitempty"`
	Steps []stepReport `json:"steps,omitempty"`
}

type gapReport struct {
	Cluster string `json:"cluster,omitempty"`
	What    string `json:"what"`
	// Until is when it closes by itself.
	Until *time.Time `json:"until,omitempty"`

	text string
}

// newRotationReport takes the results of a run, or none of a dry one.
func newRotationReport(planned *plan.Rotation, results []provision.UserResult) rotationReport {
	report := rotationReport{Share: planned.Share, Users: []userRotationReport{}}
	if results == nil {
		for _, u := range planned.Users {
			results = append(results, provision.UserResult{UserRotation: u})
		}
	}
	for _, r := range results {
		report.Users = append(report.Users, newUserRotationReport(r))
	}
	for _, p := range planned.Problems {
		if p.Kind != plan.KeyBusy && p.Kind != plan.RotationRefused { // Which the users tell.
			report.NotDone = append(report.NotDone, notDoneReport{Account: p.Account, Cluster: p.Cluster, Kind: p.Kind, Message: p.String()})
		}
	}
	return report
}

func newUserRotationReport(r provision.UserResult) userRotationReport {
	report := userRotationReport{
		Account: r.Account, User: r.User.Name(), State: stateOf(r), OldKey: r.Old, NewKey: r.New, Reason: r.Why,
		Missing: gapReports(r.Missing), Risks: gapReports(r.Risks),
	}
	report.OldKeyInactive = r.Inactive && !r.Ended
	for _, c := range r.Clusters {
		report.Clusters = append(report.Clusters, c.Cluster)
	}
	for _, step := range r.Steps {
		s := stepReport{ID: step.Step.ID, Account: step.Step.Account, State: step.State}
		if step.Err != nil {
			s.Error = awserror.InBrief(step.Err).Error()
		}
		report.Steps = append(report.Steps, s)
	}
	if r.Err != nil {
		report.Error = awserror.InBrief(r.Err).Error()
	}
	return report
}

func stateOf(r provision.UserResult) rotationState {
	switch {
	case r.Err != nil:
		return stateFailed
	case r.Ended:
		return stateRotated
	}
	switch r.Action {
	case plan.RotateNothing:
		if r.New == "" {
			return stateNoKey
		}
		return stateNotDue
	case plan.RotateBusy:
		return stateBusy
	case plan.RotateRefuse:
		return stateRefused
	case plan.RotateWait:
		return statePending
	case plan.RotateUnmark:
		if len(r.Steps) > 0 {
			return stateRotated
		}
	case plan.RotateCreate, plan.RotateDeliver, plan.RotateProve, plan.RotateDeactivate, plan.RotateReactivate, plan.RotateDelete:
	}
	return stateDue
}

func gapReports(gaps []plan.Gap) []gapReport {
	var reports []gapReport
	for _, g := range gaps {
		report := gapReport{Cluster: g.Cluster, What: g.What, text: g.String()}
		if !g.Until.IsZero() {
			until := g.Until.UTC()
			report.Until = &until
		}
		reports = append(reports, report)
	}
	return reports
}

// complete reports whether nothing is left to do.
func (r rotationReport) complete() bool {
	return !slices.ContainsFunc(r.Users, func(u userRotationReport) bool {
		return !slices.Contains([]rotationState{stateRotated, stateNotDue, stateNoKey}, u.State)
	})
}

func (r rotationReport) count(state rotationState) int {
	n := 0
	for _, u := range r.Users {
		if u.State == state {
			n++
		}
	}
	return n
}

// write writes the report for people: what was done or is missing, and the sum of it in the last line.
func (r rotationReport) write(w io.Writer) error {
	var b strings.Builder
	for _, u := range r.Users {
		u.write(&b)
	}
	for _, p := range r.NotDone {
		fmt.Fprintf(&b, "%s  not done: %s\n", p.Account, p.Message)
	}
	var counts []string
	for _, state := range []rotationState{stateRotated, stateDue, statePending, stateBusy, stateRefused, stateFailed, stateNotDue, stateNoKey} {
		if n := r.count(state); n > 0 {
			counts = append(counts, fmt.Sprintf("%d %s", n, strings.ReplaceAll(string(state), "-", " ")))
		}
	}
	fmt.Fprintf(&b, "Keys: %s.\n", cmp.Or(strings.Join(counts, ", "), "none"))
	_, err := io.WriteString(w, b.String())
	return err
}

func (u userRotationReport) write(b *strings.Builder) {
	if u.State == stateNotDue {
		return
	}
	fmt.Fprintf(b, "%s  user %s (%s): %s", u.Account, u.User, strings.Join(u.Clusters, ", "), u.State)
	if u.OldKey != "" {
		fmt.Fprintf(b, ", %s", u.OldKey)
	}
	if u.OldKeyInactive {
		b.WriteString(" (inactive)")
	}
	if u.OldKey != "" && u.NewKey != "" {
		fmt.Fprintf(b, " -> %s", u.NewKey)
	}
	b.WriteByte('\n')
	for _, line := range []struct{ word, text string }{{"failed", u.Error}, {"why", u.Reason}} {
		if line.text != "" {
			fmt.Fprintf(b, "  %s: %s\n", line.word, line.text)
		}
	}
	for _, g := range u.Missing {
		fmt.Fprintf(b, "  missing: %s\n", g.text)
	}
	for _, g := range u.Risks {
		fmt.Fprintf(b, "  may break: %s\n", g.text)
	}
}
