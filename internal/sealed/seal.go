// Package sealed seals the Secret of a cluster for the Sealed Secrets controller that runs there.
package sealed

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"io"

	"github.com/pullpass/pullpass/internal/credential"
)

// Manifest writes a SealedSecret of v1alpha1 from which the controller that has the certificate's private key makes the
// Secret that credential.RenderManifest writes: three empty keys and the config file. Nobody else learns more of it than
// the lengths of its values. No two calls give the same bytes: random gives each value a key of its own.
func (c Certificate) Manifest(config []byte, scope Scope, random io.Reader) ([]byte, error) {
	var b bytes.Buffer
	b.WriteString("apiVersion: bitnami.com/v1alpha1\nkind: SealedSecret\nmetadata:\n")
	writeMetadata(&b, "  ", scope)
	b.WriteString("spec:\n  encryptedData:\n")
	for _, value := range []struct {
		key   string
		plain []byte
	}{
		{credential.KeyAccessKeyID, nil}, {credential.KeySecretAccessKey, nil}, {credential.KeyRegion, nil},
		{credential.KeyConfig, config},
	} {
		sealed, err := c.seal(value.plain, scope.label(), random)
		if err != nil {
			return nil, fmt.Errorf("sealing %s of Secret %s: %w", value.key, credential.SecretName, err)
		}
		fmt.Fprintf(&b, "    %s: %s\n", value.key, base64.StdEncoding.EncodeToString(sealed))
	}
	b.WriteString("  template:\n    metadata:\n")
	writeMetadata(&b, "      ", scope)
	b.WriteString("    type: Opaque\n")
	return b.Bytes(), nil
}

// writeMetadata writes what the SealedSecret and the Secret of its template have in common. The controller goes by the
// scope of the first, and the second keeps it for kubeseal, which reads it there.
func writeMetadata(b *bytes.Buffer, indent string, scope Scope) {
	fmt.Fprintf(b, "%sname: %s\n%snamespace: %s\n", indent, credential.SecretName, indent, credential.SecretNamespace)
	if name := scope.annotation(); name != "" {
		fmt.Fprintf(b, "%sannotations:\n%s  %s: \"true\"\n", indent, indent, name)
	}
}

// sessionKeyBytes makes the cipher AES-256.
const sessionKeyBytes = 32

// seal encrypts a value by the scheme of sealed-secrets (pkg/crypto: HybridEncrypt): a session key of its own, encrypted by
// RSA-OAEP with SHA-256 and bound to the label, behind its length in two bytes, big end first; then the value by AES-GCM
// with that key. The nonce is zero, which is safe because no key is used twice.
func (c Certificate) seal(plain, label []byte, random io.Reader) ([]byte, error) {
	session := make([]byte, sessionKeyBytes)
	if _, err := io.ReadFull(random, session); err != nil {
		return nil, fmt.Errorf("drawing a session key: %w", err)
	}
	locked, err := rsa.EncryptOAEP(sha256.New(), random, c.key, session, label)
	if err != nil {
		return nil, fmt.Errorf("encrypting the session key: %w", err)
	}
	block, err := aes.NewCipher(session)
	if err != nil {
		return nil, err
	}
	gcm, err := cipher.NewGCM(block)
	if err != nil {
		return nil, err
	}
	sealed := binary.BigEndian.AppendUint16(nil, uint16(len(locked))) // the size of the RSA key in bytes
	sealed = append(sealed, locked...)
	return gcm.Seal(sealed, make([]byte, gcm.NonceSize()), plain, nil), nil
}
