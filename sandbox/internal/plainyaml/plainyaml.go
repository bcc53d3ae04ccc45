// Package plainyaml reads YAML that is made of nothing but mappings, lists and scalars.
package plainyaml

import (
	"cmp"
	"errors"
	"fmt"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"

	"github.com/pullpass/pullpass/internal/yamldepth"
)

// maxDepth bounds how deep flow collections, or lists in lists on one line, may nest: no document of the sandbox comes near,
// and the YAML parser takes quadratic time over such nesting.
const maxDepth = 64

// Document is the one document of a file.
type Document struct {
	file *ast.File
	body ast.Node
}

// Parse reads the one document of a file, of which errors speak as kind, such as "an accounts file". Errors name the line
// and column. Tags, anchors, aliases and a second document are errors: the YAML library's decoder does not survive every
// tag, so that none comes to it.
func Parse(kind string, src []byte) (*Document, error) {
	tokens := lexer.Tokenize(string(src))
	if deep := yamldepth.Beyond(maxDepth, tokens); deep != nil {
		return nil, errorAt(deep, "nests deeper than any field of "+kind)
	}
	file, err := parser.Parse(tokens, 0)
	if err != nil {
		return nil, errors.New(yaml.FormatError(err, false, false))
	}
	if len(file.Docs) != 1 || file.Docs[0].Body == nil {
		return nil, errors.New("want one YAML document")
	}
	check := plainness{kind: kind}
	ast.Walk(&check, file.Docs[0].Body)
	return &Document{file, file.Docs[0].Body}, check.err
}

// Decode writes the document into what a pointer points to. A field that is not there to take a value is an error.
func (d *Document) Decode(into any) error {
	if err := yaml.NodeToValue(d.body, into, yaml.Strict()); err != nil {
		return errors.New(yaml.FormatError(err, false, false))
	}
	return nil
}

// Errorf returns an error about the field at a path such as "$.rules[0].at", which names its line and column. Where the
// document leaves the field out, the error names none.
func (d *Document) Errorf(path, format string, args ...any) error {
	text := fmt.Sprintf(format, args...)
	if found, err := yaml.PathString(path); err == nil {
		if node, err := found.FilterFile(d.file); err == nil && node != nil {
			return errorAt(node.GetToken(), text)
		}
	}
	return errors.New(text)
}

func errorAt(tk *token.Token, text string) error {
	if tk == nil || tk.Position == nil {
		return errors.New(text)
	}
	return fmt.Errorf("[%d:%d] %s", tk.Position.Line, tk.Position.Column, text)
}

// plainness finds the first node that is not plain.
type plainness struct {
	kind string
	err  error
}

// Visit implements ast.Visitor.
func (p *plainness) Visit(node ast.Node) ast.Visitor {
	switch node.Type() {
	case ast.TagType, ast.AnchorType, ast.AliasType, ast.MergeKeyType:
		at := node.GetToken()
		p.err = cmp.Or(p.err, errorAt(at, fmt.Sprintf("%s has no use for %q", p.kind, at.Value)))
		return nil
	default: // Everything else says what it is.
		return p
	}
}
