package ca

import (
	"bytes"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// clock is a time that a test sets.
type clock struct{ now time.Time }

func (c *clock) read() time.Time { return c.now }

func start() *clock { return &clock{time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)} }

func open(t *testing.T, dir string, c *clock) *Authority {
	t.Helper()
	a, err := New(Config{Dir: dir, Clock: c.read})
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// verify does what a client does that trusts pemText.
func verify(pemText []byte, leaf *x509.Certificate, host string, at time.Time) error {
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(pemText) {
		return errors.New("no certificate in the PEM text")
	}
	_, err := leaf.Verify(x509.VerifyOptions{Roots: roots, DNSName: host, CurrentTime: at})
	return err
}

func TestLeavesVerifyForTheirHostAlone(t *testing.T) {
	c := start()
	a := open(t, "", c)
	leaf, err := a.Leaf("sts.us-west-2.amazonaws.com")
	if err != nil {
		t.Fatal(err)
	}
	if err := verify(a.PEM(), leaf.Leaf, "sts.us-west-2.amazonaws.com", c.now); err != nil {
		t.Error(err)
	}
	if err := verify(a.PEM(), leaf.Leaf, "iam.amazonaws.com", c.now); err == nil {
		t.Error("the leaf verifies for another host")
	}
	if leaf.Leaf.NotAfter.After(a.cert.NotAfter) || leaf.Leaf.NotBefore.Before(a.cert.NotBefore) {
		t.Error("the leaf's validity is not within the authority's")
	}
	if again, err := a.Leaf("sts.us-west-2.amazonaws.com"); err != nil || again != leaf {
		t.Errorf("asked again: another leaf, or %v", err)
	}
}

func TestNameConstraintBindsWhoeverHasTheKey(t *testing.T) {
	c := start()
	a := open(t, "", c)
	if !a.cert.PermittedDNSDomainsCritical {
		t.Error("the name constraint is not critical")
	}
	// issue does not look at the name, as a thief would not.
	stolen, err := a.issue("example.com", c.now)
	if err != nil {
		t.Fatal(err)
	}
	var invalid x509.CertificateInvalidError
	if err := verify(a.PEM(), stolen.Leaf, "example.com", c.now); !errors.As(err, &invalid) || invalid.Reason != x509.CANotAuthorizedForThisName {
		t.Errorf("a leaf for example.com: %v", err)
	}
	template := *stolen.Leaf
	template.DNSNames, template.IPAddresses = nil, []net.IP{net.IPv4(127, 0, 0, 1)}
	address, err := a.create(&template, a.cert, &a.key.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	if err := verify(a.PEM(), address, "127.0.0.1", c.now); !errors.As(err, &invalid) || invalid.Reason != x509.CANotAuthorizedForThisName {
		t.Errorf("a leaf for an address: %v", err)
	}
}

func TestDirectoryKeepsTheAuthority(t *testing.T) {
	dir, c := t.TempDir(), start()
	first := open(t, dir, c).PEM()
	for file, want := range map[string]fs.FileMode{"ca.key": 0o600, "ca.pem": 0o644} {
		if info, err := os.Stat(filepath.Join(dir, file)); err != nil || info.Mode() != want {
			t.Errorf("%s: %v, %v; want mode %v", file, info, err, want)
		}
	}
	c.now = c.now.Add(29*24*time.Hour - time.Second)
	again := open(t, dir, c)
	if !bytes.Equal(first, again.PEM()) {
		t.Error("the second start made another certificate")
	}
	if text, err := os.ReadFile(again.File()); err != nil || !bytes.Equal(text, first) {
		t.Errorf("ca.pem is not what PEM returns: %v", err)
	}
	c.now = c.now.Add(time.Second)
	renewed := open(t, dir, c)
	if bytes.Equal(first, renewed.PEM()) {
		t.Error("a day before its end the certificate was not made anew")
	}
	leaf, err := renewed.Leaf("iam.amazonaws.com")
	if err != nil {
		t.Fatal(err)
	}
	if err := verify(renewed.PEM(), leaf.Leaf, "iam.amazonaws.com", c.now.Add(leafLifetime-time.Second)); err != nil {
		t.Error(err)
	}
}

func TestRunningAuthorityRenewsItselfAndItsLeaves(t *testing.T) {
	dir, c := t.TempDir(), start()
	a := open(t, dir, c)
	for range 10 {
		leaf, err := a.Leaf("iam.amazonaws.com")
		if err != nil {
			t.Fatal(err)
		}
		text, err := os.ReadFile(a.File())
		if err != nil {
			t.Fatal(err)
		}
		if err := verify(text, leaf.Leaf, "iam.amazonaws.com", c.now); err != nil {
			t.Errorf("at %v: %v", c.now, err)
		}
		c.now = c.now.Add(10 * 24 * time.Hour)
	}
}

func TestKeyWithoutCertificateIsTakenUp(t *testing.T) {
	dir, c := t.TempDir(), start()
	open(t, dir, c)
	if err := os.Remove(filepath.Join(dir, "ca.pem")); err != nil {
		t.Fatal(err)
	}
	key, err := os.ReadFile(filepath.Join(dir, "ca.key"))
	if err != nil {
		t.Fatal(err)
	}
	open(t, dir, c)
	if after, err := os.ReadFile(filepath.Join(dir, "ca.key")); err != nil || !bytes.Equal(key, after) {
		t.Errorf("the key changed, or %v", err)
	}
}

func TestForeignFilesAreRefusedAndLeftAlone(t *testing.T) {
	foreign, err := New(Config{})
	if err != nil {
		t.Fatal(err)
	}
	write := func(file string, text []byte, mode fs.FileMode) func(*testing.T, string, *Authority) {
		return func(t *testing.T, dir string, _ *Authority) {
			if err := os.WriteFile(filepath.Join(dir, file), text, mode); err != nil {
				t.Fatal(err)
			}
		}
	}
	for name, spoil := range map[string]func(*testing.T, string, *Authority){
		"a certificate of another key": write("ca.pem", foreign.PEM(), 0o644),
		"an empty certificate":         write("ca.pem", nil, 0o644),
		"a torn certificate":           write("ca.pem", foreign.PEM()[:100], 0o644),
		"an empty key":                 write("ca.key", nil, 0o600),
		"a key of another kind":        write("ca.key", pem.EncodeToMemory(&pem.Block{Type: keyType, Bytes: []byte{1}}), 0o600),
		"a certificate for any name": func(t *testing.T, dir string, a *Authority) {
			free := *a.cert
			free.PermittedDNSDomains, free.ExcludedIPRanges = nil, nil
			cert, err := a.create(&free, &free, &a.key.PublicKey)
			if err != nil {
				t.Fatal(err)
			}
			write("ca.pem", encodeCert(cert.Raw), 0o644)(t, dir, a)
		},
		"a key that others may read": func(t *testing.T, dir string, _ *Authority) {
			if err := os.Chmod(filepath.Join(dir, "ca.key"), 0o640); err != nil {
				t.Fatal(err)
			}
		},
		"a certificate whose key is gone": func(t *testing.T, dir string, _ *Authority) {
			if err := os.Remove(filepath.Join(dir, "ca.key")); err != nil {
				t.Fatal(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			spoil(t, dir, open(t, dir, start()))
			before := contents(t, dir)
			if _, err := New(Config{Dir: dir, Clock: start().read}); !errors.Is(err, ErrForeign) {
				t.Errorf("New: %v, want ErrForeign", err)
			}
			if after := contents(t, dir); after != before {
				t.Errorf("the directory changed from %s to %s", before, after)
			}
		})
	}
}

func contents(t *testing.T, dir string) string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var all strings.Builder
	for _, entry := range entries {
		text, err := os.ReadFile(filepath.Join(dir, entry.Name()))
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&all, "%s %x\n", entry.Name(), text)
	}
	return all.String()
}

func TestLeavesAreBoundedAndSafeForConcurrentUse(t *testing.T) {
	a := open(t, "", start())
	var wg sync.WaitGroup
	for worker := range 4 {
		wg.Go(func() {
			for i := range maxLeaves/2 + 10 {
				if _, err := a.Leaf(Host(fmt.Sprintf("h%d-%d.amazonaws.com", worker%2, i))); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if n := len(a.leaves); n == 0 || n > maxLeaves {
		t.Errorf("%d leaves are kept, want 1 to %d", n, maxLeaves)
	}
}

func TestHostNames(t *testing.T) {
	for name, tc := range map[string]struct {
		in   string
		want Host // empty: refused
	}{
		"a service":                {"sts.amazonaws.com", "sts.amazonaws.com"},
		"a registry":               {"783794618700.dkr.ecr.us-west-2.amazonaws.com", "783794618700.dkr.ecr.us-west-2.amazonaws.com"},
		"capital letters":          {"STS.AmazonAWS.com", "sts.amazonaws.com"},
		"the domain itself":        {"amazonaws.com", ""},
		"another domain":           {"example.com", ""},
		"a domain that ends alike": {"evil-amazonaws.com", ""},
		"the domain inside":        {"sts.amazonaws.com.example.com", ""},
		"an empty label":           {"sts..amazonaws.com", ""},
		"only a dot before":        {".amazonaws.com", ""},
		"a final dot":              {"sts.amazonaws.com.", ""},
		"a wildcard":               {"*.amazonaws.com", ""},
		"a hyphen first":           {"-a.amazonaws.com", ""},
		"a hyphen last":            {"a-.amazonaws.com", ""},
		"a port":                   {"sts.amazonaws.com:443", ""},
		"a path":                   {"a/b.amazonaws.com", ""},
		"a Kelvin sign for a K":    {"\u212ams.amazonaws.com", ""},
		"a long label":             {strings.Repeat("a", 64) + ".amazonaws.com", ""},
		"a long name":              {strings.Repeat("a.", 121) + "amazonaws.com", ""},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := ParseHost(tc.in)
			if got != tc.want || (err == nil) != (tc.want != "") {
				t.Errorf("ParseHost(%q) = %q, %v; want %q", tc.in, got, err, tc.want)
			}
			if err != nil && !errors.Is(err, ErrHost) {
				t.Errorf("ParseHost(%q): %v, want ErrHost", tc.in, err)
			}
		})
	}
}

func FuzzParseHost(f *testing.F) {
	f.Add("sts.amazonaws.com")
	f.Add("..amazonaws.com")
	f.Fuzz(func(t *testing.T, s string) {
		host, err := ParseHost(s)
		if err != nil {
			return
		}
		if again, err := ParseHost(string(host)); err != nil || again != host {
			t.Errorf("ParseHost(%q) = %q, then %q, %v", s, host, again, err)
		}
		if strings.ContainsAny(string(host), "*/:@ \r\n\x00") || !strings.HasSuffix(string(host), ".amazonaws.com") {
			t.Errorf("ParseHost(%q) = %q", s, host)
		}
	})
}
