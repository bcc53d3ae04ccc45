// Package sops writes the creation rule by which sops encrypts the Secret of a cluster.
package sops

import (
	"bytes"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/pullpass/pullpass/internal/credential"
)

// ConfigFileName is the name under which sops looks for its rules: from the working directory upwards, wherever the file
// is that it encrypts; paths in it count from its own place [run, sops 3.13.3]
// (https://getsops.io/docs/#using-sopsyaml-conf-to-select-kms-pgp-and-age-for-new-files).
const ConfigFileName = ".sops.yaml"

// EncryptedRegex leaves all of a Secret but its values readable, which kubectl and Flux want
// (https://fluxcd.io/flux/guides/mozilla-sops/).
const EncryptedRegex = "^(data|stringData)$"

// Recipients are who can decrypt what the rule encrypts. Without any, sops takes them from its flags.
type Recipients struct {
	Age []string // public keys: age1…, or those of ssh
	KMS []string // ARNs of keys of AWS KMS
	PGP []string // fingerprints
}

// ErrRecipient says that a value is no recipient of its kind.
var ErrRecipient = errors.New("no recipient")

// Check returns an error that wraps ErrRecipient for the first value that is none. It does not quote it: a private key is
// what is easily given in the place of a public one.
func (r Recipients) Check() error {
	for _, kind := range r.kinds() {
		for i, value := range kind.values {
			if !kind.good(value) {
				return fmt.Errorf("%w: %s number %d: want %s", ErrRecipient, kind.name, i+1, kind.want)
			}
		}
	}
	return nil
}

// kmsKey is the form of https://docs.aws.amazon.com/kms/latest/developerguide/concepts.html, "Key identifiers".
const kmsKey = `^arn:aws(-[a-z]+)*:kms:[a-z0-9-]+:[0-9]{12}:(key|alias)/[A-Za-z0-9/_-]+$`

// kind is one way to encrypt, by the name of its key in a creation rule.
type kind struct {
	name, want string
	values     []string
	good       func(string) bool
}

func (r Recipients) kinds() []kind {
	return []kind{
		{"kms", "the ARN of a key or alias of AWS KMS", r.KMS, matches(kmsKey)},
		{"age", "a public key, such as age1…", r.Age, matches(`^(age1[a-z0-9]+|ssh-(rsa|ed25519) [A-Za-z0-9+/=]+)$`)},
		{"pgp", "a fingerprint of 40 hexadecimal digits", r.PGP, matches(`^[0-9A-Fa-f]{40}$`)},
	}
}

func matches(pattern string) func(string) bool { return regexp.MustCompile(pattern).MatchString }

// Rule writes a file of rules with the one for the Secret's manifest, in whatever directory below the file it is.
func (r Recipients) Rule() []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "creation_rules:\n  - path_regex: '(^|/)%s$'\n    encrypted_regex: '%s'\n",
		regexp.QuoteMeta(credential.ManifestFileName), EncryptedRegex)
	for _, kind := range r.kinds() {
		if len(kind.values) > 0 {
			fmt.Fprintf(&b, "    %s: '%s'\n", kind.name, strings.Join(kind.values, ","))
		}
	}
	return b.Bytes()
}
