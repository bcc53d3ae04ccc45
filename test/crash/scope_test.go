package crash

import "testing"

// A scope is a test that lets go of what it has cleaned up. Package testing holds on to the cleanups of a parallel test, and
// to all that they refer to, until the last of its siblings has ended: with thousands of worlds that is gigabytes.
type scope struct {
	testing.TB
	cleanups []func()
}

func newScope(t testing.TB) *scope {
	s := &scope{TB: t}
	t.Cleanup(s.end)
	return s
}

// Cleanup implements testing.TB.
func (s *scope) Cleanup(f func()) { s.cleanups = append(s.cleanups, f) }

// end runs the cleanups, the last first, also those before one that ends the test.
func (s *scope) end() {
	last := len(s.cleanups) - 1
	if last < 0 {
		return
	}
	f := s.cleanups[last]
	s.cleanups[last] = nil
	s.cleanups = s.cleanups[:last]
	defer s.end()
	f()
}
