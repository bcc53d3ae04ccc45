package registry

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
)

// An Artifact is one tagged manifest of a registry.
type Artifact struct {
	Repository string
	Tag        string
}

// ErrNoArtifact says that a text does not name an artifact.
var ErrNoArtifact = errors.New("want REPOSITORY:TAG, such as hello-eks-anywhere:latest")

// Shapes of names: those of the OCI Distribution Specification 1.1, "Pulling manifests", with ECR's bounds on the length of
// a repository's name (CreateRepository, Amazon ECR API Reference).
var (
	repositoryShape = regexp.MustCompile(`^[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*(/[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*)*$`)
	tagShape        = regexp.MustCompile(`^[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}$`)
)

const (
	minRepositoryName = 2
	maxRepositoryName = 256
)

// ParseArtifact reads repository:tag, without the registry's host and without a digest. The error is an ErrNoArtifact.
func ParseArtifact(s string) (Artifact, error) {
	repository, tag, found := strings.Cut(s, ":")
	host, _, inside := strings.Cut(repository, "/")
	switch {
	case !found:
		return Artifact{}, ErrNoArtifact
	case inside && strings.HasSuffix(host, ".amazonaws.com"):
		return Artifact{}, fmt.Errorf("%w, without the registry's host", ErrNoArtifact)
	case strings.Contains(s, "@"):
		return Artifact{}, fmt.Errorf("%w, not a digest", ErrNoArtifact)
	case len(repository) < minRepositoryName || len(repository) > maxRepositoryName || !repositoryShape.MatchString(repository):
		return Artifact{}, fmt.Errorf("%w; %q is no name of a repository", ErrNoArtifact, repository)
	case !tagShape.MatchString(tag):
		return Artifact{}, fmt.Errorf("%w; %q is no tag", ErrNoArtifact, tag)
	}
	return Artifact{Repository: repository, Tag: tag}, nil
}

// String returns repository:tag.
func (a Artifact) String() string { return a.Repository + ":" + a.Tag }

// Reference returns the artifact's full name in a registry: host/repository:tag.
func (a Artifact) Reference(r Registry) string { return r.Host() + "/" + a.String() }
