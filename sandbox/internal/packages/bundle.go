package packages

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"slices"
	"strings"

	"github.com/pullpass/pullpass/internal/registry"
)

// The minor versions of Kubernetes 1 for which there is a bundle.
const (
	oldestMinor = 27
	newestMinor = 35
	// bundleNumber is the last part of every bundle's name, vX-Y-N.
	bundleNumber = 101
)

// newBundle returns a PackageBundle as the packages controller reads it: the YAML is layer 0, as `oras push` makes it
// (pkg/bundle of aws/eks-anywhere-packages). It names no registry, so that the controller's default one counts.
func newBundle(minor int, packages []bundled) (artifact, error) {
	name := fmt.Sprintf("v1-%d-%d", minor, bundleNumber)
	body := bundledPackages(packages)
	signature, err := sign(fmt.Sprintf(bundleForm, " {}", name, "", body))
	if err != nil {
		return artifact{}, err
	}
	text := fmt.Sprintf(bundleForm, "\n    eksa.aws.com/signature: "+signature, name, "  minControllerVersion: v0.4.4\n", body)
	return newArtifact(
		part{mediaType: "application/vnd.unknown.config.v1+json", content: []byte("{}")},
		part{mediaType: "application/vnd.oci.image.layer.v1.tar", content: []byte(text),
			annotations: map[string]string{"org.opencontainers.image.title": "bundle.yaml"}},
		nil, registry.Bundle(1, minor).Tag, name)
}

// bundleForm is a bundle as the signature is made over it: keys sorted, lists not indented, nothing quoted that need not
// be. What is signed has neither the annotation that holds the signature nor a minControllerVersion (pkg/signature of
// aws/eks-anywhere-packages, v0.4.17).
const bundleForm = `apiVersion: packages.eks.amazonaws.com/v1alpha1
kind: PackageBundle
metadata:
  annotations:%s
  name: %s
  namespace: eksa-packages
spec:
%s  packages:
%s`

// bundledPackages lists the packages, sorted by name.
func bundledPackages(packages []bundled) string {
	var b strings.Builder
	sorted := slices.SortedFunc(slices.Values(packages), func(a, b bundled) int { return strings.Compare(a.name, b.name) })
	for _, p := range sorted {
		fmt.Fprintf(&b, "  - name: %s\n    source:\n      repository: %s\n      versions:\n      - digest: %s\n",
			p.name, p.repository, p.chart)
		for i, image := range p.images {
			if i == 0 {
				b.WriteString("        images:\n")
			}
			fmt.Fprintf(&b, "        - digest: %s\n          repository: %s\n", p.digests[i], image)
		}
		fmt.Fprintf(&b, "        name: %s\n", p.version)
	}
	return b.String()
}

// PublicKey returns the key by which the bundles' signatures are verified, in place of AWS's own.
func PublicKey() (*ecdsa.PublicKey, error) {
	key, err := signingKey()
	if err != nil {
		return nil, err
	}
	return &key.PublicKey, nil
}

// signingKey is known to everybody: it says that a bundle is whole, and not from whom it is.
func signingKey() (*ecdsa.PrivateKey, error) {
	scalar := sha256.Sum256([]byte("pullpass sandbox: package bundles"))
	key, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), scalar[:])
	if err != nil {
		return nil, fmt.Errorf("making the key of the bundles: %w", err)
	}
	return key, nil
}

// sign returns the base64 of a deterministic signature (RFC 6979).
func sign(text string) (string, error) {
	key, err := signingKey()
	if err != nil {
		return "", err
	}
	digest := sha256.Sum256([]byte(text))
	signature, err := key.Sign(nil, digest[:], crypto.SHA256)
	if err != nil {
		return "", fmt.Errorf("signing a bundle: %w", err)
	}
	return base64.StdEncoding.EncodeToString(signature), nil
}
