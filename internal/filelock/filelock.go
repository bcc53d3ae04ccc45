// Package filelock keeps two processes out of one place.
package filelock

import (
	"errors"
	"fmt"
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

// Release lets others in. The file stays: removing it would let two processes lock two files of one name.
func (l *Lock) Release() error { return l.file.Close() }
