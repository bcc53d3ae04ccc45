package sandbox

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
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
	document, err := plainYAML(src)
	if err == nil {
		err = yaml.NodeToValue(document, &seed, yaml.Strict())
	}
	if err != nil {
		return Seed{}, fmt.Errorf("reading the accounts file: %s", yaml.FormatError(err, false, false))
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

// plainYAML returns the one document of a file. The YAML library's decoder does not survive every tag, so that none
// comes to it.
func plainYAML(src []byte) (ast.Node, error) {
	file, err := parser.ParseBytes(src, 0)
	if err != nil {
		return nil, err
	}
	if len(file.Docs) != 1 || file.Docs[0].Body == nil {
		return nil, errors.New("want one YAML document")
	}
	var check plainness
	ast.Walk(&check, file.Docs[0].Body)
	return file.Docs[0].Body, check.err
}

// plainness finds the first node that is not plain.
type plainness struct{ err error }

// Visit implements ast.Visitor.
func (p *plainness) Visit(node ast.Node) ast.Visitor {
	switch node.Type() {
	case ast.TagType, ast.AnchorType, ast.AliasType, ast.MergeKeyType:
		at := node.GetToken().Position
		p.err = cmp.Or(p.err, fmt.Errorf("[%d:%d] an accounts file has no use for %q", at.Line, at.Column, node.GetToken().Value))
		return nil
	default: // Everything else says what it is.
		return p
	}
}
