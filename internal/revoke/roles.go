package revoke

import (
	"fmt"
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
	// got is nil where there is no such role, nobody could look, or it is not the share's.
	got *plan.Role
	// foreign says that there is a role of that name which is not the share's to change.
	foreign bool
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
		case d.desired.Posture == share.Hardened:
			d.denySome(s, end)
		}
		d.distrust(end)
		if d.source.State != plan.Ready {
			continue
		}
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
		end.got, end.goes, end.foreign = nil, false, true
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
	if d.source.State != plan.Ready { // The role's unique id, by which they are told, is not known here.
		if len(s.leaving) > 0 {
			d.source.note("", "the sessions of %s: whoever has access to account %s ends them with the same command",
				s.leavingNames(), d.source.Account)
		}
		return
	}
	var sessions []string
	for _, l := range s.leaving {
		if s.State == plan.Ready && l.got == nil && !s.mayHold(l) {
			continue // It went in an earlier run, which denied its sessions.
		}
		session := end.got.Session(l.entity.Name())
		if !slices.ContainsFunc(end.got.Denies, func(deny plan.Deny) bool { return d.denied(deny, session, l) }) {
			sessions = append(sessions, session)
		}
	}
	if len(sessions) == 0 {
		return
	}
	end.denied = d.deny(end, sessions, "the sessions of "+s.leavingNames())
}

// denied reports whether the sessions of a user that goes need no other deny. Those of one that is gone end by themselves.
func (d *decider) denied(deny plan.Deny, session string, l leaver) bool {
	return deny.Covers(session, d.options.Now) || l.got == nil && deny.InForce(session, d.options.Now)
}

// mayHold reports whether a cluster holds what it was given as the user, or may.
func (s *side) mayHold(l leaver) bool {
	return slices.ContainsFunc(l.clusters, func(c share.ClusterDelivery) bool {
		held := s.got.Deliveries[c.Cluster]
		return held.State == plan.Unknown || held.State == plan.Held && l.gave(c, held)
	})
}

func (s *side) leavingNames() string {
	names := make([]string, len(s.leaving))
	for i, l := range s.leaving {
		names[i] = l.entity.Name()
	}
	return strings.Join(names, ", ")
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
	if end.goes || end.distrusted {
		return
	}
	end.distrusted = true
	gone := slices.DeleteFunc(slices.Clone(end.want.Destinations), func(a arn.AccountID) bool { return !d.target.whole(a) })
	if len(gone) == 0 {
		return
	}
	entity, is := end.want.ARN(), end.want.Trust
	if end.got != nil { // Otherwise nobody could look, and it is taken for what the share wants.
		entity, is = end.got.ARN, end.got.Trust
	}
	if is == nil {
		d.trustStays(entity, gone, "it cannot be read")
		return
	}
	trust, changed := without(is, gone)
	switch {
	case !changed:
	case !letsIn(trust):
		d.trustStays(entity, gone, "it names nobody else, and IAM takes none that names nobody")
	default:
		d.source.end(plan.Step{
			Verb: plan.Update, Target: describe(entity), Op: plan.UpdateTrust{Role: entity, Trust: trust},
			Changes: []plan.Change{{Field: "trust", Before: string(is.Indented()), After: string(trust.Indented())}},
		})
	}
}

func (d *decider) trustStays(role arn.ARN, gone []arn.AccountID, why string) {
	d.source.problems = append(d.source.problems, plan.Problem{
		Kind: plan.TrustStays, Account: d.source.Account, Target: describe(role),
		Msg: fmt.Sprintf("its trust is not freed of %s: %s", joined(gone), why),
	})
}

func joined(accounts []arn.AccountID) string {
	names := make([]string, len(accounts))
	for i, a := range accounts {
		names[i] = string(a)
	}
	return strings.Join(names, ", ")
}

// without returns a trust policy that lets in nobody whom it names of some accounts, and whether that is another one. A
// statement that would name nobody goes; what denies stays.
func without(trust *iampolicy.Document, gone []arn.AccountID) (out *iampolicy.Document, changed bool) {
	copied := *trust
	copied.Statements = nil
	for _, st := range trust.Statements {
		if st.Effect != iampolicy.Allow || st.Principal == nil {
			copied.Statements = append(copied.Statements, st)
			continue
		}
		p := *st.Principal
		p.AWS = slices.DeleteFunc(slices.Clone(p.AWS), func(name string) bool { return slices.Contains(gone, accountOf(name)) })
		if len(p.AWS) < len(st.Principal.AWS) {
			changed = true
			st.Principal = &p
		}
		if p.Everyone || len(p.AWS)+len(p.Service)+len(p.Federated)+len(p.CanonicalUser) > 0 {
			copied.Statements = append(copied.Statements, st)
		}
	}
	return &copied, changed
}

// accountOf returns the account of a principal: an account by its id or its root, or one of its users, roles or sessions. It
// is none for everybody, and for what IAM shows of a user that is gone.
func accountOf(principal string) arn.AccountID {
	if name, err := arn.Parse(principal); err == nil {
		return name.Account
	}
	return arn.AccountID(principal)
}

// letsIn reports whether a trust policy lets anybody in.
func letsIn(trust *iampolicy.Document) bool {
	return slices.ContainsFunc(trust.Statements, func(s iampolicy.Statement) bool { return s.Effect == iampolicy.Allow })
}

// sessionEnd says what ends the sessions of a user that goes.
func (d *decider) sessionEnd(s *side, l leaver) Ending {
	for _, want := range d.desired.Source.Roles {
		if !slices.Contains(want.Destinations, s.Account) {
			continue
		}
		end := d.role(want)
		switch {
		case d.source.State == plan.Stopped:
			return Ending{Why: "the source could not be read: they are denied once it can"}
		case d.source.State != plan.Ready:
			return Ending{Why: "without access to the source they cannot be denied"}
		case end.foreign:
			return Ending{Why: describe(want.ARN()) + " is not the share's to change"}
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
