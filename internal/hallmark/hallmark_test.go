package hallmark_test

import (
	"encoding/base64"
	"testing"

	"github.com/pullpass/pullpass/internal/hallmark"
)

func TestAKeyIsKnownByItself(t *testing.T) {
	seed := [hallmark.KeySeed]byte{1, 2, 3}
	key := hallmark.Key(seed)
	if len(key) != hallmark.KeyLength {
		t.Errorf("a key has %d characters, want %d", len(key), hallmark.KeyLength)
	}
	raw, err := base64.StdEncoding.DecodeString(key)
	if err != nil {
		t.Fatal(err)
	}
	if !hallmark.IsKey(raw) {
		t.Error("a key is not recognised")
	}
	for bit := range len(raw) * 8 {
		raw[bit/8] ^= 1 << (bit % 8)
		if hallmark.IsKey(raw) {
			t.Errorf("a key is recognised although bit %d is another", bit)
		}
		raw[bit/8] ^= 1 << (bit % 8)
	}
}

func TestATokenIsKnownByItsHead(t *testing.T) {
	nonce := [hallmark.NonceSize]byte{4, 5, 6}
	for _, kind := range []hallmark.Kind{hallmark.SessionToken, hallmark.RegistryPassword, hallmark.LayerGrant} {
		head, err := hallmark.Head(kind, nonce)
		if err != nil {
			t.Fatal(err)
		}
		if got := hallmark.TokenKind(head[:]); got != kind {
			t.Errorf("the head of a %s is recognised as %q", kind, got)
		}
		for bit := range len(head) * 8 {
			head[bit/8] ^= 1 << (bit % 8)
			if got := hallmark.TokenKind(head[:]); got != "" {
				t.Errorf("a %s is recognised as %q although bit %d is another", kind, got, bit)
			}
			head[bit/8] ^= 1 << (bit % 8)
		}
	}
	if _, err := hallmark.Head(hallmark.SecretAccessKey, nonce); err == nil {
		t.Error("a secret access key has the head of a token")
	}
}

func TestWhatHasAnotherLengthHasNoHallmark(t *testing.T) {
	for _, raw := range [][]byte{nil, make([]byte, 20), make([]byte, 29), make([]byte, 31), make([]byte, 64)} {
		if hallmark.IsKey(raw) || hallmark.TokenKind(raw) != "" {
			t.Errorf("%d bytes have a hallmark", len(raw))
		}
	}
}
