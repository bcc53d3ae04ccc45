// Package awsid mints or takes apart the ids that AWS gives to access keys and IAM entities.
package awsid

import (
	"encoding/base32"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strconv"
	"strings"

	"github.com/pullpass/pullpass/arn"
	"github.com/pullpass/pullpass/internal/hallmark"
)

// ErrInvalid is wrapped by every error about the shape of an id.
var ErrInvalid = errors.New("invalid id")

// KeyKind is the prefix of an access key id.
type KeyKind string

// The kinds of access keys (IAM User Guide, "Understanding unique ID prefixes").
const (
	LongLived KeyKind = "AKIA" // of a user
	Temporary KeyKind = "ASIA" // of a session; comes with a session token
)

// EntityKind is the prefix of the unique id of an IAM entity.
type EntityKind string

// The kinds of entities (IAM User Guide, "Understanding unique ID prefixes").
const (
	User   EntityKind = "AIDA"
	Role   EntityKind = "AROA"
	Policy EntityKind = "ANPA"
)

// AccessKeyID is the public half of an access key: 20 characters, of which the
// first four tell the kind.
type AccessKeyID string

// UniqueID is the id of an IAM entity that no later entity of the same name
// will have: 21 characters, of which the first four tell the kind.
type UniqueID string

const (
	prefixLength   = 4
	keyIDLength    = 20
	uniqueIDLength = 21
	alphabet       = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567" // base32, RFC 4648
)

// The account stands in bits 7 to 46 of the first 48 that follow the prefix of
// a key id ([run], compared with GetAccessKeyInfo).
const (
	accountMask  = 0x7fffffffff80
	accountShift = 7
	// accountMark is bit 47, set in every key id that carries an account: such ids
	// have a letter from Q on, or a digit, after their prefix.
	accountMark = 1 << 47
	maxAccount  = 999_999_999_999
)

// NewAccessKeyID mints a key id of account, random but for the account in it.
func NewAccessKeyID(kind KeyKind, account arn.AccountID, random io.Reader) (AccessKeyID, error) {
	if kind != LongLived && kind != Temporary {
		return "", fmt.Errorf("minting an access key id: %w: kind %q", ErrInvalid, kind)
	}
	if _, err := arn.ParseAccountID(string(account)); err != nil {
		return "", fmt.Errorf("minting an access key id: %w", err)
	}
	number, err := strconv.ParseUint(string(account), 10, 64)
	if err != nil {
		return "", fmt.Errorf("minting an access key id: %w", err)
	}
	var raw [10]byte
	if _, err := io.ReadFull(random, raw[:]); err != nil {
		return "", fmt.Errorf("minting an access key id: %w", err)
	}
	head := binary.BigEndian.Uint64(raw[:8])
	head &^= (accountMask | accountMark) << 16
	head |= (accountMark | number<<accountShift) << 16
	binary.BigEndian.PutUint64(raw[:8], head)
	return AccessKeyID(string(kind) + base32.StdEncoding.EncodeToString(raw[:])), nil
}

// ParseAccessKeyID checks the shape of a key id of either kind.
func ParseAccessKeyID(s string) (AccessKeyID, error) {
	id := AccessKeyID(s)
	if len(s) != keyIDLength || !inAlphabet(s[prefixLength:]) || (id.Kind() != LongLived && id.Kind() != Temporary) {
		return "", fmt.Errorf("%w: access key id %q: want AKIA or ASIA and 16 characters of A-Z and 2-7", ErrInvalid, s)
	}
	return id, nil
}

// Kind returns the prefix of the id.
func (id AccessKeyID) Kind() KeyKind {
	return KeyKind(id[:min(prefixLength, len(id))])
}

// Account returns the account that a key id belongs to. It cannot tell whether
// the key exists.
func Account(id AccessKeyID) (arn.AccountID, error) {
	if _, err := ParseAccessKeyID(string(id)); err != nil {
		return "", err
	}
	raw, err := base32.StdEncoding.DecodeString(string(id[prefixLength:]))
	if err != nil {
		return "", fmt.Errorf("%w: access key id %q: %w", ErrInvalid, id, err)
	}
	number := binary.BigEndian.Uint64(raw[:8]) >> 16 & accountMask >> accountShift
	if number > maxAccount {
		return "", fmt.Errorf("%w: access key id %q carries no account", ErrInvalid, id)
	}
	return arn.AccountID(fmt.Sprintf("%012d", number)), nil
}

// NewUniqueID mints a random unique id.
func NewUniqueID(kind EntityKind, random io.Reader) (UniqueID, error) {
	var raw [uniqueIDLength - prefixLength]byte
	if _, err := io.ReadFull(random, raw[:]); err != nil {
		return "", fmt.Errorf("minting a unique id: %w", err)
	}
	for i, b := range raw {
		raw[i] = alphabet[int(b)%len(alphabet)]
	}
	return UniqueID(string(kind) + string(raw[:])), nil
}

// ParseUniqueID checks the shape of a unique id of any of the three kinds.
func ParseUniqueID(s string) (UniqueID, error) {
	id := UniqueID(s)
	if len(s) != uniqueIDLength || !inAlphabet(s[prefixLength:]) {
		return "", fmt.Errorf("%w: unique id %q: want a prefix and 17 characters of A-Z and 2-7", ErrInvalid, s)
	}
	switch id.Kind() {
	case User, Role, Policy:
		return id, nil
	}
	return "", fmt.Errorf("%w: unique id %q: unknown prefix", ErrInvalid, s)
}

// Kind returns the prefix of the id.
func (id UniqueID) Kind() EntityKind {
	return EntityKind(id[:min(prefixLength, len(id))])
}

func inAlphabet(s string) bool { return strings.Trim(s, alphabet) == "" }

// SecretAccessKey is the secret half of an access key: 40 characters of
// base64. Only Reveal shows it: formatting, logging or marshalling it does not.
type SecretAccessKey string

const redacted = "[secret access key]"

// NewSecretAccessKey mints a random secret, with the hallmark by which a leak of it is found.
func NewSecretAccessKey(random io.Reader) (SecretAccessKey, error) {
	var seed [hallmark.KeySeed]byte
	if _, err := io.ReadFull(random, seed[:]); err != nil {
		return "", fmt.Errorf("minting a secret access key: %w", err)
	}
	return SecretAccessKey(hallmark.Key(seed)), nil
}

// Reveal returns the secret itself.
func (s SecretAccessKey) Reveal() string { return string(s) }

// String implements fmt.Stringer.
func (s SecretAccessKey) String() string { return redacted }

// GoString implements fmt.GoStringer.
func (s SecretAccessKey) GoString() string { return redacted }

// MarshalText implements encoding.TextMarshaler, which serves JSON and XML too.
func (s SecretAccessKey) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// LogValue implements slog.LogValuer.
func (s SecretAccessKey) LogValue() slog.Value { return slog.StringValue(redacted) }
