package ecr_test

import (
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/ecr/types"
	"github.com/google/go-cmp/cmp"

	"github.com/pullpass/pullpass/sandbox/sandboxtest"
)

func TestGetAuthorizationToken(t *testing.T) {
	l := newLab(t)
	out := ok(l.admin.GetAuthorizationToken(t.Context(), nil))(t)
	data := out.AuthorizationData[0]
	if got := aws.ToString(data.ProxyEndpoint); got != "https://111111111111.dkr.ecr.us-west-2.amazonaws.com" {
		t.Errorf("the endpoint is %s", got)
	}
	raw := ok(base64.StdEncoding.DecodeString(aws.ToString(data.AuthorizationToken)))(t)
	if !strings.HasPrefix(string(raw), "AWS:") || len(raw) < 50 {
		t.Error("the token is not of the form AWS:<password>")
	}
	if left := time.Until(aws.ToTime(data.ExpiresAt)).Round(time.Hour); left != 12*time.Hour {
		t.Errorf("it lasts %s", left)
	}
	//lint:ignore SA1019 deprecated, and still sent by clients that pull from other accounts
	out = ok(l.admin.GetAuthorizationToken(t.Context(), &ecr.GetAuthorizationTokenInput{RegistryIds: []string{packages}}))(t)
	if got := aws.ToString(out.AuthorizationData[0].ProxyEndpoint); got != "https://346438352937.dkr.ecr.us-west-2.amazonaws.com" {
		t.Errorf("the endpoint of another registry is %s", got)
	}
}

func TestRegistryWideOperations(t *testing.T) {
	l := newLab(t)
	registry := ok(l.admin.DescribeRegistry(t.Context(), nil))(t)
	if aws.ToString(registry.RegistryId) != "111111111111" || registry.ReplicationConfiguration == nil {
		t.Errorf("got %+v", registry)
	}
	rules := ok(l.admin.DescribePullThroughCacheRules(t.Context(), nil))(t)
	if len(rules.PullThroughCacheRules) != 0 {
		t.Errorf("got %+v", rules)
	}
	_, err := l.admin.DescribePullThroughCacheRules(t.Context(), &ecr.DescribePullThroughCacheRulesInput{
		EcrRepositoryPrefixes: []string{"quay"}})
	refused(t, err, "PullThroughCacheRuleNotFoundException", "")
	_, err = l.admin.DescribePullThroughCacheRules(t.Context(), &ecr.DescribePullThroughCacheRulesInput{
		RegistryId: aws.String(packages)})
	refused(t, err, "AccessDeniedException", "")
}

func TestRepositories(t *testing.T) {
	l := newLab(t)
	made := ok(l.admin.CreateRepository(t.Context(), &ecr.CreateRepositoryInput{
		RepositoryName: aws.String("team/other"), ImageTagMutability: types.ImageTagMutabilityImmutable,
	}))(t).Repository
	type facts struct{ ARN, URI, Registry, Mutability string }
	want := facts{
		"arn:aws:ecr:us-west-2:111111111111:repository/team/other",
		"111111111111.dkr.ecr.us-west-2.amazonaws.com/team/other", "111111111111", "IMMUTABLE",
	}
	got := facts{aws.ToString(made.RepositoryArn), aws.ToString(made.RepositoryUri), aws.ToString(made.RegistryId),
		string(made.ImageTagMutability)}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("created (-want +got):\n%s", diff)
	}
	var names []string
	pages := ecr.NewDescribeRepositoriesPaginator(l.admin, &ecr.DescribeRepositoriesInput{MaxResults: aws.Int32(1)},
		func(o *ecr.DescribeRepositoriesPaginatorOptions) { o.StopOnDuplicateToken = true })
	for pages.HasMorePages() {
		page := ok(pages.NextPage(t.Context()))(t)
		for _, r := range page.Repositories {
			names = append(names, aws.ToString(r.RepositoryName))
		}
	}
	if diff := cmp.Diff([]string{"app", "team/other"}, names); diff != "" {
		t.Errorf("listed (-want +got):\n%s", diff)
	}
	one := ok(l.admin.DescribeRepositories(t.Context(), &ecr.DescribeRepositoriesInput{RepositoryNames: []string{"app"}}))(t)
	if len(one.Repositories) != 1 || one.Repositories[0].ImageTagMutability != types.ImageTagMutabilityMutable {
		t.Errorf("got %+v", one.Repositories)
	}
	tags := ok(l.admin.ListTagsForResource(t.Context(), &ecr.ListTagsForResourceInput{
		ResourceArn: one.Repositories[0].RepositoryArn}))(t).Tags
	if len(tags) != 1 || aws.ToString(tags[0].Key) != "team" || aws.ToString(tags[0].Value) != "blue" {
		t.Errorf("the tags are %v", tags)
	}
	_, err := l.admin.DeleteRepository(t.Context(), &ecr.DeleteRepositoryInput{RepositoryName: aws.String("app")})
	refused(t, err, "RepositoryNotEmptyException", "The repository with name 'app' in registry with id '111111111111' cannot "+
		"be deleted because it still contains images")
	ok(l.admin.DeleteRepository(t.Context(), &ecr.DeleteRepositoryInput{RepositoryName: aws.String("app"), Force: true}))(t)
	// What comes back under the name is empty.
	ok(l.admin.CreateRepository(t.Context(), &ecr.CreateRepositoryInput{RepositoryName: aws.String("app")}))(t)
	_, err = l.admin.GetDownloadUrlForLayer(t.Context(), &ecr.GetDownloadUrlForLayerInput{
		RepositoryName: aws.String("app"), LayerDigest: &l.layer})
	refused(t, err, "LayersNotFoundException", "")
}

