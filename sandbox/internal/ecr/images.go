package ecr

import (
	"cmp"
	"errors"
	"slices"

	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/pullpass/pullpass/arn"
	"github.com/pullpass/pullpass/sandbox/internal/api"
	"github.com/pullpass/pullpass/sandbox/internal/images"
	"github.com/pullpass/pullpass/sandbox/internal/state"
	"github.com/pullpass/pullpass/sandbox/internal/wire"
)

func (s *service) imageOperations() []api.Operation {
	return []api.Operation{
		read(s, "ListImages", listImages),
		read(s, "DescribeImages", describeImages),
		read(s, "BatchGetImage", s.batchGetImage),
		write(s, "PutImage", s.putImage),
	}
}

type listImagesInput struct {
	repositoryRef
	Filter imageFilter `json:"filter"`
	pageInput
}

type listImagesOutput struct {
	ImageIDs  wire.List[imageID] `json:"imageIds"`
	NextToken string             `json:"nextToken,omitempty"`
}

func listImages(_ *api.Call, repository *state.Repository, in *listImagesInput) (*listImagesOutput, error) {
	if err := in.Filter.check(); err != nil {
		return nil, err
	}
	var ids []imageID
	for _, image := range state.Sorted(repository.Images) {
		tags := tagsOf(repository, image)
		if !in.Filter.passes(tags) {
			continue
		}
		if len(tags) == 0 {
			ids = append(ids, imageID{Digest: image.Digest})
		}
		for _, tag := range tags {
			ids = append(ids, imageID{Digest: image.Digest, Tag: tag})
		}
	}
	page, next, err := paginate(ids, func(id imageID) string { return id.Digest + " " + id.Tag }, in.pageInput)
	return &listImagesOutput{page, next}, err
}

type describeImagesInput struct {
	repositoryRef
	ImageIDs []imageID   `json:"imageIds"`
	Filter   imageFilter `json:"filter"`
	pageInput
}

type describeImagesOutput struct {
	ImageDetails wire.List[imageDetail] `json:"imageDetails"`
	NextToken    string                 `json:"nextToken,omitempty"`
}

type imageDetail struct {
	RegistryID           arn.AccountID `json:"registryId"`
	RepositoryName       string        `json:"repositoryName"`
	Digest               string        `json:"imageDigest"`
	Tags                 []string      `json:"imageTags,omitempty"`
	Size                 int64         `json:"imageSizeInBytes"` // of the layers, as they were pushed
	PushedAt             wire.Epoch    `json:"imagePushedAt"`
	MediaType            string        `json:"imageManifestMediaType"`
	ArtifactMediaType    string        `json:"artifactMediaType,omitempty"`
	LastRecordedPullTime *wire.Epoch   `json:"lastRecordedPullTime,omitempty"`
	Status               string        `json:"imageStatus"`
}

func describeImages(_ *api.Call, repository *state.Repository, in *describeImagesInput) (*describeImagesOutput, error) {
	if err := in.Filter.check(); err != nil {
		return nil, err
	}
	if err := atMost("imageIds", len(in.ImageIDs), mostImages); err != nil {
		return nil, err
	}
	found, err := selected(repository, in.ImageIDs)
	if err != nil {
		return nil, err
	}
	found = slices.DeleteFunc(found, func(image *state.Image) bool {
		return !in.Filter.passes(tagsOf(repository, image))
	})
	page, next, err := paginate(found, func(image *state.Image) string { return image.Digest }, in.pageInput)
	if err != nil {
		return nil, err
	}
	out := &describeImagesOutput{NextToken: next}
	for _, image := range page {
		out.ImageDetails = append(out.ImageDetails, detailOf(repository, image))
	}
	return out, nil
}

// selected returns the images that are named, or all, sorted by digest.
func selected(repository *state.Repository, ids []imageID) ([]*state.Image, error) {
	if len(ids) == 0 {
		return state.Sorted(repository.Images), nil
	}
	found := map[string]*state.Image{}
	for _, id := range ids {
		image, failure := id.find(repository)
		if failure != nil {
			return nil, imageNotFound(repository, id)
		}
		found[image.Digest] = image
	}
	return state.Sorted(found), nil
}

func detailOf(repository *state.Repository, image *state.Image) imageDetail {
	detail := imageDetail{
		RegistryID: repository.Account, RepositoryName: repository.Name, Digest: image.Digest,
		Tags: tagsOf(repository, image), Size: image.Size, PushedAt: wire.Epoch{Time: image.Pushed},
		MediaType: image.MediaType, ArtifactMediaType: image.ArtifactType, Status: active,
	}
	if use, ok := image.LastPulled.Get(); ok {
		detail.LastRecordedPullTime = &wire.Epoch{Time: use.Time}
	}
	return detail
}

