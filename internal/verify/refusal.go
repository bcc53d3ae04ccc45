package verify

import (
	"errors"
	"fmt"
	"net/http"

	"github.com/google/go-containerregistry/pkg/v1/remote/transport"
)

// codeRegistryDenied is the distribution specification's code, which ECR gives together with IAM's sentence [seen].
const codeRegistryDenied = string(transport.DeniedErrorCode)

// ErrNoArtifact says that the registry holds nothing under the name that was to be pulled. It counts as a broken link:
// every packages registry holds the probe artifact, and `eksctl anywhere` taking 404 for success has misled many.
var ErrNoArtifact = errors.New("the registry has no such artifact")

// registryFault explains a refusal of the registry protocol, wherever on the way from /v2/ to the layer it came.
func (w *walk) registryFault(err error) *Fault {
	var refusal *transport.Error
	if !errors.As(err, &refusal) {
		return networkFault(err)
	}
	fault := &Fault{Side: Source, Code: refusalCode(refusal), Err: err}
	switch refusal.StatusCode {
	case http.StatusNotFound:
		fault.Err = fmt.Errorf("%w: %w", ErrNoArtifact, err)
		fault.Hint = fmt.Sprintf("%s is not in registry account %s; is this the registry of the subscription? pullpass registry tells",
			w.in.Artifact, w.in.Registry.Account)
	case http.StatusForbidden:
		fault.Hint = w.denialHint(err.Error())
	case http.StatusUnauthorized:
		fault.Hint = "the registry does not take the role's token; look at the role in the source account"
	case http.StatusBadRequest:
		fault.Side, fault.Hint = Cluster, "ECR refuses tokens of another Region; is the file's region that of the registry?"
	default:
		fault.Side, fault.Hint = Network, "the registry could not answer; try again in a minute"
	}
	return fault
}

// denialHint tells the reasons apart for which ECR says no to a role that got a token. Across accounts AWS mostly gives
// none [seen]; then a subscription that has ended is the likeliest.
func (w *walk) denialHint(text string) string {
	why := denialReason(text)
	if s := w.in.Subscription; s.Ended(w.Now()) && (why == reasonResource || why == reasonUnknown) {
		return fmt.Sprintf("subscription %s has ended (%s), and with it the registry's consent; renew it in the source account",
			s.ID, s.end())
	}
	switch why {
	case reasonResource:
		return "the registry does not let the source account in: its subscription may have ended, or be of another Region"
	case reasonIdentity:
		return "the role's policy does not allow it on this registry: pullpass apply on the source's side"
	case reasonBoundary:
		return "the role's permissions boundary does not allow it"
	case reasonOrganization:
		return "an organization's policy forbids it to the source account; its administrators can change it"
	case reasonUnknown:
	}
	return "the role's policy or the registry's own says no: compare with pullpass plan, and look at the subscription's end"
}

func refusalCode(refusal *transport.Error) string {
	if len(refusal.Errors) > 0 {
		return string(refusal.Errors[0].Code)
	}
	return fmt.Sprintf("HTTP %d", refusal.StatusCode)
}
