package cli

import (
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/pullpass/pullpass/internal/plan"
)

// errClock says that the clock here is not to be trusted. What a key's age, its last use and the begin of another run tell is
// told by it, while AWS's dates are AWS's: a clock that is a day ahead takes a key in use for one that has lain idle.
var errClock = errors.New("the clock of this machine is wrong")

// A clockCheck learns from the dates of AWS's answers by how much AWS's clock is ahead of the one here.
type clockCheck struct {
	now func() time.Time

	mu    sync.Mutex
	told  bool
	ahead time.Duration
}

// answered takes the date of an answer. The least that an answer shows counts: more may have passed on the way.
func (c *clockCheck) answered(date time.Time) {
	ahead := date.Sub(c.now())
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.told || ahead.Abs() < c.ahead.Abs() {
		c.told, c.ahead = true, ahead
	}
}

// aws returns AWS's time. A difference that may be the way's is none.
func (c *clockCheck) aws() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ahead.Abs() <= plan.ClockSkew {
		return c.now()
	}
	return c.now().Add(c.ahead)
}

// err is an errClock where the clocks differ by more than the decisions about keys allow for, and nil where nobody answered.
func (c *clockCheck) err() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	off, way := c.ahead.Abs().Round(time.Minute), "ahead of"
	switch {
	case off <= plan.ClockSkew:
		return nil
	case c.ahead > 0:
		way = "behind"
	}
	return fmt.Errorf("%w: it is %s %s AWS's, so that nothing tells which keys are old, or in use", errClock, off, way)
}
