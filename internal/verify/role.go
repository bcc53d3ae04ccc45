package verify

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"
)

// codeDenied is STS's code for a call that is not allowed.
const codeDenied = "AccessDenied"

// defaultSessionName is used where the file gives none: every SDK makes one up then.
const defaultSessionName = "pullpass-verify"

// proveRole assumes the role exactly as the file says: with its session name and its external id.
func (w *walk) proveRole(ctx context.Context) (string, error) {
	in := &sts.AssumeRoleInput{
		RoleArn:         aws.String(w.config.RoleARN.String()),
		RoleSessionName: aws.String(defaultSessionName),
	}
	if w.config.RoleSessionName != "" {
		in.RoleSessionName = aws.String(w.config.RoleSessionName)
	}
	if w.config.ExternalID != "" {
		in.ExternalId = aws.String(w.config.ExternalID)
	}
	var out *sts.AssumeRoleOutput
	// The user's own key may still be unknown to the STS host that answers this time.
	err := w.patiently(ctx, func() error {
		var err error
		if out, err = w.sts().AssumeRole(ctx, in); err != nil {
			return roleFault(fmt.Errorf("assuming role %s: %w", w.config.RoleARN, err))
		}
		return nil
	}, codeDenied, codeUnknownKey)
	if err != nil {
		return "", err
	}
	if out.Credentials == nil || out.AssumedRoleUser == nil {
		return "", &Fault{Side: Network, Hint: "what answered for STS is not AWS; look for a proxy on the way",
			Err: fmt.Errorf("assuming role %s: %w", w.config.RoleARN, errEmptyAnswer)}
	}
	w.session = aws.Credentials{
		AccessKeyID:     aws.ToString(out.Credentials.AccessKeyId),
		SecretAccessKey: aws.ToString(out.Credentials.SecretAccessKey),
		SessionToken:    aws.ToString(out.Credentials.SessionToken),
		Source:          "AssumeRole",
	}
	return aws.ToString(out.AssumedRoleUser.Arn), nil
}

var errEmptyAnswer = errors.New("the answer lacks what was asked for")

// roleFault finds the side out of AWS's sentence where it says more than that access is denied. Within one account and
// for an organization's policies it does; across accounts it mostly does not [seen].
func roleFault(err error) *Fault {
	denied := remedy{SourceOrDestination, "AWS does not tell a trust that says no from a user without the permission; " +
		"with access to both accounts, pullpass plan shows which side differs"}
	var api smithy.APIError
	if errors.As(err, &api) {
		switch denialReason(api.ErrorMessage()) {
		case reasonIdentity:
			denied = remedy{Destination, "the user lacks the policy that lets it assume the role: pullpass apply"}
		case reasonBoundary:
			denied = remedy{Destination, "the user's permissions boundary does not allow sts:AssumeRole"}
		case reasonOrganization:
			denied = remedy{Destination, "an organization's policy forbids sts:AssumeRole; its administrators can change it"}
		case reasonResource:
			denied = remedy{Source, "the role's trust policy does not let the user in: pullpass apply on the source's side"}
		case reasonUnknown:
		}
	}
	return awsFault(err, map[string]remedy{
		codeDenied:     denied,
		codeUnknownKey: {Destination, "the key was deleted or deactivated; have a new one delivered: pullpass apply"},
		"RegionDisabledException": {Source,
			"STS is switched off for this Region in the source account: IAM console, Account settings"},
	}, remedy{SourceOrDestination, "compare the role's trust policy with what pullpass plan shows"})
}
