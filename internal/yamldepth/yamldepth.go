// Package yamldepth bounds how deep a YAML document may nest: the parser takes quadratic time over deep nesting.
package yamldepth

import "github.com/goccy/go-yaml/token"

// Beyond returns the first token that lies deeper than most, in flow collections or in lists in lists on one line, or nil.
func Beyond(most int, tokens token.Tokens) *token.Token {
	flow, entries, line := 0, 0, 0
	for _, tk := range tokens {
		switch tk.Type {
		case token.MappingStartType, token.SequenceStartType:
			flow++
		case token.MappingEndType, token.SequenceEndType:
			flow--
		case token.SequenceEntryType:
			if tk.Position.Line != line {
				entries, line = 0, tk.Position.Line
			}
			entries++
		default: // Nothing else opens or closes a level within a line.
		}
		if flow > most || entries > most {
			return tk
		}
	}
	return nil
}
