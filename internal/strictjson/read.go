package strictjson

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// An Error says where a text is no JSON, or gives a name twice.
type Error struct {
	Offset int // in bytes; the length of the text if it ends too soon
	Msg    string
}

// Error gives the rule without the place: whoever shows it knows best how to count.
func (e *Error) Error() string { return e.Msg }

// Place counts the line and the column of a byte of a text, both from 1, the column in characters.
func Place(src []byte, offset int) (line, column int) {
	before := src[:min(offset, len(src))]
	return 1 + bytes.Count(before, []byte("\n")), 1 + utf8.RuneCount(before[bytes.LastIndexByte(before, '\n')+1:])
}

// Read reads the one JSON value that src holds. It takes what encoding/json takes, save text that is not UTF-8 and objects
// that give a name twice: which of the two would count is for every reader to choose (RFC 8259, section 4). The error is
// always an *Error.
func Read(src []byte) (Value, error) {
	if !utf8.Valid(src) {
		return Value{}, &Error{Offset: firstInvalid(src), Msg: "the document is not valid UTF-8"}
	}
	r := reader{src: string(src)}
	v, ok := r.document()
	if ok {
		return v, nil
	}
	if r.twice != nil {
		// What stands before a duplicate was read, what follows was not; text that is no JSON at all counts for more.
		if json.Valid(src) {
			return Value{}, r.twice
		}
	}
	return Value{}, syntaxError(src)
}

func firstInvalid(src []byte) int {
	at := 0
	for {
		r, size := utf8.DecodeRune(src[at:])
		if r == utf8.RuneError && size <= 1 {
			return at
		}
		at += size
	}
}

// syntaxError lets encoding/json say what is wrong, in words that Go programmers have met before.
func syntaxError(src []byte) error {
	var ignored json.RawMessage
	err := json.Unmarshal(src, &ignored)
	var syntax *json.SyntaxError
	if !errors.As(err, &syntax) {
		return &Error{Offset: len(src), Msg: fmt.Sprintf("not valid JSON: %v", err)}
	}
	at := max(int(syntax.Offset)-1, 0)
	if strings.HasPrefix(syntax.Error(), "unexpected end") {
		at = len(src)
	}
	return &Error{Offset: at, Msg: "not valid JSON: " + syntax.Error()}
}

// maxDepth is how deep values may be nested, the limit of encoding/json.
const maxDepth = 10_000

// A reader walks the source once. It only tells good from bad: what is wrong with bad text is found out by syntaxError.
type reader struct {
	src   string
	at    int
	depth int
	twice *Error // the first name that is given twice
}

func (r *reader) document() (v Value, ok bool) {
	r.space()
	if !r.value(&v) {
		return v, false
	}
	r.space()
	return v, r.at == len(r.src)
}

func (r *reader) space() {
	for r.at < len(r.src) {
		switch r.src[r.at] {
		case ' ', '\t', '\r', '\n':
			r.at++
		default:
			return
		}
	}
}

// peek returns the next byte, 0 at the end; no JSON text holds a 0 outside a string.
func (r *reader) peek() byte {
	if r.at < len(r.src) {
		return r.src[r.at]
	}
	return 0
}

// take goes past the next byte if it is c.
func (r *reader) take(c byte) bool {
	if r.peek() != c {
		return false
	}
	r.at++
	return true
}

func (r *reader) value(v *Value) (ok bool) {
	v.Offset = r.at
	switch c := r.peek(); c {
	case '{':
		v.Kind = Object
		ok = r.nested(v, (*reader).object)
	case '[':
		v.Kind = List
		ok = r.nested(v, (*reader).list)
	case '"':
		v.Kind = String
		v.Text, ok = r.text()
	case 't':
		v.Kind = Bool
		v.Text, ok = r.word("true")
	case 'f':
		v.Kind = Bool
		v.Text, ok = r.word("false")
	case 'n':
		v.Kind = Null
		_, ok = r.word("null")
	default:
		v.Kind = Number
		v.Text, ok = r.number()
	}
	v.End = r.at
	return ok
}

func (r *reader) nested(v *Value, read func(*reader, *Value) bool) bool {
	r.at++
	r.depth++
	ok := r.depth <= maxDepth && read(r, v)
	r.depth--
	return ok
}

func (r *reader) word(w string) (string, bool) {
	if !strings.HasPrefix(r.src[r.at:], w) {
		return "", false
	}
	r.at += len(w)
	return w, true
}

func (r *reader) list(v *Value) bool {
	if r.space(); r.take(']') {
		return true
	}
	for {
		v.Items = append(v.Items, Value{})
		r.space()
		if !r.value(&v.Items[len(v.Items)-1]) {
			return false
		}
		if r.space(); r.take(']') {
			return true
		}
		if !r.take(',') {
			return false
		}
	}
}

func (r *reader) object(v *Value) bool {
	if r.space(); r.take('}') {
		return true
	}
	var names nameSet
	for {
		if !r.member(v, &names) {
			return false
		}
		if r.space(); r.take('}') {
			return true
		}
		if !r.take(',') {
			return false
		}
	}
}

func (r *reader) member(v *Value, names *nameSet) (ok bool) {
	r.space()
	v.Members = append(v.Members, Member{NameOffset: r.at})
	m := &v.Members[len(v.Members)-1]
	if r.peek() != '"' {
		return false
	}
	if m.Name, ok = r.text(); !ok {
		return false
	}
	if names.add(v.Members) {
		r.twice = &Error{Offset: m.NameOffset, Msg: fmt.Sprintf("%q is given twice", m.Name)}
		return false
	}
	if r.space(); !r.take(':') {
		return false
	}
	r.space()
	return r.value(&m.Value)
}

// A nameSet finds names that an object has twice. Most objects have a handful, which are compared one by one.
type nameSet struct{ many map[string]bool }

// add reports whether the name of the last member is that of another.
func (s *nameSet) add(members []Member) (twice bool) {
	const handful = 12
	last := len(members) - 1
	name := members[last].Name
	if last < handful {
		for i := range members[:last] {
			if members[i].Name == name {
				return true
			}
		}
		return false
	}
	if s.many == nil {
		s.many = make(map[string]bool)
		for i := range members[:last] {
			s.many[members[i].Name] = true
		}
	}
	twice = s.many[name]
	s.many[name] = true
	return twice
}
