package leak_test

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"math/big"
	"math/rand/v2"
	"net/url"
	"os"
	"strconv"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"

	"github.com/pullpass/pullpass/internal/awsid"
	"github.com/pullpass/pullpass/internal/hallmark"
	"github.com/pullpass/pullpass/internal/leak"
)

// minted is a secret of each kind, the same ones always; in the key are the characters that encodings escape.
func minted(t testing.TB) map[hallmark.Kind]string {
	t.Helper()
	random := rand.NewChaCha8([32]byte{})
	secrets := map[hallmark.Kind]string{hallmark.SecretAccessKey: ""}
	for key := ""; !strings.Contains(key, "+") || !strings.Contains(key, "/"); key = secrets[hallmark.SecretAccessKey] {
		key, err := awsid.NewSecretAccessKey(random)
		if err != nil {
			t.Fatal(err)
		}
		secrets[hallmark.SecretAccessKey] = key.Reveal()
	}
	for _, kind := range []hallmark.Kind{hallmark.SessionToken, hallmark.RegistryPassword, hallmark.LayerGrant} {
		var nonce [hallmark.NonceSize]byte
		_, _ = random.Read(nonce[:])
		head, err := hallmark.Head(kind, nonce)
		if err != nil {
			t.Fatal(err)
		}
		body := make([]byte, 301)
		_, _ = random.Read(body)
		secrets[kind] = base64.RawURLEncoding.EncodeToString(append(head[:], body...))
	}
	return secrets
}

func std(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }

// everyChar writes each character by a format.
func everyChar(format string, s string) string {
	var b strings.Builder
	for _, c := range []byte(s) {
		fmt.Fprintf(&b, format, c)
	}
	return b.String()
}

// wrapped breaks a text into lines as base64(1) does, and indents them.
func wrapped(s, indent string) string {
	var b strings.Builder
	for len(s) > 76 {
		b.WriteString(indent + s[:76] + "\n")
		s = s[76:]
	}
	return b.String() + indent + s + "\n"
}

func encodings() map[string]func(secret string) string {
	return map[string]func(string) string{
		"as it is":                          func(s string) string { return s },
		"in a line of a config file":        func(s string) string { return "[p]\naws_secret_access_key = " + s + "\nregion = x\n" },
		"after a path":                      func(s string) string { return "https://host/v2/" + s + "?n=1" },
		"amid letters":                      func(s string) string { return "abc" + s + "xyz" },
		"in a quoted line":                  func(s string) string { return strconv.Quote("a\nb=" + s + "\nc") },
		"in a query":                        func(s string) string { return "?X-Amz-Security-Token=" + url.QueryEscape(s) + "&x=1" },
		"with every character in percent":   func(s string) string { return everyChar("%%%02x", s) },
		"with every character escaped":      func(s string) string { return everyChar(`\u%04x`, s) },
		"with every byte escaped":           func(s string) string { return everyChar(`\x%02X`, s) },
		"with every character a reference":  func(s string) string { return everyChar("&#%d;", s) },
		"with hexadecimal references":       func(s string) string { return everyChar("&#x%X;", s) },
		"with slashes escaped":              func(s string) string { return strings.ReplaceAll(s, "/", `\/`) },
		"in basic authentication":           func(s string) string { return "Authorization: Basic " + std("AWS:"+s) },
		"in base64 of a manifest":           func(s string) string { return "data:\n  config: " + std("[default]\nregion=r\naws_key="+s+"\n") },
		"in base64 on several lines":        func(s string) string { return wrapped(std(strings.Repeat("padding ", 20)+s+" and more"), "") },
		"in base64 on lines with indents":   func(s string) string { return "config: |\n" + wrapped(std(strings.Repeat("p", 91)+s), "    ") },
		"in base64 with the URL's alphabet": func(s string) string { return base64.RawURLEncoding.EncodeToString([]byte("ÿÿÿ" + s)) },
		"in base64 of base64":               func(s string) string { return std(`{"auths":{"h":{"auth":"` + std("AWS:"+s) + `"}}}`) },
		"in base64 of JSON in JSON":         func(s string) string { return strconv.Quote(std(strconv.Quote(`"` + s + `"`))) },
		"in base64 that is escaped":         func(s string) string { return url.QueryEscape(std(" " + s + " ")) },
		"four encodings deep":               func(s string) string { return everyChar("%%%02x", std(std(std(s)))) },
		"in hexadecimal digits":             func(s string) string { return "f" + hex.EncodeToString([]byte("x"+s)) },
	}
}

func kinds(found []leak.Finding) []hallmark.Kind {
	var kinds []hallmark.Kind
	for _, f := range found {
		kinds = append(kinds, f.Kind)
	}
	return kinds
}

func TestAPlantedSecretIsFound(t *testing.T) {
	for kind, secret := range minted(t) {
		for how, encode := range encodings() {
			t.Run(string(kind)+" "+how, func(t *testing.T) {
				planted := strings.Repeat("nothing to see; ", 9) + encode(secret)
				found, size, err := leak.Scan(strings.NewReader(planted))
				if err != nil || size != int64(len(planted)) {
					t.Errorf("scanned %d bytes of %d: %v", size, len(planted), err)
				}
				if diff := cmp.Diff([]hallmark.Kind{kind}, kinds(found)); diff != "" {
					t.Fatalf("found (-want +got):\n%s", diff)
				}
				if masked, _, _ := leak.Scan(strings.NewReader(string(leak.Mask([]byte(planted))))); len(masked) > 0 {
					t.Errorf("masked, it still has %v", masked)
				}
				if strings.Contains(fmt.Sprintf("%v %+v %#v", found, found, found), secret[:16]) {
					t.Error("the finding shows the secret")
				}
			})
		}
	}
}

