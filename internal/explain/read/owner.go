package read

import (
	"context"
	"errors"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/smithy-go"

	"github.com/pullpass/pullpass/internal/awsid"
	"github.com/pullpass/pullpass/internal/explain"
)

// Owner asks whose an access key is: a key that was switched off has an owner too.
func (a *Account) Owner(ctx context.Context, key awsid.AccessKeyID) explain.KeyOwner {
	return a.owners.get(key, func() explain.KeyOwner {
		out, err := call(a, func(c IAM) (*iam.GetAccessKeyLastUsedOutput, error) {
			return c.GetAccessKeyLastUsed(ctx, &iam.GetAccessKeyLastUsedInput{AccessKeyId: aws.String(string(key))})
		})
		if err != nil {
			return explain.KeyOwner{None: absent(err) || isNobodys(err, key)}
		}
		return explain.KeyOwner{User: aws.ToString(out.UserName)}
	})
}

// isNobodys reports whether IAM refuses because the account has no such key: the refusal is then about the key, and else
// about the user that has it [seen].
func isNobodys(err error, key awsid.AccessKeyID) bool {
	var api smithy.APIError
	return errors.As(err, &api) && api.ErrorCode() == "AccessDenied" && strings.Contains(api.ErrorMessage(), "access key "+string(key))
}
