package iam

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/pullpass/pullpass/iampolicy"
)

// What IAM says of documents that it does not take [seen]. Of several faults it names one; which one comes first is not
// documented.
const (
	invalidJSON      = "This policy contains invalid Json"
	syntaxErrors     = "Syntax errors in policy."
	oldVersion       = "Policy document must be version 2012-10-17 or greater."
	noActions        = "Policy statement must contain actions."
	noResources      = "Policy statement must contain resources."
	noVendor         = "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc."
	sidTwice         = "Statement IDs (SID) in a single policy must be unique."
	givesPrincipal   = "Policy document should not specify a principal."
	givesResource    = "Has prohibited field Resource"
	noPrincipal      = "Missing required field Principal"
	otherTrustAction = "AssumeRole policy may only specify STS AssumeRole actions."
)

func invalidPrincipal(kind, name string) string {
	return fmt.Sprintf(`Invalid principal in policy: "%s":"%s"`, kind, name)
}

// statement is a statement before it is known to be one: its fields, unread.
type statement map[string]json.RawMessage

// complaint returns what IAM says of a document that does not parse. The parser's own error says more, but AWS does not.
func complaint(kind iampolicy.Kind, text string) string {
	var document struct{ Statement json.RawMessage }
	if err := json.Unmarshal([]byte(text), &document); err != nil {
		if kind == iampolicy.Trust {
			return invalidJSON
		}
		return syntaxErrors
	}
	var statements []statement
	if err := json.Unmarshal(list(document.Statement), &statements); err != nil {
		return syntaxErrors
	}
	about := aboutPermissions
	if kind == iampolicy.Trust {
		about = aboutTrust
	}
	for _, s := range statements {
		if text := about(s); text != "" {
			return text
		}
	}
	if kind != iampolicy.Trust && repeatedSid(statements) {
		return sidTwice
	}
	return syntaxErrors
}

// list returns a value as a list: the language takes a single value wherever it takes a list.
func list(value json.RawMessage) json.RawMessage {
	if strings.HasPrefix(strings.TrimSpace(string(value)), "[") {
		return value
	}
	return slices.Concat([]byte("["), value, []byte("]"))
}

// texts returns the strings of the first of the fields that is there.
func (s statement) texts(fields ...string) []string {
	for _, field := range fields {
		if value, ok := s[field]; ok {
			var texts []string
			if err := json.Unmarshal(list(value), &texts); err != nil {
				return nil
			}
			return texts
		}
	}
	return nil
}

func (s statement) has(fields ...string) bool {
	return slices.ContainsFunc(fields, func(field string) bool { _, ok := s[field]; return ok })
}

func aboutPermissions(s statement) string {
	switch {
	case s.has("Principal", "NotPrincipal"):
		return givesPrincipal
	case !s.has("Action", "NotAction"):
		return noActions
	case !s.has("Resource", "NotResource"):
		return noResources
	}
	for _, action := range s.texts("Action", "NotAction") {
		if action != "*" && !strings.Contains(action, ":") {
			return noVendor
		}
	}
	for _, resource := range s.texts("Resource", "NotResource") {
		if resource != "*" && !strings.HasPrefix(resource, "arn:") {
			return fmt.Sprintf(`Resource %s must be in ARN format or "*".`, resource)
		}
	}
	return ""
}

func aboutTrust(s statement) string {
	if s.has("Resource", "NotResource") {
		return givesResource
	}
	if !s.has("Principal") {
		return noPrincipal
	}
	for _, action := range s.texts("Action", "NotAction") {
		if !strings.HasPrefix(strings.ToLower(action), "sts:") {
			return otherTrustAction
		}
	}
	return aboutPrincipals(s["Principal"])
}

// aboutPrincipals names the first principal that no trust policy could hold: each is tried in a policy of its own.
func aboutPrincipals(field json.RawMessage) string {
	var byKind map[string]json.RawMessage
	if err := json.Unmarshal(field, &byKind); err != nil {
		return ""
	}
	principals := statement(byKind)
	for _, kind := range []string{"AWS", "Service", "Federated"} {
		for _, name := range principals.texts(kind) {
			quoted, err := json.Marshal(map[string]string{kind: name})
			if err != nil {
				return ""
			}
			alone := `{"Statement":{"Effect":"Allow","Action":"sts:AssumeRole","Principal":` + string(quoted) + `}}`
			if _, err := iampolicy.Parse([]byte(alone), iampolicy.Trust); err != nil {
				return invalidPrincipal(kind, name)
			}
		}
	}
	return ""
}

func repeatedSid(statements []statement) bool {
	seen := map[string]bool{}
	for _, s := range statements {
		for _, sid := range s.texts("Sid") {
			if sid != "" && seen[sid] {
				return true
			}
			seen[sid] = true
		}
	}
	return false
}