func TestImages(t *testing.T) {
	l := newLab(t)
	app := aws.String("app")
	l.upload("app", "another layer")
	ok(l.admin.PutImage(t.Context(), &ecr.PutImageInput{
		RepositoryName: app, ImageManifest: aws.String(imageOf(t, "another layer")), ImageTag: aws.String("v1")}))(t)
	ok(l.admin.PutImage(t.Context(), &ecr.PutImageInput{
		RepositoryName: app, ImageManifest: aws.String(imageOf(t, "another layer")), ImageTag: aws.String("latest")}))(t)

	for status, want := range map[types.TagStatus]int{
		types.TagStatusAny: 3, types.TagStatusTagged: 2, types.TagStatusUntagged: 1,
	} {
		var ids []types.ImageIdentifier
		pages := ecr.NewListImagesPaginator(l.admin, &ecr.ListImagesInput{
			RepositoryName: app, MaxResults: aws.Int32(1), Filter: &types.ListImagesFilter{TagStatus: status}},
			func(o *ecr.ListImagesPaginatorOptions) { o.StopOnDuplicateToken = true })
		for pages.HasMorePages() {
			ids = append(ids, ok(pages.NextPage(t.Context()))(t).ImageIds...)
		}
		if len(ids) != want {
			t.Errorf("%s: %d images, want %d", status, len(ids), want)
		}
	}
	details := ok(l.admin.DescribeImages(t.Context(), &ecr.DescribeImagesInput{
		RepositoryName: app, ImageIds: []types.ImageIdentifier{{ImageTag: aws.String("latest")}}}))(t).ImageDetails
	if len(details) != 1 || aws.ToInt64(details[0].ImageSizeInBytes) != int64(len("another layer")) {
		t.Fatalf("got %+v", details)
	}
	if diff := cmp.Diff([]string{"latest", "v1"}, details[0].ImageTags); diff != "" {
		t.Errorf("tags (-want +got):\n%s", diff)
	}
	all := ok(l.admin.DescribeImages(t.Context(), &ecr.DescribeImagesInput{RepositoryName: app}))(t).ImageDetails
	if len(all) != 2 {
		t.Errorf("%d images", len(all))
	}
}

func TestBatchGetImage(t *testing.T) {
	l := newLab(t)
	zero := "sha256:" + strings.Repeat("0", 64)
	out := ok(l.admin.BatchGetImage(t.Context(), &ecr.BatchGetImageInput{
		RepositoryName: aws.String("app"), ImageIds: []types.ImageIdentifier{
			{ImageTag: aws.String("v1")}, {ImageDigest: &l.digest}, {ImageTag: aws.String("v1"), ImageDigest: &l.digest},
			{ImageTag: aws.String("v2")}, {ImageDigest: &zero}, {ImageTag: aws.String("v1"), ImageDigest: &zero},
			{ImageDigest: aws.String("md5:0")}, {},
		}}))(t)
	if len(out.Images) != 3 {
		t.Errorf("%d images", len(out.Images))
	}
	for _, image := range out.Images {
		if aws.ToString(image.ImageManifest) != imageOf(t, layerText) ||
			aws.ToString(image.ImageManifestMediaType) != "application/vnd.oci.image.manifest.v1+json" {
			t.Errorf("got %s %s", aws.ToString(image.ImageManifestMediaType), aws.ToString(image.ImageManifest))
		}
	}
	var codes []string
	for _, failure := range out.Failures {
		codes = append(codes, string(failure.FailureCode))
	}
	want := []string{"ImageNotFound", "ImageNotFound", "ImageTagDoesNotMatchDigest", "InvalidImageDigest", "MissingDigestAndTag"}
	if diff := cmp.Diff(want, codes); diff != "" {
		t.Errorf("failures (-want +got):\n%s", diff)
	}
	detail := ok(l.admin.DescribeImages(t.Context(), &ecr.DescribeImagesInput{RepositoryName: aws.String("app")}))(t)
	if detail.ImageDetails[0].LastRecordedPullTime == nil {
		t.Error("the pull was not recorded")
	}
}

