// Package ca is a certificate authority that can speak for AWS's host names only.
//
// The sandbox asks its clients to trust it, so it is made to be worth little to a
// thief: it lives 30 days, and a critical name constraint keeps it from any name
// outside amazonaws.com and from any IP address.
package ca

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net"
	"path/filepath"
	"slices"
	"sync"
	"time"
)

const (
	lifetime     = 30 * 24 * time.Hour
	leafLifetime = 7 * 24 * time.Hour
	// margin is how long before its end a certificate is made anew.
	margin = 24 * time.Hour
	// backdate keeps a certificate good for a client whose clock is a little slow.
	backdate = time.Hour
	// maxLeaves bounds the certificates that are kept.
	maxLeaves = 256
)

// Config says where an authority lives. Its zero value is an authority in
// memory, by the clock of the system.
type Config struct {
	// Dir is an existing directory that keeps ca.pem and ca.key, so that clients
	// go on trusting the authority of an earlier start. Empty keeps both in memory.
	Dir string
	// Clock is time.Now if nil.
	Clock func() time.Time
	// Random makes keys and serial numbers; it is crypto/rand's if nil.
	Random io.Reader
}

// Authority issues certificates. It is safe for concurrent use.
type Authority struct {
	cfg Config

	mu     sync.Mutex
	key    *ecdsa.PrivateKey
	cert   *x509.Certificate
	leaves map[Host]*tls.Certificate
}

// New loads the authority of the directory, or makes one. A directory that
// holds files of another origin is an error and stays as it is.
func New(cfg Config) (*Authority, error) {
	if cfg.Clock == nil {
		cfg.Clock = time.Now
	}
	if cfg.Random == nil {
		cfg.Random = rand.Reader
	}
	a := &Authority{cfg: cfg, leaves: make(map[Host]*tls.Certificate)}
	if err := a.load(); err != nil {
		return nil, fmt.Errorf("opening the certificate authority: %w", err)
	}
	if err := a.renew(cfg.Clock()); err != nil {
		return nil, fmt.Errorf("making the certificate authority: %w", err)
	}
	return a, nil
}

// PEM returns the authority's certificate, for a client's set of trusted ones.
func (a *Authority) PEM() []byte {
	a.mu.Lock()
	defer a.mu.Unlock()
	return encodeCert(a.cert.Raw)
}

// File returns the path of ca.pem, or "" for an authority in memory.
func (a *Authority) File() string {
	if a.cfg.Dir == "" {
		return ""
	}
	return filepath.Join(a.cfg.Dir, certFile)
}

// Leaf returns the certificate for a host with its key, made when it is first
// asked for.
func (a *Authority) Leaf(host Host) (*tls.Certificate, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	now := a.cfg.Clock()
	if err := a.renew(now); err != nil {
		return nil, fmt.Errorf("renewing the certificate authority: %w", err)
	}
	if leaf := a.leaves[host]; leaf != nil && !ending(leaf.Leaf, now) {
		return leaf, nil
	}
	leaf, err := a.issue(host, now)
	if err != nil {
		return nil, fmt.Errorf("issuing a certificate to %s: %w", host, err)
	}
	if len(a.leaves) >= maxLeaves {
		// Making one is cheap, so the cache need not be clever about what to drop.
		clear(a.leaves)
	}
	a.leaves[host] = leaf
	return leaf, nil
}

// ending tells whether a certificate must be made anew: it has at most the
// margin left or, if the clock was turned back, is not valid yet.
func ending(cert *x509.Certificate, now time.Time) bool {
	return !now.Add(margin).Before(cert.NotAfter) || now.Before(cert.NotBefore)
}

// renew makes the authority's certificate if there is none or it ends. The key
// stays, so that only one file changes, no crash can leave a pair that does not
// fit, and the leaves stay good.
func (a *Authority) renew(now time.Time) error {
	if a.cert != nil && !ending(a.cert, now) {
		return nil
	}
	serial, err := a.serial()
	if err != nil {
		return err
	}
	template := &x509.Certificate{
		SerialNumber:                serial,
		Subject:                     pkix.Name{Organization: []string{"pullpass"}, CommonName: "pullpass sandbox"},
		NotBefore:                   now.Add(-backdate),
		NotAfter:                    now.Add(lifetime),
		IsCA:                        true,
		BasicConstraintsValid:       true,
		MaxPathLenZero:              true,
		KeyUsage:                    x509.KeyUsageCertSign,
		ExtKeyUsage:                 []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		PermittedDNSDomainsCritical: true,
		PermittedDNSDomains:         []string{domain},
		ExcludedIPRanges:            everyAddress(),
	}
	cert, err := a.create(template, template, &a.key.PublicKey)
	if err != nil {
		return err
	}
	if err := a.save(cert); err != nil {
		return err
	}
	a.cert = cert
	return nil
}

func everyAddress() []*net.IPNet {
	return []*net.IPNet{
		{IP: net.IPv4zero.To4(), Mask: net.CIDRMask(0, 32)},
		{IP: net.IPv6zero, Mask: net.CIDRMask(0, 128)},
	}
}

// issue signs a leaf whose validity lies within the authority's.
func (a *Authority) issue(host Host, now time.Time) (*tls.Certificate, error) {
	serial, err := a.serial()
	if err != nil {
		return nil, err
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), a.cfg.Random)
	if err != nil {
		return nil, err
	}
	template := &x509.Certificate{
		SerialNumber: serial,
		Subject:      pkix.Name{Organization: []string{"pullpass"}},
		DNSNames:     []string{string(host)},
		NotBefore:    latest(now.Add(-backdate), a.cert.NotBefore),
		NotAfter:     earliest(now.Add(leafLifetime), a.cert.NotAfter),
		KeyUsage:     x509.KeyUsageDigitalSignature,
		ExtKeyUsage:  []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	leaf, err := a.create(template, a.cert, &key.PublicKey)
	if err != nil {
		return nil, err
	}
	return &tls.Certificate{Certificate: [][]byte{leaf.Raw}, PrivateKey: key, Leaf: leaf}, nil
}

func latest(x, y time.Time) time.Time {
	return slices.MaxFunc([]time.Time{x, y}, time.Time.Compare)
}

func earliest(x, y time.Time) time.Time {
	return slices.MinFunc([]time.Time{x, y}, time.Time.Compare)
}

func (a *Authority) create(template, parent *x509.Certificate, public *ecdsa.PublicKey) (*x509.Certificate, error) {
	der, err := x509.CreateCertificate(a.cfg.Random, template, parent, public, a.key)
	if err != nil {
		return nil, err
	}
	return x509.ParseCertificate(der)
}

// serial returns a positive random number of at most 20 octets (RFC 5280,
// section 4.1.2.2).
func (a *Authority) serial() (*big.Int, error) {
	var raw [16]byte
	if _, err := io.ReadFull(a.cfg.Random, raw[:]); err != nil {
		return nil, err
	}
	raw[0] |= 1
	return new(big.Int).SetBytes(raw[:]), nil
}

func encodeCert(der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: certType, Bytes: der})
}
