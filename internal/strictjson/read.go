package strictjson

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
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

// Read reads the one JSON value that src holds, which must not be changed afterwards. It takes what encoding/json takes,
// save text that is not UTF-8 and objects that give a name twice: which of the two would count is for every reader to choose
// (RFC 8259, section 4). The error is always an *Error.
func Read(src []byte) (Value, error) {
	if len(src) > math.MaxInt32 {
		return Value{}, &Error{Offset: len(src), Msg: "the document is too long"}
	}
	if !utf8.Valid(src) {
		return Value{}, &Error{Offset: firstInvalid(src), Msg: "the document is not valid UTF-8"}
	}
	r := reader{src: string(src), nodes: make([]node, 0, min(mostNodes(src), 16+len(src)/8))}
	if r.document() {
		return Value{all: &tape{src, r.nodes}}, nil
	}
	// What stands before a duplicate was read, what follows was not: text that is no JSON at all counts for more.
	if r.twice != nil && json.Valid(src) {
		return Value{}, r.twice
	}
	return Value{}, syntaxError(src)
}

// mostNodes is how many values JSON text can hold: one, one more with every comma, and a first one in every list or object.
// Commas in strings count too, which is why Read makes room for no more than a value in eight bytes: nodes take much more.
func mostNodes(src []byte) int {
	most := 1
	for _, c := range []byte(",[{") {
		most += bytes.Count(src, []byte{c})
	}
	return most
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
	nodes []node
	twice *Error // the first name that is given twice
}

func (r *reader) document() bool {
	r.space()
	if !r.value(node{}) {
		return false
	}
	r.space()
	return r.at == len(r.src)
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

// value reads a value and appends it to the nodes with all that is in it. Of n the name is known already.
func (r *reader) value(n node) (ok bool) {
	n.offset = int32(r.at)
	i := len(r.nodes)
	switch c := r.peek(); c {
	case '{':
		n.kind = Object
		r.nodes = append(r.nodes, n)
		ok = r.object()
	case '[':
		n.kind = List
		r.nodes = append(r.nodes, n)
		ok = r.list()
	default:
		ok = r.scalar(&n, c)
		r.nodes = append(r.nodes, n)
	}
	r.nodes[i].end, r.nodes[i].after = int32(r.at), int32(len(r.nodes))
	return ok
}

func (r *reader) scalar(n *node, first byte) (ok bool) {
	switch first {
	case '"':
		n.kind = String
		n.text, ok = r.text()
	case 't':
		n.kind = Bool
		n.text, ok = r.word("true")
	case 'f':
		n.kind = Bool
		n.text, ok = r.word("false")
	case 'n':
		n.kind = Null
		_, ok = r.word("null")
	default:
		n.kind = Number
		n.text, ok = r.number()
	}
	return ok
}

func (r *reader) word(w string) (string, bool) {
	if !strings.HasPrefix(r.src[r.at:], w) {
		return "", false
	}
	r.at += len(w)
	return w, true
}

// enter goes into a list or an object.
func (r *reader) enter() bool {
	r.at++
	r.depth++
	r.space()
	return r.depth <= maxDepth
}

// more goes on to the next value, or past the end of the list or object.
func (r *reader) more(end byte) (more, ok bool) {
	r.space()
	if r.take(end) {
		r.depth--
		return false, true
	}
	if !r.take(',') {
		return false, false
	}
	r.space()
	return true, true
}

func (r *reader) list() bool {
	if !r.enter() {
		return false
	}
	if r.take(']') {
		r.depth--
		return true
	}
	for more, ok := true, true; more; {
		if !r.value(node{}) {
			return false
		}
		if more, ok = r.more(']'); !ok {
			return false
		}
	}
	return true
}

func (r *reader) object() bool {
	if !r.enter() {
		return false
	}
	if r.take('}') {
		r.depth--
		return true
	}
	names := nameSet{first: len(r.nodes)}
	for more, ok := true, true; more; {
		n, named := r.name(&names)
		if !named || !r.value(n) {
			return false
		}
		if more, ok = r.more('}'); !ok {
			return false
		}
	}
	return true
}

// name reads a member's name and the colon after it. The name must not be one that the object has already.
func (r *reader) name(names *nameSet) (n node, ok bool) {
	n.nameOffset = int32(r.at)
	if r.peek() != '"' {
		return n, false
	}
	if n.name, ok = r.text(); !ok {
		return n, false
	}
	if names.add(n.name, r.nodes) {
		r.twice = &Error{Offset: int(n.nameOffset), Msg: fmt.Sprintf("%q is given twice", n.name)}
		return n, false
	}
	if r.space(); !r.take(':') {
		return n, false
	}
	r.space()
	return n, true
}

// A nameSet finds names that an object has twice. Most objects have a handful, which are compared one by one.
type nameSet struct {
	first int // index of the object's first member
	count int
	many  map[string]bool
}

// add adds a name to those of the members among the nodes, and reports whether it is one of them.
func (s *nameSet) add(name string, nodes []node) (twice bool) {
	const handful = 12
	s.count++
	if s.count > handful && s.many == nil {
		s.many = make(map[string]bool)
		for i := s.first; i < len(nodes); i = int(nodes[i].after) {
			s.many[nodes[i].name] = true
		}
	}
	if s.many != nil {
		twice = s.many[name]
		s.many[name] = true
		return twice
	}
	for i := s.first; i < len(nodes); i = int(nodes[i].after) {
		if nodes[i].name == name {
			return true
		}
	}
	return false
}
