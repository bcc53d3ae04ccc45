package sealed_test

import (
	"bytes"
	"crypto"
	"crypto/aes"
	"crypto/cipher"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"math/big"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/google/go-cmp/cmp"

	"github.com/pullpass/pullpass/internal/sealed"
)

var begin = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// certify signs a public key as the controller does, by itself, for ten years.
func certify(t testing.TB, key crypto.Signer) []byte {
	t.Helper()
	return certifyFor(t, key.Public(), key)
}

func certifyFor(t testing.TB, public crypto.PublicKey, key crypto.Signer) []byte {
	t.Helper()
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "sealed-secrets"}, NotBefore: begin, NotAfter: begin.AddDate(10, 0, 0),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, public, key)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
}

func rsaKey(t testing.TB, bits int) *rsa.PrivateKey {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, bits)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// manifest is what the controller reads of a SealedSecret.
type manifest struct {
	APIVersion string   `yaml:"apiVersion"`
	Kind       string   `yaml:"kind"`
	Metadata   metadata `yaml:"metadata"`
	Spec       struct {
		EncryptedData map[string]string `yaml:"encryptedData"`
		Template      struct {
			Metadata metadata `yaml:"metadata"`
			Type     string   `yaml:"type"`
		} `yaml:"template"`
	} `yaml:"spec"`
}

type metadata struct {
	Name, Namespace string
	Annotations     map[string]string
}

// unseal opens a value with the private key, by the words of the scheme and none of the code under test.
func unseal(t *testing.T, key *rsa.PrivateKey, label, value string) (string, error) {
	t.Helper()
	raw, err := base64.StdEncoding.DecodeString(value)
	if err != nil {
		t.Fatal(err)
	}
	size := int(raw[0])<<8 | int(raw[1])
	session, err := rsa.DecryptOAEP(crypto.SHA256.New(), nil, key, raw[2:2+size], []byte(label))
	if err != nil {
		return "", err
	}
	if len(session) != 32 {
		t.Errorf("a session key of %d bytes is none of AES-256", len(session))
	}
	block, err := aes.NewCipher(session)
	if err != nil {
		t.Fatal(err)
	}
	gcm, err := cipher.NewGCM(block)
	if err != nil {
		t.Fatal(err)
	}
	plain, err := gcm.Open(nil, make([]byte, 12), raw[2+size:], nil)
	return string(plain), err
}

const config = "[default]\nregion=us-west-2\n"

func TestTheMatchingKeyUnseals(t *testing.T) {
	key, other := rsaKey(t, 2048), rsaKey(t, 2048)
	certificate, err := sealed.ParseCertificate(certify(t, key))
	if err != nil {
		t.Fatal(err)
	}
	for scope, test := range map[sealed.Scope]struct {
		label       string
		annotations map[string]string
	}{
		sealed.Strict:        {"eksa-packages/aws-secret", nil},
		sealed.NamespaceWide: {"eksa-packages", map[string]string{"sealedsecrets.bitnami.com/namespace-wide": "true"}},
		sealed.ClusterWide:   {"", map[string]string{"sealedsecrets.bitnami.com/cluster-wide": "true"}},
	} {
		t.Run(string(scope), func(t *testing.T) {
			text, err := certificate.Manifest([]byte(config), scope, rand.Reader)
			if err != nil {
				t.Fatal(err)
			}
			var got manifest
			if err := yaml.UnmarshalWithOptions(text, &got, yaml.Strict()); err != nil {
				t.Fatal(err)
			}
			want := manifest{APIVersion: "bitnami.com/v1alpha1", Kind: "SealedSecret"}
			want.Metadata = metadata{Name: "aws-secret", Namespace: "eksa-packages", Annotations: test.annotations}
			want.Spec.Template.Metadata, want.Spec.Template.Type = want.Metadata, "Opaque"
			opened := map[string]string{}
			for name, value := range got.Spec.EncryptedData {
				if opened[name], err = unseal(t, key, test.label, value); err != nil {
					t.Errorf("%s: %v", name, err)
				}
				if _, err := unseal(t, other, test.label, value); err == nil {
					t.Errorf("%s: another key opens it", name)
				}
				if _, err := unseal(t, key, "other/place", value); err == nil {
					t.Errorf("%s: it opens in another place", name)
				}
			}
			plain := map[string]string{"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": "", "REGION": "", "config": config}
			if diff := cmp.Diff(plain, opened); diff != "" {
				t.Errorf("the Secret (-want +got):\n%s", diff)
			}
			got.Spec.EncryptedData = nil
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("the manifest (-want +got):\n%s", diff)
			}
		})
	}
}

