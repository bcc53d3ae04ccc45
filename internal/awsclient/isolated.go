package awsclient

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/smithy-go/logging"

	"github.com/pullpass/pullpass/internal/share"
)

// ErrNoKeys says that an isolated access names no profile, or one without keys.
var ErrNoKeys = errors.New("the access names no profile with keys")

// isolated reads the keys of a profile and nothing else. The configuration has no sources, in which the SDK's clients look
// for endpoints: config.LoadDefaultConfig always adds the environment to them, and has no option to leave it out (config
// v1.33.15, LoadDefaultConfig and WithSharedConfigProfile).
func (f *Factory) isolated(ctx context.Context, access share.Access) (aws.Config, error) {
	name := profileOf(access)
	if name == "" {
		return aws.Config{}, ErrNoKeys
	}
	profile, err := config.LoadSharedConfigProfile(ctx, name, func(o *config.LoadSharedConfigOptions) {
		o.ConfigFiles, o.CredentialsFiles = f.config.ConfigFiles, f.config.CredentialsFiles
		o.Logger = logging.Nop{}
	})
	if err != nil {
		return aws.Config{}, err
	}
	if !profile.Credentials.HasKeys() {
		return aws.Config{}, fmt.Errorf("profile %s: %w", name, ErrNoKeys)
	}
	cfg := aws.Config{
		Region:      profile.Region,
		Credentials: aws.NewCredentialsCache(credentials.StaticCredentialsProvider{Value: profile.Credentials}),
		HTTPClient:  f.buildable,
		APIOptions:  f.tracing(),
		Retryer:     func() aws.Retryer { return newPatience(f.config.Retry) },
		Logger:      logging.Nop{},
	}
	if cfg.Region == "" {
		cfg.Region = string(f.config.Region)
	}
	return cfg, nil
}
