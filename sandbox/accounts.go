package sandbox

import (
	"encoding/json"
	"fmt"

	"github.com/pullpass/pullpass/sandbox/internal/plainyaml"
)

// ParseSeed reads an accounts file, the YAML form of a Seed:
//
//	accounts:
//	  - id: "111111111111"
//	    mfa: GEZDGNBVGY3TQOJQ
//	    subscriptions:
//	      - {id: e29fd0d2-d8a8-4ed4-be54-c6c0dd0f7964, region: us-west-2, expires: 2027-06-30T00:00:00Z}
//	organization:
//	  id: o-a1b2c3d4e5
//	  management: "111111111111"
//	  members: ["999999999999"]
//	  serviceControlPolicies:
//	    "999999999999":
//	      - {Version: "2012-10-17", Statement: [{Effect: Deny, Action: "iam:CreateUser", Resource: "*"}]}
//
// Policies are mappings or JSON text. Errors name the line and column; an unknown field is one, and so is what an accounts
// file has no use for: tags, anchors, aliases, a second document.
func ParseSeed(src []byte) (Seed, error) {
	var seed Seed
	document, err := plainyaml.Parse("an accounts file", src)
	if err == nil {
		err = document.Decode(&seed)
	}
	if err != nil {
		return Seed{}, fmt.Errorf("reading the accounts file: %w", err)
	}
	if err := seed.check(); err != nil {
		return Seed{}, fmt.Errorf("reading the accounts file: %w", err)
	}
	return seed, nil
}

// PolicyText is a policy document as JSON text. In YAML it may also be written as a mapping.
type PolicyText string

// UnmarshalYAML takes a text as it is and writes anything else as JSON.
func (p *PolicyText) UnmarshalYAML(unmarshal func(any) error) error {
	var document any
	if err := unmarshal(&document); err != nil {
		return err
	}
	if text, ok := document.(string); ok {
		*p = PolicyText(text)
		return nil
	}
	b, err := json.Marshal(document)
	*p = PolicyText(b)
	return err
}
