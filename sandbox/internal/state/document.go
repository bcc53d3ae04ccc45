package state

import (
	"encoding/json"
	"fmt"

	"github.com/pullpass/pullpass/arn"
	"github.com/pullpass/pullpass/authz"
	"github.com/pullpass/pullpass/iampolicy"
)

// Document is a policy as somebody wrote it, with what a decision needs, compiled once.
type Document struct {
	Kind iampolicy.Kind
	// Name tells people where the policy stands: its ARN, or the entity and the policy's name.
	Name string
	Text string
	// Parsed must not be changed.
	Parsed   *iampolicy.Document
	Compiled *authz.Policy
}

// NewDocument parses and compiles a policy. Its errors are those of iampolicy.Parse.
func NewDocument(kind iampolicy.Kind, name, text string) (*Document, error) {
	parsed, err := iampolicy.Parse([]byte(text), kind)
	if err != nil {
		return nil, err
	}
	return compile(name, parsed, text)
}

func compile(name string, parsed *iampolicy.Document, text string) (*Document, error) {
	compiled, err := authz.Compile(parsed)
	if err != nil {
		return nil, err
	}
	return &Document{Kind: parsed.Kind, Name: name, Text: text, Parsed: parsed, Compiled: compiled.Named(name)}, nil
}

// InlineName is the Name of a policy that belongs to one entity alone.
func InlineName(entity arn.ARN, policy string) string {
	return entity.String() + " inline policy " + policy
}

// MapPrincipals returns the document with every AWS principal replaced; the text is then compact JSON.
func (d *Document) MapPrincipals(replace func(string) string) (*Document, error) {
	mapped := d.Parsed.MapPrincipals(replace)
	return compile(d.Name, mapped, string(mapped.JSON()))
}

type savedDocument struct {
	Kind iampolicy.Kind
	Name string
	Text string
}

// MarshalJSON keeps the text: what is compiled is made anew when it is read.
func (d *Document) MarshalJSON() ([]byte, error) {
	return json.Marshal(savedDocument{d.Kind, d.Name, d.Text})
}

// UnmarshalJSON compiles the saved text.
func (d *Document) UnmarshalJSON(b []byte) error {
	var saved savedDocument
	if err := json.Unmarshal(b, &saved); err != nil {
		return err
	}
	made, err := NewDocument(saved.Kind, saved.Name, saved.Text)
	if err != nil {
		return fmt.Errorf("the saved %s %s: %w", saved.Kind, saved.Name, err)
	}
	*d = *made
	return nil
}
