// Package strictjson reads JSON text in which no name is given twice.
package strictjson

import "iter"

// A Kind is what a Value is.
type Kind uint8

// The kinds, those of RFC 8259.
const (
	Null Kind = iota
	Bool
	Number
	String
	List
	Object
)

// A Value is one JSON value with its place in the source. Values are small: they point into what was read.
type Value struct {
	all *tape
	at  int32
}

// A Member is one name of an object with its value.
type Member struct {
	Name string
	// NameOffset is the byte of the source at which the name begins. It is kept because many errors are about the name.
	NameOffset int
	Value
}

// A tape holds a value in front of the values within it, and these in the order of the source. That takes one allocation
// however many there are.
type tape struct {
	src   []byte
	nodes []node
}

type node struct {
	name, text  string
	nameOffset  int32
	offset, end int32 // of the value in the source
	after       int32 // index of the first node that is not within this one
	kind        Kind
}

func (v Value) node() *node { return &v.all.nodes[v.at] }

// Kind returns what v is.
func (v Value) Kind() Kind { return v.node().kind }

// Offset returns the byte of the source at which v begins.
func (v Value) Offset() int { return int(v.node().offset) }

// Raw returns v as it is written, a part of the source.
func (v Value) Raw() []byte {
	n := v.node()
	return v.all.src[n.offset:n.end:n.end]
}

// Text returns what a string says; ok is false for values of other kinds.
func (v Value) Text() (text string, ok bool) {
	if n := v.node(); n.kind == String {
		return n.text, true
	}
	return "", false
}

// Scalar returns what a string says, a number as it is written, true or false; ok is false for other kinds.
func (v Value) Scalar() (text string, ok bool) {
	n := v.node()
	return n.text, n.kind == String || n.kind == Number || n.kind == Bool
}

// inside returns the index of the first value within v, and the one after the last: none unless v is of that kind.
func (v Value) inside(kind Kind) (first, after int32) {
	n := v.node()
	if n.kind != kind {
		return n.after, n.after
	}
	return v.at + 1, n.after
}

// Items are the values of a list; other kinds have none.
func (v Value) Items() iter.Seq[Value] {
	return func(yield func(Value) bool) {
		first, after := v.inside(List)
		for i := first; i < after && yield(Value{v.all, i}); {
			i = v.all.nodes[i].after
		}
	}
}

// OneOrMore are the values of a list, or a value that is no list by itself: the way in which policies are written.
func (v Value) OneOrMore() iter.Seq[Value] {
	return func(yield func(Value) bool) {
		first, after := v.inside(List)
		if v.Kind() != List {
			first = v.at
		}
		for i := first; i < after && yield(Value{v.all, i}); {
			i = v.all.nodes[i].after
		}
	}
}

// Members are the names and values of an object, in the order of the source; other kinds have none.
func (v Value) Members() iter.Seq[Member] {
	return func(yield func(Member) bool) {
		first, after := v.inside(Object)
		for i := first; i < after && yield(v.all.member(i)); {
			i = v.all.nodes[i].after
		}
	}
}

func (t *tape) member(i int32) Member {
	n := &t.nodes[i]
	return Member{Name: n.name, NameOffset: int(n.nameOffset), Value: Value{t, i}}
}

// Len returns how many values a list has, or members an object.
func (v Value) Len() int {
	count := 0
	for range v.Items() {
		count++
	}
	for range v.Members() {
		count++
	}
	return count
}
