package ecr_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/ecr/types"
)

const appARN = "arn:aws:ecr:us-west-2:111111111111:repository/app"

// calls are the operations, each in a form that is good for the lab. What they take away is not there for the next.
func calls(l *lab, repository *string) map[string]func(context.Context, *ecr.Client) error {
	id := types.ImageIdentifier{ImageTag: aws.String("v1")}
	zero := "sha256:" + strings.Repeat("0", 64)
	return map[string]func(context.Context, *ecr.Client) error{
		"BatchCheckLayerAvailability": func(ctx context.Context, c *ecr.Client) error {
			_, err := c.BatchCheckLayerAvailability(ctx, &ecr.BatchCheckLayerAvailabilityInput{
				RepositoryName: repository, LayerDigests: []string{l.layer}})
			return err
		},
		"BatchGetImage": func(ctx context.Context, c *ecr.Client) error {
			_, err := c.BatchGetImage(ctx, &ecr.BatchGetImageInput{
				RepositoryName: repository, ImageIds: []types.ImageIdentifier{id}})
			return err
		},
		"CompleteLayerUpload": func(ctx context.Context, c *ecr.Client) error {
			_, err := c.CompleteLayerUpload(ctx, &ecr.CompleteLayerUploadInput{
				RepositoryName: repository, UploadId: aws.String("0"), LayerDigests: []string{zero}})
			return err
		},
		"DeleteRepository": func(ctx context.Context, c *ecr.Client) error {
			_, err := c.DeleteRepository(ctx, &ecr.DeleteRepositoryInput{RepositoryName: repository})
			return err
		},
		"DeleteRepositoryPolicy": func(ctx context.Context, c *ecr.Client) error {
			_, err := c.DeleteRepositoryPolicy(ctx, &ecr.DeleteRepositoryPolicyInput{RepositoryName: repository})
			return err
		},
		"DescribeImageReplicationStatus": func(ctx context.Context, c *ecr.Client) error {
			_, err := c.DescribeImageReplicationStatus(ctx, &ecr.DescribeImageReplicationStatusInput{
				RepositoryName: repository, ImageId: &id})
			return err
		},
		"DescribeImageScanFindings": func(ctx context.Context, c *ecr.Client) error {
			_, err := c.DescribeImageScanFindings(ctx, &ecr.DescribeImageScanFindingsInput{
				RepositoryName: repository, ImageId: &id})
			return err
		},
		"DescribeImages": func(ctx context.Context, c *ecr.Client) error {
			_, err := c.DescribeImages(ctx, &ecr.DescribeImagesInput{RepositoryName: repository})
			return err
		},
		"DescribeRepositories": func(ctx context.Context, c *ecr.Client) error {
			_, err := c.DescribeRepositories(ctx, &ecr.DescribeRepositoriesInput{RepositoryNames: []string{*repository}})
			return err
		},
		"GetDownloadUrlForLayer": func(ctx context.Context, c *ecr.Client) error {
			_, err := c.GetDownloadUrlForLayer(ctx, &ecr.GetDownloadUrlForLayerInput{
				RepositoryName: repository, LayerDigest: &l.layer})
			return err
		},
		"GetRepositoryPolicy": func(ctx context.Context, c *ecr.Client) error {
			_, err := c.GetRepositoryPolicy(ctx, &ecr.GetRepositoryPolicyInput{RepositoryName: repository})
			return err
		},
		"InitiateLayerUpload": func(ctx context.Context, c *ecr.Client) error {
			_, err := c.InitiateLayerUpload(ctx, &ecr.InitiateLayerUploadInput{RepositoryName: repository})
			return err
		},
		"ListImages": func(ctx context.Context, c *ecr.Client) error {
			_, err := c.ListImages(ctx, &ecr.ListImagesInput{RepositoryName: repository})
			return err
		},
		"ListTagsForResource": func(ctx context.Context, c *ecr.Client) error {
			_, err := c.ListTagsForResource(ctx, &ecr.ListTagsForResourceInput{
				ResourceArn: aws.String("arn:aws:ecr:us-west-2:111111111111:repository/" + *repository)})
			return err
		},
		"PutImage": func(ctx context.Context, c *ecr.Client) error {
			_, err := c.PutImage(ctx, &ecr.PutImageInput{
				RepositoryName: repository, ImageManifest: aws.String("{}"), ImageTag: aws.String("v2")})
			return err
		},
		"SetRepositoryPolicy": func(ctx context.Context, c *ecr.Client) error {
			_, err := c.SetRepositoryPolicy(ctx, &ecr.SetRepositoryPolicyInput{
				RepositoryName: repository, PolicyText: aws.String("{}")})
			return err
		},
		"UploadLayerPart": func(ctx context.Context, c *ecr.Client) error {
			_, err := c.UploadLayerPart(ctx, &ecr.UploadLayerPartInput{RepositoryName: repository, UploadId: aws.String("0"),
				PartFirstByte: aws.Int64(0), PartLastByte: aws.Int64(0), LayerPartBlob: []byte("x")})
			return err
		},
	}
}

