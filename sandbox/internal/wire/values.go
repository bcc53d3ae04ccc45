package wire

import (
	"encoding/json"
	"encoding/xml"
	"fmt"
	"math"
	"strconv"
	"time"
)

// List is a list in an output struct. Unlike a plain slice, an empty one is
// printed, as AWS does: <Users/> or []. Under the Query protocol each value is a
// <member>. The tag names the list alone: `xml:"Users"`, not `xml:"Users>member"`.
// With omitempty an empty list is left out.
type List[T any] []T

// MarshalXML implements xml.Marshaler.
func (l List[T]) MarshalXML(e *xml.Encoder, start xml.StartElement) error {
	if err := e.EncodeToken(start); err != nil {
		return err
	}
	member := xml.StartElement{Name: xml.Name{Local: "member"}}
	for i := range l {
		if err := e.EncodeElement(&l[i], member); err != nil {
			return err
		}
	}
	return e.EncodeToken(start.End())
}

// MarshalJSON implements json.Marshaler.
func (l List[T]) MarshalJSON() ([]byte, error) {
	if len(l) == 0 {
		return []byte("[]"), nil
	}
	return marshal([]T(l))
}

// Timestamp is a time of the Query protocol: RFC 3339 in UTC with whole seconds,
// such as 2026-01-02T03:04:05Z.
type Timestamp struct{ time.Time }

// MarshalText implements encoding.TextMarshaler.
func (t Timestamp) MarshalText() ([]byte, error) {
	return []byte(t.UTC().Format("2006-01-02T15:04:05Z")), nil
}

// UnmarshalText implements encoding.TextUnmarshaler.
func (t *Timestamp) UnmarshalText(b []byte) error {
	parsed, err := time.Parse(time.RFC3339, string(b))
	if err != nil {
		return fmt.Errorf("parsing timestamp: %w", err)
	}
	t.Time = parsed.UTC()
	return nil
}

// Epoch is a time of the JSON protocols: seconds since 1970, with up to three
// decimals, such as 1767323045.25.
type Epoch struct{ time.Time }

// MarshalJSON implements json.Marshaler.
func (t Epoch) MarshalJSON() ([]byte, error) {
	seconds := float64(t.UnixMilli()) / 1000
	return strconv.AppendFloat(nil, seconds, 'f', -1, 64), nil
}

// maxEpoch is the last second of the year 9999, in seconds since 1970.
const maxEpoch = 253402300799

// UnmarshalJSON implements json.Unmarshaler.
func (t *Epoch) UnmarshalJSON(b []byte) error {
	var seconds float64
	if err := json.Unmarshal(b, &seconds); err != nil {
		return fmt.Errorf("parsing epoch seconds: %w", err)
	}
	if math.Abs(seconds) > maxEpoch {
		return fmt.Errorf("parsing epoch seconds: %v is outside the years that a time can have", seconds)
	}
	t.Time = time.UnixMilli(int64(math.Round(seconds * 1000))).UTC()
	return nil
}
