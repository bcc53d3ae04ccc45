package revoke

import (
	"maps"
	"slices"
	"strings"

	"github.com/pullpass/pullpass/arn"
	"github.com/pullpass/pullpass/iampolicy"
	"github.com/pullpass/pullpass/internal/plan"
	"github.com/pullpass/pullpass/internal/share"
)

// A roleEnd is what becomes of a role of the source.
type roleEnd struct {
	want share.Role
	// got is nil where there is no such role, or nobody could look.
	got *plan.Role
	// goes says that the role is deleted or released.
	goes bool
	// denied is the id of the step that denies its sessions, or some of them.
	denied string
	// covered says that every session was denied before.
	covered bool
	// distrusted says that it has been decided who is to be trusted.
	distrusted bool
}

// denyLeaving ends the sessions of the users that go in one destination.
func (d *decider) denyLeaving(s *side) {
	for _, want := range d.desired.Source.Roles {
		if !slices.Contains(want.Destinations, s.Account) {
			continue
		}
		end := d.role(want)
		if d.source.State == plan.Stopped || d.source.State == plan.Ready && end.got == nil {
			continue
		}
		switch {
		case d.options.Hard && d.desired.Posture == share.Documented, d.fallsTo(s.Account, end):
			d.denyAll(end)
		case d.desired.Posture == share.Hardened && d.source.State == plan.Ready:
			d.denySome(s, end)
		}
		if d.source.State != plan.Ready {
			continue
		}
		d.distrust(end)
		for i := range s.leaving {
			s.leaving[i].sessions = append(s.leaving[i].sessions, end.denied)
		}
	}
}

// role decides once about a role that the share wants.
func (d *decider) role(want share.Role) *roleEnd {
	end := d.roles[want.ARN()]
	if end != nil {
		return end
	}
	end = &roleEnd{want: want, got: d.source.got.Roles[want.Name]}
	end.goes = !slices.ContainsFunc(want.Destinations, func(a arn.AccountID) bool { return !d.target.whole(a) })
	if end.got != nil && !d.ours(d.source, want.ARN(), end.got.ARN, end.got.Tags) {
		end.got, end.goes = nil, false
	}
	d.roles[want.ARN()] = end
	return end
}

// fallsTo reports whether all sessions of a role are to be denied because of one destination: nobody else uses the role,
// and it is pullpass's to be deleted.
func (d *decider) fallsTo(account arn.AccountID, end *roleEnd) bool {
	return d.target.whole(account) && end.goes && (end.got == nil || !d.releases(end.got.Tags))
}

// denyAll denies every session of a role, once.
func (d *decider) denyAll(end *roleEnd) {
	switch {
	case end.denied != "" || end.covered:
	case end.got != nil && slices.ContainsFunc(end.got.Denies, func(deny plan.Deny) bool {
		return len(deny.Sessions) == 0 && deny.Covers("", d.options.Now)
	}):
		end.covered = true
	default:
		end.denied = d.deny(end, nil, "every session of the role")
	}
}

// denySome denies the sessions of users that go, and no others: in the hardened posture a session has its user's name.
func (d *decider) denySome(s *side, end *roleEnd) {
	var sessions []string
	for _, l := range s.leaving {
		if s.State == plan.Ready && l.got == nil {
			continue // It went in an earlier run, which denied its sessions.
		}
		session := end.got.Session(l.entity.Name())
		if !slices.ContainsFunc(end.got.Denies, func(deny plan.Deny) bool { return deny.Covers(session, d.options.Now) }) {
			sessions = append(sessions, session)
		}
	}
	if len(sessions) == 0 {
		return
	}
	names := make([]string, 0, len(s.leaving))
	for _, l := range s.leaving {
		names = append(names, l.entity.Name())
	}
	end.denied = d.deny(end, sessions, "the sessions of "+strings.Join(names, ", "))
}

func (d *decider) deny(end *roleEnd, sessions []string, whose string) string {
	deny := plan.NewDeny(d.desired.Share, d.options.Run, d.options.Now, sessions)
	doc, err := deny.Document()
	if err != nil { // A session's name, which IAM has made sure of, would have to be no text.
		d.source.stop(plan.Unwritable, err.Error())
		return ""
	}
	op := plan.DenySessions{Role: end.want.ARN(), Deny: deny, Document: doc}
	return d.source.end(plan.Step{
		Verb: plan.Create, Target: "deny on " + describe(end.want.ARN()), Op: op,
		Changes: []plan.Change{
			{Field: "denies for a day", After: whose}, {Field: "inline policy", After: deny.Policy}, {Field: "document", After: string(doc.Indented())},
		},
	})
}

// distrust takes the destinations that go out of the trust of a role that others use too, once.
func (d *decider) distrust(end *roleEnd) {
	if end.goes || end.distrusted || end.got.Trust == nil {
		return
	}
	end.distrusted = true
	gone := map[string]bool{}
	for _, account := range end.want.Destinations {
		if d.target.whole(account) {
			gone[arn.Root(account).String()] = true
		}
	}
	trust, changed := without(end.got.Trust, gone)
	if !changed {
		return
	}
	d.source.end(plan.Step{
		Verb: plan.Update, Target: describe(end.got.ARN), Op: plan.UpdateTrust{Role: end.got.ARN, Trust: trust},
		Changes: []plan.Change{{Field: "trust", Before: string(end.got.Trust.Indented()), After: string(trust.Indented())}},
	})
}

