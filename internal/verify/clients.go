package verify

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go/middleware"
)

// awsConfig is what the SDK's clients get to know: the file's Region and the credentials given. It is written out here
// instead of loaded because loading reads AWS_* variables and the files that they name. Without ConfigSources no service
// client looks for an endpoint in them either.
func (w *walk) awsConfig(credentials aws.Credentials) aws.Config {
	var marks []func(*middleware.Stack) error
	if w.Run != "" {
		marks = append(marks, awsmiddleware.AddUserAgentKeyValue("run", w.Run))
	}
	return aws.Config{
		Region:     string(w.config.Region),
		APIOptions: marks,
		HTTPClient: w.HTTPClient,
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return credentials, nil
		}),
		Retryer: func() aws.Retryer {
			standard := retry.NewStandard(func(o *retry.StandardOptions) { o.MaxAttempts, o.MaxBackoff = w.Attempts, longestPause })
			if w.Elapse == nil {
				return standard
			}
			return elapsing{standard, w.Elapse}
		},
	}
}

// elapsing waits by a clock of the caller's: the SDK itself sleeps by the real one.
type elapsing struct {
	*retry.Standard
	elapse func(time.Duration) time.Duration
}

// RetryDelay implements aws.Retryer.
func (e elapsing) RetryDelay(attempt int, err error) (time.Duration, error) {
	delay, failed := e.Standard.RetryDelay(attempt, err)
	return e.elapse(delay), failed
}

// userCredentials are those that stand in the file.
func (w *walk) userCredentials() aws.Credentials {
	return aws.Credentials{
		AccessKeyID:     string(w.config.Key.ID),
		SecretAccessKey: w.config.Key.Secret.Reveal(),
		Source:          "the delivered file",
	}
}

func (w *walk) sts() *sts.Client { return sts.NewFromConfig(w.awsConfig(w.userCredentials())) }

func (w *walk) ecr() *ecr.Client { return ecr.NewFromConfig(w.awsConfig(w.session)) }
