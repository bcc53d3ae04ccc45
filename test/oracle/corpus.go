package main

import (
	"bytes"
	"encoding/json"
	"fmt"

	"github.com/pullpass/pullpass/iampolicy"
	"github.com/pullpass/pullpass/internal/simulation"
	"github.com/pullpass/pullpass/test/oracle/compare"
)

// An entry is a case in the shape of authz/testdata/corpus.
type entry struct {
	Name     string
	Source   string
	Request  entryRequest
	Policies entryPolicies
	Want     string
}

type entryRequest struct {
	Principal       string // a name in authz/testdata/principals.json
	Action          string
	Resource        string
	ResourceAccount string
	Context         map[string]simulation.Values `json:",omitempty"`
}

type entryPolicies struct {
	Identity []json.RawMessage
	Resource json.RawMessage     `json:",omitempty"`
	Trust    json.RawMessage     `json:",omitempty"`
	Boundary json.RawMessage     `json:",omitempty"`
	Session  []json.RawMessage   `json:",omitempty"`
	SCPs     [][]json.RawMessage `json:",omitempty"`
	RCPs     [][]json.RawMessage `json:",omitempty"`
}

// corpusEntry prints an opinion as an entry, for whoever settles it to name and to give a source. What it wants is what
// authz says now.
func corpusEntry(o compare.Opinion) (string, error) {
	c := o.Case
	e := entry{
		Name:   "case " + c.ID,
		Source: fmt.Sprintf("an oracle that says %s", o.Theirs.Decision),
		Request: entryRequest{
			Principal: c.Principal.Name, Action: c.Action, Resource: c.Resource, ResourceAccount: c.Owner,
			Context: make(map[string]simulation.Values),
		},
		Policies: entryPolicies{Identity: documents(c.Identity), Boundary: document(c.Boundary), SCPs: levels(c.SCPs), RCPs: levels(c.RCPs)},
		Want: map[simulation.Outcome]string{
			simulation.Allowed: "allow", simulation.ExplicitlyDenied: "explicit deny", simulation.ImplicitlyDenied: "implicit deny",
		}[o.Ours.Decision],
	}
	for key, values := range c.Context {
		e.Request.Context[key] = values
	}
	if c.Trust {
		e.Policies.Trust = document(c.ResourcePolicy)
	} else {
		e.Policies.Resource = document(c.ResourcePolicy)
	}
	if c.Session != nil {
		e.Policies.Session = []json.RawMessage{c.Session.JSON()}
	}
	return marshal(e)
}

// marshal writes v without the escapes that HTML would need.
func marshal(v any) (string, error) {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	err := encoder.Encode(v)
	return b.String(), err
}

func document(d *iampolicy.Document) json.RawMessage {
	if d == nil {
		return nil
	}
	return d.JSON()
}

func documents(list []*iampolicy.Document) []json.RawMessage {
	out := make([]json.RawMessage, len(list))
	for i, d := range list {
		out[i] = d.JSON()
	}
	return out
}

func levels(of [][]*iampolicy.Document) [][]json.RawMessage {
	out := make([][]json.RawMessage, len(of))
	for i, list := range of {
		out[i] = documents(list)
	}
	return out
}
