package lint

import (
	"sort"
	"strings"
	"unicode/utf8"
)

// A text is what a file or a key of a Secret says, with the places of its lines.
type text struct {
	all    string
	starts []int // the offset of each line
}

func newText(all string) text {
	t := text{all: all, starts: []int{0}}
	for i := range len(all) {
		if all[i] == '\n' {
			t.starts = append(t.starts, i+1)
		}
	}
	return t
}

// place turns an offset in bytes into a line and a column in characters, both from 1.
func (t text) place(offset int) (line, column int) {
	offset = max(0, min(offset, len(t.all)))
	line = sort.SearchInts(t.starts, offset+1)
	return line, utf8.RuneCountInString(t.all[t.starts[line-1]:offset]) + 1
}

// offset turns a line and a column in characters into an offset in bytes; ok is false where there is no such place.
func (t text) offset(line, column int) (offset int, ok bool) {
	if line < 1 || line > len(t.starts) || column < 1 {
		return 0, false
	}
	offset = t.starts[line-1]
	for range column - 1 {
		_, size := utf8.DecodeRuneInString(t.all[offset:])
		if size == 0 {
			return 0, false
		}
		offset += size
	}
	return offset, true
}

// A source is what holds a text: it tells where a part of the text is, and how to change it.
type source interface {
	// at is the place of an offset.
	at(offset int) Position
	// replace is the edit that puts other text in place of a part; nil where this cannot be done. What says in a few
	// words what the edit does, without any secret.
	replace(start, end int, with, what string) *Edit
}

// A file is a source that is the whole input.
type file struct {
	name string
	text text
}

func (f file) at(offset int) Position {
	line, column := f.text.place(offset)
	return Position{File: f.name, Line: line, Column: column}
}

func (f file) replace(start, end int, with, what string) *Edit {
	return newEdit(start, end, with, what)
}

// lineOf returns the bounds of the line that an offset is on, without its line end.
func (t text) lineOf(offset int) (start, end int) {
	line, _ := t.place(offset)
	start, end = t.starts[line-1], len(t.all)
	if line < len(t.starts) {
		end = t.starts[line] - 1
	}
	return start, start + len(strings.TrimRight(t.all[start:end], "\r"))
}
