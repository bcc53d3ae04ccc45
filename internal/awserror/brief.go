// Package awserror says what AWS answered, or what kept it from answering, without the words of the SDK.
package awserror

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"

	"github.com/aws/smithy-go"
)

// InBrief is an error without the SDK's wrapping around AWS's own words: which attempt it was and the request's id say
// nothing to people, and differ from run to run. It wraps the error that it is given.
func InBrief(err error) error { return brief{err} }

// OnOneLine is the text of an error in brief, of which several joined ones stand beside each other; empty for nil.
func OnOneLine(err error) string {
	if err == nil {
		return ""
	}
	return strings.ReplaceAll(InBrief(err).Error(), "\n", "; ")
}

type brief struct{ error }

func (b brief) Unwrap() error { return b.error }

// Error implements error.
func (b brief) Error() string {
	err, text := b.error, b.error.Error()
	var operation *smithy.OperationError
	if !errors.As(err, &operation) {
		return text
	}
	said := operation.Unwrap().Error()
	var api smithy.APIError
	switch {
	case LacksCredentials(err):
		said = "no AWS credentials were found"
	case errors.As(err, &api):
		said = api.ErrorCode() + ": " + api.ErrorMessage()
	case errors.Is(err, context.Canceled):
		said = "stopped before an answer came"
	default:
		said = unreached(err, said)
	}
	return strings.Replace(text, operation.Error(), said, 1)
}

// unreached says which host could not be reached and why, else what it is given.
func unreached(err error, otherwise string) string {
	var network *url.Error
	if !errors.As(err, &network) {
		return otherwise
	}
	address, parseErr := url.Parse(network.URL)
	if parseErr != nil {
		return otherwise
	}
	reason := network.Err
	for next := errors.Unwrap(reason); next != nil; next = errors.Unwrap(next) {
		reason = next
	}
	text := reason.Error()
	if dns := (*net.DNSError)(nil); errors.As(err, &dns) {
		text = dns.Err
	}
	return fmt.Sprintf("cannot reach %s: %s", address.Host, text)
}

// LacksCredentials knows what the SDK's chain says when it comes to its end, at EC2's metadata service, and is refused or
// reaches nobody there.
func LacksCredentials(err error) bool {
	var operation *smithy.OperationError
	for errors.As(err, &operation) {
		if operation.Service() == "ec2imds" {
			return true
		}
		err = operation.Unwrap()
	}
	return false
}
