package delivery_test

import (
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pullpass/pullpass/arn"
	"github.com/pullpass/pullpass/internal/credential"
	"github.com/pullpass/pullpass/internal/delivery"
	"github.com/pullpass/pullpass/internal/plan"
)

func config() credential.Config {
	return credential.Config{
		Region: "us-west-2", RoleARN: arn.IAM("111111111111", "role", "/", "curated-packages-role"), UserProfile: "curated-packages-user",
		Key: credential.AccessKey{ID: "AKIAIOSFODNN7EXAMPLE", Secret: credential.NewSecret("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")},
	}
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func chmod(t *testing.T, path string, mode fs.FileMode) {
	t.Helper()
	if err := os.Chmod(path, mode); err != nil {
		t.Fatal(err)
	}
}

func TestAFileThatOthersMayReadIsNotComplete(t *testing.T) {
	for mode, complete := range map[fs.FileMode]bool{0o600: true, 0o400: true, 0o640: false, 0o604: false, 0o620: false} {
		for _, name := range []string{"aws-config", "aws-secret.yaml"} {
			t.Run(fmt.Sprintf("%s with mode %o", name, mode), func(t *testing.T) {
				dir := delivery.Directory{Path: t.TempDir()}
				if err := dir.Write(t.Context(), config()); err != nil {
					t.Fatal(err)
				}
				chmod(t, filepath.Join(dir.Path, name), mode)
				held, err := dir.Read(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				if held.Complete != complete {
					t.Errorf("complete: %v, want %v", held.Complete, complete)
				}
			})
		}
	}
}

func TestWhatIsWrittenIsRead(t *testing.T) {
	dir := delivery.Directory{Path: filepath.Join(t.TempDir(), "out", "store-001")}
	if err := dir.Write(t.Context(), config()); err != nil {
		t.Fatal(err)
	}
	held, err := dir.Read(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if !held.Complete || !held.Config.Equal(config()) {
		t.Errorf("read %+v", held)
	}
	for name, want := range map[string]fs.FileMode{"": fs.ModeDir | 0o700, "aws-config": 0o600, "aws-secret.yaml": 0o600} {
		info, err := os.Stat(filepath.Join(dir.Path, name))
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode() != want {
			t.Errorf("%q has mode %v, want %v", name, info.Mode(), want)
		}
	}
}

func TestWritingAgainReplacesOurFilesAndKeepsOthers(t *testing.T) {
	dir := delivery.Directory{Path: t.TempDir()}
	write(t, filepath.Join(dir.Path, "notes.txt"), "mine")
	write(t, filepath.Join(dir.Path, "aws-config"), "an old file that anybody can read")
	chmod(t, filepath.Join(dir.Path, "aws-config"), 0o644)
	if err := dir.Write(t.Context(), config()); err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(dir.Path)
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]fs.FileMode{}
	for _, e := range entries {
		info, err := e.Info()
		if err != nil {
			t.Fatal(err)
		}
		got[e.Name()] = info.Mode()
	}
	if diff := cmp.Diff(map[string]fs.FileMode{"notes.txt": 0o600, "aws-config": 0o600, "aws-secret.yaml": 0o600}, got); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
}

func TestWhatAPersonMadeIsUnderstood(t *testing.T) {
	page := "[default]\r\nsource_profile = curated-packages-user\r\nrole_arn = arn:aws:iam::111111111111:role/curated-packages-role\r\n" +
		"region = us-west-2\r\n[profile curated-packages-user]\r\naws_access_key_id = AKIAIOSFODNN7EXAMPLE\r\n" +
		"aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY\r\n"
	manifest := "data:\n  config: " + base64.StdEncoding.EncodeToString([]byte(page)) + "\n"
	for name, test := range map[string]struct {
		files    map[string]string
		complete bool
		err      string
		is       error
	}{
		"both files":           {files: map[string]string{"aws-config": page, "aws-secret.yaml": manifest}, complete: true},
		"a quoted manifest":    {files: map[string]string{"aws-config": page, "aws-secret.yaml": strings.Replace(manifest, ": ", `: "`, 1)[:len(manifest)] + "\"\n"}, complete: true},
		"the config file":      {files: map[string]string{"aws-config": page}},
		"the manifest":         {files: map[string]string{"aws-secret.yaml": manifest}},
		"a manifest of others": {files: map[string]string{"aws-config": page, "aws-secret.yaml": "data:\n  REGION: \"\"\n"}},
		"nothing":              {is: delivery.ErrNothing},
		"a foreign manifest alone": {
			files: map[string]string{"aws-secret.yaml": "data:\n  REGION: \"\"\n"}, err: "aws-secret.yaml holds no config",
		},
		"a manifest that is no base64": {files: map[string]string{"aws-secret.yaml": "data:\n  config: '?'\n"}, err: "illegal base64"},
		"a config without a region": {
			files: map[string]string{"aws-config": strings.Replace(page, "region", "regoin", 1)}, is: credential.ErrNoValue,
		},
		"a manifest with another secret of the same key": {
			files: map[string]string{"aws-config": strings.Replace(page, "wJalr", "wJalR", 1), "aws-secret.yaml": manifest}, is: delivery.ErrTwoSecrets,
		},
		"a manifest with another key": {
			files: map[string]string{"aws-config": page, "aws-secret.yaml": "data:\n  config: " +
				base64.StdEncoding.EncodeToString([]byte(strings.Replace(page, "EXAMPLE\r", "EXAMPLF\r", 1))) + "\n"},
		},
		"no config at all": {files: map[string]string{"aws-config": "hello"}, err: "line 1"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := delivery.Directory{Path: filepath.Join(t.TempDir(), "d")}
			for file, text := range test.files {
				write(t, filepath.Join(dir.Path, file), text)
			}
			held, err := dir.Read(t.Context())
			switch {
			case test.is != nil:
				if !errors.Is(err, test.is) {
					t.Errorf("got error %v, want %v", err, test.is)
				}
			case test.err != "":
				if err == nil || !strings.Contains(err.Error(), test.err) {
					t.Errorf("got error %v, want one with %q", err, test.err)
				}
			case err != nil:
				t.Error(err)
			case !held.Config.Equal(config()) || held.Complete != test.complete:
				t.Errorf("read %+v", held)
			}
			if err != nil && strings.Contains(err.Error(), "wJalr") {
				t.Errorf("the error shows the secret: %v", err)
			}
		})
	}
}

func TestALinkIsNotFollowed(t *testing.T) {
	for name, lay := range map[string]func(t *testing.T, dir, elsewhere string){
		"as the directory": func(t *testing.T, dir, elsewhere string) { link(t, filepath.Dir(elsewhere), dir) },
		"as the config file": func(t *testing.T, dir, elsewhere string) {
			write(t, filepath.Join(dir, "notes.txt"), "")
			link(t, elsewhere, filepath.Join(dir, "aws-config"))
		},
		"as the manifest": func(t *testing.T, dir, elsewhere string) {
			write(t, filepath.Join(dir, "notes.txt"), "")
			link(t, elsewhere, filepath.Join(dir, "aws-secret.yaml"))
		},
	} {
		t.Run(name, func(t *testing.T) {
			root := t.TempDir()
			elsewhere := filepath.Join(root, "elsewhere", "file")
			write(t, elsewhere, "somebody's file")
			dir := delivery.Directory{Path: filepath.Join(root, "d")}
			lay(t, dir.Path, elsewhere)
			if err := dir.Ready(t.Context()); err == nil {
				t.Error("Ready followed the link")
			}
			if err := dir.Write(t.Context(), config()); err == nil || !strings.Contains(err.Error(), "a symbolic link") {
				t.Errorf("Write followed the link, or does not name it: %v", err)
			}
			if _, err := dir.Read(t.Context()); err == nil || errors.Is(err, delivery.ErrNothing) {
				t.Errorf("Read followed the link: %v", err)
			}
			if got, err := os.ReadFile(elsewhere); err != nil || string(got) != "somebody's file" {
				t.Errorf("the file elsewhere holds %q, %v", got, err)
			}
			if entries, err := os.ReadDir(filepath.Dir(elsewhere)); err != nil || len(entries) != 1 {
				t.Errorf("the directory elsewhere holds %v, %v", entries, err)
			}
		})
	}
}

func TestAPlaceIsReadyWhereWriteCanDeliver(t *testing.T) {
	for name, test := range map[string]struct {
		lay   func(t *testing.T, dir string)
		ready bool
		// left are the names in the directory afterwards.
		left []string
	}{
		"where nothing is yet": {lay: func(*testing.T, string) {}, ready: true},
		"where something was delivered": {
			lay: func(t *testing.T, dir string) {
				if err := (delivery.Directory{Path: dir}).Write(t.Context(), config()); err != nil {
					t.Fatal(err)
				}
			},
			ready: true, left: []string{"aws-config", "aws-secret.yaml"},
		},
		"not where a file stands in its way": {lay: func(t *testing.T, dir string) { write(t, dir, "a file") }},
		"not where a file stands above it":   {lay: func(t *testing.T, dir string) { write(t, filepath.Dir(dir), "a file") }},
		"not where a directory stands in a file's way": {
			lay: func(t *testing.T, dir string) { write(t, filepath.Join(dir, "aws-config", "notes.txt"), "") }, left: []string{"aws-config"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir := delivery.Directory{Path: filepath.Join(t.TempDir(), "out", "store-001")}
			test.lay(t, dir.Path)
			if err := dir.Ready(t.Context()); (err == nil) != test.ready {
				t.Errorf("got error %v, want readiness %v", err, test.ready)
			}
			if diff := cmp.Diff(test.left, names(dir.Path)); diff != "" {
				t.Errorf("files (-want +got):\n%s", diff)
			}
			if err := dir.Write(t.Context(), config()); test.ready != (err == nil) {
				t.Errorf("Write says %v, and Ready the opposite", err)
			}
		})
	}
}

// names are what a directory holds, nothing where there is none.
func names(dir string) []string {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil
	}
	var found []string
	for _, e := range entries {
		found = append(found, e.Name())
	}
	return found
}

