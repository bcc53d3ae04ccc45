package awserror_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"syscall"
	"testing"

	"github.com/aws/smithy-go"

	"github.com/pullpass/pullpass/internal/awserror"
)

func TestAnErrorOfTheSDKIsToldInFewWords(t *testing.T) {
	sent := func(err error) error { return &url.Error{Op: "Post", URL: "https://iam.amazonaws.com/", Err: err} }
	for name, test := range map[string]struct {
		err  error
		want string
	}{
		"nobody listens": {
			sent(&net.OpError{Op: "dial", Net: "tcp", Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}),
			"cannot reach iam.amazonaws.com: connection refused",
		},
		"a name that is not known": {
			sent(&net.OpError{Op: "dial", Err: &net.DNSError{Err: "no such host", Name: "iam.amazonaws.com", Server: "10.0.0.1"}}),
			"cannot reach iam.amazonaws.com: no such host",
		},
		"AWS's own words":   {&smithy.GenericAPIError{Code: "NoSuchEntity", Message: "no role"}, "NoSuchEntity: no role"},
		"stopped by a user": {sent(context.Canceled), "stopped before an answer came"},
		"anything else":     {errors.New("odd"), "odd"},
	} {
		t.Run(name, func(t *testing.T) {
			err := fmt.Errorf("reading role x: %w", &smithy.OperationError{ServiceID: "IAM", OperationName: "GetRole",
				Err: fmt.Errorf("%w", test.err)})
			if got := awserror.InBrief(err).Error(); got != "reading role x: "+test.want {
				t.Errorf("got %q, want %q after the role", got, test.want)
			}
		})
	}
}
