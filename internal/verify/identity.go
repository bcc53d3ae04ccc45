package verify

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts"
)

// STS's codes for a key that it does not know or whose secret is another ("Common error types", AWS STS API Reference).
const (
	codeUnknownKey   = "InvalidClientTokenId"
	codeBadSignature = "SignatureDoesNotMatch"
)

// proveIdentity asks STS who the key belongs to. The call needs no permission and no deny reaches it, so it fails only
// where the key itself is wrong.
func (w *walk) proveIdentity(ctx context.Context) (string, error) {
	var caller *sts.GetCallerIdentityOutput
	err := w.patiently(ctx, func() error {
		var err error
		if caller, err = w.sts().GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{}); err != nil {
			return identityFault(fmt.Errorf("asking STS in %s who key %s is: %w", w.config.Region, w.config.Key.ID, err))
		}
		return nil
	}, codeUnknownKey)
	if err != nil {
		return "", err
	}
	return aws.ToString(caller.Arn), nil
}

func identityFault(err error) *Fault {
	return awsFault(err, map[string]remedy{
		codeUnknownKey: {Destination,
			"the key was deleted or deactivated, or its user is gone; have a new one delivered: pullpass apply"},
		codeBadSignature: {Cluster,
			"the secret in the file is not that of the key; move the delivered files away, then pullpass apply"},
	}, remedy{Destination, "look the key up in the destination account"})
}
