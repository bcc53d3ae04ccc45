package awsid

import (
	"bytes"
	"crypto/rand"
	"encoding/base32"
	"encoding/base64"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"log/slog"
	"math/big"
	"strings"
	"testing"

	"github.com/pullpass/pullpass/arn"
	"github.com/pullpass/pullpass/internal/hallmark"
)

// officialAccount is the decoding that AWS's key ids are known to allow,
// written apart from the code under test.
func officialAccount(t *testing.T, id AccessKeyID) arn.AccountID {
	t.Helper()
	raw, err := base32.StdEncoding.DecodeString(string(id)[4:])
	if err != nil {
		t.Fatal(err)
	}
	n := new(big.Int).SetBytes(raw[:6])
	n.And(n, big.NewInt(0x7fffffffff80)).Rsh(n, 7)
	return arn.AccountID(fmt.Sprintf("%012s", n.String()))
}

func TestMintedKeyIDsCarryTheirAccount(t *testing.T) {
	for _, account := range []arn.AccountID{"000000000000", "000000000001", "111111111111", "346438352937", "999999999999"} {
		for _, kind := range []KeyKind{LongLived, Temporary} {
			id, err := NewAccessKeyID(kind, account, rand.Reader)
			if err != nil {
				t.Fatal(err)
			}
			if len(id) != 20 || id.Kind() != kind || strings.ContainsAny(string(id[4:5]), "ABCDEFGHIJKLMNOP") {
				t.Errorf("minted %q: want %s, a letter from Q on, 20 characters in all", id, kind)
			}
			if got := officialAccount(t, id); got != account {
				t.Errorf("official decoding of %s gives %s, want %s", id, got, account)
			}
			if got, err := Account(id); err != nil || got != account {
				t.Errorf("Account(%s) = %s, %v; want %s", id, got, err, account)
			}
		}
	}
}

func TestMintingUsesAllOfTheRandomRest(t *testing.T) {
	id, err := NewAccessKeyID(LongLived, "000000000000", bytes.NewReader(bytes.Repeat([]byte{0xff}, 10)))
	if want := AccessKeyID("AKIAQAAAAAAAP7777777"); err != nil || id != want {
		t.Errorf("minted %s, %v; want %s", id, err, want)
	}
}

// The pair was published by Aidan Steele and Tal Be'ery for this decoding.
func TestAccountOfAKeyIDMadeByAWS(t *testing.T) {
	if got, err := Account("ASIAQNZGKIQY56JQ7WML"); err != nil || got != "029608264753" {
		t.Errorf("Account = %s, %v", got, err)
	}
}

func TestIDsOfTheWrongShapeAreRefused(t *testing.T) {
	for name, id := range map[string]string{
		"empty":                        "",
		"shorter than its prefix":      "AK",
		"too short":                    "AKIAQAAAAAAAAAAAAAA",
		"too long":                     "AKIAQAAAAAAAAAAAAAAAA",
		"prefix of a user":             "AIDAQAAAAAAAAAAAAAAA",
		"digit that base32 lacks":      "AKIAQAAAAAAAAAAAAAA1",
		"lower case":                   "AKIAqaaaaaaaaaaaaaaa",
		"account of thirteen digits":   "AKIA7777777777777777",
		"multi-byte characters inside": "AKIAQAAAAAAAAAAAAéA",
	} {
		t.Run(name, func(t *testing.T) {
			if got, err := Account(AccessKeyID(id)); !errors.Is(err, ErrInvalid) {
				t.Errorf("Account(%q) = %q, %v; want ErrInvalid", id, got, err)
			}
		})
	}
	if _, err := NewAccessKeyID("AIDA", "111111111111", rand.Reader); !errors.Is(err, ErrInvalid) {
		t.Errorf("minting a key id with a user's prefix: %v", err)
	}
	if _, err := NewAccessKeyID(LongLived, "11111", rand.Reader); !errors.Is(err, arn.ErrInvalidAccount) {
		t.Errorf("minting a key id for a short account: %v", err)
	}
}

func TestUniqueIDs(t *testing.T) {
	for _, kind := range []EntityKind{User, Role, Policy} {
		id, err := NewUniqueID(kind, rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		if parsed, err := ParseUniqueID(string(id)); err != nil || parsed != id || id.Kind() != kind || len(id) != 21 {
			t.Errorf("minted %q, parsed %q, %v", id, parsed, err)
		}
	}
	for _, bad := range []string{"", "AIDA", "AKIAQAAAAAAAAAAAAAAAA", "AIDAQAAAAAAAAAAAAAAA", "arn:aws:iam::1:user/x"} {
		if _, err := ParseUniqueID(bad); !errors.Is(err, ErrInvalid) {
			t.Errorf("ParseUniqueID(%q): %v, want ErrInvalid", bad, err)
		}
	}
}

func TestSecretsShowOnlyWhenRevealed(t *testing.T) {
	secret, err := NewSecretAccessKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	if len(secret.Reveal()) != 40 {
		t.Errorf("secret has %d characters, want 40", len(secret.Reveal()))
	}
	if raw, err := base64.StdEncoding.DecodeString(secret.Reveal()); err != nil || !hallmark.IsKey(raw) {
		t.Errorf("the secret is not recognised as one: %v", err)
	}
	var out bytes.Buffer
	holder := struct{ Key SecretAccessKey }{secret}
	fmt.Fprintf(&out, "%s %v %+v %#v %q %x\n", secret, secret, holder, holder, secret, secret)
	if err := json.NewEncoder(&out).Encode(holder); err != nil {
		t.Error(err)
	}
	if err := xml.NewEncoder(&out).EncodeElement(holder, xml.StartElement{Name: xml.Name{Local: "x"}}); err != nil {
		t.Error(err)
	}
	slog.New(slog.NewJSONHandler(&out, nil)).Info("made", "key", secret, "holder", holder)
	hex := fmt.Sprintf("%x", secret.Reveal())
	if s := out.String(); strings.Contains(s, secret.Reveal()) || strings.Contains(s, hex) {
		t.Errorf("the secret shows in %s", s)
	}
}

func FuzzAccount(f *testing.F) {
	f.Add("AKIAIOSFODNN7EXAMPLE")
	f.Add("ASIAQNZGKIQY56JQ7WML")
	f.Fuzz(func(t *testing.T, s string) {
		account, err := Account(AccessKeyID(s))
		if err != nil {
			return
		}
		if _, err := arn.ParseAccountID(string(account)); err != nil {
			t.Errorf("Account(%q) = %q: %v", s, account, err)
		}
		if want := officialAccount(t, AccessKeyID(s)); account != want {
			t.Errorf("Account(%q) = %q, want %q", s, account, want)
		}
	})
}
