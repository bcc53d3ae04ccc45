// Package leak finds the secrets that the embedded AWS minted in what a program wrote.
//
// It needs no list of them: each has a hallmark. It looks into base64 of either alphabet, on one line or broken into
// several, into hexadecimal digits, and behind the escapes of JSON, Go, URLs and XML, also where one is within the other.
// What is compressed or encrypted it does not see.
package leak

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/pullpass/pullpass/internal/hallmark"
)

// A Finding is a secret in what was written. It does not hold the secret.
type Finding struct {
	Kind hallmark.Kind
	// Offset is where the secret, or what encodes it, begins, in bytes. Length is how far what gives it away reaches: all
	// of a secret access key, the beginning of a token.
	Offset, Length int64
	// Within names the encodings around the secret, the outermost first; empty where it stands as it is.
	Within []string
}

// String is "secret access key at byte 120 (base64 in percent encoding)".
func (f Finding) String() string {
	text := fmt.Sprintf("%s at byte %d", f.Kind, f.Offset)
	if len(f.Within) == 0 {
		return text
	}
	inward := slices.Clone(f.Within)
	slices.Reverse(inward)
	return text + " (" + strings.Join(inward, " in ") + ")"
}

// The window that is scanned at once, and what of it is kept for the next: more than any encoding makes of what gives a
// secret away. A key of 40 characters that is base64 three times and percent-encoded has 288.
const (
	window  = 256 << 10
	overlap = 4 << 10
)

// A Scanner is a writer that finds the secrets in what is written to it, in as many pieces as may be. The zero Scanner
// is ready.
type Scanner struct {
	pending []byte // not scanned to its end yet
	start   int64  // the offset of pending
	found   []Finding
}

// Write takes the next piece. It never fails.
func (s *Scanner) Write(p []byte) (int, error) {
	taken := len(p)
	for len(p) > 0 {
		n := min(len(p), window-len(s.pending))
		s.pending = append(s.pending, p[:n]...)
		p = p[n:]
		if len(s.pending) == window {
			s.scan()
			kept := copy(s.pending, s.pending[window-overlap:])
			s.pending = s.pending[:kept]
			s.start += window - overlap
		}
	}
	return taken, nil
}

// Findings returns what was found up to here, in the order of the offsets, each once.
func (s *Scanner) Findings() []Finding {
	s.scan()
	slices.SortFunc(s.found, byOffset)
	s.found = slices.CompactFunc(s.found, func(a, b Finding) bool { return a.Offset == b.Offset && a.Kind == b.Kind })
	return slices.Clone(s.found)
}

// scan looks at all that is pending. What the overlap shows twice is found twice.
func (s *Scanner) scan() {
	start := s.start
	whole := text{chars: s.pending, span: func(from, to int) (int64, int64) { return start + int64(from), start + int64(to) }}
	whole.search(func(f Finding) { s.found = append(s.found, f) })
}

func byOffset(a, b Finding) int {
	switch {
	case a.Offset != b.Offset:
		return int(min(max(a.Offset-b.Offset, -1), 1))
	case a.Kind != b.Kind:
		return strings.Compare(string(a.Kind), string(b.Kind))
	default:
		return len(a.Within) - len(b.Within) // as it is before encoded
	}
}

// Scan reads r to its end. It returns what was found, and how many bytes there were.
func Scan(r io.Reader) (found []Finding, size int64, err error) {
	var s Scanner
	size, err = io.Copy(&s, r)
	if err != nil {
		err = fmt.Errorf("scanning for secrets: %w", err)
	}
	return s.Findings(), size, err
}

// Mask returns a text in which the name of each secret's kind stands in its place: "[secret access key]".
func Mask(written []byte) []byte {
	var s Scanner
	_, _ = s.Write(written)
	var masked []byte
	done := int64(0)
	for _, f := range s.Findings() {
		if f.Offset < done { // within another
			continue
		}
		masked = append(masked, written[done:f.Offset]...)
		masked = fmt.Appendf(masked, "[%s]", f.Kind)
		done = f.Offset + f.Length
	}
	return append(masked, written[done:]...)
}
