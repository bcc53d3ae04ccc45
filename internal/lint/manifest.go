package lint

import (
	"errors"
	"regexp"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"

	"github.com/pullpass/pullpass/internal/yamldepth"
)

const (
	// maxDepth bounds how deep a manifest may nest.
	maxDepth = 64
	// maxTokens bounds how many words and signs it may have, since the YAML parser takes quadratic time over long mappings
	// and many documents. A Secret has about 40.
	maxTokens = 20_000
)

// isManifest tells a manifest from an AWS config file: JSON begins with a brace, YAML says of what kind it is.
func isManifest(src []byte) bool {
	return regexp.MustCompile(`^(\x{feff})?\s*\{`).Match(src) || regexp.MustCompile(`(?m)^(\x{feff})?["']?(apiVersion|kind)["']?[ \t]*:`).Match(src)
}

// A manifest is a file of Kubernetes objects under examination.
type manifest struct {
	*report
	file  file
	found int // Secrets, readable or not
}

// checkManifest reports what is wrong with the Secrets in a manifest.
func checkManifest(out *report, name string, src []byte) {
	m := &manifest{report: out, file: file{name: name, text: newText(string(src))}}
	for _, doc := range m.parse(src) {
		if doc.Body != nil {
			m.object(doc.Body)
		}
	}
	if m.found == 0 && len(out.findings) == 0 {
		m.add("PP111", Position{File: name, Line: 1, Column: 1}, "no object is a Secret")
	}
}

func (m *manifest) parse(src []byte) []*ast.DocumentNode {
	if !utf8.Valid(src) {
		m.add(unreadable, m.file.at(invalid(string(src))), "the text is not UTF-8")
		return nil
	}
	tokens := lexer.Tokenize(string(src))
	if tk := yamldepth.Beyond(maxDepth, tokens); tk != nil {
		m.add("PP101", m.place(tk), "it nests deeper than any Secret")
		return nil
	}
	if len(tokens) > maxTokens {
		m.add(unreadable, m.place(tokens[maxTokens]), "the manifest is too long from here on; split it")
		return nil
	}
	parsed, err := parser.Parse(tokens, 0, parser.AllowDuplicateMapKey())
	if err != nil {
		m.syntax(err)
		return nil
	}
	return parsed.Docs
}

// syntax reports a text that is no YAML. The parser's message may quote the text, and is not shown.
func (m *manifest) syntax(err error) {
	at := Position{File: m.file.name, Line: 1, Column: 1}
	var syntax yaml.Error
	if errors.As(err, &syntax) && syntax.GetToken() != nil {
		at = m.place(syntax.GetToken())
	}
	m.add("PP101", at, "neither YAML nor JSON from here on")
}

// place guards against tokens that the lexer left without a place.
func (m *manifest) place(tk *token.Token) Position {
	if tk == nil || tk.Position == nil {
		return Position{File: m.file.name, Line: 1, Column: 1}
	}
	return Position{File: m.file.name, Line: max(tk.Position.Line, 1), Column: max(tk.Position.Column, 1)}
}

// of is where a reader would point: a mapping starts at its first key, though its token is the colon.
func (m *manifest) of(n ast.Node) Position {
	if values := entries(n); len(values) > 0 {
		return m.place(values[0].Key.GetToken())
	}
	return m.place(n.GetToken())
}

// object looks at a Secret, and at each item of a List, as kubectl get -o yaml prints it.
func (m *manifest) object(n ast.Node) {
	switch kind := scalar(field(n, "kind")); kind {
	case "List", "SecretList":
		if items, ok := field(n, "items").(*ast.SequenceNode); ok {
			for _, item := range items.Values {
				m.object(item)
			}
		}
	case "Secret":
		m.found++
		m.secret(n)
	case "SealedSecret":
		m.found++
		m.add("PP112", m.of(n), "a SealedSecret")
	}
}

// entries returns the entries of a mapping, in order.
func entries(n ast.Node) []*ast.MappingValueNode {
	switch n := n.(type) {
	case *ast.MappingNode:
		return n.Values
	case *ast.MappingValueNode:
		return []*ast.MappingValueNode{n}
	case *ast.TagNode:
		return entries(n.Value)
	case *ast.AnchorNode:
		return entries(n.Value)
	}
	return nil
}

// field returns the value of a field of a mapping; nil where there is none.
func field(n ast.Node, name string) ast.Node {
	var found ast.Node
	for _, e := range entries(n) {
		if e.Key.GetToken().Value == name {
			found = e.Value
		}
	}
	return found
}

// scalar returns the text of a scalar; it is empty for everything else.
func scalar(n ast.Node) string {
	text, _ := scalarText(n)
	return text
}

// scalarText returns the text of a string, or of what YAML takes for another scalar; ok is false for what is neither.
func scalarText(n ast.Node) (string, bool) {
	switch n := n.(type) {
	case *ast.StringNode:
		return n.Value, true
	case *ast.LiteralNode:
		return n.Value.Value, true
	case *ast.NullNode:
		return "", true
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode:
		return n.GetToken().Value, true
	case *ast.TagNode:
		return scalarText(n.Value)
	case *ast.AnchorNode:
		return scalarText(n.Value)
	}
	return "", false
}
