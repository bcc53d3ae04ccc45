package atomicfile_test

import (
	"os"
	"path/filepath"
	"testing"

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
