package sigv4

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/pullpass/pullpass/arn"
)

// Reason is the class of a refusal; each is one error code of AWS.
type Reason int

// The reasons for which a signature is refused.
const (
	// MissingToken is MissingAuthenticationToken: the request is not signed.
	MissingToken Reason = iota + 1
	// Incomplete is IncompleteSignature: it cannot be read.
	Incomplete
	// Mismatch is SignatureDoesNotMatch: it does not hold.
	Mismatch
)

// Error is a refusal with the text that AWS sends. It holds no secret.
type Error struct {
	Reason  Reason
	Message string
}

func (e *Error) Error() string { return e.Message }

func incomplete(format string, args ...any) error {
	return &Error{Incomplete, fmt.Sprintf(format, args...)}
}

func mismatch(format string, args ...any) error {
	return &Error{Mismatch, fmt.Sprintf(format, args...)}
}

// Rules are what a service asks of a signature before it looks at the key.
type Rules struct {
	// Service is the signing name that the scope must have.
	Service string
	// Region is the Region that the scope must have; empty allows any.
	Region arn.Region
	// Skew is how far the client's clock may be off, either way: 15 minutes for
	// STS and IAM, 5 elsewhere [seen].
	Skew time.Duration
	// Now is the server's time.
	Now time.Time
}

// Check holds the scope, the time and the list of signed headers against the
// rules. Every error is an *Error.
//
// A presigned request lives as long as any other: STS ignores X-Amz-Expires, as
// the clients that hand out presigned GetCallerIdentity URLs know (the source of
// aws-iam-authenticator says so), and the other services here presign nothing.
func (s *Signature) Check(r *http.Request, rules Rules) error {
	if err := s.checkScope(rules); err != nil {
		return err
	}
	if err := s.checkTime(rules); err != nil {
		return err
	}
	return s.checkHeaders(r)
}

// checkScope lists all faults of the scope in one text, as AWS does. The texts
// are those of the IAM User Guide, "Troubleshoot Signature Version 4 signing".
func (s *Signature) checkScope(rules Rules) error {
	var faults []string
	if rules.Region != "" && s.Scope.Region != rules.Region {
		faults = append(faults, fmt.Sprintf("Credential should be scoped to a valid region, not '%s'.", s.Scope.Region))
	}
	if s.Scope.Service != rules.Service {
		faults = append(faults, fmt.Sprintf("Credential should be scoped to correct service: '%s'.", rules.Service))
	}
	if s.Scope.terminator != terminator {
		faults = append(faults, fmt.Sprintf("Credential should be scoped with a valid terminator: '%s', not '%s'.",
			terminator, s.Scope.terminator))
	}
	if date := s.Time.Format(dateFormat); s.Scope.Date != date {
		faults = append(faults, fmt.Sprintf("Date in Credential scope does not match YYYYMMDD from ISO-8601 version "+
			"of date from HTTP: '%s' != '%s', from '%s'.", s.Scope.Date, date, s.Time.Format(timeFormat)))
	}
	if len(faults) == 0 {
		return nil
	}
	return mismatch("%s", strings.Join(faults, " "))
}

// checkTime works in whole seconds, which is what a timestamp has.
func (s *Signature) checkTime(rules Rules) error {
	now := rules.Now.UTC().Truncate(time.Second)
	oldest, newest := now.Add(-rules.Skew), now.Add(rules.Skew)
	minutes := int(rules.Skew.Minutes())
	if s.Time.Before(oldest) {
		return mismatch("Signature expired: %s is now earlier than %s (%s - %d min.)",
			s.Time.Format(timeFormat), oldest.Format(timeFormat), now.Format(timeFormat), minutes)
	}
	if s.Time.After(newest) {
		return mismatch("Signature not yet current: %s is still later than %s (%s + %d min.)",
			s.Time.Format(timeFormat), newest.Format(timeFormat), now.Format(timeFormat), minutes)
	}
	return nil
}

// checkHeaders wants the host and every X-Amz- header to be signed: "You must
// include the host header … and any x-amz-* headers" (IAM User Guide, "Create a
// signed AWS API request"). Names with X-Amzn- are not among them.
func (s *Signature) checkHeaders(r *http.Request) error {
	if !s.signs("host") {
		return mismatch("'Host' must be a 'SignedHeader' in the AWS Authorization.")
	}
	var unsigned []string
	for name := range r.Header {
		if strings.HasPrefix(name, "X-Amz-") && !s.signs(strings.ToLower(name)) {
			unsigned = append(unsigned, name)
		}
	}
	if len(unsigned) == 0 {
		return nil
	}
	// The least of them, so that the text does not depend on the map's order.
	return mismatch("'%s' must be a 'SignedHeader' in the AWS Authorization.", slices.Min(unsigned))
}

func (s *Signature) signs(name string) bool {
	_, found := slices.BinarySearch(s.signedHeaders, name)
	return found
}
