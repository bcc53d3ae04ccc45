package iampolicy

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// A SyntaxError says where a document breaks which rule of the policy language.
type SyntaxError struct {
	Line   int // from 1
	Column int // from 1, in characters
	Msg    string
	Hint   string // what to write instead; may be empty
}

// Error gives the place and the rule, without the hint.
func (e *SyntaxError) Error() string {
	return fmt.Sprintf("line %d, column %d: %s", e.Line, e.Column, e.Msg)
}

// A node is one JSON value and the place where it begins in the source.
type node struct {
	offset  int
	shape   shape
	value   any      // of a scalar: nil, bool, json.Number or string
	items   []node   // of a list
	members []member // of an object, in the order of the source
}

type shape int

const (
	scalar shape = iota
	list
	object
)

// A member is one field of an object. Its name's place is kept because many errors are about the name.
type member struct {
	name   string
	offset int
	node
}

// A reader turns the source into nodes. It walks text that is known to be valid JSON, so that the only errors left are
// duplicate names.
type reader struct {
	src []byte
	dec *json.Decoder
}

func read(src []byte) (node, error) {
	if !utf8.Valid(src) {
		at := 0
		for r, size := utf8.DecodeRune(src); r != utf8.RuneError || size != 1; r, size = utf8.DecodeRune(src[at:]) {
			at += size
		}
		return node{}, errorAt(src, at, "", "the document is not valid UTF-8")
	}
	var ignored json.RawMessage
	if err := json.Unmarshal(src, &ignored); err != nil {
		return node{}, jsonError(src, err)
	}
	r := reader{src: src, dec: json.NewDecoder(bytes.NewReader(src))}
	r.dec.UseNumber()
	return r.next()
}

func jsonError(src []byte, err error) error {
	var syntax *json.SyntaxError
	if !errors.As(err, &syntax) {
		return errorAt(src, len(src), "", "%v", err)
	}
	at := int(syntax.Offset) - 1
	if strings.HasPrefix(syntax.Error(), "unexpected end") {
		at = len(src)
	}
	return errorAt(src, max(at, 0), "", "not valid JSON: %s", syntax.Error())
}

// errorAt makes a SyntaxError for the byte at offset.
func errorAt(src []byte, offset int, hint, format string, args ...any) error {
	before := src[:min(offset, len(src))]
	return &SyntaxError{
		Line:   1 + bytes.Count(before, []byte("\n")),
		Column: 1 + utf8.RuneCount(before[bytes.LastIndexByte(before, '\n')+1:]),
		Msg:    fmt.Sprintf(format, args...),
		Hint:   hint,
	}
}

// token returns the next token and where it begins.
func (r *reader) token() (json.Token, int, error) {
	at := int(r.dec.InputOffset())
	for at < len(r.src) && strings.IndexByte(" \t\r\n,:", r.src[at]) >= 0 {
		at++
	}
	t, err := r.dec.Token()
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return t, at, err
}

func (r *reader) next() (node, error) {
	t, at, err := r.token()
	if err != nil {
		return node{}, jsonError(r.src, err)
	}
	switch t {
	case json.Delim('{'):
		return r.object(at)
	case json.Delim('['):
		return r.list(at)
	}
	return node{offset: at, value: t}, nil
}

func (r *reader) list(at int) (node, error) {
	n := node{offset: at, shape: list}
	for r.dec.More() {
		item, err := r.next()
		if err != nil {
			return node{}, err
		}
		n.items = append(n.items, item)
	}
	_, _, err := r.token()
	return n, err
}

func (r *reader) object(at int) (node, error) {
	n := node{offset: at, shape: object}
	seen := make(map[string]bool)
	for r.dec.More() {
		t, at, err := r.token()
		if err != nil {
			return node{}, jsonError(r.src, err)
		}
		name, _ := t.(string)
		if seen[name] {
			return node{}, errorAt(r.src, at, "", "%q is given twice", name)
		}
		seen[name] = true
		value, err := r.next()
		if err != nil {
			return node{}, err
		}
		n.members = append(n.members, member{name: name, offset: at, node: value})
	}
	_, _, err := r.token()
	return n, err
}

// scalarText returns the text of a string, number or boolean.
func (n node) scalarText() (string, bool) {
	switch v := n.value.(type) {
	case string:
		return v, true
	case json.Number:
		return v.String(), true
	case bool:
		return fmt.Sprint(v), true
	}
	return "", false
}
