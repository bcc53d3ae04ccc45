package iampolicy

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
)

// JSON prints the document on one line. A list of one value is printed as that value, Statement always as a list;
// elements come in the order in which AWS's documents show them.
func (d *Document) JSON() []byte {
	var w writer
	w.document(d)
	return w.Bytes()
}

// Indented prints what JSON prints, spread over lines with an indent of two spaces and no line break at the end.
func (d *Document) Indented() []byte {
	var out bytes.Buffer
	if err := json.Indent(&out, d.JSON(), "", "  "); err != nil {
		// The writer below makes valid JSON whatever the document holds; its line is still the better answer than none.
		return d.JSON()
	}
	return out.Bytes()
}

// A writer builds JSON in which the order of fields is the order of the calls.
type writer struct {
	bytes.Buffer
}

func (w *writer) document(d *Document) {
	w.open('{')
	w.field("Version", d.Version)
	w.field("Id", d.ID)
	w.name("Statement")
	w.open('[')
	for i := range d.Statements {
		w.comma()
		w.statement(&d.Statements[i])
	}
	w.WriteString("]}")
}

func (w *writer) statement(s *Statement) {
	w.open('{')
	w.field("Sid", s.Sid)
	w.field("Effect", string(s.Effect))
	w.principals("Principal", s.Principal)
	w.principals("NotPrincipal", s.NotPrincipal)
	w.list("Action", s.Action)
	w.list("NotAction", s.NotAction)
	w.list("Resource", s.Resource)
	w.list("NotResource", s.NotResource)
	w.conditions(s.Conditions)
	w.WriteByte('}')
}

func (w *writer) principals(name string, p *Principals) {
	if p == nil {
		return
	}
	if p.Everyone {
		w.field(name, "*")
		return
	}
	w.name(name)
	w.open('{')
	w.list("AWS", p.AWS)
	w.list("Service", p.Service)
	w.list("Federated", p.Federated)
	w.list("CanonicalUser", p.CanonicalUser)
	w.WriteByte('}')
}

// conditions gathers the conditions by operator, which the language wants, in the order of each one's first use.
func (w *writer) conditions(conditions []Condition) {
	if len(conditions) == 0 {
		return
	}
	var operators []Operator
	for _, c := range conditions {
		if !slices.Contains(operators, c.Operator) {
			operators = append(operators, c.Operator)
		}
	}
	w.name("Condition")
	w.open('{')
	for _, operator := range operators {
		w.name(operator.String())
		w.open('{')
		for _, c := range conditions {
			if c.Operator == operator {
				w.values(c.Key, c.Values)
			}
		}
		w.WriteByte('}')
	}
	w.WriteByte('}')
}

// list writes a field of strings, unless there are none.
func (w *writer) list(name string, values []string) {
	if len(values) > 0 {
		w.values(name, values)
	}
}

func (w *writer) values(name string, values []string) {
	w.name(name)
	if len(values) == 1 {
		w.text(values[0])
		return
	}
	w.open('[')
	for _, v := range values {
		w.comma()
		w.text(v)
	}
	w.WriteByte(']')
}

// field writes a field, unless it is empty.
func (w *writer) field(name, value string) {
	if value != "" {
		w.name(name)
		w.text(value)
	}
}

func (w *writer) name(name string) {
	w.comma()
	w.text(name)
	w.WriteByte(':')
}

func (w *writer) open(bracket byte) { w.WriteByte(bracket) }

// comma separates a value from the one before it, if there is one.
func (w *writer) comma() {
	if b := w.Bytes(); len(b) > 0 && strings.IndexByte("{[:", b[len(b)-1]) < 0 {
		w.WriteByte(',')
	}
}

// text writes a string as JSON, without the escapes that HTML would need.
func (w *writer) text(s string) {
	encoder := json.NewEncoder(&w.Buffer)
	encoder.SetEscapeHTML(false)
	// A string cannot fail to encode, nor a buffer to be written to.
	_ = encoder.Encode(s)
	w.Truncate(w.Len() - 1) // the line break that Encode adds
}
