package credential

import (
	"crypto/subtle"
	"fmt"
	"log/slog"
)

// redacted is what every way of printing a Secret gives.
const redacted = "[redacted]"

// A Secret is material that must reach a delivery, and nothing else. However it is printed (fmt with any verb, JSON,
// text encodings, slog) it reads "[redacted]"; Reveal gives the material. The zero value is the empty secret.
//
// The material sits behind a pointer because fmt prints the unexported fields of a struct without calling their methods:
// a Secret deep inside such a field shows an address. For the same reason == compares addresses: use Equal.
type Secret struct {
	material *string
}

// NewSecret wraps material.
func NewSecret(material string) Secret { return Secret{material: &material} }

// Reveal returns the material. Every call of it is a place to review.
func (s Secret) Reveal() string {
	if s.material == nil {
		return ""
	}
	return *s.material
}

// IsZero reports whether there is no material.
func (s Secret) IsZero() bool { return s.Reveal() == "" }

// Equal compares the material of two secrets in time that depends on their lengths alone.
func (s Secret) Equal(other Secret) bool {
	return subtle.ConstantTimeCompare([]byte(s.Reveal()), []byte(other.Reveal())) == 1
}

// String returns "[redacted]".
func (s Secret) String() string { return redacted }

// GoString returns "[redacted]".
func (s Secret) GoString() string { return redacted }

// Format prints "[redacted]" for every verb, %x and %d included.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(redacted)) }

// MarshalJSON gives the string "[redacted]".
func (s Secret) MarshalJSON() ([]byte, error) { return []byte(`"` + redacted + `"`), nil }

// MarshalText gives "[redacted]", for the encoders that are not JSON's.
func (s Secret) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// LogValue gives "[redacted]".
func (s Secret) LogValue() slog.Value { return slog.StringValue(redacted) }
