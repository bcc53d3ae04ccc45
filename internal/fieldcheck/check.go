package fieldcheck

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// ID names a check: its theme, a slash, and what is asked. It stays the same from release to release, so that reports
// compare.
type ID string

// Mark says what an assumption rests on.
type Mark string

// The marks.
const (
	Documented Mark = "doc"      // AWS's documentation says so
	Seen       Mark = "seen"     // others have reported it of AWS
	Computed   Mark = "computed" // it follows from a rule of AWS's
	Inferred   Mark = "inferred" // this project's guess
)

// Check is one assumption about AWS, with the way to find out.
type Check struct {
	ID         ID
	Assumption string
	Mark       Mark
	run        func(*stage, context.Context) error
}

// Checks is the table of all checks, in the order in which they run.
func Checks() []Check {
	return slices.Concat(subscriptionChecks(), registryChecks(), keyChecks(), clockChecks(), denialChecks(), trustChecks(),
		sessionChecks(), propagationChecks())
}

// ErrUnknownCheck says that no check has the id.
var ErrUnknownCheck = errors.New("no such check")

// Select returns the checks of the ids, in the order of the table, or all where there are none. An id without its second
// part stands for its theme. It returns ErrUnknownCheck for an id that is of no check.
func Select(ids []string) ([]Check, error) {
	all := Checks()
	if len(ids) == 0 {
		return all, nil
	}
	for _, id := range ids {
		if !slices.ContainsFunc(all, func(c Check) bool { return c.ID.is(id) }) {
			return nil, fmt.Errorf("%w: %q", ErrUnknownCheck, id)
		}
	}
	return slices.DeleteFunc(all, func(c Check) bool { return !slices.ContainsFunc(ids, c.ID.is) }), nil
}

func (id ID) is(name string) bool {
	theme, _, _ := strings.Cut(string(id), "/")
	return name == string(id) || name == theme
}

// Observation is what one side showed of an assumption, with names in place of ids, times and accounts.
type Observation struct {
	// Lines are what is compared.
	Lines []string `json:"lines"`
	// Measured are figures, which differ from day to day.
	Measured []string `json:"measured,omitempty"`
	// NotSeen is why the check could not tell; empty where it could.
	NotSeen string `json:"notSeen,omitempty"`
	// Error is what kept the check from its end; empty where nothing did.
	Error string `json:"error,omitempty"`
}

// notSeen ends a check that cannot tell.
type notSeen string

func (n notSeen) Error() string { return string(n) }

// stage is where one check is played: the field, and what is noted there.
type stage struct {
	*Field
	seen Observation
}

// note adds a line that is compared.
func (s *stage) note(format string, args ...any) {
	s.seen.Lines = append(s.seen.Lines, s.names.normal(fmt.Sprintf(format, args...)))
}

// measure adds a figure.
func (s *stage) measure(format string, args ...any) {
	s.seen.Measured = append(s.seen.Measured, s.names.normal(fmt.Sprintf(format, args...)))
}
