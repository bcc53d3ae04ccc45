package status

import (
	"slices"
	"strings"

	"github.com/pullpass/pullpass/arn"
	"github.com/pullpass/pullpass/internal/plan"
	"github.com/pullpass/pullpass/internal/share"
)

// drift lists the plan's steps and problems in an account, those that are picked by cluster and target. What only says that
// something could not be read is no drift.
func (r *Report) drift(account arn.AccountID, pick func(cluster, target string) bool) []string {
	var lines []string
	if r.guessed(account) {
		return nil
	}
	for _, s := range r.facts.Plan.StepsOf(account) {
		if _, lifts := s.Op.(plan.LiftDenies); !lifts && pick(s.Cluster, s.Target) { // A deny that is over is nobody's change.
			lines = append(lines, string(s.Verb)+" "+s.Target)
		}
	}
	for _, p := range r.facts.Plan.Problems {
		if p.Account == account && drifts(p.Kind) && pick(p.Cluster, p.Target) {
			lines = append(lines, strings.TrimPrefix(p.Target+": "+oneLine(p.Msg), ": "))
		}
	}
	return lines
}

// guessed reports whether an account's wanted policies rest on a registry that EKS could not be asked about: what differs
// from them says nothing then.
func (r *Report) guessed(account arn.AccountID) bool {
	s := r.facts.Subscription
	return s != nil && s.Error != "" && account == r.facts.Desired.Source.Account
}

// sourceUnread reports whether nobody could compare the source with the share, though the share gives access to it.
func (r *Report) sourceUnread() bool {
	source := r.facts.Desired.Source.Account
	return r.guessed(source) || r.facts.Observed.Accounts[source] != nil && r.stateOf(source) == Unread
}

// drifts reports whether a problem is one of the share, rather than of who looks.
func drifts(kind plan.ProblemKind) bool {
	switch kind {
	case plan.Unreadable, plan.WrongAccount, plan.DeliveryUnknown, plan.RoleUnseen, plan.SourceStopped:
		return false
	case plan.MadeByHand, plan.OtherShare, plan.PathDiffers, plan.Quota, plan.KeyBusy, plan.KeysFull, plan.RotationRefused,
		plan.NoNamespace, plan.Unwritable, plan.FieldConflict, plan.DeliveryTaken, plan.Revoked, plan.SharedKey, plan.TrustStays:
	}
	return true
}

// driftOf is the drift that concerns one cluster: its own, that of its user, and that of the role that it assumes.
func (r *Report) driftOf(d share.DestinationSide, want share.ClusterDelivery) []string {
	var users, roles []string
	for _, u := range d.Users {
		if u.Name != want.User {
			users = append(users, u.Name)
		}
	}
	for _, role := range r.facts.Desired.Source.Roles {
		if role.Name != want.Config.RoleARN.Name() {
			roles = append(roles, role.Name)
		}
	}
	lines := r.drift(d.Account, func(cluster, target string) bool {
		return cluster == want.Cluster || cluster == "" && !mentions(target, users)
	})
	source := r.facts.Desired.Source.Account
	if got := r.facts.Observed.Accounts[source]; source == d.Account || got == nil || r.stateOf(source) != Known {
		return lines
	}
	return append(lines, r.drift(source, func(_, target string) bool { return !mentions(target, roles) })...)
}

// mentions reports whether one of the names is a word of the text.
func mentions(text string, names []string) bool {
	return slices.ContainsFunc(strings.Fields(text), func(word string) bool { return slices.Contains(names, word) })
}

// oneLine makes a line of a message that may have several.
func oneLine(s string) string { return strings.ReplaceAll(strings.TrimSpace(s), "\n", "; ") }