func link(t *testing.T, to, path string) {
	t.Helper()
	if err := os.Symlink(to, path); err != nil {
		t.Fatal(err)
	}
}

// The id of a key is printed in plans, so that nothing is taken for one that is not.
func TestSwappedHalvesOfAKeyAreNeverTold(t *testing.T) {
	dir := delivery.Directory{Path: t.TempDir()}
	const id, secret = "AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
	rendered, err := config().Render()
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir.Path, "aws-config"), strings.NewReplacer(id, secret, secret, id).Replace(string(rendered)))
	got := dir.Observe(t.Context())
	if got.State != plan.Unknown || !errors.Is(got.Err, credential.ErrBadValue) || got.Config != (credential.Config{}) {
		t.Fatalf("got state %d, %v; want it unknown for a bad value", got.State, got.Err)
	}
	if strings.Contains(got.Err.Error(), secret) {
		t.Error("the error tells the secret")
	}
}

// A kill in the middle of a delivery leaves a secret under another name. Whoever delivers next, or gets ready to, removes it.
func TestWhatAKilledRunHasLeftGoes(t *testing.T) {
	for sentence, next := range map[string]func(delivery.Directory) error{
		"by the next delivery":                        func(d delivery.Directory) error { return d.Write(t.Context(), config()) },
		"by whoever finds out whether it can be done": func(d delivery.Directory) error { return d.Ready(t.Context()) },
	} {
		t.Run(sentence, func(t *testing.T) {
			dir := delivery.Directory{Path: t.TempDir()}
			for _, name := range []string{".aws-config.1234", ".aws-secret.yaml.5678", ".aws-config.mine"} {
				write(t, filepath.Join(dir.Path, name), "a secret")
			}
			if err := next(dir); err != nil {
				t.Fatal(err)
			}
			left, err := filepath.Glob(filepath.Join(dir.Path, ".*"))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff([]string{filepath.Join(dir.Path, ".aws-config.mine")}, left); diff != "" {
				t.Errorf("left (-want +got):\n%s", diff)
			}
		})
	}
}
