// Package hallmark makes the secrets that the embedded AWS mints recognisable by themselves.
//
// A part of each is a checksum of the rest, as in GitHub's tokens, so that a scanner that has no list of what was minted
// knows one where it sees one. They look like AWS's in length and alphabet. Nothing but a search for leaks may go by
// this: a secret of AWS's own has no hallmark.
package hallmark

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"slices"
)

// Kind is what a minted secret is.
type Kind string

// The kinds of what is minted.
const (
	SecretAccessKey  Kind = "secret access key"
	SessionToken     Kind = "session token"
	RegistryPassword Kind = "registry password"
	LayerGrant       Kind = "layer grant" // in the address that a registry sends a client to for a layer
)

// The sizes of what is marked, in bytes, and of what is recognised, in characters.
const (
	KeySeed   = 24 // of randomness in a secret access key
	KeyLength = 40 // of a secret access key
	NonceSize = 12 // of the randomness that a token begins with
	HeadSize  = NonceSize + headSum
	// HeadLength is how much of a token tells what it is: its beginning.
	HeadLength = HeadSize / 3 * 4

	// What has a hallmark by chance is one text of 2^48, or one of 2^72.
	keySum  = 6
	headSum = 9
)

// Key returns the secret access key of a seed: base64 of the seed and six bytes of checksum.
func Key(seed [KeySeed]byte) string {
	sum := sumOf(keyPurpose, seed[:])
	return base64.StdEncoding.EncodeToString(append(seed[:], sum[:keySum]...))
}

// IsKey tells whether 30 bytes are what Key encodes.
func IsKey(raw []byte) bool {
	if len(raw) != KeySeed+keySum {
		return false
	}
	sum := sumOf(keyPurpose, raw[:KeySeed])
	return slices.Equal(sum[:keySum], raw[KeySeed:])
}

// Head returns the first bytes of a token of a kind: the nonce and its checksum.
func Head(kind Kind, nonce [NonceSize]byte) ([HeadSize]byte, error) {
	kinds := tokens()
	at := slices.Index(kinds[:], kind)
	if at < 0 {
		return [HeadSize]byte{}, fmt.Errorf("marking a token: there are none of kind %q", kind)
	}
	sum := sumOf(tokenPurpose, nonce[:])
	return [HeadSize]byte(append(nonce[:], sum[at*headSum:][:headSum]...)), nil
}

// TokenKind returns the kind of the token that begins with 21 bytes; empty where they have no hallmark.
func TokenKind(head []byte) Kind {
	if len(head) != HeadSize {
		return ""
	}
	sum := sumOf(tokenPurpose, head[:NonceSize])
	for i, kind := range tokens() {
		if slices.Equal(sum[i*headSum:][:headSum], head[NonceSize:]) {
			return kind
		}
	}
	return ""
}

// tokens lists the kinds of tokens. One checksum serves all: each kind has its nine bytes of it.
func tokens() [3]Kind { return [...]Kind{SessionToken, RegistryPassword, LayerGrant} }

// The purposes keep the checksums apart from each other and from all others of the world. With what is summed they fit
// one block of SHA-256, which matters to a scanner that sums at every character.
const (
	keyPurpose   = "pullpass sandbox key\x00"
	tokenPurpose = "pullpass sandbox token\x00"
)

func sumOf(purpose string, of []byte) [sha256.Size]byte {
	var block [sha256.BlockSize]byte
	n := copy(block[:], purpose)
	n += copy(block[n:], of)
	return sha256.Sum256(block[:n])
}
