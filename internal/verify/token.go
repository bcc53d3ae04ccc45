package verify

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/smithy-go"
)

// ECR's codes ("Common error types", Amazon ECR API Reference).
const (
	codeECRDenied     = "AccessDeniedException"
	codeECRUnknownKey = "UnrecognizedClientException"
)

// proveToken asks ECR in the file's Region for an authorization token, as the role.
func (w *walk) proveToken(ctx context.Context) (string, error) {
	var out *ecr.GetAuthorizationTokenOutput
	err := w.patiently(ctx, func() error {
		var err error
		if out, err = w.ecr().GetAuthorizationToken(ctx, &ecr.GetAuthorizationTokenInput{}); err != nil {
			return tokenFault(fmt.Errorf("asking ECR in %s for an authorization token: %w", w.config.Region, err))
		}
		return nil
	}, codeECRDenied, codeECRUnknownKey)
	if err != nil {
		return "", err
	}
	if len(out.AuthorizationData) == 0 || aws.ToString(out.AuthorizationData[0].AuthorizationToken) == "" {
		return "", &Fault{Side: Network, Hint: "what answered for ECR is not AWS; look for a proxy on the way",
			Err: fmt.Errorf("asking ECR in %s for an authorization token: %w", w.config.Region, errEmptyAnswer)}
	}
	data := out.AuthorizationData[0]
	w.basic = aws.ToString(data.AuthorizationToken)
	detail := "from ECR in " + string(w.config.Region)
	if data.ExpiresAt != nil {
		detail += ", good for " + strings.TrimSuffix(data.ExpiresAt.Sub(w.Now()).Round(time.Minute).String(), "0s")
	}
	return detail, nil
}

// tokenFault: the role and all its policies are the source's.
func tokenFault(err error) *Fault {
	hint := "the role's policy lacks ecr:GetAuthorizationToken: pullpass apply on the source's side"
	var api smithy.APIError
	if errors.As(err, &api) {
		switch denialReason(api.ErrorMessage()) {
		case reasonOrganization:
			hint = "an organization's policy forbids it to the source account; its administrators can change it"
		case reasonBoundary:
			hint = "the role's permissions boundary does not allow ecr:GetAuthorizationToken"
		case reasonUnknown, reasonIdentity, reasonResource:
		}
	}
	return awsFault(err, map[string]remedy{codeECRDenied: {Source, hint}},
		remedy{Source, "look at the role and its policy in the source account"})
}