func TestEachOperationTakesItsAction(t *testing.T) {
	l := newLab(t)
	nobody := l.user("nobody", "ecr:Nothing")
	app := aws.String("app")
	for operation, call := range calls(l, app) {
		refused(t, call(t.Context(), nobody), "AccessDeniedException", fmt.Sprintf(
			"User: arn:aws:iam::111111111111:user/nobody is not authorized to perform: ecr:%s on resource: %s because no "+
				"identity-based policy allows the ecr:%s action", operation, appARN, operation))
		if err := call(t.Context(), l.user(operation, "ecr:"+operation)); err != nil &&
			strings.Contains(err.Error(), "AccessDenied") {
			t.Errorf("%s, with its action: %v", operation, err)
		}
	}
}

func TestActionsWithoutAResource(t *testing.T) {
	l := newLab(t)
	nobody := l.user("nobody", "ecr:Nothing")
	for operation, test := range map[string]struct {
		call     func() error
		resource string
	}{
		"GetAuthorizationToken": {func() error {
			_, err := nobody.GetAuthorizationToken(t.Context(), nil)
			return err
		}, "*"},
		"DescribeRegistry": {func() error {
			_, err := nobody.DescribeRegistry(t.Context(), nil)
			return err
		}, "*"},
		"DescribePullThroughCacheRules": {func() error {
			_, err := nobody.DescribePullThroughCacheRules(t.Context(), nil)
			return err
		}, "*"},
		"DescribeRepositories": {func() error {
			_, err := nobody.DescribeRepositories(t.Context(), nil)
			return err
		}, "arn:aws:ecr:us-west-2:111111111111:repository/*"},
		"CreateRepository": {func() error {
			_, err := nobody.CreateRepository(t.Context(), &ecr.CreateRepositoryInput{RepositoryName: aws.String("new")})
			return err
		}, "arn:aws:ecr:us-west-2:111111111111:repository/new"},
	} {
		refused(t, test.call(), "AccessDeniedException", fmt.Sprintf(
			"User: arn:aws:iam::111111111111:user/nobody is not authorized to perform: ecr:%s on resource: %s because no "+
				"identity-based policy allows the ecr:%s action", operation, test.resource, operation))
	}
}

func TestARepositoryWithTagsTakesTheActionOfTagging(t *testing.T) {
	l := newLab(t)
	in := &ecr.CreateRepositoryInput{
		RepositoryName: aws.String("new"), Tags: []types.Tag{{Key: aws.String("team"), Value: aws.String("red")}},
	}
	creator := l.user("creator", "ecr:CreateRepository")
	_, err := creator.CreateRepository(t.Context(), in)
	refused(t, err, "AccessDeniedException", "User: arn:aws:iam::111111111111:user/creator is not authorized to perform: "+
		"ecr:TagResource on resource: arn:aws:ecr:us-west-2:111111111111:repository/new because no identity-based policy "+
		"allows the ecr:TagResource action")
	in.Tags = nil
	ok(creator.CreateRepository(t.Context(), in))(t)
}

func TestARepositoryThatDoesNotExist(t *testing.T) {
	l := newLab(t)
	for _, call := range calls(l, aws.String("no/such")) {
		refused(t, call(t.Context(), l.admin), "RepositoryNotFoundException",
			"The repository with name 'no/such' does not exist in the registry with id '111111111111'")
	}
}

