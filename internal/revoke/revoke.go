// Package revoke decides in which order access is taken away.
package revoke

import (
	"fmt"
	"slices"
	"time"

	"github.com/pullpass/pullpass/arn"
	"github.com/pullpass/pullpass/internal/awsid"
	"github.com/pullpass/pullpass/internal/plan"
	"github.com/pullpass/pullpass/internal/share"
)

// Options are what the operator asks for, and what a run knows of itself.
type Options struct {
	// Hard denies a role to all of its sessions where those of one cluster or destination cannot be told apart.
	Hard bool
	// KeepDeliveries leaves what was delivered where it is.
	KeepDeliveries bool
	// DeleteAdopted deletes what was made by hand and taken over, which is released otherwise.
	DeleteAdopted bool
	// Run is the run that revokes.
	Run plan.RunID
	Now time.Time
}

// A Revocation is what it takes to end access. Its steps are in order: first those that end access, then those that take
// away what is of no use any more, and records last.
type Revocation struct {
	*plan.Plan
	// Ends are the ids of the steps that end access. What else there is to be done waits for them, and for the proofs.
	Ends map[string]bool
	// Clusters are those whose access ends, but for workload clusters, which have none of their own.
	Clusters []Cluster
	// Shared are users that are left alone: others use them who are to keep their access.
	Shared []Shared
}

// A Cluster is one whose access ends, with what ends each of its ways in.
type Cluster struct {
	Account  arn.AccountID
	Delivery share.ClusterDelivery
	// Held is Held where it held what it was given when the decision was made.
	Held plan.DeliveryState
	// Key is the end of its access key, Session that of the sessions and registry tokens made with it.
	Key, Session Ending
}

// An Ending says what ends one way in.
type Ending struct {
	// Step is the id of the step that ends it, empty where there is none.
	Step string
	// Ended says that it has ended already.
	Ended bool
	// Why says, where there is no step and it has not ended, why nothing ends it.
	Why string
}

// Shared is a user that a cluster shares with others.
type Shared struct {
	Account arn.AccountID
	User    share.User
	// Clusters are to lose their access, Others are not.
	Clusters, Others []share.ClusterDelivery
}

// Decide says how the access of a target ends. Observed must hold what Target.Part names; it is an error if it lacks an
// account of that.
//
//	                      hardened                                 documented
//	one cluster           its sessions denied, its key inactive,   nothing, where others use its user: see Shared;
//	                      then its user gone                       else its key inactive, its user gone
//	one destination       its role denied, its keys inactive, then its trust and keys gone; the role denied to all
//	                      users, policy and role gone              if Hard
//	the whole share       every role denied, every key inactive, then everything gone
//
// What is not the share's, by its tag, is left alone, and what was adopted is released. A side without access is planned as
// if everything were there; its administrator carries that out.
func Decide(desired share.Desired, observed plan.Observed, t Target, o Options) (*Revocation, error) {
	d := decider{
		desired: desired, observed: observed, target: t, options: o,
		out: &Revocation{
			Plan: &plan.Plan{Share: desired.Share, Registry: desired.Registry, Posture: desired.Posture}, Ends: map[string]bool{},
		},
		roles: map[arn.ARN]*roleEnd{}, kept: map[arn.AccountID]bool{},
	}
	source, err := d.open(desired.Source.Account, plan.SourcePart)
	if err != nil {
		return nil, err
	}
	d.source = source
	var sides []*side
	for _, want := range desired.Destinations {
		if !t.touches(want) && !t.LeftBehind {
			continue
		}
		s, err := d.open(want.Account, plan.DestinationPart)
		if err != nil {
			return nil, err
		}
		sides = append(sides, s)
		d.destination(s, want)
	}
	d.leftRoles()
	for _, s := range sides {
		d.clear(s)
	}
	d.clearSource()
	for _, s := range append([]*side{source}, sides...) {
		d.add(s)
	}
	return d.out, nil
}

