package audit

import (
	"bytes"
	"fmt"
	"io"
)

// An end is where a chain stands.
type end struct {
	// size is the file's, in bytes.
	size int64
	// number and hash are those of the last line that was finished, zero where there is none.
	number int
	hash   Hash
	// open says that what stands last has no newline.
	open bool
	// fragment is what stands last, where that is no whole line: the machine stopped or its disk was full.
	fragment []byte
}

// readEnd reads the end of a file of a size. The error wraps ErrBroken where the last line that was ended is none.
func readEnd(f io.ReaderAt, size int64) (end, error) {
	// Room for two lines, their newlines, and the end of the line before.
	window := make([]byte, min(size, 2*longestLine+3))
	start := size - int64(len(window))
	if _, err := f.ReadAt(window, start); err != nil {
		return end{}, fmt.Errorf("reading its end: %w", err)
	}
	at := end{size: size}
	ended, rest := split(window)
	if len(rest) > 0 {
		at.open = true
		if l, hash, err := decode(rest); err == nil {
			at.number, at.hash = l.Number, hash
			return at, nil
		}
		at.fragment = rest
	}
	if len(ended) == 0 {
		if start > 0 {
			return end{}, fmt.Errorf("%w: it ends in something longer than a line", ErrBroken)
		}
		return at, nil
	}
	_, last := split(ended[:len(ended)-1])
	l, hash, err := decode(last)
	if err != nil {
		return end{}, fmt.Errorf("%w: the last line: %w", ErrBroken, err)
	}
	at.number, at.hash = l.Number, hash
	return at, nil
}

// split cuts a text behind its last newline.
func split(text []byte) (ended, rest []byte) {
	i := bytes.LastIndexByte(text, '\n') + 1
	return text[:i], text[i:]
}
