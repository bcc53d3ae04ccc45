package share

import (
	"errors"
	"fmt"
	"reflect"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"
)

// decoder walks the nodes of a document and collects its mistakes, all of them, with the place of every field.
type decoder struct {
	positions
	errs Errors
}

// value is one node with the path of fields that leads to it. The node is nil where the document leaves the field out;
// the position is then that of the mapping that lacks it.
type value struct {
	path string
	node ast.Node
	pos  Position
}

func (v value) absent() bool { return v.node == nil }

// object is a mapping whose keys have been checked.
type object struct {
	at     value
	fields map[string]value
}

// get returns a field, which may be absent.
func (o object) get(name string) value {
	if v, ok := o.fields[name]; ok {
		return v
	}
	return value{path: join(o.at.path, name), pos: o.at.pos}
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

func (d *decoder) failAt(pos Position, field, hint, format string, args ...any) {
	d.errs = append(d.errs, &Error{
		File: d.file, Position: pos, Field: field, Msg: fmt.Sprintf(format, args...), Hint: hint,
	})
}

func (d *decoder) fail(v value, hint, format string, args ...any) {
	d.failAt(v.pos, v.path, hint, format, args...)
}

// note records where a field stands and returns it as a value.
func (d *decoder) note(path string, node ast.Node) value {
	pos := nodePosition(node)
	d.fields[path] = pos
	return value{path: path, node: node, pos: pos}
}

// need reports a field that must be there, and whether it is. Inside something that could not be read nothing is missing.
func (d *decoder) need(o object, name string) value {
	v := o.get(name)
	if v.absent() && !o.at.absent() && o.fields != nil {
		d.fail(v, "", "is missing")
	}
	return v
}

// fieldsOf returns the names of a type's fields in the document.
func fieldsOf[T any]() []string {
	var names []string
	t := reflect.TypeFor[T]()
	for i := range t.NumField() {
		if name := t.Field(i).Tag.Get("json"); name != "" && name != "-" {
			names = append(names, name)
		}
	}
	return names
}

// open reads v as a mapping to the fields of T. A key that T lacks, or that comes twice, is a mistake.
func open[T any](d *decoder, v value) object {
	o := object{at: v}
	entries, ok := d.entries(v)
	if !ok {
		return o
	}
	known := fieldsOf[T]()
	o.fields = make(map[string]value, len(entries))
	for _, e := range entries {
		if !contains(known, e.key) {
			d.failAt(e.pos, join(v.path, e.key), nearestHint(e.key, known), "unknown field")
			continue
		}
		o.fields[e.key] = d.note(join(v.path, e.key), e.node)
	}
	return o
}

// entry is one key of a mapping with its node.
type entry struct {
	key  string
	pos  Position
	node ast.Node
}

// entries reads v as a mapping with distinct keys of text, in the order of the document. The path of a key is not
// recorded, for the caller may not know the key.
func (d *decoder) entries(v value) ([]entry, bool) {
	if v.absent() {
		return nil, false
	}
	var pairs []*ast.MappingValueNode
	switch n := v.node.(type) {
	case *ast.MappingNode:
		pairs = n.Values
	case *ast.MappingValueNode:
		pairs = []*ast.MappingValueNode{n}
	default:
		d.wrongType(v, "a mapping of fields")
		return nil, false
	}
	var entries []entry
	first := map[string]Position{}
	for _, pair := range pairs {
		pos := nodePosition(pair.Key)
		key, ok := pair.Key.(*ast.StringNode)
		if !ok {
			d.failAt(pos, v.path, "write the fields out", "a key must be plain text")
			continue
		}
		if before, twice := first[key.Value]; twice {
			d.failAt(pos, join(v.path, key.Value), "", "stands here a second time; the first is on line %d", before.Line)
			continue
		}
		first[key.Value] = pos
		entries = append(entries, entry{key: key.Value, pos: pos, node: pair.Value})
	}
	return entries, true
}

// list reads v as a list.
func (d *decoder) list(v value) []value {
	if v.absent() {
		return nil
	}
	seq, ok := v.node.(*ast.SequenceNode)
	if !ok {
		d.wrongType(v, "a list")
		return nil
	}
	values := make([]value, 0, len(seq.Values))
	for i, node := range seq.Values {
		values = append(values, d.note(v.path+"["+strconv.Itoa(i)+"]", node))
	}
	return values
}

// text reads v as text that is not empty, and reports whether there is such text. Numbers and booleans are not taken for
// text, because YAML may have changed them already.
func (d *decoder) text(v value) (string, bool) {
	var s string
	switch n := v.node.(type) {
	case nil:
		return "", false
	case *ast.StringNode:
		s = n.Value
	case *ast.LiteralNode:
		s = n.Value.Value
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.InfinityNode, *ast.NanNode:
		d.fail(v, "put it in quotes: "+strconv.Quote(n.GetToken().Value), "must be text, not %s", describe(n))
		return "", false
	default:
		d.wrongType(v, "text")
		return "", false
	}
	if s == "" {
		d.fail(v, "give a value or leave the field out", "must not be empty")
		return "", false
	}
	return s, true
}

// boolean reads v as true or false; absent is what it is where the document leaves it out.
func (d *decoder) boolean(v value, absent bool) bool {
	if v.absent() {
		return absent
	}
	n, ok := v.node.(*ast.BoolNode)
	if !ok {
		d.wrongType(v, "true or false")
		return absent
	}
	return n.Value
}

// digits returns the text of a node that is a number, or an unquoted run of digits that goccy/go-yaml takes for text but
// other readers of YAML for a number (a leading zero makes it octal, an 8 or 9 prevents that).
func digits(n ast.Node) (string, bool) {
	if n == nil {
		return "", false
	}
	tk := n.GetToken()
	switch n.(type) {
	case *ast.IntegerNode, *ast.FloatNode:
		return tk.Value, true
	case *ast.StringNode:
		return tk.Value, tk.Type == token.StringType && tk.Value != "" && strings.Trim(tk.Value, "0123456789") == ""
	}
	return "", false
}

func (d *decoder) wrongType(v value, want string) {
	hint := ""
	switch v.node.(type) {
	case *ast.AnchorNode, *ast.AliasNode, *ast.TagNode:
		hint = "write the value out: a share has no anchors, aliases or tags"
	case *ast.NullNode:
		hint = "give a value or leave the field out"
	}
	d.fail(v, hint, "must be %s, not %s", want, describe(v.node))
}

func describe(n ast.Node) string {
	switch n.(type) {
	case *ast.MappingNode, *ast.MappingValueNode:
		return "a mapping"
	case *ast.SequenceNode:
		return "a list"
	case *ast.StringNode, *ast.LiteralNode:
		return "text"
	case *ast.IntegerNode, *ast.FloatNode, *ast.InfinityNode, *ast.NanNode:
		return "a number"
	case *ast.BoolNode:
		return "a boolean"
	case *ast.NullNode:
		return "nothing"
	case *ast.AnchorNode:
		return "an anchor"
	case *ast.AliasNode:
		return "an alias"
	case *ast.TagNode:
		return "a tag"
	}
	return "something else"
}

// mistake is what a rule says about a value.
type mistake struct{ msg, hint string }

func (m *mistake) Error() string { return m.msg }

// wrong makes a mistake.
func wrong(hint, format string, args ...any) error {
	return &mistake{msg: fmt.Sprintf(format, args...), hint: hint}
}

// as reads v as text under a rule, giving the zero T where v is absent or a mistake.
func as[T any](d *decoder, v value, rule func(string) (T, error)) T {
	var zero T
	s, ok := d.text(v)
	if !ok {
		return zero
	}
	t, err := rule(s)
	if err == nil {
		return t
	}
	var m *mistake
	if errors.As(err, &m) {
		d.fail(v, m.hint, "%s", m.msg)
	} else {
		d.fail(v, "", "%v", err)
	}
	return zero
}
