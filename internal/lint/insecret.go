package lint

import (
	"encoding/base64"
	"maps"
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"
)

// An inSecret is a source that is one key of a Secret in a manifest.
type inSecret struct {
	manifest *manifest
	node     ast.Node
	key      string
	text     text
	encode   bool // it stands in base64
}

func (s inSecret) at(offset int) Position {
	at := s.manifest.place(s.node.GetToken())
	at.Key = s.key
	at.KeyLine, _ = s.text.place(offset)
	return at
}

// replace changes the decoded value and encodes it again. A plain value is left to its author: how it may stand in YAML
// depends on what is around it.
func (s inSecret) replace(start, end int, with, what string) *Edit {
	if !s.encode {
		return nil
	}
	changed := s.text.all[:start] + with + s.text.all[end:]
	return s.manifest.scalarEdit(s.node, base64.StdEncoding.EncodeToString([]byte(changed)), what)
}

// scalarEdit puts base64 in place of a scalar of base64, quoted or not, over however many lines. It returns nil where the
// scalar does not stand where the parser says: better no fix than a wrong one.
func (m *manifest) scalarEdit(n ast.Node, with, what string) *Edit {
	node, ok := n.(*ast.StringNode)
	if !ok {
		return nil
	}
	at := m.place(node.GetToken())
	start, ok := m.file.text.offset(at.Line, at.Column)
	if !ok {
		return nil
	}
	all := m.file.text.all
	if quote := strings.IndexAny(all[start:min(start+1, len(all))], `"'`); quote == 0 {
		start++
	}
	end, ok := skipOver(all, start, strings.Join(strings.Fields(node.Value), ""))
	if !ok || with == "" && node.Value != "" && all[start-1] != '"' && all[start-1] != '\'' {
		return nil
	}
	return newEdit(start, end, with, what)
}

// skipOver returns where a word ends that begins at start, with white space anywhere in it.
func skipOver(all string, start int, word string) (end int, ok bool) {
	end = start
	for i := range len(word) {
		for end < len(all) && strings.IndexByte(" \t\r\n", all[end]) >= 0 && i > 0 {
			end++
		}
		if end >= len(all) || all[end] != word[i] {
			return 0, false
		}
		end++
	}
	return end, true
}

// insertion returns what adds an empty key to the data of a manifest in block style.
func (m *manifest) insertion(data ast.Node) func(string) *Edit {
	node, ok := data.(*ast.MappingNode)
	if !ok || node.IsFlowStyle || len(node.Values) == 0 {
		return nil
	}
	at := m.place(node.Values[0].Key.GetToken())
	start, ok := m.file.text.offset(at.Line, 1)
	if !ok {
		return nil
	}
	begin, _ := m.file.text.offset(at.Line, at.Column)
	indent := m.file.text.all[start:begin]
	if strings.TrimSpace(indent) != "" {
		return nil
	}
	return func(key string) *Edit {
		line := key + `: ""`
		return newEdit(start, start, indent+line+"\n", "add the key "+key).public(m.file).showing("", line)
	}
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
