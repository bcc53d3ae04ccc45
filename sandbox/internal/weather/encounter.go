package weather

import (
	"fmt"
	"time"

	"github.com/pullpass/pullpass/arn"
)

// Encounter is what the weather does to one request. The zero Encounter is nothing.
type Encounter struct {
	// Latency is waited before the request is handled.
	Latency time.Duration
	Fault   Fault
	Cut     Cut
	// BytesPerSecond bounds how fast the answer's body comes; 0 for no bound.
	BytesPerSecond int64
}

// Fault is an error that a request is answered with in place of being handled.
type Fault int

// The faults of bad days.
const (
	NoFault Fault = iota
	Throttled
	InternalFailure
	Unavailable
)

// Cut is when a request's connection is reset.
type Cut int

// A cut before comes in place of handling the request; after a cut after, the request took effect and its answer is lost.
const (
	NoCut Cut = iota
	CutBefore
	CutAfter
)

// Told is the encounter in words, for the log; nil for nothing.
func (e Encounter) Told() []string {
	var told []string
	if e.Latency > 0 {
		told = append(told, "latency "+e.Latency.Round(time.Microsecond).String())
	}
	if text := [...]string{NoFault: "", Throttled: "throttled", InternalFailure: "internal failure", Unavailable: "unavailable"}[e.Fault]; text != "" {
		told = append(told, text)
	}
	if text := [...]string{NoCut: "", CutBefore: "reset before", CutAfter: "reset after"}[e.Cut]; text != "" {
		told = append(told, text)
	}
	if e.BytesPerSecond > 0 {
		told = append(told, fmt.Sprintf("slow %d B/s", e.BytesPerSecond))
	}
	return told
}

// Meet counts a request and returns what the weather does to it.
func (w *Weather) Meet(v Visit) Encounter { return w.meetOn(w.day.Load(), v) }

func (w *Weather) meetOn(day *day, v Visit) Encounter {
	if len(day.forecast.Rules) == 0 {
		return Encounter{}
	}
	return day.meet(v, w.Now())
}

// meet draws for a request. The draws are all made for the number of requests to the same place that came before, so that
// what becomes of other requests, and of this one in other ways, moves none of them.
func (d *day) meet(v Visit, now time.Time) Encounter {
	before := d.count(v)
	e := Encounter{Latency: d.latency(v, before), Cut: d.cut(v, before)}
	if slow, _ := last(d, v, func(r *Rule) *Slow { return r.Slow }); slow != nil {
		e.BytesPerSecond = slow.BytesPerSecond
	}
	if e.Cut == CutBefore {
		return Encounter{Latency: e.Latency, Cut: e.Cut}
	}
	if e.Fault = d.fault(v, before, now); e.Fault != NoFault {
		e.Cut = NoCut // What was not handled took no effect that could be kept from anybody.
	}
	return e
}

// last returns what the last rule at a place that says something about a thing says, and the rule's number; nil where none
// does.
func last[T any](d *day, v Visit, says func(*Rule) *T) (*T, int) {
	for i := len(d.forecast.Rules) - 1; i >= 0; i-- {
		rule := &d.forecast.Rules[i]
		if said := says(rule); said != nil && rule.At.matches(v) {
			return said, i
		}
	}
	return nil, 0
}

func (d *day) latency(v Visit, before uint64) time.Duration {
	latency, rule := last(d, v, func(r *Rule) *Latency { return r.Latency })
	switch {
	case latency == nil:
		return 0
	case latency.Max > 0:
		u := d.draw.uniform("latency", rule, v, before)
		return latency.Min + time.Duration(u*float64(latency.Max-latency.Min))
	case latency.Median > 0:
		u := d.draw.uniform("latency", rule, v, before)
		drawn := logNormal(float64(latency.Median), float64(latency.P99), u)
		return time.Duration(min(drawn, float64(longest)))
	}
	return latency.Fixed
}

func (d *day) cut(v Visit, before uint64) Cut {
	reset, rule := last(d, v, func(r *Rule) *Reset { return r.Reset })
	if reset == nil {
		return NoCut
	}
	switch u := d.draw.uniform("reset", rule, v, before); {
	case u < reset.Before:
		return CutBefore
	case u < reset.Before+reset.After:
		return CutAfter
	}
	return NoCut
}

func (d *day) fault(v Visit, before uint64, now time.Time) Fault {
	if d.throttled(v, before, now) {
		return Throttled
	}
	errors, rule := last(d, v, func(r *Rule) *Errors { return r.Errors })
	if errors == nil {
		return NoFault
	}
	switch u := d.draw.uniform("errors", rule, v, before); {
	case u < errors.Internal:
		return InternalFailure
	case u < errors.Internal+errors.Unavailable:
		return Unavailable
	}
	return NoFault
}

// throttled takes from the account's bucket, also for a request that is throttled by share.
func (d *day) throttled(v Visit, before uint64, now time.Time) bool {
	throttle, rule := last(d, v, func(r *Rule) *Throttle { return r.Throttle })
	if throttle == nil {
		return false
	}
	if throttle.Rate > 0 && !d.take(bucketKey{rule, v.Account}, *throttle, now) {
		return true
	}
	return d.draw.uniform("throttle", rule, v, before) < throttle.Share
}

// count returns how many requests to the same place came before, and adds one.
func (d *day) count(v Visit) uint64 {
	d.mu.Lock()
	defer d.mu.Unlock()
	n := d.counts[v]
	d.counts[v] = n + 1
	return n
}

// bucketKey is one bucket: each account has one for each rule that throttles.
type bucketKey struct {
	rule    int
	account arn.AccountID
}

// bucket is a token bucket at the time when something was last taken from it.
type bucket struct {
	tokens float64
	at     time.Time
}

// take takes a token, or reports that there is none.
func (d *day) take(key bucketKey, throttle Throttle, now time.Time) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	full := max(1, float64(throttle.Burst))
	b, ok := d.buckets[key]
	if !ok {
		b = bucket{full, now}
	}
	if passed := now.Sub(b.at); passed > 0 {
		b = bucket{min(full, b.tokens+passed.Seconds()*throttle.Rate), now}
	}
	taken := b.tokens >= 1
	if taken {
		b.tokens--
	}
	d.buckets[key] = b
	return taken
}
