package state

import (
	"errors"
	"sync"
)

// ErrNotFound is wrapped by errors about something that does not exist.
var ErrNotFound = errors.New("not found")

// Store guards a World and keeps it in a directory. Many Views run at once; an Update runs alone.
type Store struct {
	mu      sync.RWMutex
	world   *World
	version uint64 // counts the Updates
	saver   *saver // nil for a world in memory
	past    *past  // nil while everybody sees the world as it is
}

// NewStore returns a store in memory alone.
func NewStore(world *World) *Store { return &Store{world: world} }

// View lets f read the world. It must not change anything but a LastUse.
func (s *Store) View(f func(*World) error) error {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return f(s.world)
}

// Update lets f change the world, and returns once what it did is on the disk: an answer that a client got is never
// taken back by a crash. f must change nothing when it fails. Updates that come while one is being written share the
// next write.
func (s *Store) Update(f func(*World) error) error {
	version, err := s.change(f)
	if err != nil || s.saver == nil {
		return err
	}
	return s.saver.wait(version)
}

func (s *Store) change(f func(*World) error) (version uint64, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := f(s.world); err != nil {
		return 0, err
	}
	s.version++
	return s.version, nil
}

// encode returns the world as it is saved, which takes about the given length, and which Update it holds.
func (s *Store) encode(length int) ([]byte, uint64, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	b, err := encode(s.world, length)
	return b, s.version, err
}

// Close writes what is not yet written and lets other processes in. A second Close does nothing.
func (s *Store) Close() error {
	if s.saver == nil {
		return nil
	}
	return s.saver.close()
}
