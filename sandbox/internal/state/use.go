package state

import (
	"encoding/json"
	"sync/atomic"
	"time"

	"github.com/pullpass/pullpass/arn"
)

// Use is when and for what a key or role was last used.
type Use struct {
	Time    time.Time
	Region  arn.Region
	Service string // the signing name, "sts"
}

// LastUse remembers the latest Use. It is the one part of a World that a View may change: it is noted on every request,
// and losing the last of it to a crash loses nothing that AWS promises (IAM shows it hours late).
type LastUse struct {
	use atomic.Pointer[Use]
	of  *LastUse // what this one stands for: it is in the copy that somebody sees who lags behind; nil for itself
}

// Note records a use.
func (l *LastUse) Note(use Use) { l.stored().Store(&use) }

// stored is where the use is kept.
func (l *LastUse) stored() *atomic.Pointer[Use] {
	if l.of != nil {
		return &l.of.use
	}
	return &l.use
}

// Get returns the latest use, or false if there was none.
func (l *LastUse) Get() (Use, bool) {
	use := l.stored().Load()
	if use == nil {
		return Use{}, false
	}
	return *use, true
}

// MarshalJSON writes the use, or null.
func (l *LastUse) MarshalJSON() ([]byte, error) { return json.Marshal(l.stored().Load()) }

// UnmarshalJSON reads what MarshalJSON wrote.
func (l *LastUse) UnmarshalJSON(b []byte) error {
	var use *Use
	if err := json.Unmarshal(b, &use); err != nil {
		return err
	}
	l.use.Store(use)
	return nil
}