type decider struct {
	desired  share.Desired
	observed plan.Observed
	target   Target
	options  Options
	out      *Revocation
	source   *side
	// roles are what has been decided about the source's roles.
	roles map[arn.ARN]*roleEnd
	// kept are the accounts in which something stays that was adopted.
	kept map[arn.AccountID]bool
}

// A side is one account while it is being decided about.
type side struct {
	plan.Side
	want share.DestinationSide
	got  *plan.Account
	// ends end access; rest is what comes after.
	ends, rest []plan.Step
	problems   []plan.Problem
	notes      []plan.Note
	// leaving are the users that go.
	leaving []leaver
	// gone are the ids of the steps by which users go.
	gone []string
}

func (d *decider) open(account arn.AccountID, part plan.Part) (*side, error) {
	got := d.observed.Accounts[account]
	if got == nil {
		return nil, fmt.Errorf("planning the revocation of %s: account %s was not looked at", d.target, account)
	}
	s := &side{Side: plan.Side{Account: account, Part: part, State: plan.Ready}, got: got}
	switch {
	case got.State == plan.NoAccess:
		s.State, s.got = plan.HandedOver, &plan.Account{State: plan.NoAccess}
	case got.State == plan.Failed && (got.Caller.IsZero() || got.Caller.Account == account):
		s.stop(plan.Unreadable, fmt.Sprint(got.Err))
	case got.Caller.Account != account:
		s.stop(plan.WrongAccount, fmt.Sprintf("the access given leads to account %s, as %s", got.Caller.Account, got.Caller))
		s.got = &plan.Account{State: got.State, Caller: got.Caller, Deliveries: got.Deliveries} // The rest is somebody else's.
	}
	return s, nil
}

func (s *side) stop(kind plan.ProblemKind, msg string) {
	s.State = plan.Stopped
	s.problems = append(s.problems, plan.Problem{Kind: kind, Account: s.Account, Msg: msg})
}

func (s *side) note(cluster, format string, args ...any) {
	s.notes = append(s.notes, plan.Note{Account: s.Account, Cluster: cluster, Msg: fmt.Sprintf(format, args...)})
}

// end adds a step that ends access, and after one that waits for such.
func (s *side) end(step plan.Step) string   { return s.step(&s.ends, step) }
func (s *side) after(step plan.Step) string { return s.step(&s.rest, step) }

func (s *side) step(to *[]plan.Step, step plan.Step) string {
	step.Account = s.Account
	step.ID = fmt.Sprintf("%s/%s %s", s.Account, step.Verb, step.Target)
	step.Needs = slices.DeleteFunc(step.Needs, func(id string) bool { return id == "" })
	slices.Sort(step.Needs)
	step.Needs = slices.Compact(step.Needs)
	*to = append(*to, step)
	return step.ID
}

// add puts a side into the plan. Steps that end access come before all others, of whatever side.
func (d *decider) add(s *side) {
	p := d.out.Plan
	p.Sides = append(p.Sides, s.Side)
	p.Problems = append(p.Problems, s.problems...)
	p.Notes = append(p.Notes, s.notes...)
	if s.State == plan.Stopped {
		return
	}
	ends := len(d.out.Ends)
	for _, step := range s.ends {
		d.out.Ends[step.ID] = true
	}
	p.Steps = slices.Concat(p.Steps[:ends:ends], s.ends, p.Steps[ends:], s.rest)
}

func describe(entity arn.ARN) string { return entity.Kind() + " " + entity.Name() }

func deliveryTarget(c share.ClusterDelivery) string {
	return fmt.Sprintf("delivery to %s (%s)", c.Cluster, c.Place())
}

func keyIDs(keys []plan.Key) []awsid.AccessKeyID {
	ids := make([]awsid.AccessKeyID, len(keys))
	for i, k := range keys {
		ids[i] = k.ID
	}
	slices.Sort(ids)
	return ids
}
