package share

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Position is a place in a document. Line and Column count from 1, the column in characters.
type Position struct {
	Line, Column int
}

// Error is one mistake in a share document.
type Error struct {
	// File is the document's name as given to Parse.
	File string
	Position
	// Field is the path of the field, such as spec.destinations[0].account. It is empty where the mistake belongs to the
	// document as a whole.
	Field string
	Msg   string
	// Hint says what to do about it; empty where the message says all.
	Hint string
}

// Error prints file:line:column: field: message, and the hint on a line of its own.
func (e *Error) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s:%d:%d: ", e.File, e.Line, e.Column)
	if e.Field != "" {
		b.WriteString(e.Field + ": ")
	}
	b.WriteString(e.Msg)
	if e.Hint != "" {
		b.WriteString("\nhint: " + e.Hint)
	}
	return b.String()
}

// Errors are all the mistakes of a document, sorted by position.
type Errors []*Error

// Error prints one mistake after another.
func (es Errors) Error() string {
	texts := make([]string, len(es))
	for i, e := range es {
		texts[i] = e.Error()
	}
	return strings.Join(texts, "\n")
}

// Unwrap gives each *Error to errors.As.
func (es Errors) Unwrap() []error {
	errs := make([]error, len(es))
	for i, e := range es {
		errs[i] = e
	}
	return errs
}

// err returns the mistakes sorted, or nil where there are none.
func (es Errors) err() error {
	if len(es) == 0 {
		return nil
	}
	slices.SortStableFunc(es, func(a, b *Error) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column), cmp.Compare(a.Field, b.Field))
	})
	return es
}

// positions are the places of a document's fields, by path.
type positions struct {
	file   string
	fields map[string]Position
}

// at returns the place of a field, or that of the nearest field around it.
func (p positions) at(field string) Position {
	for {
		if pos, ok := p.fields[field]; ok {
			return pos
		}
		i := strings.LastIndexAny(field, ".[")
		if i < 0 {
			return Position{Line: 1, Column: 1}
		}
		field = field[:i]
	}
}

// ErrorAt makes an error about a field of the document, for checks that need more than the document to decide. A field
// that the document leaves out is placed where the nearest field around it is.
func (d *Document) ErrorAt(field, msg, hint string) *Error {
	return &Error{File: d.source.file, Position: d.source.at(field), Field: field, Msg: msg, Hint: hint}
}
