package cluster_test

import (
	"context"
	"errors"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pullpass/pullpass/internal/audit"
	"github.com/pullpass/pullpass/internal/cluster"
)

type effects struct {
	refuse error
	told   []audit.Effect
}

func (e *effects) Ready() error                                { return e.refuse }
func (e *effects) Record(_ context.Context, told audit.Effect) { e.told = append(e.told, told) }

type trip func(*http.Request) (*http.Response, error)

func (f trip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestRequestsThatChangeSomethingAreTold(t *testing.T) {
	const secret = "https://store-001:6443/api/v1/namespaces/eksa-packages/secrets/aws-secret"
	status := func(code int) func() (*http.Response, error) {
		return func() (*http.Response, error) {
			return &http.Response{StatusCode: code, Header: http.Header{"Audit-Id": {"a-1"}}, Body: http.NoBody}, nil
		}
	}
	failing := func(err error) func() (*http.Response, error) {
		return func() (*http.Response, error) { return nil, err }
	}
	for sentence, test := range map[string]struct {
		method, url, kind string
		answer            func() (*http.Response, error)
		want              string // action, result, request id; empty for nothing
	}{
		"a Secret is applied":          {http.MethodPatch, secret + "?fieldManager=pullpass&force=true", "application/apply-patch+yaml", status(200), "kubernetes:apply ok a-1"},
		"a Deployment is patched":      {http.MethodPatch, secret, "application/merge-patch+json", status(200), "kubernetes:patch ok a-1"},
		"a namespace is made":          {http.MethodPost, secret, "application/json", status(201), "kubernetes:create ok a-1"},
		"something is replaced":        {http.MethodPut, secret, "application/json", status(200), "kubernetes:update ok a-1"},
		"something is deleted":         {http.MethodDelete, secret, "", status(200), "kubernetes:delete ok a-1"},
		"it is refused":                {http.MethodPatch, secret, "application/apply-patch+yaml", status(403), "kubernetes:apply Forbidden a-1"},
		"somebody else was faster":     {http.MethodPatch, secret, "application/apply-patch+yaml", status(409), "kubernetes:apply Conflict a-1"},
		"the answer is lost":           {http.MethodPatch, secret, "application/apply-patch+yaml", failing(errors.New("EOF")), "kubernetes:apply lost "},
		"the server cannot be reached": {http.MethodPatch, secret, "application/apply-patch+yaml", failing(&net.OpError{Op: "dial"}), "kubernetes:apply failed "},
		"a dry run":                    {http.MethodPatch, secret + "?dryRun=All", "application/apply-patch+yaml", status(200), ""},
		"a read":                       {http.MethodGet, secret, "", status(200), ""},
		"a question about permissions": {http.MethodPost, "https://store-001:6443/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", "", status(201), ""},
	} {
		t.Run(sentence, func(t *testing.T) {
			place := audit.Place{Account: "999999999999", Step: "a-step"}
			request, err := http.NewRequestWithContext(audit.At(t.Context(), place), test.method, test.url, strings.NewReader("aws_secret_access_key"))
			if err != nil {
				t.Fatal(err)
			}
			request.Header.Set("Content-Type", test.kind)
			kept, sent := &effects{}, 0
			round := cluster.Audited(kept)(trip(func(*http.Request) (*http.Response, error) { sent++; return test.answer() }))
			response, err := round.RoundTrip(request)
			if wanted, wantedErr := test.answer(); (err == nil) != (wantedErr == nil) || err == nil && response.StatusCode != wanted.StatusCode {
				t.Errorf("answered %v, %v", response, err)
			}
			var want []audit.Effect
			if words := strings.Split(test.want, " "); len(words) == 3 {
				want = []audit.Effect{{
					Place: place, Action: words[0], Resource: "store-001:6443/api/v1/namespaces/eksa-packages/secrets/aws-secret",
					Outcome: audit.Outcome{Result: audit.Result(words[1]), RequestID: words[2]},
				}}
			}
			if diff := cmp.Diff(want, kept.told); diff != "" {
				t.Error(diff)
			}
			kept.refuse = errors.New("the disk is full")
			_, err = round.RoundTrip(request)
			if stopped := errors.Is(err, kept.refuse); stopped != (test.want != "") || stopped != (sent == 1) {
				t.Errorf("with a full disk: %v, sent %d times", err, sent)
			}
		})
	}
}
