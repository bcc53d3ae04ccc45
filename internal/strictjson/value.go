// Package strictjson reads JSON text in which no name is given twice.
package strictjson

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

// A Value is one JSON value with its place in the source.
type Value struct {
	Kind Kind
	// Offset and End are the bytes of the source between which the value stands.
	Offset, End int
	// Text is what a string says, a number as it is written, true or false.
	Text    string
	Items   []Value  // of a list
	Members []Member // of an object, in the order of the source
}

// A Member is one name of an object with its value. The name's place is kept because many errors are about the name.
type Member struct {
	Name       string
	NameOffset int
	Value
}

// AsString returns what a string says; ok is false for values of other kinds.
func (v *Value) AsString() (text string, ok bool) { return v.Text, v.Kind == String }

// Scalar returns the text of a string, a number or a boolean; ok is false for other kinds.
func (v *Value) Scalar() (text string, ok bool) {
	return v.Text, v.Kind == String || v.Kind == Number || v.Kind == Bool
}

// Raw returns the value as it is written in the source that it was read from.
func (v *Value) Raw(src []byte) []byte { return src[v.Offset:v.End] }
