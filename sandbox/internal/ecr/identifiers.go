package ecr

import (
	"cmp"
	"slices"

	"github.com/pullpass/pullpass/sandbox/internal/images"
	"github.com/pullpass/pullpass/sandbox/internal/state"
	"github.com/pullpass/pullpass/sandbox/internal/wire"
)

// imageID names an image by digest, by tag, or by both.
type imageID struct {
	Digest string `json:"imageDigest,omitempty"`
	Tag    string `json:"imageTag,omitempty"`
}

type imageFailure struct {
	ImageID imageID `json:"imageId"`
	Code    string  `json:"failureCode"`
	Reason  string  `json:"failureReason"`
}

// find returns the image, or why there is none. The reasons are [seen], but for that of a tag that leads elsewhere.
func (id imageID) find(repository *state.Repository) (*state.Image, *imageFailure) {
	fail := func(code, reason string) (*state.Image, *imageFailure) { return nil, &imageFailure{id, code, reason} }
	if id.Digest == "" && id.Tag == "" {
		return fail("MissingDigestAndTag", "Invalid request parameters: both tag and digest cannot be null")
	}
	if id.Digest != "" {
		if _, err := images.ParseDigest(id.Digest); err != nil {
			return fail("InvalidImageDigest",
				"Invalid request parameters: image digest should satisfy the regex '[a-zA-Z0-9-_+.]+:[a-fA-F0-9]+'")
		}
	}
	digest := id.Digest
	if id.Tag != "" {
		tagged, ok := repository.ImageTags[id.Tag]
		switch {
		case !ok:
			return fail("ImageNotFound", "Requested image not found")
		case digest != "" && digest != tagged:
			return fail("ImageTagDoesNotMatchDigest", "The image tag does not lead to the image digest")
		}
		digest = tagged
	}
	image, ok := repository.Images[digest]
	if !ok {
		return fail("ImageNotFound", "Requested image not found")
	}
	return image, nil
}

func imageNotFound(repository *state.Repository, id imageID) *wire.Error {
	return wire.Errorf("ImageNotFoundException", "The image with imageId {imageDigest:'%s', imageTag:'%s'} does not exist "+
		"within the repository with name '%s' in the registry with id '%s'",
		cmp.Or(id.Digest, "null"), cmp.Or(id.Tag, "null"), repository.Name, repository.Account)
}

// tagsOf returns the tags that lead to an image, sorted.
func tagsOf(repository *state.Repository, image *state.Image) []string {
	var tags []string
	for tag, digest := range repository.ImageTags {
		if digest == image.Digest {
			tags = append(tags, tag)
		}
	}
	slices.Sort(tags)
	return tags
}

// active is the status of every image: the sandbox archives none.
const active = "ACTIVE"

// imageFilter narrows a list of images.
type imageFilter struct {
	TagStatus   string `json:"tagStatus"`
	ImageStatus string `json:"imageStatus"`
}

func (f imageFilter) check() error {
	if !slices.Contains([]string{"", "TAGGED", "UNTAGGED", "ANY"}, f.TagStatus) {
		return invalid("filter.tagStatus", "Member must satisfy enum value set: [TAGGED, UNTAGGED, ANY]")
	}
	if !slices.Contains([]string{"", active, "ARCHIVED", "ACTIVATING", "ANY"}, f.ImageStatus) {
		return invalid("filter.imageStatus", "Member must satisfy enum value set: [ACTIVE, ARCHIVED, ACTIVATING, ANY]")
	}
	return nil
}

// passes reports whether an image with these tags is on the list.
func (f imageFilter) passes(tags []string) bool {
	if f.ImageStatus == "ARCHIVED" || f.ImageStatus == "ACTIVATING" {
		return false
	}
	switch f.TagStatus {
	case "TAGGED":
		return len(tags) > 0
	case "UNTAGGED":
		return len(tags) == 0
	}
	return true
}