type batchGetImageInput struct {
	repositoryRef
	ImageIDs []imageID `json:"imageIds"`
}

type batchGetImageOutput struct {
	Images   wire.List[imageShape]   `json:"images"`
	Failures wire.List[imageFailure] `json:"failures"`
}

type imageShape struct {
	RegistryID     arn.AccountID   `json:"registryId"`
	RepositoryName string          `json:"repositoryName"`
	ImageID        imageID         `json:"imageId"`
	Manifest       string          `json:"imageManifest"`
	MediaType      types.MediaType `json:"imageManifestMediaType"`
}

// mostImages is how many images a request may name.
const mostImages = 100

// batchGetImage returns manifests in the form in which they were pushed: the media types that a client accepts ask AWS
// to convert the oldest form, which the sandbox does not keep.
func (s *service) batchGetImage(
	call *api.Call, repository *state.Repository, in *batchGetImageInput,
) (*batchGetImageOutput, error) {
	if len(in.ImageIDs) < 1 || len(in.ImageIDs) > mostImages {
		return nil, invalid("imageIds", "Member must have length between 1 and %d", mostImages)
	}
	out := &batchGetImageOutput{}
	for _, id := range in.ImageIDs {
		image, failure := id.find(repository)
		if failure != nil {
			out.Failures = append(out.Failures, *failure)
			continue
		}
		shape, err := s.shape(call, repository, image, id.Tag)
		if err != nil {
			return nil, err
		}
		image.LastPulled.Note(state.Use{Time: call.Now(), Region: repository.Region, Service: "ecr"})
		out.Images = append(out.Images, *shape)
	}
	return out, nil
}

func (s *service) shape(
	call *api.Call, repository *state.Repository, image *state.Image, tag string,
) (*imageShape, error) {
	digest, err := images.ParseDigest(image.Digest)
	if err != nil {
		return nil, err
	}
	manifest, err := s.images.Manifest(call.Context, images.PlaceOf(repository), digest)
	if err != nil {
		return nil, err
	}
	return &imageShape{
		RegistryID: repository.Account, RepositoryName: repository.Name, ImageID: imageID{image.Digest, tag},
		Manifest: string(manifest.Content), MediaType: manifest.MediaType,
	}, nil
}

type putImageInput struct {
	repositoryRef
	Manifest  string          `json:"imageManifest"`
	MediaType types.MediaType `json:"imageManifestMediaType"`
	Tag       string          `json:"imageTag"`
	Digest    string          `json:"imageDigest"`
}

type putImageOutput struct {
	Image *imageShape `json:"image"`
}

func (s *service) putImage(call *api.Call, repository *state.Repository, in *putImageInput) (*putImageOutput, error) {
	if in.Tag != "" && !images.ValidTag(in.Tag) {
		return nil, invalid("imageTag", "must satisfy regular expression '[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}'")
	}
	manifest, err := images.ParseManifest([]byte(in.Manifest), in.MediaType)
	if err != nil {
		return nil, invalid("imageManifest", "Invalid JSON syntax") // [seen], whatever is wrong with it
	}
	if in.Digest != "" && in.Digest != manifest.Digest.String() {
		return nil, wire.Errorf("ImageDigestDoesNotMatchException",
			"The specified image digest does not match the digest that Amazon ECR calculated for the image.")
	}
	image, err := s.images.Push(call.Context, repository, manifest, in.Tag, call.Now())
	if err != nil {
		return nil, pushError(repository, manifest, in.Tag, err)
	}
	shape, err := s.shape(call, repository, image, in.Tag)
	return &putImageOutput{shape}, err
}

func pushError(repository *state.Repository, manifest *images.Manifest, tag string, err error) error {
	place := images.PlaceOf(repository)
	var missing *images.MissingError
	switch {
	case errors.As(err, &missing) && len(missing.Layers) > 0:
		return wire.Errorf("LayersNotFoundException", "%s", images.LackText("Layers", missing.Layers, place))
	case errors.As(err, &missing):
		return wire.Errorf("ReferencedImagesNotFoundException", "%s", images.LackText("Images", missing.Images, place))
	case errors.Is(err, images.ErrImmutable):
		return wire.Errorf("ImageTagAlreadyExistsException", "%s", images.ImmutableText(place, tag))
	case errors.Is(err, images.ErrExists):
		return wire.Errorf("ImageAlreadyExistsException",
			"Image with digest '%s' and tag '%s' already exists in the repository with name '%s' in registry with id '%s'",
			manifest.Digest, cmp.Or(tag, "null"), place.Name, place.Account)
	case errors.Is(err, images.ErrManifest):
		return invalid("imageManifest", "Invalid JSON syntax")
	}
	return err
}
