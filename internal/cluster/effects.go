package cluster

import (
	"context"
	"errors"
	"net"
	"net/http"
	"strings"

	"github.com/pullpass/pullpass/internal/audit"
)

// Audited is for Access.Wrap: it asks a recorder before every request that changes something, and tells it what became of
// that. A dry run changes nothing, nor does a question about permissions.
func Audited(effects audit.Recorder) func(http.RoundTripper) http.RoundTripper {
	return func(inner http.RoundTripper) http.RoundTripper { return auditing{inner, effects} }
}

type auditing struct {
	inner   http.RoundTripper
	effects audit.Recorder
}

// auditID is the header of each answer by which the API server's own audit log knows the request
// (https://kubernetes.io/docs/reference/config-api/apiserver-audit.v1/#audit-k8s-io-v1-Event, auditID).
const auditID = "Audit-Id"

// RoundTrip implements http.RoundTripper.
func (a auditing) RoundTrip(request *http.Request) (*http.Response, error) {
	action := actionOf(request)
	if action == "" {
		return a.inner.RoundTrip(request)
	}
	if err := a.effects.Ready(); err != nil {
		return nil, err
	}
	response, err := a.inner.RoundTrip(request)
	ctx := request.Context()
	effect := audit.Effect{Place: audit.PlaceOf(ctx), Action: action, Resource: request.URL.Host + request.URL.Path}
	if err != nil {
		effect.Result = lostOrFailed(err)
	} else {
		effect.Result, effect.RequestID = statusResult(response.StatusCode), response.Header.Get(auditID)
	}
	a.effects.Record(context.WithoutCancel(ctx), effect)
	return response, err
}

// actionOf names what a request changes, "" for nothing.
func actionOf(request *http.Request) string {
	if request.URL.Query().Has("dryRun") || strings.HasPrefix(request.URL.Path, "/apis/authorization.k8s.io/") {
		return ""
	}
	switch request.Method {
	case http.MethodGet, http.MethodHead, http.MethodOptions:
		return ""
	case http.MethodPost:
		return "kubernetes:create"
	case http.MethodPatch:
		if strings.HasPrefix(request.Header.Get("Content-Type"), "application/apply-patch") {
			return "kubernetes:apply"
		}
	case http.MethodPut:
		return "kubernetes:update"
	}
	return "kubernetes:" + strings.ToLower(request.Method)
}

// statusResult is OK, or the status in one word, such as Forbidden or Conflict.
func statusResult(code int) audit.Result {
	if code < http.StatusMultipleChoices {
		return audit.OK
	}
	return audit.Result(strings.ReplaceAll(http.StatusText(code), " ", ""))
}

func lostOrFailed(err error) audit.Result {
	var op *net.OpError
	if errors.As(err, &op) && op.Op == "dial" {
		return audit.Failed
	}
	return audit.Lost
}
