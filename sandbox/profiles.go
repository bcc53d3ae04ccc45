package sandbox

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"

	"github.com/pullpass/pullpass/internal/atomicfile"
	"github.com/pullpass/pullpass/sandbox/internal/state"
)

// defaultRegion is the Region of the profile of an account without a subscription.
const defaultRegion = "us-west-2"

// ConfigFile is the AWS configuration file that a sandbox keeps in its directory: one profile for each seeded account,
// named by the account's id, with the key of its administrator, and one for each seeded user that has a key, named
// <account>/<user>.
func ConfigFile(dir string) string { return filepath.Join(dir, "aws", "config") }

// writeProfiles writes ConfigFile. A services section points every SDK that knows one at the endpoint
// (https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html); the Go SDK's AssumeRole hop follows
// nothing else [run].
func (s *Sandbox) writeProfiles(ready Ready) error {
	var b bytes.Buffer
	err := s.store.View(func(w *state.World) error {
		for _, account := range state.Sorted(w.Accounts) {
			writeProfiles(&b, account)
		}
		return nil
	})
	if err != nil {
		return err
	}
	b.WriteString("[services sandbox]\n")
	for _, service := range []string{"sts", "iam", "eks", "ecr"} {
		fmt.Fprintf(&b, "%s =\n  endpoint_url = %s\n", service, ready.Endpoint)
	}
	path := ConfigFile(s.dir)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	return atomicfile.Write(path, b.Bytes(), 0o600)
}

// writeProfiles writes the profiles of one account.
func writeProfiles(b *bytes.Buffer, account *state.Account) {
	region := defaultRegion
	for _, subscription := range state.Sorted(account.Subscriptions) {
		region = string(subscription.Region)
		break
	}
	write := func(name string, key *state.AccessKey) {
		fmt.Fprintf(b, "[profile %s]\naws_access_key_id = %s\naws_secret_access_key = %s\nregion = %s\nservices = sandbox\n\n",
			name, key.ID, key.Secret, region)
	}
	if key, ok := activeKey(account.User(administrator)); ok {
		write(string(account.ID), key)
	}
	for _, user := range state.Sorted(account.Users) {
		if key, ok := activeKey(user); ok && user.Seeded {
			write(string(account.ID)+"/"+user.Name, key)
		}
	}
}
