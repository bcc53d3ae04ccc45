package cluster

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/pullpass/pullpass/arn"
	"github.com/pullpass/pullpass/internal/awsid"
	"github.com/pullpass/pullpass/internal/credential"
)

// The annotations of a Secret that we deliver. They name no secret: the digest is of the whole config, of which a third is
// random.
const (
	annotationKey    = "pullpass.dev/access-key-id"
	annotationShare  = "pullpass.dev/share"
	annotationDigest = "pullpass.dev/digest"
)

// errUndecodable says that the Secret holds something that no reader of it understands, or not all of them.
var errUndecodable = errors.New("not a config that its readers understand (pullpass lint tells more)")

// A found Secret, with who manages what of it that we may write.
type found struct {
	secret *corev1.Secret
	config []owner
	// keys are the managers of the three keys, those that are there.
	keys map[string][]owner
}

// keyFields are the keys that must be there, empty or not, beside the config.
func keyFields() []string {
	return []string{credential.KeyAccessKeyID, credential.KeySecretAccessKey, credential.KeyRegion}
}

// secret reads the Secret; nil where it is not there, or not even its namespace.
func (d Delivery) secret(ctx context.Context) (*found, error) {
	var secret corev1.Secret
	err := d.Cluster.get(ctx, theSecret(), nil, &secret)
	switch {
	case isMissing(err):
		return nil, nil
	case err != nil:
		return nil, err
	}
	f, err := find(&secret)
	if err != nil {
		return nil, d.reading(err)
	}
	return f, nil
}

// reading says of an error that it came from the Secret.
func (d Delivery) reading(err error) error {
	return fmt.Errorf("reading %s in %s: %w", theSecret().words, d.Cluster, err)
}

// find reads the records of a Secret.
func find(secret *corev1.Secret) (*found, error) {
	f := &found{secret: secret, keys: map[string][]owner{}}
	for _, key := range append(keyFields(), credential.KeyConfig) {
		if _, there := secret.Data[key]; !there {
			continue
		}
		managers, err := owners(secret.ManagedFields, "data", key)
		if err != nil {
			return nil, err
		}
		f.keys[key] = managers
	}
	if managers, there := f.keys[credential.KeyConfig]; there {
		if len(managers) == 0 {
			managers = []owner{{manager: unrecorded}}
		}
		f.config = managers
		delete(f.keys, credential.KeyConfig)
	}
	return f, nil
}

// written is when the Secret's readers got something new, to the second.
func (f *found) written() time.Time {
	if t := lastWrite(f.config); !t.IsZero() {
		return t
	}
	return f.secret.CreationTimestamp.Time
}

// keyID is the id of the access key that we delivered last; empty where we never did.
func (f *found) keyID() awsid.AccessKeyID {
	return awsid.AccessKeyID(f.secret.Annotations[annotationKey])
}

// isEmpty reports that the Secret holds no credential, as one whose keys were all left empty: a Region alone is none.
func (f *found) isEmpty() bool {
	for _, key := range []string{credential.KeyAccessKeyID, credential.KeySecretAccessKey, credential.KeySessionToken} {
		if trimmed(f.secret.Data[key]) != "" {
			return false
		}
	}
	return len(f.secret.Data[credential.KeyConfig]) == 0
}

// decode returns the credential that the Secret holds, in its config or, for want of one, in its keys.
func (f *found) decode() (credential.Config, error) {
	if len(f.secret.Data[credential.KeyConfig]) == 0 {
		return f.keysOnly()
	}
	return decode(f.secret.Data[credential.KeyConfig])
}

func decode(config []byte) (credential.Config, error) {
	parsed, err := credential.ParseConfig(config)
	if err == nil {
		return parsed, nil
	}
	if inner, decodeErr := base64.StdEncoding.DecodeString(string(bytes.TrimSpace(config))); decodeErr == nil {
		if _, innerErr := credential.ParseConfig(inner); innerErr == nil {
			return credential.Config{}, fmt.Errorf("key %s: %w: it is base64 of a config, encoded twice", credential.KeyConfig, errUndecodable)
		}
	}
	return credential.Config{}, fmt.Errorf("key %s: %w: %w", credential.KeyConfig, errUndecodable, err)
}

// keysOnly reads the other documented form: an access key of its own, without a role. Such a Secret holds a credential
// that may be in use, so it counts as one, of a config that lacks the role. Whatever is delivered leaves the three keys as
// they are, and wins over them: a reader takes them only where there is no config.
func (f *found) keysOnly() (credential.Config, error) {
	id, secret := trimmed(f.secret.Data[credential.KeyAccessKeyID]), trimmed(f.secret.Data[credential.KeySecretAccessKey])
	if id == "" || secret == "" {
		return credential.Config{}, fmt.Errorf("%w: no %s, and half an access key", errUndecodable, credential.KeyConfig)
	}
	key, err := awsid.ParseAccessKeyID(id)
	if err != nil {
		// The error is not passed on: it quotes the value, and somebody may have swapped the two halves.
		return credential.Config{}, fmt.Errorf("%w: %s is not the id of an access key", errUndecodable, credential.KeyAccessKeyID)
	}
	return credential.Config{
		Region: arn.Region(trimmed(f.secret.Data[credential.KeyRegion])),
		Key:    credential.AccessKey{ID: key, Secret: credential.NewSecret(secret)},
	}, nil
}

// trimmed drops what the readers drop, or stumble over, around a value: quotes and white space.
func trimmed(value []byte) string { return strings.Trim(strings.TrimSpace(string(value)), "'") }

// isComplete reports whether the Secret is as Write leaves it. The copy of a workload cluster needs no annotations: the
// packages controller, which writes it too, drops them.
func (f *found) isComplete(d Delivery, config credential.Config) bool {
	raw := f.secret.Data[credential.KeyConfig]
	// A line more than we write is none that we looked at: its readers may take another endpoint from it, or run a program.
	if ours, err := config.Render(); err != nil || !bytes.Equal(raw, ours) || len(f.keys) != len(keyFields()) {
		return false
	}
	if d.Workload {
		return true
	}
	for name, value := range d.annotations(raw, config.Key.ID) {
		if f.secret.Annotations[name] != value {
			return false
		}
	}
	return isOurs(f.config)
}

// annotations are ours for a config.
func (d Delivery) annotations(config []byte, key awsid.AccessKeyID) map[string]string {
	digest := sha256.Sum256(config)
	return map[string]string{
		annotationKey:    string(key),
		annotationShare:  d.Share,
		annotationDigest: "sha256:" + hex.EncodeToString(digest[:]),
	}
}

// takeOver are the managers that the config is taken over from unasked.
func (d Delivery) takeOver() []string {
	if d.Workload {
		return append(people(), copier)
	}
	return people()
}