func TestANameThatIsNone(t *testing.T) {
	l := newLab(t)
	for _, name := range []string{"../app", "App", "a//b"} {
		for operation, call := range calls(l, &name) {
			if operation == "ListTagsForResource" {
				continue // which takes an ARN
			}
			refused(t, call(t.Context(), l.admin), "InvalidParameterException", "Invalid parameter at 'repositoryName' failed to "+
				"satisfy constraint: 'must satisfy regular expression "+
				"'(?:[a-z0-9]+(?:[._-][a-z0-9]+)*/)*[a-z0-9]+(?:[._-][a-z0-9]+)*''")
		}
	}
}

func TestRefusals(t *testing.T) {
	l := newLab(t)
	ctx, app := t.Context(), aws.String("app")
	zero := "sha256:" + strings.Repeat("0", 64)
	for sentence, test := range map[string]struct {
		call func() error
		code string
	}{
		"a repository that exists": {func() error {
			_, err := l.admin.CreateRepository(ctx, &ecr.CreateRepositoryInput{RepositoryName: app})
			return err
		}, "RepositoryAlreadyExistsException"},
		"a mutability that is none": {func() error {
			_, err := l.admin.CreateRepository(ctx, &ecr.CreateRepositoryInput{
				RepositoryName: aws.String("new"), ImageTagMutability: "SOMETIMES"})
			return err
		}, "InvalidParameterException"},
		"scanning, which the sandbox does not do": {func() error {
			_, err := l.admin.CreateRepository(ctx, &ecr.CreateRepositoryInput{RepositoryName: aws.String("new"),
				ImageScanningConfiguration: &types.ImageScanningConfiguration{ScanOnPush: true}})
			return err
		}, "InvalidParameterException"},
		"a tag of AWS's": {func() error {
			_, err := l.admin.CreateRepository(ctx, &ecr.CreateRepositoryInput{RepositoryName: aws.String("new"),
				Tags: []types.Tag{{Key: aws.String("aws:x"), Value: aws.String("y")}}})
			return err
		}, "InvalidTagParameterException"},
		"two tags that no condition could tell apart": {func() error {
			_, err := l.admin.CreateRepository(ctx, &ecr.CreateRepositoryInput{RepositoryName: aws.String("new"),
				Tags: []types.Tag{{Key: aws.String("Env"), Value: aws.String("prod")}, {Key: aws.String("env"), Value: aws.String("dev")}}})
			return err
		}, "InvalidTagParameterException"},
		"tokens for more registries than ten": {func() error {
			//lint:ignore SA1019 deprecated, and what is tested
			_, err := l.admin.GetAuthorizationToken(ctx, &ecr.GetAuthorizationTokenInput{RegistryIds: slices.Repeat([]string{"111111111111"}, 11)})
			return err
		}, "InvalidParameterException"},
		"more repositories than a hundred": {func() error {
			_, err := l.admin.DescribeRepositories(ctx, &ecr.DescribeRepositoriesInput{
				RepositoryNames: slices.Repeat([]string{"app"}, 101)})
			return err
		}, "InvalidParameterException"},
		"more images than a hundred": {func() error {
			_, err := l.admin.DescribeImages(ctx, &ecr.DescribeImagesInput{RepositoryName: app,
				ImageIds: slices.Repeat([]types.ImageIdentifier{{ImageTag: aws.String("v1")}}, 101)})
			return err
		}, "InvalidParameterException"},
		"more prefixes of cached repositories than a hundred": {func() error {
			_, err := l.admin.DescribePullThroughCacheRules(ctx, &ecr.DescribePullThroughCacheRulesInput{
				EcrRepositoryPrefixes: slices.Repeat([]string{"ecr-public"}, 101)})
			return err
		}, "InvalidParameterException"},
		"a policy for an account of another partition": {func() error {
			_, err := l.admin.SetRepositoryPolicy(ctx, &ecr.SetRepositoryPolicyInput{RepositoryName: app,
				PolicyText: aws.String(strings.Replace(letStrangerIn, "arn:aws:", "arn:aws-cn:", 1))})
			return err
		}, "InvalidParameterException"},
		"a page of nothing": {func() error {
			_, err := l.admin.ListImages(ctx, &ecr.ListImagesInput{RepositoryName: app, MaxResults: aws.Int32(0)})
			return err
		}, "InvalidParameterException"},
		"a page token made up": {func() error {
			_, err := l.admin.ListImages(ctx, &ecr.ListImagesInput{RepositoryName: app, NextToken: aws.String("%")})
			return err
		}, "InvalidParameterException"},
		"a registry that is none": {func() error {
			_, err := l.admin.ListImages(ctx, &ecr.ListImagesInput{RepositoryName: app, RegistryId: aws.String("../1")})
			return err
		}, "InvalidParameterException"},
		"an image that is not there": {func() error {
			_, err := l.admin.DescribeImages(ctx, &ecr.DescribeImagesInput{
				RepositoryName: app, ImageIds: []types.ImageIdentifier{{ImageTag: aws.String("v2")}}})
			return err
		}, "ImageNotFoundException"},
		"the same image again": {func() error {
			_, err := l.admin.PutImage(ctx, &ecr.PutImageInput{
				RepositoryName: app, ImageManifest: aws.String(imageOf(t, layerText)), ImageTag: aws.String("v1")})
			return err
		}, "ImageAlreadyExistsException"},
		"an image whose layer is not there": {func() error {
			_, err := l.admin.PutImage(ctx, &ecr.PutImageInput{
				RepositoryName: app, ImageManifest: aws.String(imageOf(t, "not there"))})
			return err
		}, "LayersNotFoundException"},
		"an image of another digest": {func() error {
			_, err := l.admin.PutImage(ctx, &ecr.PutImageInput{
				RepositoryName: app, ImageManifest: aws.String(imageOf(t, layerText)), ImageDigest: &zero})
			return err
		}, "ImageDigestDoesNotMatchException"},
		"a manifest that is none": {func() error {
			_, err := l.admin.PutImage(ctx, &ecr.PutImageInput{RepositoryName: app, ImageManifest: aws.String("{}")})
			return err
		}, "InvalidParameterException"},
		"a layer that is there": {func() error {
			_, err := l.admin.CompleteLayerUpload(ctx, &ecr.CompleteLayerUploadInput{
				RepositoryName: app, UploadId: aws.String("0"), LayerDigests: []string{l.layer}})
			return err
		}, "LayerAlreadyExistsException"},
		"an upload that was never begun": {func() error {
			_, err := l.admin.CompleteLayerUpload(ctx, &ecr.CompleteLayerUploadInput{
				RepositoryName: app, UploadId: aws.String("0"), LayerDigests: []string{zero}})
			return err
		}, "UploadNotFoundException"},
		"an upload of nothing": {func() error {
			begun := ok(l.admin.InitiateLayerUpload(ctx, &ecr.InitiateLayerUploadInput{RepositoryName: app}))(t)
			_, err := l.admin.CompleteLayerUpload(ctx, &ecr.CompleteLayerUploadInput{
				RepositoryName: app, UploadId: begun.UploadId, LayerDigests: []string{zero}})
			return err
		}, "EmptyUploadException"},
		"tags of something else": {func() error {
			_, err := l.admin.ListTagsForResource(ctx, &ecr.ListTagsForResourceInput{
				ResourceArn: aws.String("arn:aws:iam::111111111111:user/administrator")})
			return err
		}, "InvalidParameterException"},
		"tags of a repository of another Region": {func() error {
			_, err := l.admin.ListTagsForResource(ctx, &ecr.ListTagsForResourceInput{
				ResourceArn: aws.String(strings.Replace(appARN, "us-west-2", "us-east-1", 1))})
			return err
		}, "InvalidParameterException"},
		"an operation that the sandbox does not know": {func() error {
			_, err := l.admin.PutLifecyclePolicy(ctx, &ecr.PutLifecyclePolicyInput{
				RepositoryName: app, LifecyclePolicyText: aws.String(strings.Repeat(" ", 100))})
			return err
		}, "UnknownOperationException"},
	} {
		t.Run(sentence, func(t *testing.T) { refused(t, test.call(), test.code, "") })
	}
}