func TestAFindingSaysWhereTheSecretIs(t *testing.T) {
	key := minted(t)[hallmark.SecretAccessKey]
	for written, want := range map[string]string{
		"key: " + key:                                "secret access key at byte 5",
		"key: " + url.QueryEscape(key):               "secret access key at byte 5 (escapes)",
		`"` + std("xyz"+std(key+key)) + `"`:          "secret access key at byte 5 (base64 in base64)",
		"\x00\xff" + hex.EncodeToString([]byte(key)): "secret access key at byte 2 (hexadecimal)",
	} {
		found, _, err := leak.Scan(strings.NewReader(written))
		if err != nil || len(found) == 0 {
			t.Fatalf("found %v: %v", found, err)
		}
		if got := found[0].String(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestASecretIsFoundWhereverTheWritesDivideIt(t *testing.T) {
	for kind, secret := range minted(t) {
		for _, planted := range []string{secret, std("AWS:" + secret), url.QueryEscape(std(secret))} {
			for cut := range planted[:120%len(planted)] {
				var s leak.Scanner
				for _, piece := range []string{"a: ", planted[:cut], planted[cut:], "\nb: c"} {
					if n, err := s.Write([]byte(piece)); n != len(piece) || err != nil {
						t.Fatal(n, err)
					}
				}
				if got := kinds(s.Findings()); !cmp.Equal(got, []hallmark.Kind{kind}) {
					t.Fatalf("divided after %d: found %v, want the %s", cut, got, kind)
				}
			}
		}
	}
}

// The scanner's window is 256 KiB: each secret is put at all distances from its end.
func TestASecretIsFoundOnceWhereverTheWindowEnds(t *testing.T) {
	secrets := minted(t)
	for _, planted := range []string{secrets[hallmark.SecretAccessKey], url.QueryEscape(std(secrets[hallmark.SecretAccessKey]))} {
		for before := 0; before <= len(planted); before += 3 {
			for _, windows := range []int64{1, 2} {
				at := windows*(256<<10) - (windows-1)*(4<<10) - int64(before)
				filler := strings.Repeat("- ", int(at)/2+1)[:at-1] + ":"
				found, _, err := leak.Scan(strings.NewReader(filler + planted + strings.Repeat(" -", 5000)))
				if err != nil || len(found) != 1 || found[0].Offset != at {
					t.Fatalf("%d before the end of a window: found %v (%v), want one at %d", before, found, err, at)
				}
			}
		}
	}
}

func TestWhatIsNoSecretIsNotFound(t *testing.T) {
	random := make([]byte, 1<<20)
	_, _ = rand.NewChaCha8([32]byte{1}).Read(random)
	secrets := minted(t)
	key := []byte(secrets[hallmark.SecretAccessKey])
	wrong := append([]byte{}, key...)
	wrong[7] ^= 1
	for what, written := range map[string]string{
		"nothing":                          "",
		"random bytes":                     string(random),
		"random base64":                    base64.StdEncoding.EncodeToString(random[:1<<16]),
		"a number":                         new(big.Int).SetBytes(random[:4000]).String(),
		"digests":                          strings.Repeat(hex.EncodeToString(random[:32])+"\n", 40),
		"the example of AWS's documents":   "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
		"a key with one character changed": string(wrong),
		"a key without its last character": string(key[:39]),
		"a token without its first":        secrets[hallmark.SessionToken][1:],
	} {
		found, _, err := leak.Scan(strings.NewReader(written))
		if err != nil || len(found) > 0 {
			t.Errorf("%s: found %v: %v", what, found, err)
		}
	}
}

func TestWhatCannotBeReadIsNotTakenForClean(t *testing.T) {
	if _, _, err := leak.Scan(iotest.ErrReader(os.ErrClosed)); err == nil {
		t.Error("scanning what cannot be read succeeds")
	}
}

func FuzzScan(f *testing.F) {
	f.Add([]byte("%2F&#x2b;&#;%"), []byte("\\u002\\x"), uint16(3))
	f.Add([]byte("QUJD\n  "), []byte("==\r\n"), uint16(40))
	f.Fuzz(func(t *testing.T, before, after []byte, cut uint16) {
		for kind, secret := range minted(t) {
			for _, planted := range []string{secret, std(secret)} {
				written := append(append(append([]byte{}, before...), planted...), after...)
				whole, _, _ := leak.Scan(strings.NewReader(string(written)))
				found := false
				for _, w := range whole {
					found = found || w.Kind == kind
				}
				if !found {
					t.Fatalf("the %s is not found", kind)
				}
				var s leak.Scanner
				n := int(cut) % len(written)
				_, _ = s.Write(written[:n])
				_ = s.Findings()
				_, _ = s.Write(written[n:])
				if diff := cmp.Diff(whole, s.Findings()); diff != "" {
					t.Fatalf("divided after %d (-whole +divided):\n%s", n, diff)
				}
			}
		}
	})
}

func BenchmarkScan(b *testing.B) {
	random := make([]byte, 48<<10)
	_, _ = rand.NewChaCha8([32]byte{1}).Read(random)
	for what, written := range map[string]string{
		"log":    strings.Repeat("2026-11-23T08:30:16Z DEBUG served operation=iam:GetUser account=111111111111 status=200\n", 1000),
		"paths":  strings.Repeat("/tmp/TestScripts1234567/001/script-rotate/out/store-001/aws-config\n", 1000),
		"base64": base64.StdEncoding.EncodeToString(random),
		"binary": string(random),
	} {
		b.Run(what, func(b *testing.B) {
			b.SetBytes(int64(len(written)))
			for b.Loop() {
				if found, _, err := leak.Scan(strings.NewReader(written)); err != nil || len(found) > 0 {
					b.Fatal(found, err)
				}
			}
		})
	}
}
