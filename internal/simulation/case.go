// Package simulation decides IAM cases that are written as JSON lines.
package simulation

import (
	"encoding/json"
	"errors"

	"github.com/pullpass/pullpass/internal/strictjson"
)

// A Case is one line: a request with all the policies that concern it, under a name of the writer's choice.
type Case struct {
	ID         string     `json:"id"`
	Simulation Simulation `json:"simulation"`
}

// A Simulation has the shape in which @cloud-copilot/iam-simulate takes its input, so that the same line can be put to both.
type Simulation struct {
	Request Request `json:"request"`
	// IdentityPolicies are attached to the user and its groups, or to the session's role.
	IdentityPolicies []NamedPolicy `json:"identityPolicies"`
	// ResourcePolicy is that of the resource; for sts:AssumeRole on a role it is the role's trust policy.
	ResourcePolicy json.RawMessage `json:"resourcePolicy,omitempty"`
	SessionPolicy  json.RawMessage `json:"sessionPolicy,omitempty"`
	// PermissionBoundaryPolicies has one entry at most, because a user or role has one boundary at most.
	PermissionBoundaryPolicies []NamedPolicy `json:"permissionBoundaryPolicies,omitempty"`
	// ServiceControlPolicies has one entry a level, the organization's root first, the account last. None means that the
	// principal's account is bound by none: it is in no organization, or is its management account.
	ServiceControlPolicies []OrgPolicies `json:"serviceControlPolicies"`
	// ResourceControlPolicies does the same for the account that owns the resource. RCPFullAWSAccess is part of every level
	// and need not be written.
	ResourceControlPolicies []OrgPolicies `json:"resourceControlPolicies"`
}

// MarshalJSON writes an empty list for each list that the shape wants, even where there is none.
func (s Simulation) MarshalJSON() ([]byte, error) {
	type plain Simulation
	s.IdentityPolicies = orEmpty(s.IdentityPolicies)
	s.ServiceControlPolicies = orEmpty(s.ServiceControlPolicies)
	s.ResourceControlPolicies = orEmpty(s.ResourceControlPolicies)
	return json.Marshal(plain(s))
}

func orEmpty[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

// A Request is what is asked.
type Request struct {
	Principal Principal `json:"principal"`
	Action    string    `json:"action"`
	Resource  Resource  `json:"resource"`
	// ContextVariables holds the condition keys. Nothing is filled in: what the case does not give, the request has not.
	ContextVariables map[string]Values `json:"contextVariables"`
}

// MarshalJSON writes an empty object for a request without condition keys.
func (r Request) MarshalJSON() ([]byte, error) {
	type plain Request
	if r.ContextVariables == nil {
		r.ContextVariables = map[string]Values{}
	}
	return json.Marshal(plain(r))
}

// A Resource is what the action is done to, and whose it is.
type Resource struct {
	Resource  string `json:"resource"` // an ARN, or "*"
	AccountID string `json:"accountId"`
}

// A NamedPolicy is a policy document with the name that results give it.
type NamedPolicy struct {
	Name   string          `json:"name"`
	Policy json.RawMessage `json:"policy"`
}

// OrgPolicies are the policies of one level of an organization.
type OrgPolicies struct {
	OrgIdentifier string        `json:"orgIdentifier"`
	Policies      []NamedPolicy `json:"policies"`
}

// MarshalJSON writes an empty list for a level without policies, which allows nothing.
func (o OrgPolicies) MarshalJSON() ([]byte, error) {
	type plain OrgPolicies
	o.Policies = orEmpty(o.Policies)
	return json.Marshal(plain(o))
}

// A Principal is an ARN as GetCallerIdentity prints it, a service's name, or Anonymous, which is written
// {"type": "Anonymous"}.
type Principal string

// Anonymous is the principal of a request without a signature.
const Anonymous Principal = "anonymous"

// anonymousType is the only type that a principal written as an object has.
const anonymousType = "Anonymous"

// What is said of a principal or values that are written in neither form.
var (
	errPrincipal = errors.New(`a principal is an ARN, a service's name or {"type": "Anonymous"}`)
	errValues    = errors.New("want a string or a list of strings")
)

// MarshalJSON writes Anonymous as an object, everything else as a string.
func (p Principal) MarshalJSON() ([]byte, error) {
	if p == Anonymous {
		return json.Marshal(map[string]string{"type": anonymousType})
	}
	return json.Marshal(string(p))
}

// UnmarshalJSON reads both forms. A string that spells Anonymous is not the same as the object, and refused.
func (p *Principal) UnmarshalJSON(src []byte) error {
	v, err := strictjson.Read(src)
	if err != nil {
		return err
	}
	*p, err = principalOf(v)
	return err
}

func principalOf(v strictjson.Value) (Principal, error) {
	if text, ok := v.Text(); ok && Principal(text) != Anonymous {
		return Principal(text), nil
	}
	anonymous := v.Len() == 1
	for m := range v.Members() {
		text, _ := m.Text()
		anonymous = anonymous && m.Name == "type" && text == anonymousType
	}
	if !anonymous || v.Kind() != strictjson.Object {
		return "", errPrincipal
	}
	return Anonymous, nil
}

// Values are the values of a condition key: a string, or a list of strings for a key with several.
type Values []string

// MarshalJSON writes one value as a string, any other number as a list.
func (v Values) MarshalJSON() ([]byte, error) {
	if len(v) == 1 {
		return json.Marshal(v[0])
	}
	return json.Marshal(orEmpty([]string(v)))
}

// UnmarshalJSON reads both forms.
func (v *Values) UnmarshalJSON(src []byte) error {
	value, err := strictjson.Read(src)
	if err != nil {
		return err
	}
	*v, err = valuesOf(value)
	return err
}

func valuesOf(v strictjson.Value) (Values, error) {
	values := make(Values, 0, max(v.Len(), 1))
	for item := range v.OneOrMore() {
		text, ok := item.Text()
		if !ok {
			return nil, errValues
		}
		values = append(values, text)
	}
	return values, nil
}
