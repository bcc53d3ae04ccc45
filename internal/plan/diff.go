package plan

import (
	"fmt"
	"maps"
	"slices"

	"github.com/pullpass/pullpass/arn"
	"github.com/pullpass/pullpass/internal/share"
)

// Diff returns what it takes to get from observed to desired. A problem stops its destination and no other; a problem of
// the source stops the destinations that depend on it. A side without access is planned as if nothing were there yet.
//
// It is an error if observed lacks an account of desired, or if desired does not hold together.
func Diff(desired share.Desired, observed Observed, options Options) (*Plan, error) {
	if err := check(desired, observed); err != nil {
		return nil, fmt.Errorf("planning share %s: %w", desired.Share, err)
	}
	d := differ{desired: desired, observed: observed, options: options, quotas: quotasByEntity(desired)}
	var source *side
	if wanted(desired.Source) {
		source = d.source()
	}
	var destinations []*side
	for _, want := range desired.Destinations {
		destinations = append(destinations, d.destination(want))
	}
	return assemble(desired, source, destinations), nil
}

func check(desired share.Desired, observed Observed) error {
	if wanted(desired.Source) && observed.Accounts[desired.Source.Account] == nil {
		return fmt.Errorf("account %s was not looked at", desired.Source.Account)
	}
	for _, dest := range desired.Destinations {
		if observed.Accounts[dest.Account] == nil {
			return fmt.Errorf("account %s was not looked at", dest.Account)
		}
		for _, c := range dest.Clusters {
			if !slices.ContainsFunc(dest.Users, func(u share.User) bool { return u.Name == c.User }) {
				return fmt.Errorf("cluster %s of account %s has no user %q", c.Cluster, dest.Account, c.User)
			}
		}
	}
	return nil
}

// wanted reports whether the share has a source's side at all.
func wanted(s share.SourceSide) bool { return len(s.Policies)+len(s.Roles) > 0 }

type differ struct {
	desired  share.Desired
	observed Observed
	options  Options
	quotas   map[arn.ARN][]share.QuotaProblem
}

func quotasByEntity(desired share.Desired) map[arn.ARN][]share.QuotaProblem {
	quotas := map[arn.ARN][]share.QuotaProblem{}
	for _, p := range desired.Quotas() {
		quotas[p.Entity] = append(quotas[p.Entity], p)
	}
	return quotas
}

// open begins the side of one account. It reports whether there is anything to compare with.
func (d *differ) open(account arn.AccountID, part Part) (s *side, ok bool) {
	got := d.observed.Accounts[account]
	s = &side{
		Side: Side{Account: account, Part: part, State: Ready}, got: got, share: d.desired.Share, options: d.options,
		runs: d.observed.Runs, quotas: d.quotas, partial: d.desired.Partial, made: map[arn.ARN]string{}, marked: map[arn.ARN]string{},
		roleUnseen: wanted(d.desired.Source) && d.observed.Accounts[d.desired.Source.Account].State == NoAccess,
	}
	switch {
	case got.State == NoAccess:
		s.State = HandedOver
		s.got = &Account{State: NoAccess}
	case got.State == Failed && (got.Caller.IsZero() || got.Caller.Account == account):
		s.problem(Problem{Kind: Unreadable, Msg: reason(got.Err)})
	case got.Caller.Account != account: // which explains whatever else failed
		s.problem(Problem{Kind: WrongAccount, Msg: fmt.Sprintf("the access given leads to account %s, as %s", got.Caller.Account, got.Caller)})
	}
	return s, s.State != Stopped
}

func reason(err error) string {
	if err == nil {
		return "the account could not be read"
	}
	return err.Error()
}

func (d *differ) source() *side {
	want := d.desired.Source
	s, ok := d.open(want.Account, SourcePart)
	if !ok {
		return s
	}
	for _, p := range want.Policies {
		s.policy(p)
	}
	for _, r := range want.Roles {
		s.role(r)
	}
	s.leftBehind()
	return s
}

func (d *differ) destination(want share.DestinationSide) *side {
	s, ok := d.open(want.Account, DestinationPart)
	if !ok {
		return s
	}
	s.revoked = d.revoked(want)
	for _, p := range want.Policies {
		s.policy(p)
	}
	for _, u := range want.Users {
		s.user(u, want.Clusters)
	}
	s.noteFormer(want.Users)
	s.leftBehind()
	return s
}

