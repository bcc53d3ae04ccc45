package audit

import "io"

// A Sink is where a trail writes.
type Sink = interface {
	io.Writer
	Sync() error
}

// Through lets the trail write through what wrap makes of its file.
func (t *Trail) Through(wrap func(Sink) Sink) { t.out = wrap(t.out) }
