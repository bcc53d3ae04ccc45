package sandbox

import "github.com/pullpass/pullpass/sandbox/internal/bounds"

// Limit sets what clients can take of the servers that Listen makes from now on.
func (s *Sandbox) Limit(limits bounds.Limits) { s.limits = limits }

// LimitBodies sets how many bytes of requests may be in memory.
func (s *Sandbox) LimitBodies(limit int64) { s.gateway.bodies.limit = limit }

// HeldBodies is how many there are.
func (s *Sandbox) HeldBodies() int64 {
	s.gateway.bodies.mu.Lock()
	defer s.gateway.bodies.mu.Unlock()
	return s.gateway.bodies.held
}

// LayerBase is the URL of the layers' own port.
func (s *Sandbox) LayerBase() string { return s.layerBase() }

// Connections is how many are open.
func (s *Server) Connections() (open int) {
	for _, listener := range s.listeners.open {
		open += listener.Open()
	}
	return open
}
