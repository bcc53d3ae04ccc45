package weather

import "time"

// course is how the sandbox's time runs along the real one, from the moment at which a forecast set in.
type course struct {
	since  time.Time // by the clock that the sandbox was given
	lived  time.Time // by the sandbox's own, without the offset
	offset time.Duration
	rate   float64
}

// plain reports whether the sandbox's time is the one that it was given.
func (c course) plain() bool { return c.rate == 1 && c.offset == 0 && c.lived.Equal(c.since) }

// at is the sandbox's time at an instant of the clock that it was given.
func (c course) at(now time.Time) time.Time { return c.without(now).Add(c.offset) }

func (c course) without(now time.Time) time.Time {
	return c.lived.Add(time.Duration(float64(now.Sub(c.since)) * c.rate))
}

// turn is the course from an instant on. What the sandbox has lived stays lived, so that a change of rate makes no leap;
// a change of offset does.
func (c course) turn(now time.Time, clock Clock) course {
	next := course{since: now, lived: c.without(now), offset: clock.Offset, rate: clock.Rate}
	if next.rate == 0 {
		next.rate = 1
	}
	return next
}
