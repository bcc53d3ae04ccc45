package atomicfile_test

import (
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pullpass/pullpass/internal/atomicfile"
)

func TestAFileGetsItsContentAndExactlyItsMode(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f")
	// The old file is open to all: its mode must not last, nor its content shine through.
	if err := os.WriteFile(path, []byte("an old and longer content"), 0o666); err != nil {
		t.Fatal(err)
	}
	if err := atomicfile.Write(path, []byte("new"), 0o600); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(path)
	if err != nil || string(b) != "new" {
		t.Errorf("content %q, %v", b, err)
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
}

func TestAFailureLeavesTheOldFileAndNothingElse(t *testing.T) {
	dir := t.TempDir()
	// A directory cannot be replaced by a file, so that the rename fails, after all else has gone well.
	path := filepath.Join(dir, "taken")
	if err := os.MkdirAll(filepath.Join(path, "old"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := atomicfile.Write(path, []byte("new"), 0o600); err == nil {
		t.Fatal("Write replaced a directory")
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 1 {
		t.Errorf("the directory holds %v (%v), want only what was there", entries, err)
	}
	if _, err := os.Stat(filepath.Join(path, "old")); err != nil {
		t.Error(err)
	}
}

// What a killed writer has left goes, and nothing that looks like it: other names, and what a writer is at work on.
func TestWhatKilledWritersHaveLeftIsSwept(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"config", ".config.123", ".config.4", ".config.old", ".configs.5", ".config.6", ".config.", "config.7"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	atWork, err := os.Open(filepath.Join(dir, ".config.6"))
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Flock(int(atWork.Fd()), syscall.LOCK_EX); err != nil {
		t.Fatal(err)
	}
	if err := atomicfile.Sweep(filepath.Join(dir, "config")); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{".config.", ".config.6", ".config.old", ".configs.5", "config", "config.7"}, names(t, dir)); diff != "" {
		t.Errorf("what is there (-want +got):\n%s", diff)
	}
	if err := atWork.Close(); err != nil {
		t.Fatal(err)
	}
	if err := atomicfile.Sweep(filepath.Join(dir, "none", "config")); err != nil {
		t.Errorf("where there is no directory: %v", err)
	}
}

func names(t *testing.T, dir string) (all []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		all = append(all, e.Name())
	}
	return all
}

// A sweep in the middle of a write would take away what is about to get its name.
func TestNoWriteIsSweptAway(t *testing.T) {
	path := filepath.Join(t.TempDir(), "config")
	var group sync.WaitGroup
	group.Go(func() {
		for range 200 {
			if err := atomicfile.Sweep(path); err != nil {
				t.Error(err)
			}
		}
	})
	for range 20 {
		if err := atomicfile.Write(path, []byte("new"), 0o600); err != nil {
			t.Error(err)
		}
	}
	group.Wait()
}
