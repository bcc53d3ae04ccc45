package filelock_test

import (
	"errors"
	"path/filepath"
	"testing"

	"github.com/pullpass/pullpass/internal/filelock"
)

func TestALockIsHeldByOne(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	first, err := filelock.Acquire(path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := filelock.Acquire(path); !errors.Is(err, filelock.ErrHeld) {
		t.Errorf("a second Acquire = %v, want ErrHeld", err)
	}
	if err := first.Release(); err != nil {
		t.Fatal(err)
	}
	again, err := filelock.Acquire(path)
	if err != nil {
		t.Fatalf("after Release: %v", err)
	}
	if err := again.Release(); err != nil {
		t.Error(err)
	}
}

func TestALockIsSeenToBeHeldWithoutTakingIt(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	want := func(when string, want bool) {
		t.Helper()
		if held, err := filelock.Held(path); err != nil || held != want {
			t.Errorf("%s: Held = %v, %v, want %v", when, held, err, want)
		}
	}
	want("before there is a file", false)
	lock, err := filelock.Acquire(path)
	if err != nil {
		t.Fatal(err)
	}
	want("while it is held", true)
	want("looked at again", true)
	if err := lock.Release(); err != nil {
		t.Fatal(err)
	}
	want("after its release", false)
	again, err := filelock.Acquire(path)
	if err != nil {
		t.Fatalf("looking at the lock took it: %v", err)
	}
	if err := again.Release(); err != nil {
		t.Error(err)
	}
}
