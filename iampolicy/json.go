package iampolicy

import (
	"errors"
	"fmt"

	"github.com/pullpass/pullpass/internal/strictjson"
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

// A node is one JSON value, a member one field of an object.
type (
	node   = strictjson.Value
	member = strictjson.Member
)

func read(src []byte) (node, error) {
	root, err := strictjson.Read(src)
	var bad *strictjson.Error
	if errors.As(err, &bad) {
		return node{}, errorAt(src, bad.Offset, "", "%s", bad.Msg)
	}
	return root, err
}

// errorAt makes a SyntaxError for the byte at offset.
func errorAt(src []byte, offset int, hint, format string, args ...any) error {
	line, column := strictjson.Place(src, offset)
	return &SyntaxError{Line: line, Column: column, Msg: fmt.Sprintf(format, args...), Hint: hint}
}
