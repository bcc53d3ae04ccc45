package filelock_test

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"sync"
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

func TestOneAtATimeWorksOnAFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	inside, most := 0, 0
	var all sync.WaitGroup
	var counting sync.Mutex
	count := func(by int) {
		counting.Lock()
		defer counting.Unlock()
		inside += by
		most = max(most, inside)
	}
	for range 8 {
		all.Go(func() {
			f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600) // A file of its own, as another process has.
			if err != nil {
				t.Error(err)
				return
			}
			for range 50 {
				err = errors.Join(err, filelock.Exclusively(f, func() error {
					count(1)
					runtime.Gosched()
					count(-1)
					return nil
				}))
			}
			if err := errors.Join(err, f.Close()); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if most != 1 {
		t.Errorf("%d were at work at the same time", most)
	}
}

func TestWhatIsDoneExclusivelyTellsItsError(t *testing.T) {
	f, err := os.Create(filepath.Join(t.TempDir(), "lock"))
	if err != nil {
		t.Fatal(err)
	}
	broken := errors.New("broken")
	if err := filelock.Exclusively(f, func() error { return broken }); !errors.Is(err, broken) {
		t.Errorf("Exclusively: %v", err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	if err := filelock.Exclusively(f, func() error { t.Error("called"); return nil }); err == nil {
		t.Error("a closed file was locked")
	}
}
