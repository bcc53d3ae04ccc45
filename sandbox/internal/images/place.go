package images

import (
	"errors"
	"regexp"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/pullpass/pullpass/arn"
	"github.com/pullpass/pullpass/sandbox/internal/state"
)

// Place is where a repository is: nothing that is kept under one Place is seen from another.
type Place struct {
	Account arn.AccountID
	Region  arn.Region
	Name    string
}

// PlaceOf returns the place of a repository.
func PlaceOf(r *state.Repository) Place { return Place{r.Account, r.Region, r.Name} }

// NamePattern is what ECR demands of a repository name
// (https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_CreateRepository.html). It has no room for "..", for
// an empty segment or for a character that means something in a path.
const NamePattern = `(?:[a-z0-9]+(?:[._-][a-z0-9]+)*/)*[a-z0-9]+(?:[._-][a-z0-9]+)*`

const (
	shortestName = 2
	longestName  = 256
)

var (
	namePattern = regexp.MustCompile(`^` + NamePattern + `$`)
	// tagPattern is the form of a tag in the OCI distribution specification ("Pulling manifests").
	tagPattern = regexp.MustCompile(`^[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}$`)
)

// ValidName reports whether a repository may have that name.
func ValidName(name string) bool {
	return len(name) >= shortestName && len(name) <= longestName && namePattern.MatchString(name)
}

// ValidTag reports whether an image may have that tag.
func ValidTag(tag string) bool { return tagPattern.MatchString(tag) }

// ErrDigest is wrapped by errors about a digest that is not "sha256:" and 64 hexadecimal digits in lower case, or not
// that of the content.
var ErrDigest = errors.New("wrong digest")

// ParseDigest reads a digest. Only SHA-256 is known to ECR.
func ParseDigest(s string) (v1.Hash, error) {
	digest, err := v1.NewHash(s)
	if err != nil || digest.Algorithm != "sha256" {
		return v1.Hash{}, ErrDigest
	}
	return digest, nil
}
