// Package caught turns panics into errors.
package caught

import (
	"fmt"
	"runtime/debug"
)

// Panic is a panic that was caught.
type Panic struct {
	Value any
	Stack []byte // of the goroutine, from where it panicked
}

// Error tells the stack as well: it is for a log, and no client's business.
func (p *Panic) Error() string { return fmt.Sprintf("panic: %v\n%s", p.Value, p.Stack) }

// Into is to be deferred by a function that should not end its goroutine, with its error result.
func Into(err *error) {
	if value := recover(); value != nil {
		*err = &Panic{value, debug.Stack()}
	}
}
