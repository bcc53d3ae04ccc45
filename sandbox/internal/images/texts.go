package images

import (
	"fmt"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// The sentences that ECR's API and its registry share.

// LackText is what ECR says of a manifest that names what the repository lacks; kind is "Layers" or "Images" [seen].
func LackText(kind string, digests []v1.Hash, place Place) string {
	words := make([]string, len(digests))
	for i, digest := range digests {
		words[i] = digest.String()
	}
	return fmt.Sprintf("%s with digests '[%s]' required for pushing image into repository with name '%s' in the registry "+
		"with id '%s' do not exist", kind, strings.Join(words, ", "), place.Name, place.Account)
}

// ImmutableText is what ECR says of a tag that cannot be moved [seen].
func ImmutableText(place Place, tag string) string {
	return fmt.Sprintf("The image tag '%s' already exists in the '%s' repository and cannot be overwritten because the "+
		"repository is immutable.", tag, place.Name)
}
