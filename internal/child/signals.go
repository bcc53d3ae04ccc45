package child

import (
	"os"
	"os/signal"
	"syscall"
)

// Signals are those that a program is passed, held from Catch to Release: until then none of them ends this process, so
// that what was made for the program can be taken away again, however it ends.
type Signals struct{ caught chan os.Signal }

// Catch holds the signals from now on. The first ones to come before a program runs with them are passed to it when it
// does.
func Catch() *Signals {
	s := &Signals{make(chan os.Signal, 16)}
	signal.Notify(s.caught, os.Interrupt, syscall.SIGQUIT, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGUSR1, syscall.SIGUSR2)
	return s
}

// Release lets the signals do again what they do.
func (s *Signals) Release() { signal.Stop(s.caught) }
