// Package filelock keeps two processes out of one place.
package filelock

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"
)

// ErrHeld is returned where another holder has the lock.
var ErrHeld = errors.New("in use by another process")

// Lock is a lock that this process holds. The operating system drops it when the process ends, however it ends.
type Lock struct{ file *os.File }

// Acquire takes the lock on the file at path, which is made if it is not there, or returns ErrHeld at once.
func Acquire(path string) (*Lock, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("locking: %w", err)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		if errors.Is(err, syscall.EWOULDBLOCK) {
			err = ErrHeld
		}
		return nil, errors.Join(fmt.Errorf("locking %s: %w", path, err), f.Close())
	}
	return &Lock{file: f}, nil
}

// Held reports whether somebody has the lock on the file at path; a file that is not there is held by nobody. Where
// nobody has it, an Acquire at the very same moment may find it held.
func Held(path string) (bool, error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("looking at a lock: %w", err)
	}
	err = syscall.Flock(int(f.Fd()), syscall.LOCK_SH|syscall.LOCK_NB)
	closed := f.Close()
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return true, closed
	}
	if err != nil {
		return false, errors.Join(fmt.Errorf("looking at the lock %s: %w", path, err), closed)
	}
	return false, closed
}

// Release lets others in. The file stays: removing it would let two processes lock two files of one name.
func (l *Lock) Release() error { return l.file.Close() }

// Exclusively calls do while it holds the lock on an open file, and waits for the lock as long as another holds it: it is
// for what takes others a moment.
func Exclusively(f *os.File, do func() error) error {
	for {
		err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX)
		if err == nil {
			break
		}
		if !errors.Is(err, syscall.EINTR) {
			return fmt.Errorf("locking %s: %w", f.Name(), err)
		}
	}
	err := do()
	if unlockErr := syscall.Flock(int(f.Fd()), syscall.LOCK_UN); unlockErr != nil {
		err = errors.Join(err, fmt.Errorf("unlocking %s: %w", f.Name(), unlockErr))
	}
	return err
}
