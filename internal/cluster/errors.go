package cluster

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"syscall"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Errors to branch on.
var (
	// ErrConflict says that the config has a manager that it is not taken over from unasked.
	ErrConflict = errors.New("managed by somebody else")
	// ErrNoNamespace says that the Secret's namespace is not there: the packages controller was never installed, or never
	// copied the Secret to a workload cluster.
	ErrNoNamespace = errors.New("there is no namespace eksa-packages")
	// ErrForbidden says that the cluster knows the caller and refuses, or does not know the caller.
	ErrForbidden = errors.New("refused")
	// ErrUnreachable says that no API server answered.
	ErrUnreachable = errors.New("the API server cannot be reached")
	// ErrImmutable says that Kubernetes does not let the Secret be changed.
	ErrImmutable = errors.New("the Secret is immutable: delete it, then deliver anew")
	// ErrType says that the Secret is of a type that is not for this use.
	ErrType = errors.New("not a Secret of type Opaque")
	// ErrAccess says that a kubeconfig gives no access, before anything was asked of a cluster.
	ErrAccess = errors.New("no access")
)

// A failure is what a request came to: a sentinel where there is one, the short words, and the error for errors.As.
type failure struct {
	kind  error
	words string
	cause error
}

// Error leaves out which request it was, which the caller says in shorter words.
func (f *failure) Error() string {
	if f.kind == nil {
		return f.words
	}
	return fmt.Sprintf("%v: %s", f.kind, f.words)
}

// Unwrap gives the sentinel and the cause.
func (f *failure) Unwrap() []error {
	if f.kind == nil {
		return []error{f.cause}
	}
	return []error{f.kind, f.cause}
}

// explain finds the sentinel of a request's error, and the words that matter.
func explain(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	var status apierrors.APIStatus
	switch {
	case isUnknownKind(err):
		return &failure{words: "there is no such page: the kind was never installed, or what answers is no API server", cause: err}
	case errors.As(err, &status):
		return &failure{kind: refusal(err), words: printable(status.Status().Message), cause: err}
	case errors.Is(err, errTooLong):
		return &failure{words: errTooLong.Error(), cause: err}
	}
	inner := err
	if request := (*url.Error)(nil); errors.As(err, &request) {
		inner = request.Err
	}
	kind := error(nil)
	if isNetwork(err) || errors.Is(err, errRedirect) {
		kind = ErrUnreachable
	}
	return &failure{kind: kind, words: printable(inner.Error()), cause: err}
}

func refusal(err error) error {
	if apierrors.IsForbidden(err) || apierrors.IsUnauthorized(err) {
		return ErrForbidden
	}
	return nil
}

// isNetwork reports whether nothing was answered: the name is unknown, nobody listens, the connection broke, or the time
// of the request is over.
func isNetwork(err error) bool {
	var network net.Error
	var op *net.OpError
	return errors.As(err, &op) || errors.As(err, &network) && network.Timeout() || errors.Is(err, context.DeadlineExceeded) ||
		errors.Is(err, syscall.ECONNRESET) || isEOF(err)
}

// transient reports whether the same request may go through in a moment: nobody answered, or the server is starting,
// stopping or overrun. Retrying it must do no harm, as with server-side apply.
func transient(err error) bool {
	if errors.Is(err, ErrUnreachable) {
		return true
	}
	var status apierrors.APIStatus
	if !errors.As(err, &status) {
		return false
	}
	code := status.Status().Code
	return code == http.StatusTooManyRequests || code >= http.StatusInternalServerError
}

// isMissing reports that an object is not there, be it for want of its namespace. A page that is not found does not count:
// that is what whoever stands in an API server's place answers, and the cluster behind him may hold anything.
func isMissing(err error) bool {
	return apierrors.IsNotFound(err) && !apierrors.IsUnexpectedServerError(err)
}

// isUnknownKind reports that there is no such page, as API servers answer for kinds that were never installed.
func isUnknownKind(err error) bool {
	return apierrors.IsNotFound(err) && apierrors.IsUnexpectedServerError(err)
}

// isNamespaceMissing reports that a write found no namespace.
func isNamespaceMissing(err error) bool {
	var status apierrors.APIStatus
	return apierrors.IsNotFound(err) && errors.As(err, &status) &&
		status.Status().Details != nil && status.Status().Details.Kind == "namespaces"
}

// isOutrun reports that the object was changed since it was read.
func isOutrun(err error) bool {
	return apierrors.ReasonForError(err) == metav1.StatusReasonConflict || apierrors.IsAlreadyExists(err)
}

func isEOF(err error) bool { return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) }
