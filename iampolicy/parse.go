package iampolicy

import (
	"bytes"
	"strings"

	"github.com/pullpass/pullpass/internal/strictjson"
)

// Parse reads a policy document and checks it against the rules of its kind. The error is always a *SyntaxError.
//
// Parse is strict where AWS is: fields and operators that do not exist, values of a wrong type and elements that the
// kind does not take are refused. It is stricter in two things, both of which AWS lets pass at its users' peril: a
// duplicate field, and a condition value that its operator can never compare.
func Parse(src []byte, kind Kind) (*Document, error) {
	root, err := read(src)
	if err != nil {
		return nil, err
	}
	p := parser{src: src, kind: kind}
	d, err := p.document(root)
	if err != nil {
		return nil, err
	}
	return d, nil
}

type parser struct {
	src  []byte
	kind Kind
}

func (p *parser) errorf(at int, hint, format string, args ...any) error {
	return errorAt(p.src, at, hint, format, args...)
}

func (p *parser) document(root node) (*Document, error) {
	if root.Kind() != strictjson.Object {
		return nil, p.errorf(root.Offset(), "", "a policy document must be a JSON object")
	}
	d := &Document{Kind: p.kind}
	var statements node
	found := false
	for m := range root.Members() {
		var err error
		switch m.Name {
		case "Version":
			d.Version, err = p.version(m)
		case "Id":
			d.ID, err = p.id(m)
		case "Statement":
			statements, found = m.Value, true
		default:
			err = p.errorf(m.NameOffset, "a document has Version, Id and Statement", "unknown field %q", m.Name)
		}
		if err != nil {
			return nil, err
		}
	}
	if !found {
		return nil, p.errorf(root.Offset(), "", "the document has no Statement")
	}
	return d, p.statements(d, statements)
}

func (p *parser) version(m member) (string, error) {
	v, ok := m.Text()
	if !ok || (v != Version2008 && v != Version2012) {
		return "", p.errorf(m.Offset(), `write "2012-10-17"`, "the Version must be %q or %q", Version2012, Version2008)
	}
	return v, nil
}

// id refuses Id where AWS does: "allowed in resource-based policies, but not in identity-based policies"
// (reference_policies_elements_id.html).
func (p *parser) id(m member) (string, error) {
	if p.kind == Identity || p.kind == Session || p.kind == Boundary {
		return "", p.errorf(m.NameOffset, "leave it out", "this %s takes no Id", p.kind)
	}
	return p.text(m)
}

// text reads a field that must be a string.
func (p *parser) text(m member) (string, error) {
	s, ok := m.Text()
	if !ok {
		return "", p.errorf(m.Offset(), "", "%s must be a string", m.Name)
	}
	return s, nil
}

// texts reads a field that is a string or a list of strings, at least one.
func (p *parser) texts(m member) ([]string, error) {
	out := make([]string, 0, max(m.Len(), 1))
	for item := range m.OneOrMore() {
		s, ok := item.Text()
		if !ok {
			return nil, p.errorf(item.Offset(), "", "%s must be a string or a list of strings", m.Name)
		}
		out = append(out, s)
	}
	if len(out) == 0 {
		return nil, p.errorf(m.Offset(), "", "%s must not be empty", m.Name)
	}
	return out, nil
}

// place returns where the i-th value of a field that texts has read begins.
func place(m member, i int) int {
	for item := range m.OneOrMore() {
		if i == 0 {
			return item.Offset()
		}
		i--
	}
	return m.Offset()
}

func (p *parser) statements(d *Document, n node) error {
	sids := make(map[string]bool)
	line, counted := 1, 0
	for item := range n.OneOrMore() {
		s, err := p.statement(item)
		if err != nil {
			return err
		}
		if s.Sid != "" && sids[s.Sid] {
			return p.errorf(item.Offset(), "", "two statements have the Sid %q", s.Sid)
		}
		sids[s.Sid] = true
		line, counted = line+bytes.Count(p.src[counted:item.Offset()], []byte("\n")), item.Offset()
		s.Line = line
		d.Statements = append(d.Statements, s)
	}
	if len(d.Statements) == 0 {
		return p.errorf(n.Offset(), "", "the document has no Statement")
	}
	return nil
}

func (p *parser) statement(n node) (Statement, error) {
	if n.Kind() != strictjson.Object {
		return Statement{}, p.errorf(n.Offset(), "", "a Statement must be an object or a list of objects")
	}
	var s Statement
	for m := range n.Members() {
		if err := p.element(&s, m); err != nil {
			return Statement{}, err
		}
	}
	return s, p.checkStatement(&s, n)
}

func (p *parser) element(s *Statement, m member) (err error) {
	switch m.Name {
	case "Sid":
		s.Sid, err = p.sid(m)
	case "Effect":
		s.Effect, err = p.effect(m)
	case "Principal":
		s.Principal, err = p.principals(m)
	case "NotPrincipal":
		s.NotPrincipal, err = p.principals(m)
	case "Action":
		s.Action, err = p.actions(m)
	case "NotAction":
		s.NotAction, err = p.actions(m)
	case "Resource":
		s.Resource, err = p.resources(m)
	case "NotResource":
		s.NotResource, err = p.resources(m)
	case "Condition":
		s.Conditions, err = p.conditions(m)
	default:
		err = p.errorf(m.NameOffset, "a statement has Sid, Effect, Principal, Action, Resource, their Not forms and Condition",
			"unknown field %q", m.Name)
	}
	return err
}

// sid checks the characters: IAM takes letters and digits alone, while other services let resource-based policies hold
// more (reference_policies_elements_sid.html).
func (p *parser) sid(m member) (string, error) {
	s, err := p.text(m)
	if err == nil && p.kind != Resource && strings.Trim(s, alphanumeric) != "" {
		err = p.errorf(m.Offset(), "", "a Sid holds letters and digits only")
	}
	return s, err
}

func (p *parser) effect(m member) (Effect, error) {
	e := Effect("")
	if s, ok := m.Text(); ok {
		e = Effect(s)
	}
	if e != Allow && e != Deny {
		return "", p.errorf(m.Offset(), "case matters", "the Effect must be %q or %q", Allow, Deny)
	}
	return e, nil
}

// actions wants `*` or service:name, in which wildcards may stand in the name only
// (reference_policies_elements_action.html).
func (p *parser) actions(m member) ([]string, error) {
	actions, err := p.texts(m)
	if err != nil {
		return nil, err
	}
	for i, a := range actions {
		service, name, ok := strings.Cut(a, ":")
		if a != "*" && (!ok || service == "" || name == "" || strings.Trim(service, alphanumeric+"-") != "") {
			return nil, p.errorf(place(m, i), `write it as "service:Name"`, "%q is not an action", a)
		}
	}
	return actions, nil
}

// resources wants `*` or an ARN, in which wildcards and variables may stand. A leading part of an ARN that ends with an
// asterisk will do.
func (p *parser) resources(m member) ([]string, error) {
	resources, err := p.texts(m)
	if err != nil {
		return nil, err
	}
	for i, r := range resources {
		whole := strings.HasPrefix(r, "arn:") && (strings.Count(r, ":") >= 5 || strings.HasSuffix(r, "*"))
		if r != "*" && !whole {
			return nil, p.errorf(place(m, i), `write an ARN or "*"`, "%q is not a resource", r)
		}
	}
	return resources, nil
}

const alphanumeric = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
