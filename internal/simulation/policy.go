package simulation

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/pullpass/pullpass/authz"
	"github.com/pullpass/pullpass/iampolicy"
)

// A PolicyError says which policy of a case is wrong. Where the policy breaks a rule of the language it wraps an
// *iampolicy.SyntaxError, whose line and column count within the policy's own text as the case holds it.
type PolicyError struct {
	Place string // the field, such as identityPolicies[0]
	Name  string // of the policy, if it has one
	Err   error
}

// Error gives both places, what is wrong and what to write instead where that is known.
func (e *PolicyError) Error() string {
	place := e.Place
	if e.Name != "" {
		place = fmt.Sprintf("%s (%q)", place, e.Name)
	}
	var syntax *iampolicy.SyntaxError
	if !errors.As(e.Err, &syntax) {
		return fmt.Sprintf("%s: %v", place, e.Err)
	}
	text := fmt.Sprintf("%s: line %d, column %d of the policy: %s", place, syntax.Line, syntax.Column, syntax.Msg)
	if syntax.Hint != "" {
		text += " (" + syntax.Hint + ")"
	}
	return text
}

// Unwrap returns the mistake without the policy's place.
func (e *PolicyError) Unwrap() error { return e.Err }

// errNoPolicy is for an entry of a list that lacks its policy.
var errNoPolicy = errors.New("there is no policy")

// inField puts the name of a field before the place of a policy.
func inField(err error, field string) error {
	var policy *PolicyError
	if errors.As(err, &policy) {
		policy.Place = field + policy.Place
	}
	return err
}

// compileAll compiles the policies of a list under their names.
func compileAll(policies []NamedPolicy, kind iampolicy.Kind) ([]*authz.Policy, error) {
	var out []*authz.Policy
	for i := range policies {
		policy, err := compileOne(policies[i].Policy, kind)
		if err == nil && policy == nil {
			err = &PolicyError{Err: errNoPolicy}
		}
		var bad *PolicyError
		if errors.As(err, &bad) {
			bad.Place, bad.Name = fmt.Sprintf("[%d]", i), policies[i].Name
		}
		if err != nil {
			return nil, err
		}
		out = append(out, policy.Named(policies[i].Name))
	}
	return out, nil
}

// given reports whether a policy that may be left out is there; null is the same as left out.
func given(policy json.RawMessage) bool { return len(policy) > 0 && string(policy) != "null" }

// compileOne compiles a policy; it returns nil for one that is left out.
func compileOne(src json.RawMessage, kind iampolicy.Kind) (*authz.Policy, error) {
	if !given(src) {
		return nil, nil
	}
	document, err := iampolicy.Parse(src, kind)
	if err != nil {
		return nil, &PolicyError{Err: err}
	}
	policy, err := authz.Compile(document)
	if err != nil {
		return nil, &PolicyError{Err: err}
	}
	return policy, nil
}
