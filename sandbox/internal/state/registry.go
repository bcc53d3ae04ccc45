package state

import (
	"time"

	"github.com/pullpass/pullpass/arn"
)

// Registry is an account's private ECR registry in one Region.
type Registry struct {
	Account arn.AccountID
	Region  arn.Region
	// Packages marks a registry of EKS Anywhere Curated Packages: its repositories let in every account with an open
	// subscription in the Region.
	Packages     bool
	Repositories map[string]*Repository
}

// AddRegistry adds the account's registry in a Region, or returns the one that is there.
func (a *Account) AddRegistry(region arn.Region) *Registry {
	if registry, ok := a.Registries[region]; ok {
		return registry
	}
	registry := &Registry{Account: a.ID, Region: region, Repositories: map[string]*Repository{}}
	a.Registries[region] = registry
	return registry
}

// Repository is an ECR repository. Its layers are kept by the registry, not here.
type Repository struct {
	Account arn.AccountID
	Region  arn.Region
	Name    string
	Created time.Time
	// Policy is the repository policy, nil for none.
	Policy    *Document
	Immutable bool // image tags cannot be moved
	// Images are by manifest digest ("sha256:…").
	Images map[string]*Image
	// ImageTags lead from an image tag to a manifest digest.
	ImageTags map[string]string
	Tags      Tags
}

// ARN returns the repository's ARN.
func (r *Repository) ARN() arn.ARN { return arn.Repository(r.Region, r.Account, r.Name) }

// Image is a manifest of a repository, with what ECR tells about it.
type Image struct {
	Digest       string
	MediaType    string
	ArtifactType string // media type of the config
	Size         int64  // bytes of the layers, compressed
	Pushed       time.Time
	LastPulled   LastUse
}
