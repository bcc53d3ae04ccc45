package ecr

import (
	"github.com/pullpass/pullpass/arn"
	"github.com/pullpass/pullpass/internal/registry"
	"github.com/pullpass/pullpass/sandbox/internal/api"
	"github.com/pullpass/pullpass/sandbox/internal/guard"
	"github.com/pullpass/pullpass/sandbox/internal/images"
	"github.com/pullpass/pullpass/sandbox/internal/state"
	"github.com/pullpass/pullpass/sandbox/internal/wire"
)

func (s *service) repositoryOperations() []api.Operation {
	return []api.Operation{
		api.Write("CreateRepository", onNewRepository, createRepository),
		api.Read("DescribeRepositories", s.onRepositories, describeRepositories),
		write(s, "DeleteRepository", s.deleteRepository),
	}
}

// repositoryShape is a Repository of the API reference.
type repositoryShape struct {
	RepositoryARN      string        `json:"repositoryArn"`
	RegistryID         arn.AccountID `json:"registryId"`
	RepositoryName     string        `json:"repositoryName"`
	RepositoryURI      string        `json:"repositoryUri"`
	CreatedAt          wire.Epoch    `json:"createdAt"`
	ImageTagMutability string        `json:"imageTagMutability"`
	// Of scanning and encryption there are the defaults alone.
	ImageScanning imageScanning `json:"imageScanningConfiguration"`
	Encryption    encryption    `json:"encryptionConfiguration"`
}

type imageScanning struct {
	ScanOnPush bool `json:"scanOnPush"`
}

type encryption struct {
	EncryptionType string `json:"encryptionType"`
}

const (
	mutable   = "MUTABLE"
	immutable = "IMMUTABLE"
	aes256    = "AES256"
)

func shapeOf(r *state.Repository) repositoryShape {
	shape := repositoryShape{
		RepositoryARN: r.ARN().String(), RegistryID: r.Account, RepositoryName: r.Name,
		RepositoryURI: registry.Registry{Account: r.Account, Region: r.Region}.Host() + "/" + r.Name,
		CreatedAt:     wire.Epoch{Time: r.Created}, ImageTagMutability: mutable, Encryption: encryption{aes256},
	}
	if r.Immutable {
		shape.ImageTagMutability = immutable
	}
	return shape
}

type createRepositoryInput struct {
	repositoryRef
	Tags               []tagShape     `json:"tags"`
	ImageTagMutability string         `json:"imageTagMutability"`
	ImageScanning      *imageScanning `json:"imageScanningConfiguration"`
	Encryption         *encryption    `json:"encryptionConfiguration"`
}

type repositoryOutput struct {
	Repository repositoryShape `json:"repository"`
}

// onNewRepository decides on a name that is free, or that is not: nobody's policy lets another account create there.
func onNewRepository(call *api.Call, in *createRepositoryInput) ([]guard.Target, error) {
	place, err := in.place(call)
	if err != nil {
		return nil, err
	}
	if err := checkTags(in.Tags); err != nil {
		return nil, err
	}
	tags := stateTags(in.Tags)
	target := guard.Target{
		Resource: arn.Repository(place.Region, place.Account, place.Name).String(), Owner: place.Account,
	}.WithRequestTags(tags)
	if len(tags) == 0 {
		return []guard.Target{target}, nil
	}
	tagging := target
	tagging.Action = "ecr:TagResource"
	return []guard.Target{target, tagging}, nil
}

func createRepository(call *api.Call, in *createRepositoryInput) (*repositoryOutput, error) {
	place, err := in.place(call)
	if err != nil {
		return nil, err
	}
	if err := in.check(); err != nil {
		return nil, err
	}
	if _, err := call.World.Repository(place.Account, place.Region, place.Name); err == nil {
		return nil, wire.Errorf("RepositoryAlreadyExistsException",
			"The repository with name '%s' already exists in the registry with id '%s'", place.Name, place.Account)
	}
	repository := &state.Repository{
		Account: place.Account, Region: place.Region, Name: place.Name, Created: call.Now(),
		Immutable: in.ImageTagMutability == immutable,
		Images:    map[string]*state.Image{}, ImageTags: map[string]string{},
	}
	for _, tag := range stateTags(in.Tags) {
		repository.Tags.Set(tag.Key, tag.Value)
	}
	call.World.AddAccount(place.Account).AddRegistry(place.Region).Repositories[place.Name] = repository
	return &repositoryOutput{shapeOf(repository)}, nil
}

