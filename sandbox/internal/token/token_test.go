package token_test

import (
	"crypto/rand"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pullpass/pullpass/internal/hallmark"
	"github.com/pullpass/pullpass/internal/leak"
	"github.com/pullpass/pullpass/sandbox/internal/token"
)

func sealer(t *testing.T) *token.Sealer {
	t.Helper()
	key := make([]byte, 32)
	_, _ = rand.Read(key)
	s, err := token.NewSealer(key, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestATokenOpensToWhatWasSealed(t *testing.T) {
	s := sealer(t)
	want := token.Session{KeyID: "ASIAEXAMPLE", Secret: "s", Name: "store-001", Tags: map[string]string{"a": "b"}}
	sealed, err := token.Seal(s, want)
	if err != nil {
		t.Fatal(err)
	}
	got, err := token.Open[token.Session](s, sealed)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("opened (-sealed +opened):\n%s", diff)
	}
}

func TestATokenIsRecognisedByWhoeverLooksForLeaks(t *testing.T) {
	s := sealer(t)
	for want, seal := range map[hallmark.Kind]func() (string, error){
		hallmark.SessionToken:     func() (string, error) { return token.Seal(s, token.Session{Name: "store-001"}) },
		hallmark.RegistryPassword: func() (string, error) { return token.Seal(s, token.Registry{Region: "us-west-2"}) },
		hallmark.LayerGrant:       func() (string, error) { return token.Seal(s, token.Layer{Digest: "sha256:1"}) },
	} {
		sealed, err := seal()
		if err != nil {
			t.Fatal(err)
		}
		found, _, err := leak.Scan(strings.NewReader("docker login -p " + sealed + "\n"))
		if err != nil || len(found) != 1 || found[0].Kind != want {
			t.Errorf("%s: found %v: %v", want, found, err)
		}
	}
}

func TestATokenIsRefused(t *testing.T) {
	s := sealer(t)
	sealed, err := token.Seal(s, token.Layer{Digest: "sha256:1"})
	if err != nil {
		t.Fatal(err)
	}
	flipped := []byte(sealed)
	flipped[len(flipped)/2] ^= 1
	for reason, open := range map[string]func() error{
		"because it was made for another use":   func() error { _, err := token.Open[token.Session](s, sealed); return err },
		"because another sealer made it":        func() error { _, err := token.Open[token.Layer](sealer(t), sealed); return err },
		"because a bit is wrong":                func() error { _, err := token.Open[token.Layer](s, string(flipped)); return err },
		"because its hallmark is of another":    func() error { _, err := token.Open[token.Layer](s, sealed[:20]+"AAAAAAAA"+sealed[28:]); return err },
		"because it is empty":                   func() error { _, err := token.Open[token.Layer](s, ""); return err },
		"because it is no base64":               func() error { _, err := token.Open[token.Layer](s, "ä!"); return err },
		"because it ends before its nonce does": func() error { _, err := token.Open[token.Layer](s, "AAAA"); return err },
	} {
		if err := open(); !errors.Is(err, token.ErrInvalid) {
			t.Errorf("%s: got %v, want ErrInvalid", reason, err)
		}
	}
}
