package audit

import (
	"bytes"
	"crypto/sha256"
	"encoding"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
)

// A Hash is the SHA-256 of a line. The zero Hash stands before the first line.
type Hash [sha256.Size]byte

var (
	_ encoding.TextMarshaler   = Hash{}
	_ encoding.TextUnmarshaler = (*Hash)(nil)
)

// String returns 64 hexadecimal digits, in lower case.
func (h Hash) String() string { return hex.EncodeToString(h[:]) }

// MarshalText implements encoding.TextMarshaler.
func (h Hash) MarshalText() ([]byte, error) { return []byte(h.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler. The text is exactly what String returns.
func (h *Hash) UnmarshalText(text []byte) error {
	decoded, err := hex.DecodeString(string(text))
	if err != nil || len(decoded) != len(h) || string(text) != strings.ToLower(string(text)) {
		return fmt.Errorf("not a hash of 64 hexadecimal digits in lower case: %q", cut(string(text), longest))
	}
	copy(h[:], decoded)
	return nil
}

// ParseHash reads a hash as String returns it.
func ParseHash(s string) (Hash, error) {
	var h Hash
	return h, h.UnmarshalText([]byte(s))
}

// A line is one line of the file, but for its hash, which is the last member of its object. The order of the members and
// their form are those of encoding/json; only what is written counts, nothing is ever encoded again to be compared.
type line struct {
	// Number counts the lines from 1.
	Number int `json:"n"`
	// Time is RFC 3339, UTC, to the millisecond.
	Time     time.Time `json:"time"`
	Run      string    `json:"run"`
	Share    string    `json:"share"`
	Step     string    `json:"step,omitempty"`
	Account  string    `json:"account,omitempty"`
	Operator string    `json:"operator,omitempty"`
	Action   string    `json:"action"`
	Resource string    `json:"resource,omitempty"`
	Outcome
	Earlier []Outcome `json:"earlier,omitempty"`
	// Torn is the SHA-256 of what stands in the line before this one, where that was never finished.
	Torn *Hash `json:"torn,omitempty"`
	// Prev is the hash of the line that was finished last.
	Prev Hash `json:"prev"`
}

// What a text may take, in bytes. Paths are the longest that there are, and AWS's names and codes much shorter.
const (
	longestResource = 4096
	longest         = 256
	mostEarlier     = 10
	// longestLine is more than a line of these takes, were each byte written as \u00XX.
	longestLine = 64 << 10
)

const (
	hashMember = `,"hash":"`
	hashEnd    = `"}`
)

// encode returns the line as it is written, without a newline, and its hash.
func (l line) encode() ([]byte, Hash, error) {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(l); err != nil {
		return nil, Hash{}, err
	}
	object := bytes.TrimSuffix(b.Bytes(), []byte("\n"))
	hash := Hash(sha256.Sum256(object))
	text := append(bytes.TrimSuffix(object, []byte("}")), hashMember+hash.String()+hashEnd...)
	return text, hash, nil
}

var errNotALine = errors.New("not a line of an audit trail")

// decode reads a line that carries the hash of its own text. The hash is taken of the very bytes before it, closed by a
// brace: whoever checks a trail needs no JSON encoder that agrees with ours.
func decode(text []byte) (line, Hash, error) {
	start := len(text) - len(hashMember) - hex.EncodedLen(sha256.Size) - len(hashEnd)
	if start < 0 || !bytes.HasPrefix(text[start:], []byte(hashMember)) || !bytes.HasSuffix(text, []byte(hashEnd)) {
		return line{}, Hash{}, errNotALine
	}
	written, err := ParseHash(string(text[start+len(hashMember) : len(text)-len(hashEnd)]))
	if err != nil {
		return line{}, Hash{}, err
	}
	object := append(bytes.Clone(text[:start]), '}')
	if Hash(sha256.Sum256(object)) != written {
		return line{}, Hash{}, errors.New("its hash is not that of its text")
	}
	var l line
	if err := json.Unmarshal(object, &l); err != nil {
		return line{}, Hash{}, fmt.Errorf("%w: %w", errNotALine, err)
	}
	return l, written, nil
}

// cut bounds a text that the other side may have chosen.
func cut(s string, most int) string {
	if len(s) <= most {
		return s
	}
	return s[:most]
}

func (o Outcome) cut() Outcome {
	return Outcome{Result: Result(cut(string(o.Result), longest/2)), RequestID: cut(o.RequestID, longest/2)}
}