// without returns a trust policy that does not name some principals, and whether that is another one. A statement that would
// name nobody stays as it is: IAM takes no such statement.
func without(trust *iampolicy.Document, gone map[string]bool) (out *iampolicy.Document, changed bool) {
	copied := *trust
	copied.Statements = slices.Clone(trust.Statements)
	for i, st := range copied.Statements {
		if st.Principal == nil {
			continue
		}
		left := slices.DeleteFunc(slices.Clone(st.Principal.AWS), func(a string) bool { return gone[a] })
		if len(left) == 0 || len(left) == len(st.Principal.AWS) {
			continue
		}
		p := *st.Principal
		p.AWS = left
		copied.Statements[i].Principal = &p
		changed = true
	}
	return &copied, changed
}

// sessionEnd says what ends the sessions of a user that goes.
func (d *decider) sessionEnd(s *side, l leaver) Ending {
	for _, want := range d.desired.Source.Roles {
		if !slices.Contains(want.Destinations, s.Account) {
			continue
		}
		end := d.role(want)
		switch {
		case d.source.State != plan.Ready:
			return Ending{Why: "without access to the source they cannot be denied"}
		case end.denied != "":
			return Ending{Step: end.denied}
		case end.got == nil, end.covered, l.got == nil && s.State == plan.Ready,
			slices.ContainsFunc(end.got.Denies, func(deny plan.Deny) bool {
				return deny.Covers(end.got.Session(l.entity.Name()), d.options.Now)
			}):
			return Ending{Ended: true}
		}
	}
	return Ending{Why: "clusters share the role, and AWS cannot tell their sessions apart (--hard denies the role to all of them)"}
}

// leftRoles ends the sessions of roles that the share left behind.
func (d *decider) leftRoles() {
	if !d.target.All && !d.target.LeftBehind || d.source.State != plan.Ready {
		return
	}
	for _, name := range slices.Sorted(maps.Keys(d.source.got.Leftovers.Roles)) {
		got := d.source.got.Leftovers.Roles[name]
		if cluster, used := d.assumedBy(got.ARN); used && !d.target.All {
			d.source.note(cluster, "%s was left behind, and %s may assume it yet: pullpass apply moves it on first", describe(got.ARN), cluster)
			continue
		}
		end := &roleEnd{want: share.Role{Account: got.ARN.Account, Path: got.ARN.Path(), Name: got.ARN.Name()}, got: got, goes: true}
		d.roles[got.ARN] = end
		if !d.releases(got.Tags) {
			d.denyAll(end)
		}
	}
}

// assumedBy returns a cluster of the share whose credential assumes a role, or may.
func (d *decider) assumedBy(role arn.ARN) (cluster string, used bool) {
	for _, side := range d.desired.Destinations {
		for _, c := range side.Clusters {
			held := d.observed.Accounts[side.Account].Deliveries[c.Cluster]
			if held.State == plan.Unknown || held.State == plan.Held && held.Config.RoleARN == role {
				return c.Cluster, true
			}
		}
	}
	return "", false
}

// clearSource takes away what is of no use any more in the source.
func (d *decider) clearSource() {
	s := d.source
	if s.State == plan.Stopped {
		return
	}
	for _, entity := range slices.SortedFunc(maps.Keys(d.roles), func(a, b arn.ARN) int { return strings.Compare(a.String(), b.String()) }) {
		end := d.roles[entity]
		if end.goes {
			s.gone = append(s.gone, d.removeRole(end))
		} else {
			d.liftOver(end)
		}
	}
	if !d.target.All {
		return
	}
	for _, p := range d.desired.Source.Policies {
		d.removePolicy(s, p, s.gone)
	}
}

// removeRole deletes or releases a role; gone is the id of the step, empty where there is none.
func (d *decider) removeRole(end *roleEnd) (gone string) {
	s, entity := d.source, end.want.ARN()
	step := plan.Step{Verb: plan.Delete, Target: describe(entity), Needs: []string{end.denied}}
	removal := plan.Removal{Entity: entity, Share: d.desired.Share}
	switch {
	case s.State == plan.HandedOver:
		step.Op, step.Needs = plan.RemoveRole{Removal: removal}, nil
		return s.after(step)
	case end.got == nil:
		return ""
	case d.releases(end.got.Tags) && (end.denied != "" || end.got.DeniesAll(d.options.Now)):
		d.kept[s.Account] = true
		s.note("", "%s was adopted: it is released once its deny has ended, a day after it was put: run it again then", describe(entity))
		return ""
	case d.releases(end.got.Tags):
		d.kept[s.Account] = true
		return s.release(entity, end.got.Tags, []string{d.liftOver(end)})
	}
	removal.Adopted = plan.Adopted(end.got.Tags)
	step.Op = plan.RemoveRole{Removal: removal}
	return s.after(step)
}

// liftOver takes away the denies that have outlived what they were for.
func (d *decider) liftOver(end *roleEnd) string {
	if end.got == nil || d.source.State != plan.Ready {
		return ""
	}
	op := plan.LiftDenies{Role: end.got.ARN, Last: end.denied == ""}
	step := plan.Step{Verb: plan.Delete, Target: "denies of " + describe(end.got.ARN)}
	for _, deny := range end.got.Denies {
		if !deny.Over(d.options.Now) {
			op.Last = false
			continue
		}
		op.Policies = append(op.Policies, deny.Policy)
		step.Changes = append(step.Changes, plan.Change{Field: "inline policy", Before: deny.Policy})
	}
	if len(op.Policies) == 0 {
		return ""
	}
	step.Op = op
	return d.source.after(step)
}
