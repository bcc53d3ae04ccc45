package plainyaml

import "bytes"

// Entries takes a document of many entries apart, so that each can be read by itself: the parser takes a hundred times a
// document's length in memory. Field names a list in block style, a field of the document's top level. It returns the
// list's entries, each a document of its own, and the rest, in which the list is empty.
//
// It looks at how lines are indented and no further, so ok only means that the document looks like one: where an entry or
// the rest turns out to be wrong, the document is to be read as a whole, for its errors and their places, or because it
// is right after all.
func Entries(src []byte, field string) (entries [][]byte, rest []byte, ok bool) {
	before, list, after, ok := cutList(src, []byte(field+":"))
	if !ok {
		return nil, nil, false
	}
	indent := -1
	for line := range bytes.Lines(list) {
		at := indentation(line)
		switch {
		case blank(line[at:]):
		case indent < 0 && entryBegins(line[at:]), at == indent && entryBegins(line[at:]):
			indent = at
			entries = append(entries, nil)
		case indent < 0 || at <= indent:
			return nil, nil, false
		}
		if indent >= 0 {
			last := &entries[len(entries)-1]
			*last = append(*last, line...)
		}
	}
	for _, entry := range entries {
		entry[indent] = ' ' // the dash: what follows it is indented further
	}
	return entries, bytes.Join([][]byte{before, []byte(field + ": []\n"), after}, nil), indent >= 0
}

// cutList cuts out the lines that belong to the field with this line at the top level: those that are blank, indented,
// or entries.
func cutList(src, field []byte) (before, list, after []byte, ok bool) {
	begin, end := -1, len(src)
	at := 0
	for line := range bytes.Lines(src) {
		switch {
		case begin < 0 && bytes.Equal(bytes.TrimRight(line, " \r\n"), field):
			before, begin = src[:at], at+len(line)
		case begin >= 0 && indentation(line) == 0 && !blank(line) && !entryBegins(line):
			end = at
		}
		if at += len(line); end < at {
			break
		}
	}
	if begin < 0 {
		return nil, nil, nil, false
	}
	return before, src[begin:end], src[end:], true
}

func indentation(line []byte) int { return len(line) - len(bytes.TrimLeft(line, " ")) }

// blank reports whether a line, without its indentation, holds nothing or a comment.
func blank(line []byte) bool {
	line = bytes.TrimRight(line, " \r\n")
	return len(line) == 0 || line[0] == '#'
}

func entryBegins(line []byte) bool {
	line = bytes.TrimRight(line, "\r\n")
	return bytes.HasPrefix(line, []byte("- ")) || bytes.Equal(line, []byte("-"))
}
