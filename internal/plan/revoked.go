package plan

import (
	"time"

	"github.com/pullpass/pullpass/arn"
	"github.com/pullpass/pullpass/internal/share"
)

// revoked finds the users of a destination whose sessions a revocation denies. Where the source was not read there are none:
// whoever applies on one side alone is told by the proofs.
func (d *differ) revoked(want share.DestinationSide) map[string]Deny {
	account := d.observed.Accounts[d.desired.Source.Account]
	if account == nil || d.options.LiftDenies {
		return nil
	}
	found := map[string]Deny{}
	for _, r := range d.desired.Source.Roles {
		got := account.Roles[r.Name]
		if got == nil || !serves(r, want.Account) {
			continue
		}
		for _, u := range want.Users {
			if deny, denied := got.denyOf(u.Name, d.options.Now); denied {
				found[u.Name] = deny
			}
		}
	}
	return found
}

func serves(r share.Role, destination arn.AccountID) bool {
	for _, a := range r.Destinations {
		if a == destination {
			return true
		}
	}
	return false
}

// keepOut records that a cluster which was revoked is not given access again: what it was given before would come to life
// with it.
func (s *side) keepOut(want share.User, clusters []share.ClusterDelivery, deny Deny) {
	for _, c := range clusters {
		if c.ManagedBy != "" {
			continue
		}
		s.problem(Problem{
			Kind: Revoked, Cluster: c.Cluster, Target: describe(want.ARN()),
			Msg: "it was revoked at " + instant(deny.At) + ", and its sessions are denied until " + instant(deny.At.Add(DenyAge)),
		})
	}
}

// liftDenies takes away the denies of a role that have outlived what they were for, or all where that was asked for.
func (s *side) liftDenies(got *Role) {
	op := LiftDenies{Role: got.ARN, Last: true}
	step := Step{Verb: Delete, Target: "denies of " + describe(got.ARN), Changes: nil}
	for _, deny := range got.Denies {
		switch {
		case deny.Over(s.options.Now), s.options.LiftDenies:
			op.Policies = append(op.Policies, deny.Policy)
			step.Changes = append(step.Changes, Change{Field: "inline policy", Before: deny.Policy})
			continue
		case len(deny.Sessions) == 0:
			s.note("", "%s: every session is denied since %s, until %s: pullpass apply --lift-denies ends that",
				describe(got.ARN), instant(deny.At), instant(deny.At.Add(DenyAge)))
		}
		op.Last = false
	}
	if len(op.Policies) == 0 && !(op.Last && s.abandoned(got)) {
		return
	}
	step.Op = op
	s.step(step)
}

// abandoned reports whether a role bears the mark of a revocation that has never come to its deny. One that was marked a
// moment ago may be about to get it.
func (s *side) abandoned(got *Role) bool {
	text, marked := got.Tags[TagRevoked]
	at, err := time.Parse(time.RFC3339, text)
	return marked && (err != nil || s.options.Now.Sub(at) > settled)
}

func instant(t time.Time) string { return t.UTC().Format(time.RFC3339) }
