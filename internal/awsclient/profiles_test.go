package awsclient_test

import (
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pullpass/pullpass/internal/awsclient"
)

func body(text string) io.ReadCloser { return io.NopCloser(strings.NewReader(text)) }

func TestProfilesAreThoseThatTheSDKWouldFind(t *testing.T) {
	dir := t.TempDir()
	file := func(name, text string) []string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return []string{path, path + ".absent"}
	}
	known, err := awsclient.Profiles(
		file("config", "[default]\r\nregion=us-west-2\n[profile  admin] # mine\n\ts3 =\n  x = [no]\n[sso-session s]\n[services sandbox]\n[lost]\n[profile cut\nwhat is this\n"),
		file("credentials", "[keys]\naws_access_key_id = AKIAIOSFODNN7EXAMPLE\n[profile odd]\n[]\n"),
	)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"admin", "default", "keys"}, slices.Sorted(maps.Keys(known))); diff != "" {
		t.Errorf("profiles (-want +got):\n%s", diff)
	}
}

func FuzzProfiles(f *testing.F) {
	f.Add("[profile a]\nregion=us-west-2\n[b]")
	f.Fuzz(func(t *testing.T, text string) {
		path := filepath.Join(t.TempDir(), "config")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		known, err := awsclient.Profiles([]string{path}, []string{path})
		if err != nil {
			t.Fatal(err)
		}
		for name := range known {
			if name == "" || !strings.Contains(text, name) {
				t.Errorf("profile %q is not in %q", name, text)
			}
		}
	})
}
