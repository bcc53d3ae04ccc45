// Package token seals what the embedded AWS hands out and gets back: session tokens, registry passwords and layer
// grants.
//
// A sealed token carries its content, so that handing one out changes no state: as with AWS, a session is what its token
// says, for as long as the role that it names exists.
package token

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/pullpass/pullpass/arn"
	"github.com/pullpass/pullpass/internal/awsid"
	"github.com/pullpass/pullpass/internal/hallmark"
)

// ErrInvalid is returned for a token that this sealer did not make, or made for something else.
var ErrInvalid = errors.New("the token is invalid")

// Session is the content of the session token of temporary credentials.
type Session struct {
	KeyID  awsid.AccessKeyID
	Secret string
	// Role is the role's ARN and RoleID its unique id; a role that was made anew has another.
	Role    arn.ARN
	RoleID  awsid.UniqueID
	Name    string
	Issued  time.Time
	Expires time.Time
	// Policies are session policies, as text.
	Policies       []string          `json:",omitempty"`
	Tags           map[string]string `json:",omitempty"`
	TransitiveTags []string          `json:",omitempty"`
	SourceIdentity string            `json:",omitempty"`
	// Chained is set where the caller of AssumeRole had temporary credentials itself.
	Chained bool `json:",omitempty"`
}

// ARN returns the session's ARN, in which the role's path does not appear.
func (s Session) ARN() arn.ARN { return arn.AssumedRole(s.Role.Account, s.Role.Name(), s.Name) }

// Registry is the content of the password that GetAuthorizationToken gives: good for its Region and its principal.
type Registry struct {
	Region  arn.Region
	Expires time.Time
	// KeyID is the key that asked; for temporary credentials Session is the whole session.
	KeyID   awsid.AccessKeyID
	Session *Session `json:",omitempty"`
}

// Layer is the content of a layer's download address: whoever has it may read that one blob.
type Layer struct {
	Digest  string
	Expires time.Time
}

// Sealer seals and opens tokens with AES-256-GCM. It is safe for concurrent use.
type Sealer struct {
	aead   cipher.AEAD
	random io.Reader
}

// NewSealer returns a sealer. The key is 32 bytes; random gives nonces.
func NewSealer(key []byte, random io.Reader) (*Sealer, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, fmt.Errorf("making the token sealer: %w", err)
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		return nil, fmt.Errorf("making the token sealer: %w", err)
	}
	return &Sealer{aead: aead, random: random}, nil
}

// Content is what a token can hold.
type Content interface{ Session | Registry | Layer }

// Seal returns the token for a content: URL-safe base64 without padding. It begins with a hallmark, by which a leak of
// the token is found.
func Seal[T Content](s *Sealer, content T) (string, error) {
	plain, err := json.Marshal(content)
	if err != nil {
		return "", fmt.Errorf("sealing a token: %w", err)
	}
	var nonce [hallmark.NonceSize]byte
	if _, err := io.ReadFull(s.random, nonce[:]); err != nil {
		return "", fmt.Errorf("sealing a token: %w", err)
	}
	head, err := hallmark.Head(marked[T](), nonce)
	if err != nil {
		return "", fmt.Errorf("sealing a token: %w", err)
	}
	return base64.RawURLEncoding.EncodeToString(s.aead.Seal(head[:], nonce[:], plain, kind[T]())), nil
}

// Open returns the content of a token, or ErrInvalid. It knows no clock: whether the content has expired is the
// caller's to say.
func Open[T Content](s *Sealer, token string) (T, error) {
	var content T
	raw, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil || len(raw) < hallmark.HeadSize || hallmark.TokenKind(raw[:hallmark.HeadSize]) != marked[T]() {
		return content, ErrInvalid
	}
	plain, err := s.aead.Open(nil, raw[:hallmark.NonceSize], raw[hallmark.HeadSize:], kind[T]())
	if err != nil {
		return content, ErrInvalid
	}
	if err := json.Unmarshal(plain, &content); err != nil {
		return content, ErrInvalid
	}
	return content, nil
}

// kind binds a token to its use: a registry password is no session token.
func kind[T Content]() []byte {
	var content T
	return fmt.Appendf(nil, "%T", content)
}

// marked is the kind by which a token is recognised.
func marked[T Content]() hallmark.Kind {
	var content T
	switch any(content).(type) {
	case Session:
		return hallmark.SessionToken
	case Registry:
		return hallmark.RegistryPassword
	default:
		return hallmark.LayerGrant
	}
}