func TestLayers(t *testing.T) {
	l := newLab(t)
	zero := "sha256:" + strings.Repeat("0", 64)
	out := ok(l.admin.BatchCheckLayerAvailability(t.Context(), &ecr.BatchCheckLayerAvailabilityInput{
		RepositoryName: aws.String("app"), LayerDigests: []string{l.layer, zero, "sha256:0"}}))(t)
	var got []string
	for _, layer := range out.Layers {
		got = append(got, fmt.Sprintf("%s %d", layer.LayerAvailability, aws.ToInt64(layer.LayerSize)))
	}
	for _, failure := range out.Failures {
		got = append(got, string(failure.FailureCode))
	}
	if diff := cmp.Diff([]string{"AVAILABLE 7", "UNAVAILABLE 0", "InvalidLayerDigest"}, got); diff != "" {
		t.Errorf("layers (-want +got):\n%s", diff)
	}
	address := ok(l.admin.GetDownloadUrlForLayer(t.Context(), &ecr.GetDownloadUrlForLayerInput{
		RepositoryName: aws.String("app"), LayerDigest: &l.layer}))(t)
	response := ok(http.Get(aws.ToString(address.DownloadUrl)))(t)
	content, err := io.ReadAll(response.Body)
	if err := errors.Join(err, response.Body.Close()); err != nil || string(content) != layerText {
		t.Errorf("downloaded %q, %v", content, err)
	}
}

func TestAPartBelongsWhereItFollows(t *testing.T) {
	l := newLab(t)
	app := aws.String("app")
	begun := ok(l.admin.InitiateLayerUpload(t.Context(), &ecr.InitiateLayerUploadInput{RepositoryName: app}))(t)
	part := func(first, last int64, content string) (*ecr.UploadLayerPartOutput, error) {
		return l.admin.UploadLayerPart(t.Context(), &ecr.UploadLayerPartInput{RepositoryName: app, UploadId: begun.UploadId,
			PartFirstByte: &first, PartLastByte: &last, LayerPartBlob: []byte(content)})
	}
	if out := ok(part(0, 2, "con"))(t); aws.ToInt64(out.LastByteReceived) != 2 {
		t.Errorf("got %+v", out)
	}
	_, err := part(4, 6, "gap")
	refused(t, err, "InvalidLayerPartException", "")
	_, err = part(3, 3, "too long")
	refused(t, err, "InvalidLayerPartException", "")
	ok(part(3, 6, "tent"))(t)
	_, err = l.admin.CompleteLayerUpload(t.Context(), &ecr.CompleteLayerUploadInput{
		RepositoryName: app, UploadId: begun.UploadId, LayerDigests: []string{"sha256:" + strings.Repeat("0", 64)}})
	refused(t, err, "LayerPartTooSmallException", "Layer parts must be at least 5 MiB in size.")
}

func TestReports(t *testing.T) {
	l := newLab(t)
	id := &types.ImageIdentifier{ImageTag: aws.String("v1")}
	_, err := l.admin.DescribeImageScanFindings(t.Context(), &ecr.DescribeImageScanFindingsInput{
		RepositoryName: aws.String("app"), ImageId: id})
	refused(t, err, "ScanNotFoundException", "Image scan does not exist for the image with '{imageDigest:'null', "+
		"imageTag:'v1'}' in the repository with name 'app' in the registry with id '111111111111'")
	out := ok(l.admin.DescribeImageReplicationStatus(t.Context(), &ecr.DescribeImageReplicationStatusInput{
		RepositoryName: aws.String("app"), ImageId: id}))(t)
	if aws.ToString(out.ImageId.ImageDigest) != l.digest || len(out.ReplicationStatuses) != 0 {
		t.Errorf("got %+v", out)
	}
}

