package sealed

import (
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"time"
)

// Errors to branch on.
var (
	// ErrNoCertificate says that a file is not what `kubeseal --fetch-cert` writes.
	ErrNoCertificate = errors.New("not a certificate in PEM")
	// ErrKey says that a certificate's key cannot be sealed for.
	ErrKey = errors.New("not an RSA key of 2,048 to 16,384 bits")
	// ErrNotNow says that a certificate is of another time.
	ErrNotNow = errors.New("not valid at this time")
)

// The sizes of keys. The least is that of NIST SP 800-131A Rev. 2, section 6; the controller's own have 4,096 bits. The
// greatest is far beyond what anybody has, and keeps a made-up key from costing minutes.
const (
	minBits = 2048
	maxBits = 16384
)

// A Certificate holds the public key of a controller.
type Certificate struct {
	key *rsa.PublicKey
	// NotBefore and NotAfter bound the time in which the key is to be sealed for. The controller unseals what was sealed for
	// it at any time, as long as it has the key.
	NotBefore, NotAfter time.Time
}

// ParseCertificate reads the first certificate of a PEM file, as kubeseal does. Whose it is cannot be told: the
// controller signs it itself. The error wraps ErrNoCertificate or ErrKey, and quotes nothing of the file.
func ParseCertificate(text []byte) (Certificate, error) {
	block, err := firstCertificate(text)
	if err != nil {
		return Certificate{}, err
	}
	parsed, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return Certificate{}, fmt.Errorf("reading a certificate: %w: %w", ErrNoCertificate, err)
	}
	key, ok := parsed.PublicKey.(*rsa.PublicKey)
	if !ok {
		return Certificate{}, fmt.Errorf("reading a certificate: %w: it is for %s", ErrKey, parsed.PublicKeyAlgorithm)
	}
	if bits := key.N.BitLen(); bits < minBits || bits > maxBits {
		return Certificate{}, fmt.Errorf("reading a certificate: %w: it has %d bits", ErrKey, bits)
	}
	return Certificate{key: key, NotBefore: parsed.NotBefore, NotAfter: parsed.NotAfter}, nil
}

// firstCertificate passes over blocks of other kinds, such as parameters. A private key has no business here.
func firstCertificate(text []byte) (*pem.Block, error) {
	other := ""
	for {
		block, rest := pem.Decode(text)
		switch {
		case block == nil && other != "":
			return nil, fmt.Errorf("reading a certificate: %w: the file holds a %s", ErrNoCertificate, other)
		case block == nil:
			return nil, fmt.Errorf("reading a certificate: %w", ErrNoCertificate)
		case block.Type == "CERTIFICATE":
			return block, nil
		}
		other, text = block.Type, rest
	}
}

// CheckTime returns an error that wraps ErrNotNow if the certificate has expired, or is for a later time.
func (c Certificate) CheckTime(now time.Time) error {
	switch {
	case now.After(c.NotAfter):
		return fmt.Errorf("%w: the certificate expired on %s", ErrNotNow, c.NotAfter.UTC().Format(time.DateOnly))
	case now.Before(c.NotBefore):
		return fmt.Errorf("%w: the certificate begins on %s", ErrNotNow, c.NotBefore.UTC().Format(time.DateOnly))
	}
	return nil
}
