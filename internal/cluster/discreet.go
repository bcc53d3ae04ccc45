package cluster

import (
	"encoding/base64"
	"errors"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/pullpass/pullpass/internal/credential"
)

// errQuoted stands for an answer that shows what nobody may see.
var errQuoted = errors.New("the answer quotes the Secret, and is not shown")

// discreet keeps what was written out of an error: an admission webhook says what it likes, such as the whole object.
func (d Delivery) discreet(err error, config []byte) error {
	var status apierrors.APIStatus
	if !errors.As(err, &status) || !quotes(status.Status().Message, config) {
		return err
	}
	return d.writing(&failure{kind: refusal(err), words: errQuoted.Error(), cause: errors.Join(errQuoted, statusOnly(status))})
}

// statusOnly is a refusal without its words.
func statusOnly(status apierrors.APIStatus) error {
	bare := status.Status()
	bare.Message = ""
	return &apierrors.StatusError{ErrStatus: bare}
}

// shortestQuote is how much of a config in base64 tells that it was quoted.
const shortestQuote = 24

// quotes reports whether a text shows a config, plain or in base64, be it in part.
func quotes(text string, config []byte) bool {
	encoded := base64.StdEncoding.EncodeToString(config)
	if len(encoded) > shortestQuote && strings.Contains(text, encoded[:shortestQuote]) {
		return true
	}
	parsed, err := credential.ParseConfig(config)
	return err == nil && strings.Contains(text, parsed.Key.Secret.Reveal())
}