// check refuses what the sandbox would have to keep a promise about.
func (in *createRepositoryInput) check() error {
	switch {
	case in.ImageTagMutability != "" && in.ImageTagMutability != mutable && in.ImageTagMutability != immutable:
		return invalid("imageTagMutability", "Member must satisfy enum value set: [%s, %s]", mutable, immutable)
	case in.ImageScanning != nil && in.ImageScanning.ScanOnPush:
		return invalid("imageScanningConfiguration", "the sandbox scans no images")
	case in.Encryption != nil && in.Encryption.EncryptionType != aes256:
		return invalid("encryptionConfiguration", "the sandbox knows no encryption but %s", aes256)
	}
	return nil
}

type describeRepositoriesInput struct {
	RegistryID      arn.AccountID `json:"registryId"`
	RepositoryNames []string      `json:"repositoryNames"`
	pageInput
}

type describeRepositoriesOutput struct {
	Repositories wire.List[repositoryShape] `json:"repositories"`
	NextToken    string                     `json:"nextToken,omitempty"`
}

// onRepositories decides on each repository that is named, or on all of the registry at once: then the resource is
// "repository/*" [seen].
func (s *service) onRepositories(call *api.Call, in *describeRepositoriesInput) ([]guard.Target, error) {
	if err := atMost("repositoryNames", len(in.RepositoryNames), mostNames); err != nil {
		return nil, err
	}
	owner, err := ownerOf(call, in.RegistryID)
	if err != nil {
		return nil, err
	}
	if len(in.RepositoryNames) == 0 {
		return []guard.Target{{Resource: arn.Repository(call.Scene.Region, owner, "*").String(), Owner: owner}}, nil
	}
	var targets []guard.Target
	for _, name := range in.RepositoryNames {
		if !images.ValidName(name) {
			return nil, invalidName()
		}
		place := images.Place{Account: owner, Region: call.Scene.Region, Name: name}
		target, err := s.rules.Target(call.World, call.Account().ID, place, "", call.Now())
		if err != nil {
			return nil, err
		}
		targets = append(targets, target)
	}
	return targets, nil
}

func describeRepositories(call *api.Call, in *describeRepositoriesInput) (*describeRepositoriesOutput, error) {
	owner, err := ownerOf(call, in.RegistryID)
	if err != nil {
		return nil, err
	}
	found, err := named(call, owner, in.RepositoryNames)
	if err != nil {
		return nil, err
	}
	page, next, err := paginate(found, func(r *state.Repository) string { return r.Name }, in.pageInput)
	if err != nil {
		return nil, err
	}
	out := &describeRepositoriesOutput{NextToken: next}
	for _, repository := range page {
		out.Repositories = append(out.Repositories, shapeOf(repository))
	}
	return out, nil
}

// named returns the repositories with these names, or all, sorted.
func named(call *api.Call, owner arn.AccountID, names []string) ([]*state.Repository, error) {
	found := map[string]*state.Repository{}
	for _, name := range names {
		repository, err := call.World.Repository(owner, call.Scene.Region, name)
		if err != nil {
			return nil, repositoryNotFound(images.Place{Account: owner, Region: call.Scene.Region, Name: name})
		}
		found[name] = repository
	}
	if len(names) > 0 {
		return state.Sorted(found), nil
	}
	if account, ok := call.World.Accounts[owner]; ok && account.Registries[call.Scene.Region] != nil {
		found = account.Registries[call.Scene.Region].Repositories
	}
	return state.Sorted(found), nil
}

type deleteRepositoryInput struct {
	repositoryRef
	Force bool `json:"force"`
}

func (s *service) deleteRepository(
	call *api.Call, repository *state.Repository, in *deleteRepositoryInput,
) (*repositoryOutput, error) {
	if len(repository.Images) > 0 && !in.Force {
		return nil, wire.Errorf("RepositoryNotEmptyException",
			"The repository with name '%s' in registry with id '%s' cannot be deleted because it still contains images",
			repository.Name, repository.Account)
	}
	if err := s.images.Drop(call.Context, images.PlaceOf(repository)); err != nil {
		return nil, err
	}
	delete(call.World.Accounts[repository.Account].Registries[repository.Region].Repositories, repository.Name)
	return &repositoryOutput{shapeOf(repository)}, nil
}
