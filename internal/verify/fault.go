package verify

import (
	"context"
	"errors"
	"net"
	"strings"

	"github.com/aws/smithy-go"
)

// A Fault is why a link is broken and who can mend it.
type Fault struct {
	Side Side
	// Code is AWS's or the registry's error code, such as AccessDenied or NAME_UNKNOWN; empty where neither spoke.
	Code string
	// Hint says what to do about it.
	Hint string
	Err  error
}

// Error gives the reason; the hint is for the caller to print.
func (f *Fault) Error() string { return f.Err.Error() }

// Unwrap gives the reason.
func (f *Fault) Unwrap() error { return f.Err }

// remedy is what is known about one kind of refusal.
type remedy struct {
	side Side
	hint string
}

// awsFault explains an error of an AWS call. The remedies are by AWS's error code; fallback is for any other code.
func awsFault(err error, remedies map[string]remedy, fallback remedy) *Fault {
	var api smithy.APIError
	if !errors.As(err, &api) {
		return networkFault(err)
	}
	code := api.ErrorCode()
	if isSkewed(api) {
		return &Fault{Side: Network, Code: code, Err: err, Hint: "set this machine's clock: AWS refuses signatures that are minutes off"}
	}
	if isThrottled(code) {
		return &Fault{Side: Network, Code: code, Err: err, Hint: "AWS limits the rate of calls; try again in a minute"}
	}
	r, known := remedies[code]
	if !known {
		r = fallback
	}
	return &Fault{Side: r.side, Code: code, Hint: r.hint, Err: err}
}

// isSkewed tells a wrong clock from a wrong secret, which share a code: the texts are `Signature expired: T1 is now
// earlier than T2 (T3 - 15 min.)` and `Signature not yet current: …` [seen].
func isSkewed(api smithy.APIError) bool {
	text := api.ErrorMessage()
	return strings.HasPrefix(text, "Signature expired") || strings.HasPrefix(text, "Signature not yet current")
}

// isThrottled knows STS's and ECR's codes ("Common error types" in their API references).
func isThrottled(code string) bool { return code == "Throttling" || code == "ThrottlingException" }

// networkFault is for an error that came before any answer.
func networkFault(err error) *Fault {
	hint := "the host must be reachable from here, through HTTPS_PROXY where there is a proxy"
	var dns *net.DNSError
	switch {
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		hint = "the proof was cut short; run it again"
	case errors.As(err, &dns):
		hint = "the name " + dns.Name + " does not resolve here; an EKS Anywhere network must resolve AWS's public names"
	}
	return &Fault{Side: Network, Err: err, Hint: hint}
}

// reason is the type of policy that AWS's sentence blames: "… because no X allows the Y action", or "… with an explicit
// deny in an X" (IAM User Guide, "Troubleshoot access denied error messages").
type reason int

// The reasons that change what is to be done.
const (
	reasonUnknown reason = iota
	reasonIdentity
	reasonResource
	reasonBoundary
	reasonOrganization
)

func denialReason(text string) reason {
	for _, r := range []struct {
		words  string
		reason reason
	}{
		{"service control polic", reasonOrganization},
		{"resource control polic", reasonOrganization},
		{"permissions boundar", reasonBoundary},
		{"identity-based polic", reasonIdentity},
		{"resource-based polic", reasonResource},
		// STS calls the policy of a role by its own name: it is a role's resource-based policy.
		{"role trust polic", reasonResource},
	} {
		if strings.Contains(text, r.words) {
			return r.reason
		}
	}
	return reasonUnknown
}
