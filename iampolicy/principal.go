package iampolicy

import (
	"strings"

	"github.com/pullpass/pullpass/arn"
	"github.com/pullpass/pullpass/internal/strictjson"
)

// principals reads a Principal or NotPrincipal: "*", or an object of lists by type
// (reference_policies_elements_principal.html).
func (p *parser) principals(m member) (*Principals, error) {
	if text, _ := m.Text(); text == "*" {
		return &Principals{Everyone: true}, nil
	}
	if m.Kind() != strictjson.Object || m.Len() == 0 {
		return nil, p.errorf(m.Offset(), `write "*" or {"AWS": "arn:…"}`, "%s must be %q or an object", m.Name, "*")
	}
	var out Principals
	for kind := range m.Members() {
		values, err := p.texts(kind)
		if err != nil {
			return nil, err
		}
		var valid func(string) bool
		switch kind.Name {
		case "AWS":
			out.AWS, valid = values, validAWSPrincipal
		case "Service":
			out.Service, valid = values, validService
		case "Federated":
			out.Federated, valid = values, validFederated
		case "CanonicalUser":
			out.CanonicalUser, valid = values, validCanonicalUser
		default:
			return nil, p.errorf(kind.NameOffset, "the types are AWS, Service, Federated and CanonicalUser",
				"unknown type of principal %q", kind.Name)
		}
		for i, v := range values {
			if !valid(v) {
				return nil, p.errorf(place(kind, i), "", "invalid principal in policy: %q is no %s principal", v, kind.Name)
			}
		}
	}
	return &out, nil
}

// validAWSPrincipal refuses wildcards within a name and groups, as AWS does.
func validAWSPrincipal(s string) bool {
	if s == "*" || uniqueID(s) {
		return true
	}
	if !strings.HasPrefix(s, "arn:") {
		_, err := arn.ParseAccountID(s)
		return err == nil
	}
	a, err := arn.Parse(s)
	if err != nil || a.Account == "" || strings.ContainsAny(s, "*?") {
		return false
	}
	switch a.Service + ":" + a.Kind() {
	case "iam:root":
		return a.Resource == "root"
	case "iam:user", "iam:role", "sts:federated-user":
		return a.Name() != ""
	case "sts:assumed-role":
		return a.Name() != "" && a.Session() != ""
	}
	return false
}

// uniqueID tells the ids of users and roles, which IAM puts in the place of their ARNs once they are deleted
// (reference_identifiers.html#identifiers-unique-ids).
func uniqueID(s string) bool {
	const upper = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
	return len(s) >= 16 && len(s) <= 128 && s[0] == 'A' && strings.Trim(s, upper) == ""
}

func validService(s string) bool {
	return strings.Contains(s, ".") && strings.Trim(s, alphanumeric+".-") == ""
}

func validFederated(s string) bool {
	return s != "" && !strings.ContainsAny(s, "*?")
}

func validCanonicalUser(s string) bool {
	return len(s) == 64 && strings.Trim(s, "0123456789abcdef") == ""
}
