// Package cases makes IAM cases up from a seed.
package cases

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"github.com/pullpass/pullpass/iampolicy"
	"github.com/pullpass/pullpass/internal/simulation"
)

// A Case is a request with the policies that concern it, in a form that can be taken apart. Policies are never changed in
// place, so that cases may share them.
type Case struct {
	ID        string
	Principal Principal
	Action    string
	Resource  string
	Owner     string // the account that owns the resource
	Context   map[string][]string

	Identity       []*iampolicy.Document
	ResourcePolicy *iampolicy.Document // a trust policy where Trust is set
	Trust          bool
	Boundary       *iampolicy.Document
	Session        *iampolicy.Document
	SCPs           [][]*iampolicy.Document // one list a level
	RCPs           [][]*iampolicy.Document
}

// Clone returns a copy whose lists and context can be changed without changing c.
func (c *Case) Clone() *Case {
	out := *c
	out.Context = maps.Clone(c.Context)
	out.Identity = slices.Clone(c.Identity)
	out.SCPs = cloneLevels(c.SCPs)
	out.RCPs = cloneLevels(c.RCPs)
	return &out
}

func cloneLevels(levels [][]*iampolicy.Document) [][]*iampolicy.Document {
	out := slices.Clone(levels)
	for i := range out {
		out[i] = slices.Clone(out[i])
	}
	return out
}

// A Slot is the place of one policy in a case.
type Slot struct {
	Type     string // what the policy is, in AWS's words
	Document *iampolicy.Document
	put      func(*Case, *iampolicy.Document)
}

// Put returns a copy of c with another policy in the slot, or with none where d is nil.
func (s Slot) Put(c *Case, d *iampolicy.Document) *Case {
	out := c.Clone()
	s.put(out, d)
	return out
}

// The types of policies, as Slot has them.
const (
	Identity = "identity-based policy"
	Resource = "resource-based policy"
	Trust    = "role trust policy"
	Boundary = "permissions boundary"
	Session  = "session policy"
	SCP      = "service control policy"
	RCP      = "resource control policy"
)

// Slots lists every policy of the case, in the order of the fields.
func (c *Case) Slots() []Slot {
	var out []Slot
	for i, d := range c.Identity {
		out = append(out, Slot{Identity, d, func(c *Case, d *iampolicy.Document) { replace(&c.Identity, i, d) }})
	}
	if c.ResourcePolicy != nil {
		kind := Resource
		if c.Trust {
			kind = Trust
		}
		out = append(out, Slot{kind, c.ResourcePolicy, func(c *Case, d *iampolicy.Document) { c.ResourcePolicy = d }})
	}
	if c.Boundary != nil {
		out = append(out, Slot{Boundary, c.Boundary, func(c *Case, d *iampolicy.Document) { c.Boundary = d }})
	}
	if c.Session != nil {
		out = append(out, Slot{Session, c.Session, func(c *Case, d *iampolicy.Document) { c.Session = d }})
	}
	out = append(out, levelSlots(SCP, c.SCPs, func(c *Case) [][]*iampolicy.Document { return c.SCPs })...)
	return append(out, levelSlots(RCP, c.RCPs, func(c *Case) [][]*iampolicy.Document { return c.RCPs })...)
}

func levelSlots(kind string, levels [][]*iampolicy.Document, of func(*Case) [][]*iampolicy.Document) []Slot {
	var out []Slot
	for level, policies := range levels {
		for i, d := range policies {
			out = append(out, Slot{kind, d, func(c *Case, d *iampolicy.Document) { replace(&of(c)[level], i, d) }})
		}
	}
	return out
}

func replace(list *[]*iampolicy.Document, i int, d *iampolicy.Document) {
	if d == nil {
		*list = slices.Delete(*list, i, i+1)
		return
	}
	(*list)[i] = d
}

// Wire returns the case in the shape that both engines take.
func (c *Case) Wire() simulation.Case {
	s := simulation.Simulation{
		Request: simulation.Request{
			Principal:        simulation.Principal(c.Principal.ARN),
			Action:           c.Action,
			Resource:         simulation.Resource{Resource: c.Resource, AccountID: c.Owner},
			ContextVariables: make(map[string]simulation.Values, len(c.Context)),
		},
		IdentityPolicies:        named("identity", c.Identity),
		ResourcePolicy:          text(c.ResourcePolicy),
		SessionPolicy:           text(c.Session),
		ServiceControlPolicies:  levels("scp", c.SCPs),
		ResourceControlPolicies: levels("rcp", c.RCPs),
	}
	for key, values := range c.Context {
		s.Request.ContextVariables[key] = values
	}
	if c.Boundary != nil {
		s.PermissionBoundaryPolicies = named("boundary", []*iampolicy.Document{c.Boundary})
	}
	return simulation.Case{ID: c.ID, Simulation: s}
}

func text(d *iampolicy.Document) json.RawMessage {
	if d == nil {
		return nil
	}
	return d.JSON()
}

func named(name string, documents []*iampolicy.Document) []simulation.NamedPolicy {
	out := make([]simulation.NamedPolicy, len(documents))
	for i, d := range documents {
		out[i] = simulation.NamedPolicy{Name: fmt.Sprintf("%s-%d", name, i+1), Policy: d.JSON()}
	}
	return out
}

func levels(name string, of [][]*iampolicy.Document) []simulation.OrgPolicies {
	out := make([]simulation.OrgPolicies, len(of))
	for i, policies := range of {
		id := fmt.Sprintf("%s-level-%d", name, i+1)
		out[i] = simulation.OrgPolicies{OrgIdentifier: id, Policies: named(id, policies)}
	}
	return out
}

// Spelled returns the case with what AWS takes for granted written out, for an engine that does not: the caller's unique id
// in the resource's policy as the ARN that it stands for, and a root user's right to everything in its account as a policy.
// Nobody else of the generator's principals has an id in common with the caller.
func (c *Case) Spelled() *Case {
	out := *c
	if c.Principal.Form == Root {
		out.Identity = append(slices.Clone(c.Identity), allowAll())
	}
	if c.ResourcePolicy == nil || c.Principal.ID == "" {
		return &out
	}
	name := c.Principal.Source
	if name == "" {
		name = c.Principal.ARN
	}
	out.ResourcePolicy = c.ResourcePolicy.MapPrincipals(func(principal string) string {
		if principal == c.Principal.ID {
			return name
		}
		return principal
	})
	return &out
}
