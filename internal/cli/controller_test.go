package cli_test

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"math/big"
	"os"
	"strconv"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/rogpeppe/go-internal/testscript"
)

// controller is the sealed-secrets controller of a script.
type controller struct{ key *rsa.PrivateKey }

// controllerKey leads to a script's controller.
type controllerKey struct{}

func controllerOf(ts *testscript.TestScript) *controller {
	found, ok := ts.Value(controllerKey{}).(*controller)
	if !ok {
		ts.Fatalf("the script has no controller")
	}
	return found
}

// certify begins two years ago, so that a certificate of one year has expired.
func certify(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: certify FILE YEARS")
	}
	years, err := strconv.Atoi(args[1])
	ts.Check(err)
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	ts.Check(err)
	begin := time.Now().AddDate(-2, 0, 0)
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: begin, NotAfter: begin.AddDate(years, 0, 0)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600))
	controllerOf(ts).key = key
}

// unsealed does what the controller does with the strict scope.
func unsealed(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: unsealed FILE")
	}
	var manifest struct {
		Metadata struct{ Name, Namespace string }
		Spec     struct {
			EncryptedData map[string]string `yaml:"encryptedData"`
		}
	}
	ts.Check(yaml.Unmarshal([]byte(ts.ReadFile(args[0])), &manifest))
	value, err := base64.StdEncoding.DecodeString(manifest.Spec.EncryptedData["config"])
	ts.Check(err)
	key := controllerOf(ts).key
	locked, rest := value[2:2+key.Size()], value[2+key.Size():]
	session, err := rsa.DecryptOAEP(sha256.New(), nil, key, locked, []byte(manifest.Metadata.Namespace+"/"+manifest.Metadata.Name))
	ts.Check(err)
	block, err := aes.NewCipher(session)
	ts.Check(err)
	gcm, err := cipher.NewGCM(block)
	ts.Check(err)
	plain, err := gcm.Open(nil, make([]byte, gcm.NonceSize()), rest, nil)
	ts.Check(err)
	_, err = ts.Stdout().Write(plain)
	ts.Check(err)
}
