// Package credential renders the credential that a cluster is given, an AWS config file that also travels in a
// Kubernetes Secret, or reads one back.
package credential

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"unicode"

	"github.com/pullpass/pullpass/arn"
	"github.com/pullpass/pullpass/internal/awsid"
)

// An AccessKey is a long-lived access key of an IAM user.
type AccessKey struct {
	ID     awsid.AccessKeyID
	Secret Secret
}

// IsZero reports whether both halves are missing.
func (k AccessKey) IsZero() bool { return k.ID == "" && k.Secret.IsZero() }

// Equal compares both halves; the secret's by its material.
func (k AccessKey) Equal(other AccessKey) bool {
	return k.ID == other.ID && k.Secret.Equal(other.Secret)
}

// A Config is what the AWS config file of a cluster says: profile default assumes RoleARN with the key in the profile of
// the user.
type Config struct {
	// Region hosts the subscription and thereby the packages registry. The packages controller does not start without.
	Region arn.Region
	// RoleARN is the role in the source account.
	RoleARN arn.ARN
	// UserProfile is the name of the profile that holds the key: the name of the IAM user.
	UserProfile string
	// Key is the user's access key. It is the zero AccessKey in a Config that describes what should be.
	Key AccessKey
	// RoleSessionName is empty in the documented posture; the user's name in the hardened one, whose trust asks for it.
	RoleSessionName string
	// ExternalID is empty unless the share gives one.
	ExternalID string
}

// WithKey returns c with the key set.
func (c Config) WithKey(key AccessKey) Config {
	c.Key = key
	return c
}

// Equal compares all fields; the secret by its material.
func (c Config) Equal(other Config) bool {
	key := c.Key.Equal(other.Key)
	c.Key, other.Key = AccessKey{}, AccessKey{}
	return key && c == other
}

// ErrIncomplete says that a Config lacks something that its file cannot do without.
var ErrIncomplete = errors.New("incomplete AWS config")

// property is one key=value line of the file.
type property struct{ key, value string }

// Render writes the file in the shape of AWS's page "Share access to EKS Anywhere Curated Packages", step 6: the same two
// profiles, the same lines in the same order. role_session_name and external_id follow region where they are set.
// duration_seconds is never written: a longer session only makes revocation slower. The result holds the secret.
//
// A missing or unprintable value is an error that wraps ErrIncomplete and names the line, never its value.
func (c Config) Render() ([]byte, error) {
	assume := []property{
		{"source_profile", c.UserProfile},
		{"role_arn", c.RoleARN.String()},
		{"region", string(c.Region)},
	}
	if c.RoleSessionName != "" {
		assume = append(assume, property{"role_session_name", c.RoleSessionName})
	}
	if c.ExternalID != "" {
		assume = append(assume, property{"external_id", c.ExternalID})
	}
	user := []property{
		{"aws_access_key_id", string(c.Key.ID)},
		{"aws_secret_access_key", c.Key.Secret.Reveal()},
	}
	if strings.ContainsAny(c.UserProfile, "[]") {
		return nil, fmt.Errorf("rendering an AWS config file: %w: the profile's name holds a bracket", ErrIncomplete)
	}
	var b bytes.Buffer
	if err := writeSection(&b, "default", assume); err != nil {
		return nil, err
	}
	b.WriteByte('\n')
	if err := writeSection(&b, "profile "+c.UserProfile, user); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

func writeSection(b *bytes.Buffer, name string, lines []property) error {
	fmt.Fprintf(b, "[%s]\n", name)
	for _, line := range lines {
		if line.value == "" {
			return fmt.Errorf("rendering an AWS config file: %w: no value for %s", ErrIncomplete, line.key)
		}
		if strings.ContainsFunc(line.value, breaksLine) {
			return fmt.Errorf("rendering an AWS config file: %w: the value of %s holds a space or an unprintable character",
				ErrIncomplete, line.key)
		}
		fmt.Fprintf(b, "%s=%s\n", line.key, line.value)
	}
	return nil
}

// breaksLine reports whether r would end a value, or be taken off it by one of the readers: the SDKs trim white space
// and cut a comment off after it.
func breaksLine(r rune) bool { return unicode.IsSpace(r) || !unicode.IsPrint(r) }
