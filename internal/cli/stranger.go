package cli

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/ecr/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"

	"github.com/pullpass/pullpass/arn"
	"github.com/pullpass/pullpass/internal/awsclient"
	"github.com/pullpass/pullpass/internal/registry"
	"github.com/pullpass/pullpass/internal/share"
)

// demoStranger is the account of the demo that the share does not name.
const demoStranger arn.AccountID = "888888888888"

// errLetIn says that the demo's stranger got what only the share's destinations should.
var errLetIn = errors.New("the stranger was let in")

// stranger tries both ways in with the administrator of an account that the share does not name.
func (d *demo) stranger(ctx context.Context, s *session) error {
	clients, err := s.factory.For(ctx, share.Access{Profile: string(demoStranger)}, s.desired.Registry.Region)
	if err != nil {
		return err
	}
	d.heading("A stranger, administrator of %s, tries the same", demoStranger)
	role := s.desired.Source.Roles[0].ARN()
	d.say("   the role %s", role)
	if err := d.refused(assume(ctx, clients, role), "its trust lets in only the users of its destination"); err != nil {
		return err
	}
	d.say("   the registry itself, account %s", s.desired.Registry.Account)
	return d.refused(pull(ctx, clients, s.desired.Registry), "its repositories let in only accounts with a subscription")
}

// refused says how AWS refused, and fails where it did not.
func (d *demo) refused(err error, why string) error {
	var api smithy.APIError
	if err == nil {
		return errLetIn
	}
	if !errors.As(err, &api) {
		return err
	}
	d.say("     %s: %s", api.ErrorCode(), api.ErrorMessage())
	d.say("     because %s", why)
	return nil
}

func assume(ctx context.Context, clients *awsclient.Clients, role arn.ARN) error {
	_, err := clients.STS.AssumeRole(ctx, &sts.AssumeRoleInput{
		RoleArn: aws.String(role.String()), RoleSessionName: aws.String("stranger"),
	})
	if err != nil {
		return fmt.Errorf("assuming role %s as a stranger: %w", role, err)
	}
	return nil
}

func pull(ctx context.Context, clients *awsclient.Clients, r registry.Registry) error {
	artifact := registry.Probe()
	_, err := clients.ECR.BatchGetImage(ctx, &ecr.BatchGetImageInput{
		RegistryId: aws.String(string(r.Account)), RepositoryName: aws.String(artifact.Repository),
		ImageIds: []types.ImageIdentifier{{ImageTag: aws.String(artifact.Tag)}},
	})
	if err != nil {
		return fmt.Errorf("pulling %s as a stranger: %w", artifact.Reference(r), err)
	}
	return nil
}
