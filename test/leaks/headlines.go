//go:build linux

package main

import (
	"bytes"
	"io"
)

// headlines passes on the lines by which go test -v tells how packages and tests end.
type headlines struct {
	to   io.Writer
	line []byte
}

func (h *headlines) Write(p []byte) (int, error) {
	for rest := p; len(rest) > 0; {
		end := bytes.IndexByte(rest, '\n') + 1
		if end == 0 {
			h.line = append(h.line, rest...)
			break
		}
		h.line = append(h.line, rest[:end]...)
		rest = rest[end:]
		if headline(h.line) {
			if _, err := h.to.Write(h.line); err != nil {
				return 0, err
			}
		}
		h.line = h.line[:0]
	}
	return len(p), nil
}

func headline(line []byte) bool {
	for _, start := range []string{"ok  \t", "FAIL\t", "--- FAIL: "} {
		if bytes.HasPrefix(line, []byte(start)) {
			return true
		}
	}
	return false
}