// TestASubscriberReadsThePackagesRegistry asks, from the account with the subscription and from a stranger's, for all
// that AWS's page gives to those who share.
func TestASubscriberReadsThePackagesRegistry(t *testing.T) {
	l := newLab(t)
	registry, repository := aws.String(packages), aws.String(bundles)
	ids := []types.ImageIdentifier{{ImageTag: aws.String(probe)}}
	image := ok(l.admin.BatchGetImage(t.Context(), &ecr.BatchGetImageInput{
		RegistryId: registry, RepositoryName: repository, ImageIds: ids}))(t)
	if len(image.Images) != 1 {
		t.Fatalf("the bundle is not there: %v", image.Failures)
	}
	layer := ok(l.admin.DescribeImages(t.Context(), &ecr.DescribeImagesInput{
		RegistryId: registry, RepositoryName: repository, ImageIds: ids}))(t).ImageDetails[0].ImageDigest
	for operation, call := range map[string]func(*ecr.Client) error{
		"BatchGetImage": func(c *ecr.Client) error {
			_, err := c.BatchGetImage(t.Context(), &ecr.BatchGetImageInput{
				RegistryId: registry, RepositoryName: repository, ImageIds: ids})
			return err
		},
		"BatchCheckLayerAvailability": func(c *ecr.Client) error {
			_, err := c.BatchCheckLayerAvailability(t.Context(), &ecr.BatchCheckLayerAvailabilityInput{
				RegistryId: registry, RepositoryName: repository, LayerDigests: []string{*layer}})
			return err
		},
		"DescribeImages": func(c *ecr.Client) error {
			_, err := c.DescribeImages(t.Context(), &ecr.DescribeImagesInput{RegistryId: registry, RepositoryName: repository})
			return err
		},
		"ListImages": func(c *ecr.Client) error {
			_, err := c.ListImages(t.Context(), &ecr.ListImagesInput{RegistryId: registry, RepositoryName: repository})
			return err
		},
		"DescribeRepositories": func(c *ecr.Client) error {
			_, err := c.DescribeRepositories(t.Context(), &ecr.DescribeRepositoriesInput{
				RegistryId: registry, RepositoryNames: []string{bundles}})
			return err
		},
		"ListTagsForResource": func(c *ecr.Client) error {
			_, err := c.ListTagsForResource(t.Context(), &ecr.ListTagsForResourceInput{
				ResourceArn: aws.String("arn:aws:ecr:us-west-2:" + packages + ":repository/" + bundles)})
			return err
		},
		"DescribeImageReplicationStatus": func(c *ecr.Client) error {
			_, err := c.DescribeImageReplicationStatus(t.Context(), &ecr.DescribeImageReplicationStatusInput{
				RegistryId: registry, RepositoryName: repository, ImageId: &ids[0]})
			return err
		},
	} {
		t.Run(operation, func(t *testing.T) {
			if err := call(l.admin); err != nil {
				t.Errorf("the subscriber: %v", err)
			}
			err := call(l.ECR(sandboxtest.Stranger))
			refused(t, err, "AccessDeniedException", fmt.Sprintf("User: arn:aws:iam::888888888888:user/administrator is not "+
				"authorized to perform: ecr:%s on resource: arn:aws:ecr:us-west-2:%s:repository/%s", operation, packages, bundles))
		})
	}
	_, err := l.admin.DescribeImageScanFindings(t.Context(), &ecr.DescribeImageScanFindingsInput{
		RegistryId: registry, RepositoryName: repository, ImageId: &ids[0]})
	refused(t, err, "ScanNotFoundException", "")
	_, err = l.admin.GetRepositoryPolicy(t.Context(), &ecr.GetRepositoryPolicyInput{
		RegistryId: registry, RepositoryName: repository})
	refused(t, err, "AccessDeniedException", "")
	_, err = l.admin.CreateRepository(t.Context(), &ecr.CreateRepositoryInput{
		RegistryId: registry, RepositoryName: aws.String("intruder")})
	refused(t, err, "AccessDeniedException", "")
	_, err = l.ECR(sandboxtest.Stranger).ListImages(t.Context(), &ecr.ListImagesInput{
		RegistryId: registry, RepositoryName: aws.String("no/such")})
	refused(t, err, "RepositoryNotFoundException",
		"The repository with name 'no/such' does not exist in the registry with id '346438352937'")
}
