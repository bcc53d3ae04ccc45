package simulator

import (
	"encoding/json"
	"strings"
	"unicode/utf8"
)

// A Position is a place in a policy's text: its line and column from 1, the column in characters.
type Position struct {
	Line   int
	Column int
}

// A Span is where a statement stands in its policy.
type Span struct{ Start, End Position }

// spans returns where the statements of a policy stand, in their order. The places are those that AWS's reader has
// come to: it ends a statement behind the closing brace, and starts it behind what it read before, which is the bracket
// of the list, the statement before, or for a statement that is no list the statement's own brace (the samples of
// API_SimulatePrincipalPolicy and of the AWS CLI's manual [doc], recorded answers [seen]). Of a text that is no policy it
// returns none.
func spans(text string) []Span {
	decoder := json.NewDecoder(strings.NewReader(text))
	if _, err := decoder.Token(); err != nil {
		return nil
	}
	for decoder.More() {
		name, err := decoder.Token()
		if err != nil {
			return nil
		}
		if name == "Statement" {
			return statementSpans(decoder, text)
		}
		var other json.RawMessage
		if err := decoder.Decode(&other); err != nil {
			return nil
		}
	}
	return nil
}

func statementSpans(decoder *json.Decoder, text string) []Span {
	opening, err := decoder.Token()
	if err != nil {
		return nil
	}
	start := decoder.InputOffset()
	span := func(end int64) Span { return Span{place(text, start), place(text, end)} }
	if opening != json.Delim('[') {
		if !leave(decoder) {
			return nil
		}
		return []Span{span(decoder.InputOffset())}
	}
	var found []Span
	for decoder.More() {
		var statement json.RawMessage
		if err := decoder.Decode(&statement); err != nil {
			return nil
		}
		end := decoder.InputOffset()
		found = append(found, span(end))
		start = end
	}
	return found
}

// leave reads on to the end of the object or list in which the decoder is, and reports whether there is one.
func leave(decoder *json.Decoder) bool {
	for depth := 1; depth > 0; {
		token, err := decoder.Token()
		if err != nil {
			return false
		}
		switch token {
		case json.Delim('{'), json.Delim('['):
			depth++
		case json.Delim('}'), json.Delim(']'):
			depth--
		}
	}
	return true
}

// place returns the position of the byte at offset. A line ends with a line feed, a carriage return, or both [seen].
func place(text string, offset int64) Position {
	lines := strings.Split(strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(text[:offset]), "\n")
	return Position{Line: len(lines), Column: 1 + utf8.RuneCountInString(lines[len(lines)-1])}
}
