package share

import (
	"bytes"
	"errors"
	"fmt"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"

	"github.com/pullpass/pullpass/internal/yamldepth"
)

const (
	// maxSize bounds a document, in bytes. A destination with four clusters takes about 500.
	maxSize = 1 << 20
	// maxDepth bounds how deep flow collections, or lists in lists on one line, may nest: the document's own fields need
	// less, and the YAML parser takes quadratic time over such nesting.
	maxDepth = 32
)

// parseYAML reads the one YAML document of a file. It returns nil and records why where there is none. The parser stops
// at the first mistake in syntax, so such a mistake comes alone.
func (d *decoder) parseYAML(src []byte) ast.Node {
	start := Position{Line: 1, Column: 1}
	if len(src) > maxSize {
		d.failAt(start, "", "", "the document has %d bytes; at most %d are read", len(src), maxSize)
		return nil
	}
	if i := invalidUTF8(src); i >= 0 {
		before := src[:i]
		pos := Position{bytes.Count(before, []byte("\n")) + 1, utf8.RuneCount(before[bytes.LastIndexByte(before, '\n')+1:]) + 1}
		d.failAt(pos, "", "save the file as UTF-8", "the text is not UTF-8")
		return nil
	}
	tokens := lexer.Tokenize(string(bytes.TrimPrefix(src, []byte("\ufeff"))))
	if tk := yamldepth.Beyond(maxDepth, tokens); tk != nil {
		d.failAt(positionOf(tk), "", "", "the document nests deeper than any field of a share")
		return nil
	}
	// Duplicate keys are let through here and reported with all the other mistakes.
	file, err := parser.Parse(tokens, 0, parser.AllowDuplicateMapKey())
	if err != nil {
		d.failSyntax(err)
		return nil
	}
	return d.onlyDocument(file)
}

// invalidUTF8 returns the offset of the first byte that is no UTF-8, or -1.
func invalidUTF8(src []byte) int {
	for i := 0; i < len(src); {
		r, size := utf8.DecodeRune(src[i:])
		if r == utf8.RuneError && size == 1 {
			return i
		}
		i += size
	}
	return -1
}

func (d *decoder) failSyntax(err error) {
	var syntax yaml.Error
	if errors.As(err, &syntax) && syntax.GetToken() != nil {
		d.failAt(positionOf(syntax.GetToken()), "", "", "not valid YAML: %s", syntax.GetMessage())
		return
	}
	d.failAt(Position{Line: 1, Column: 1}, "", "", "not valid YAML: %v", err)
}

func (d *decoder) onlyDocument(file *ast.File) ast.Node {
	var body ast.Node
	for _, doc := range file.Docs {
		switch {
		case doc.Body == nil:
		case body == nil:
			body = doc.Body
		default:
			d.failAt(nodePosition(doc.Body), "", "put each share into a file of its own", "a second document; a share file holds one")
			return body
		}
	}
	if body == nil {
		d.failAt(Position{Line: 1, Column: 1}, "", fmt.Sprintf("begin with apiVersion: %s and kind: %s", APIVersion, Kind), "the document is empty")
	}
	return body
}

// positionOf guards against tokens that the lexer left without a place.
func positionOf(tk *token.Token) Position {
	if tk == nil || tk.Position == nil {
		return Position{Line: 1, Column: 1}
	}
	return Position{Line: max(tk.Position.Line, 1), Column: max(tk.Position.Column, 1)}
}

// nodePosition is where a reader would point: a block mapping starts at its first key, though its token is the colon.
func nodePosition(n ast.Node) Position {
	switch n := n.(type) {
	case *ast.MappingNode:
		if !n.IsFlowStyle && len(n.Values) > 0 {
			return nodePosition(n.Values[0].Key)
		}
	case *ast.MappingValueNode:
		return nodePosition(n.Key)
	}
	return positionOf(n.GetToken())
}
