package cluster

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

func TestErrorsTellWhatMatters(t *testing.T) {
	secrets := schema.GroupResource{Resource: "secrets"}
	request := func(err error) error { return &url.Error{Op: "Get", URL: "https://10.0.0.1/api", Err: err} }
	status := func(code int32) error {
		return &apierrors.StatusError{ErrStatus: metav1.Status{Status: "Failure", Code: code, Message: "no"}}
	}
	for name, test := range map[string]struct {
		err       error
		kind      error
		words     string
		transient bool
	}{
		"nobody listens": {
			request(&net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED}), ErrUnreachable,
			"the API server cannot be reached: dial tcp: connection refused", true,
		},
		"the connection broke":       {request(io.ErrUnexpectedEOF), ErrUnreachable, "the API server cannot be reached: unexpected EOF", true},
		"the request's time is over": {request(context.DeadlineExceeded), ErrUnreachable, "the API server cannot be reached: context deadline exceeded", true},
		"a sign-in program that fails": {
			request(errors.New("getting credentials: exec: executable aws failed with exit code 255")), nil,
			"getting credentials: exec: executable aws failed with exit code 255", false,
		},
		"not allowed": {
			apierrors.NewForbidden(secrets, "aws-secret", errors.New("no")), ErrForbidden, `refused: secrets "aws-secret" is forbidden: no`, false,
		},
		"not known":          {apierrors.NewUnauthorized("who are you"), ErrForbidden, "refused: who are you", false},
		"not there":          {apierrors.NewNotFound(secrets, "aws-secret"), nil, `secrets "aws-secret" not found`, false},
		"too much":           {status(http.StatusTooManyRequests), nil, "no", true},
		"on its way up":      {status(http.StatusServiceUnavailable), nil, "no", true},
		"broken inside":      {status(http.StatusInternalServerError), nil, "no", true},
		"wrong":              {status(http.StatusUnprocessableEntity), nil, "no", false},
		"changed in between": {apierrors.NewConflict(secrets, "aws-secret", errors.New("newer")), nil, `Operation cannot be fulfilled on secrets "aws-secret": newer`, false},
	} {
		t.Run(name, func(t *testing.T) {
			err := explain(t.Context(), test.err)
			if err.Error() != test.words {
				t.Errorf("got %q\nwant %q", err, test.words)
			}
			if test.kind != nil && !errors.Is(err, test.kind) || !errors.Is(err, test.err) {
				t.Errorf("%v does not wrap what it should", err)
			}
			if got := transient(fmt.Errorf("writing: %w", err)); got != test.transient {
				t.Errorf("transient: %t", got)
			}
		})
	}
	ended, cancel := context.WithDeadline(t.Context(), time.Unix(1, 0))
	defer cancel()
	err := explain(ended, request(&net.OpError{Op: "dial", Net: "tcp", Err: context.DeadlineExceeded}))
	if !errors.Is(err, context.DeadlineExceeded) || errors.Is(err, ErrUnreachable) || transient(err) {
		t.Errorf("ended by the caller: %v", err)
	}
}

func TestPersistence(t *testing.T) {
	blip := &failure{kind: ErrUnreachable, words: "refused", cause: syscall.ECONNREFUSED}
	final := errors.New("final")
	for name, test := range map[string]struct {
		answers []error // the last one again and again
		cancel  bool
		want    error
		waits   string
	}{
		"what goes through is done once":      {[]error{nil}, false, nil, ""},
		"what fails for good is not repeated": {[]error{final}, false, final, ""},
		"a blip is waited out":                {[]error{blip, blip, nil}, false, nil, "250ms 500ms"},
		"a blip, then a refusal":              {[]error{blip, final}, false, final, "250ms"},
		"patience ends after half a minute":   {[]error{blip}, false, ErrUnreachable, "250ms 500ms 1s 2s 4s 5s 5s 5s 5s"},
		"whoever cancels is heard":            {[]error{blip}, true, context.Canceled, "250ms"},
	} {
		t.Run(name, func(t *testing.T) {
			clock := second(0, 0)
			var waits []string
			d := Delivery{
				Now: func() time.Time { return clock },
				Wait: func(_ context.Context, wait time.Duration) error {
					clock = clock.Add(wait)
					waits = append(waits, wait.String())
					if test.cancel {
						return context.Canceled
					}
					return nil
				},
			}
			calls := 0
			err := d.persist(t.Context(), func(context.Context) error {
				calls++
				return test.answers[min(calls, len(test.answers))-1]
			})
			if !errors.Is(err, test.want) || test.want == nil && err != nil {
				t.Errorf("got %v, want %v", err, test.want)
			}
			if diff := cmp.Diff(test.waits, strings.Join(waits, " ")); diff != "" {
				t.Errorf("waits (-want +got):\n%s", diff)
			}
		})
	}
}
