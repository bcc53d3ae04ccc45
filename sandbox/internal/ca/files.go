package ca

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/pullpass/pullpass/internal/atomicfile"
)

const (
	certFile = "ca.pem"
	keyFile  = "ca.key"
	certType = "CERTIFICATE"
	keyType  = "PRIVATE KEY"
)

// ErrForeign says that a directory holds a certificate or a key that this
// package did not make, or that others could read or change. Whoever owns it must
// remove both files; they are never written over.
var ErrForeign = errors.New("not the sandbox's own file")

// load reads what the directory has: nothing at the first start, the key alone
// after a crash in it, else both.
func (a *Authority) load() error {
	key, err := a.readKey()
	if errors.Is(err, fs.ErrNotExist) {
		return a.newKey()
	}
	if err != nil {
		return err
	}
	a.key = key
	cert, err := a.readCert()
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	a.cert = cert
	return err
}

// newKey makes the key, unless a certificate is there that it would orphan.
func (a *Authority) newKey() error {
	if a.cfg.Dir != "" {
		if _, err := os.Lstat(a.File()); !errors.Is(err, fs.ErrNotExist) {
			return errors.Join(err, fmt.Errorf("%w: %s is there without its %s", ErrForeign, a.File(), keyFile))
		}
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), a.cfg.Random)
	if err != nil {
		return err
	}
	a.key = key
	if a.cfg.Dir == "" {
		return nil
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return err
	}
	block := pem.EncodeToMemory(&pem.Block{Type: keyType, Bytes: der})
	return atomicfile.Write(filepath.Join(a.cfg.Dir, keyFile), block, 0o600)
}

func (a *Authority) save(cert *x509.Certificate) error {
	if a.cfg.Dir == "" {
		return nil
	}
	return atomicfile.Write(a.File(), encodeCert(cert.Raw), 0o644)
}

func (a *Authority) readKey() (*ecdsa.PrivateKey, error) {
	if a.cfg.Dir == "" {
		return nil, fs.ErrNotExist
	}
	path := filepath.Join(a.cfg.Dir, keyFile)
	info, err := os.Lstat(path)
	if err != nil {
		return nil, err
	}
	if mode := info.Mode(); !mode.IsRegular() || mode.Perm()&0o077 != 0 {
		return nil, fmt.Errorf("%w: %s has mode %v, not -rw-------", ErrForeign, path, mode)
	}
	der, err := readPEM(path, keyType)
	if err != nil {
		return nil, err
	}
	parsed, err := x509.ParsePKCS8PrivateKey(der)
	key, ok := parsed.(*ecdsa.PrivateKey)
	if err != nil || !ok || key.Curve != elliptic.P256() {
		return nil, fmt.Errorf("%w: %s holds no P-256 key", ErrForeign, path)
	}
	return key, nil
}

func (a *Authority) readCert() (*x509.Certificate, error) {
	der, err := readPEM(a.File(), certType)
	if err != nil {
		return nil, err
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, fmt.Errorf("%w: %s: %w", ErrForeign, a.File(), err)
	}
	own := cert.IsCA && cert.PermittedDNSDomainsCritical && len(cert.PermittedDNSDomains) == 1 &&
		cert.PermittedDNSDomains[0] == domain && a.key.PublicKey.Equal(cert.PublicKey)
	if !own {
		return nil, fmt.Errorf("%w: %s is not a certificate of its %s for %s alone", ErrForeign, a.File(), keyFile, domain)
	}
	return cert, nil
}

// readPEM returns the contents of a file that is one PEM block.
func readPEM(path, blockType string) ([]byte, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	block, rest := pem.Decode(text)
	if block == nil || block.Type != blockType || len(rest) > 0 {
		return nil, fmt.Errorf("%w: %s is not one PEM block %s", ErrForeign, path, blockType)
	}
	return block.Bytes, nil
}
