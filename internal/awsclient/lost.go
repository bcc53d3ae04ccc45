package awsclient

import (
	"errors"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// Lost reports whether an error leaves open if the call took effect: the connection broke before an answer came, the
// answer could not be read, or AWS says that it failed itself.
func Lost(err error) bool {
	var response *smithyhttp.ResponseError
	var sending *smithyhttp.RequestSendError
	var reading *smithy.DeserializationError
	switch {
	case errors.As(err, &sending): // The SDK puts an empty response beside it.
		return !unreachable(err)
	case errors.As(err, &reading):
		return true
	}
	return errors.As(err, &response) && response.HTTPStatusCode() >= 500
}

// Cautious returns a retryer that repeats no call that may have taken effect: for what must not happen twice.
func Cautious(r aws.Retryer) aws.Retryer {
	if patient, ok := r.(aws.RetryerV2); ok {
		return cautious{patient}
	}
	return retry.AddWithMaxAttempts(r, 1) // Whose attempts have no tokens may repeat anything.
}

type cautious struct{ aws.RetryerV2 }

// IsErrorRetryable implements aws.Retryer.
func (c cautious) IsErrorRetryable(err error) bool {
	return !Lost(err) && c.RetryerV2.IsErrorRetryable(err)
}