func TestNoTwoSealsAreAlike(t *testing.T) {
	certificate, err := sealed.ParseCertificate(certify(t, rsaKey(t, 2048)))
	if err != nil {
		t.Fatal(err)
	}
	first, firstErr := certificate.Manifest([]byte(config), sealed.Strict, rand.Reader)
	second, secondErr := certificate.Manifest([]byte(config), sealed.Strict, rand.Reader)
	if err := errors.Join(firstErr, secondErr); err != nil || bytes.Equal(first, second) {
		t.Errorf("two seals are alike, or there is an error: %v", err)
	}
}

func TestWithoutRandomnessNothingIsSealed(t *testing.T) {
	certificate, err := sealed.ParseCertificate(certify(t, rsaKey(t, 2048)))
	if err != nil {
		t.Fatal(err)
	}
	broken := errors.New("no entropy")
	got, err := certificate.Manifest([]byte(config), sealed.Strict, iotest.ErrReader(broken))
	if got != nil || !errors.Is(err, broken) {
		t.Errorf("got %q, %v", got, err)
	}
}

func TestCertificatesThatCannotBeSealedFor(t *testing.T) {
	curve, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	key := rsaKey(t, 2048)
	private := pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)})
	good := certify(t, key)
	huge := &rsa.PublicKey{N: new(big.Int).SetBit(big.NewInt(1), 1<<16, 1), E: 65537}
	for sentence, test := range map[string]struct {
		text string
		is   error
		says string
	}{
		"nothing":                    {"", sealed.ErrNoCertificate, ""},
		"no PEM":                     {"certificate", sealed.ErrNoCertificate, ""},
		"a private key":              {string(private), sealed.ErrNoCertificate, "the file holds a RSA PRIVATE KEY"},
		"a certificate that is none": {string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: []byte("x")})), sealed.ErrNoCertificate, ""},
		"half a certificate":         {string(good[:len(good)/2]), sealed.ErrNoCertificate, ""},
		"an elliptic curve":          {string(certify(t, curve)), sealed.ErrKey, "it is for ECDSA"},
		"a weak key":                 {string(certify(t, rsaKey(t, 1024))), sealed.ErrKey, "it has 1024 bits"},
		"a made-up key":              {string(certifyFor(t, huge, key)), sealed.ErrKey, "it has 65537 bits"},
	} {
		t.Run(sentence, func(t *testing.T) {
			_, err := sealed.ParseCertificate([]byte(test.text))
			if !errors.Is(err, test.is) || !strings.Contains(err.Error(), test.says) {
				t.Errorf("got %v", err)
			}
		})
	}
	if _, err := sealed.ParseCertificate(append(private, good...)); err != nil {
		t.Errorf("a certificate behind something else: %v", err)
	}
}

func TestACertificateHasItsTime(t *testing.T) {
	certificate, err := sealed.ParseCertificate(certify(t, rsaKey(t, 2048)))
	if err != nil {
		t.Fatal(err)
	}
	for sentence, test := range map[string]struct {
		now  time.Time
		good bool
	}{
		"before it begins":     {begin.Add(-time.Second), false},
		"when it begins":       {begin, true},
		"when it ends":         {begin.AddDate(10, 0, 0), true},
		"when it is long gone": {begin.AddDate(10, 0, 1), false},
	} {
		t.Run(sentence, func(t *testing.T) {
			err := certificate.CheckTime(test.now)
			if (err == nil) != test.good || err != nil && !errors.Is(err, sealed.ErrNotNow) {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestParseScope(t *testing.T) {
	for name, good := range map[string]bool{"strict": true, "namespace-wide": true, "cluster-wide": true, "": false, "Strict": false} {
		if got, err := sealed.ParseScope(name); (err == nil) != good || good && string(got) != name {
			t.Errorf("%q: got %q, %v", name, got, err)
		}
	}
}

func FuzzParseCertificate(f *testing.F) {
	f.Add(certify(f, rsaKey(f, 2048)))
	f.Add([]byte("-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n"))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, text []byte) {
		certificate, err := sealed.ParseCertificate(text)
		if err != nil {
			if !errors.Is(err, sealed.ErrNoCertificate) && !errors.Is(err, sealed.ErrKey) {
				t.Errorf("an error of no kind: %v", err)
			}
			return
		}
		// A key of the right size may still be none, which shows when it is used.
		made, err := certificate.Manifest([]byte(config), sealed.Strict, rand.Reader)
		if err == nil && bytes.Contains(made, []byte("us-west-2")) {
			t.Error("a seal that shows what it holds")
		}
	})
}
