package state

import (
	"errors"
	"path/filepath"
	"sync"

	"github.com/pullpass/pullpass/internal/atomicfile"
	"github.com/pullpass/pullpass/internal/filelock"
)

const (
	stateFile = "state.json"
	lockFile  = "lock"
)

// saver writes a store's world for everybody who waits for it: one write at a time, and one for all who came meanwhile.
type saver struct {
	path string
	lock *filelock.Lock
	// encode returns the world now, and the version that it holds. It is told the length of the last one.
	encode func(length int) ([]byte, uint64, error)

	mu     sync.Mutex // held while writing
	length int        // of the file, in bytes
	saved  uint64     // the newest version on the disk
	closed bool
}

// ErrLocked is returned by Open where another process uses the directory.
var ErrLocked = filelock.ErrHeld

// ErrClosed is returned for a change that came after Close: the directory may be another process's by then.
var ErrClosed = errors.New("the store is closed")

// Held reports whether a process uses the directory as a store.
func Held(dir string) (bool, error) { return filelock.Held(filepath.Join(dir, lockFile)) }

// Open returns the store kept in a directory. Where the directory holds none yet, fresh makes the first world. A torn or
// foreign file is an error, and is left as it was; a directory in use by another process is ErrLocked.
func Open(dir string, fresh func() (*World, error)) (*Store, error) {
	lock, err := filelock.Acquire(filepath.Join(dir, lockFile))
	if err != nil {
		return nil, err
	}
	store, err := open(dir, fresh)
	if err != nil {
		return nil, errors.Join(err, lock.Release())
	}
	store.saver.lock = lock
	return store, nil
}

func open(dir string, fresh func() (*World, error)) (*Store, error) {
	path := filepath.Join(dir, stateFile)
	world, found, err := load(path)
	if err == nil && !found {
		world, err = fresh()
	}
	if err != nil {
		return nil, err
	}
	store := NewStore(world)
	store.saver = &saver{path: path, encode: store.encode}
	if !found {
		err = store.saver.write()
	}
	return store, err
}

// wait returns once a version is on the disk, writing it if nobody else has.
func (s *saver) wait(version uint64) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.saved >= version {
		return nil
	}
	return s.write()
}

func (s *saver) write() error {
	if s.closed {
		return ErrClosed
	}
	b, version, err := s.encode(s.length)
	if err != nil {
		return err
	}
	if err := atomicfile.Write(s.path, b, 0o600); err != nil {
		return err
	}
	s.saved, s.length = version, len(b)
	return nil
}

func (s *saver) close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil
	}
	err := errors.Join(s.write(), s.lock.Release())
	s.closed = true
	return err
}