// assemble puts the sides together and stops what depends on a problem. There is no source where somebody else looks
// after it, as for who accepts an invitation.
func assemble(desired share.Desired, source *side, destinations []*side) *Plan {
	p := &Plan{Share: desired.Share, Registry: desired.Registry, Posture: desired.Posture}
	if source != nil {
		for _, s := range destinations {
			if target, stopped := source.stops(desired, s.Account); stopped && s.State != Stopped {
				s.problem(Problem{Kind: SourceStopped, Target: target, Msg: "waits for the problem in source account " + string(source.Account)})
			}
		}
		p.add(source)
	}
	for _, s := range destinations {
		s.awaitWhatServes(source)
		p.add(s)
	}
	return p
}

func (p *Plan) add(s *side) {
	if s.State == Stopped {
		s.steps = nil
	}
	p.Sides = append(p.Sides, s.Side)
	p.Steps = append(p.Steps, s.steps...)
	p.Problems = append(p.Problems, s.problems...)
	p.Notes = append(p.Notes, s.notes...)
	p.LeftBehind = append(p.LeftBehind, s.left...)
}

// stops reports whether the source has a problem that a destination depends on, and with what.
func (s *side) stops(desired share.Desired, destination arn.AccountID) (target string, stopped bool) {
	if s.State == Stopped {
		return "", true
	}
	for _, r := range desired.Source.Roles {
		if !slices.Contains(r.Destinations, destination) {
			continue
		}
		for _, needed := range append([]arn.ARN{r.ARN()}, r.Policies...) {
			if s.blocked[needed] {
				return describe(needed), true
			}
		}
	}
	return "", false
}

// A side is what is planned for one account while it is being planned.
type side struct {
	Side
	got     *Account
	share   string
	options Options
	runs    Runs
	quotas  map[arn.ARN][]share.QuotaProblem
	partial bool
	// roleUnseen says that nobody has looked at the source's roles.
	roleUnseen bool

	// revoked are the users whose sessions are denied, with the deny.
	revoked map[string]Deny
	// made maps what the plan makes to the step that makes it.
	made map[arn.ARN]string
	// marked maps a user to the step that marks it with the former keys of its clusters.
	marked map[arn.ARN]string
	// blocked are the entities that a problem keeps from being used.
	blocked  map[arn.ARN]bool
	steps    []Step
	problems []Problem
	notes    []Note
	left     []Left
}

// problem records what is in the way. In a destination, one that is not a cluster's stops the side; in the source, only
// one about the whole account does, because its entities serve different destinations.
func (s *side) problem(p Problem) {
	p.Account = s.Account
	s.problems = append(s.problems, p)
	if p.Cluster == "" && (s.Part == DestinationPart || p.Target == "") {
		s.State = Stopped
	}
}

// block records that an entity cannot be used as it is.
func (s *side) block(entity arn.ARN, kind ProblemKind, format string, args ...any) {
	if s.blocked == nil {
		s.blocked = map[arn.ARN]bool{}
	}
	s.blocked[entity] = true
	s.problem(Problem{Kind: kind, Target: describe(entity), Msg: fmt.Sprintf(format, args...)})
}

func (s *side) note(cluster, format string, args ...any) {
	s.notes = append(s.notes, Note{Account: s.Account, Cluster: cluster, Msg: fmt.Sprintf(format, args...)})
}

// step adds a step; it needs whatever makes the entities given.
func (s *side) step(step Step, entities ...arn.ARN) string {
	step.Account = s.Account
	step.ID = fmt.Sprintf("%s/%s %s", s.Account, step.Verb, step.Target)
	for _, entity := range entities {
		if id := s.made[entity]; id != "" && !slices.Contains(step.Needs, id) {
			step.Needs = append(step.Needs, id)
		}
	}
	slices.Sort(step.Needs)
	s.steps = append(s.steps, step)
	return step.ID
}

// describe names an IAM entity for people.
func describe(entity arn.ARN) string { return entity.Kind() + " " + entity.Name() }

func (s *side) leftBehind() {
	if s.partial {
		return
	}
	for _, entity := range s.got.LeftBehind {
		s.left = append(s.left, Left{Account: s.Account, Target: describe(entity)})
	}
}

// tagsText prints tags sorted by key, one a line.
func tagsText(tags map[string]string) string {
	var text string
	for i, key := range slices.Sorted(maps.Keys(tags)) {
		if i > 0 {
			text += "\n"
		}
		text += key + "=" + tags[key]
	}
	return text
}
