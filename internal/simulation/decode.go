package simulation

import (
	"errors"
	"fmt"

	"github.com/pullpass/pullpass/internal/strictjson"
)

// A LineError says where a line is no case.
type LineError struct {
	Column int // from 1, in characters
	Msg    string
}

// Error gives the place and what is wrong there.
func (e *LineError) Error() string { return fmt.Sprintf("column %d: %s", e.Column, e.Msg) }

// Decode reads the case that a line holds. It is stricter than json.Unmarshal, because a field that is overlooked changes
// the decision: unknown fields and names given twice are refused. The error is always a *LineError; the case then has its
// ID all the same if that could be read. The case's policies are parts of line.
func Decode(line []byte) (Case, error) {
	root, err := strictjson.Read(line)
	var bad *strictjson.Error
	if errors.As(err, &bad) {
		return Case{}, errorAt(line, bad.Offset, "%s", bad.Msg)
	}
	d := decoder{line}
	var c Case
	for m := range root.Members() {
		if m.Name == "id" {
			c.ID, _ = m.Text() // d.whole says what is wrong with it.
		}
	}
	return c, d.whole(root, &c)
}

func errorAt(line []byte, offset int, format string, args ...any) error {
	_, column := strictjson.Place(line, offset)
	return &LineError{Column: column, Msg: fmt.Sprintf(format, args...)}
}

// A decoder finds the fields of a case in the line that holds it. Each of its methods reads one object of the shape.
type decoder struct{ line []byte }

func (d decoder) whole(v strictjson.Value, c *Case) error {
	return d.fields(v, "a case", func(m strictjson.Member) error {
		switch m.Name {
		case "id":
			return d.text(m, &c.ID)
		case "simulation":
			return d.simulation(m.Value, &c.Simulation)
		}
		return d.unknown(m, "a case has id and simulation")
	})
}

func (d decoder) simulation(v strictjson.Value, s *Simulation) error {
	return d.fields(v, "a simulation", func(m strictjson.Member) (err error) {
		switch m.Name {
		case "request":
			return d.request(m.Value, &s.Request)
		case "identityPolicies":
			s.IdentityPolicies, err = listOf(d, m, d.namedPolicy)
		case "resourcePolicy":
			s.ResourcePolicy = m.Raw()
		case "sessionPolicy":
			s.SessionPolicy = m.Raw()
		case "permissionBoundaryPolicies":
			s.PermissionBoundaryPolicies, err = listOf(d, m, d.namedPolicy)
		case "serviceControlPolicies":
			s.ServiceControlPolicies, err = listOf(d, m, d.orgPolicies)
		case "resourceControlPolicies":
			s.ResourceControlPolicies, err = listOf(d, m, d.orgPolicies)
		default:
			return d.unknown(m, "a simulation has request, identityPolicies, resourcePolicy, sessionPolicy, "+
				"permissionBoundaryPolicies, serviceControlPolicies and resourceControlPolicies")
		}
		return err
	})
}

func (d decoder) request(v strictjson.Value, r *Request) error {
	return d.fields(v, "a request", func(m strictjson.Member) error {
		switch m.Name {
		case "principal":
			return d.principal(m, &r.Principal)
		case "action":
			return d.text(m, &r.Action)
		case "resource":
			return d.resource(m.Value, &r.Resource)
		case "contextVariables":
			return d.context(m.Value, r)
		}
		return d.unknown(m, "a request has principal, action, resource and contextVariables")
	})
}

func (d decoder) principal(m strictjson.Member, p *Principal) (err error) {
	if *p, err = principalOf(m.Value); err != nil {
		return d.errorf(m, "%v", err)
	}
	return nil
}

func (d decoder) resource(v strictjson.Value, r *Resource) error {
	return d.fields(v, "a resource", func(m strictjson.Member) error {
		switch m.Name {
		case "resource":
			return d.text(m, &r.Resource)
		case "accountId":
			return d.text(m, &r.AccountID)
		}
		return d.unknown(m, "a resource has resource and accountId")
	})
}

func (d decoder) context(v strictjson.Value, r *Request) error {
	r.ContextVariables = make(map[string]Values, v.Len())
	return d.fields(v, "contextVariables", func(m strictjson.Member) error {
		values, err := valuesOf(m.Value)
		if err != nil {
			return d.errorf(m, "%s: %v", m.Name, err)
		}
		r.ContextVariables[m.Name] = values
		return nil
	})
}

func (d decoder) namedPolicy(v strictjson.Value, p *NamedPolicy) error {
	return d.fields(v, "a policy of a list", func(m strictjson.Member) error {
		switch m.Name {
		case "name":
			return d.text(m, &p.Name)
		case "policy":
			p.Policy = m.Raw()
			return nil
		}
		return d.unknown(m, "a policy of a list has name and policy")
	})
}

func (d decoder) orgPolicies(v strictjson.Value, o *OrgPolicies) error {
	return d.fields(v, "a level of an organization", func(m strictjson.Member) (err error) {
		switch m.Name {
		case "orgIdentifier":
			return d.text(m, &o.OrgIdentifier)
		case "policies":
			o.Policies, err = listOf(d, m, d.namedPolicy)
			return err
		}
		return d.unknown(m, "a level of an organization has orgIdentifier and policies")
	})
}

// fields calls field for each field of an object.
func (d decoder) fields(v strictjson.Value, what string, field func(strictjson.Member) error) error {
	if v.Kind() != strictjson.Object {
		return errorAt(d.line, v.Offset(), "%s must be an object", what)
	}
	for m := range v.Members() {
		if err := field(m); err != nil {
			return err
		}
	}
	return nil
}

// listOf reads a list; null is an empty one, as many programs write it.
func listOf[T any](d decoder, m strictjson.Member, read func(strictjson.Value, *T) error) ([]T, error) {
	if m.Kind() == strictjson.Null {
		return nil, nil
	}
	if m.Kind() != strictjson.List {
		return nil, d.errorf(m, "%s must be a list", m.Name)
	}
	out := make([]T, 0, m.Len())
	for item := range m.Items() {
		var one T
		if err := read(item, &one); err != nil {
			return nil, err
		}
		out = append(out, one)
	}
	return out, nil
}

func (d decoder) text(m strictjson.Member, to *string) error {
	text, ok := m.Text()
	if !ok {
		return d.errorf(m, "%s must be a string", m.Name)
	}
	*to = text
	return nil
}

// errorf speaks of the value of a field.
func (d decoder) errorf(m strictjson.Member, format string, args ...any) error {
	return errorAt(d.line, m.Offset(), format, args...)
}

func (d decoder) unknown(m strictjson.Member, known string) error {
	return errorAt(d.line, m.NameOffset, "unknown field %q: %s", m.Name, known)
}
