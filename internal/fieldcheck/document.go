package fieldcheck

import (
	"encoding/json"
	"fmt"
)

// statement is a statement of a policy that a check writes.
type statement struct {
	Effect    string
	Principal map[string][]string            `json:",omitempty"`
	Action    []string                       `json:",omitempty"`
	Resource  []string                       `json:",omitempty"`
	Condition map[string]map[string][]string `json:",omitempty"`
}

func allow(action string, resources ...string) statement {
	return statement{Effect: "Allow", Action: []string{action}, Resource: resources}
}

func deny(action string, resources ...string) statement {
	return statement{Effect: "Deny", Action: []string{action}, Resource: resources}
}

// trusting lets principals assume the role whose trust it stands in.
func trusting(principals ...string) statement {
	return statement{Effect: "Allow", Action: []string{"sts:AssumeRole"}, Principal: map[string][]string{"AWS": principals}}
}

// distrusting forbids it to them.
func distrusting(principals ...string) statement {
	s := trusting(principals...)
	s.Effect = "Deny"
	return s
}

// document writes a policy. The order is always the same.
func document(statements ...statement) (string, error) {
	text, err := json.Marshal(struct {
		Version   string
		Statement []statement
	}{"2012-10-17", statements})
	if err != nil {
		return "", fmt.Errorf("writing a policy: %w", err)
	}
	return string(text), nil
}
