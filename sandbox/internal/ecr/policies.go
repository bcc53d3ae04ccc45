package ecr

import (
	"errors"

	"github.com/pullpass/pullpass/arn"
	"github.com/pullpass/pullpass/iampolicy"
	"github.com/pullpass/pullpass/sandbox/internal/api"
	"github.com/pullpass/pullpass/sandbox/internal/state"
	"github.com/pullpass/pullpass/sandbox/internal/wire"
)

func (s *service) policyOperations() []api.Operation {
	return []api.Operation{
		write(s, "SetRepositoryPolicy", setRepositoryPolicy),
		read(s, "GetRepositoryPolicy", getRepositoryPolicy),
		write(s, "DeleteRepositoryPolicy", deleteRepositoryPolicy),
	}
}

type repositoryInput struct{ repositoryRef }

type setRepositoryPolicyInput struct {
	repositoryRef
	PolicyText string `json:"policyText"`
}

type policyOutput struct {
	RegistryID     arn.AccountID `json:"registryId"`
	RepositoryName string        `json:"repositoryName"`
	PolicyText     string        `json:"policyText"`
}

// longestPolicy is the length of a policy text in characters
// (https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_SetRepositoryPolicy.html).
const longestPolicy = 10240

func setRepositoryPolicy(
	call *api.Call, repository *state.Repository, in *setRepositoryPolicyInput,
) (*policyOutput, error) {
	document, err := parsePolicy(call.World, repository, in.PolicyText)
	if err != nil {
		return nil, err
	}
	repository.Policy = document
	return shownPolicy(call.World, repository), nil
}

// parsePolicy reads a repository policy. It takes no Resource, because the repository is the resource [seen].
func parsePolicy(world *state.World, repository *state.Repository, text string) (*state.Document, error) {
	if len(text) > longestPolicy {
		return nil, invalid("PolicyText", "Member must have length less than or equal to %d", longestPolicy)
	}
	document, err := state.NewDocument(iampolicy.Resource, repository.ARN().String(), text)
	if err != nil {
		return nil, invalid("PolicyText", "Invalid repository policy provided")
	}
	for _, statement := range document.Parsed.Statements {
		if statement.Resource != nil || statement.NotResource != nil {
			return nil, invalid("PolicyText", "Invalid repository policy provided")
		}
	}
	stored, err := world.Stored(document)
	var unknown *state.UnknownPrincipalError
	if errors.As(err, &unknown) {
		return nil, invalid("PolicyText", "Principal not found") // [seen]
	}
	return stored, err
}

func getRepositoryPolicy(call *api.Call, repository *state.Repository, _ *repositoryInput) (*policyOutput, error) {
	if repository.Policy == nil {
		return nil, policyNotFound(repository)
	}
	return shownPolicy(call.World, repository), nil
}

func deleteRepositoryPolicy(call *api.Call, repository *state.Repository, _ *repositoryInput) (*policyOutput, error) {
	if repository.Policy == nil {
		return nil, policyNotFound(repository)
	}
	out := shownPolicy(call.World, repository)
	repository.Policy = nil
	return out, nil
}

func shownPolicy(world *state.World, repository *state.Repository) *policyOutput {
	return &policyOutput{
		RegistryID: repository.Account, RepositoryName: repository.Name, PolicyText: world.Shown(repository.Policy),
	}
}

func policyNotFound(repository *state.Repository) *wire.Error {
	return wire.Errorf("RepositoryPolicyNotFoundException",
		"Repository policy does not exist for the repository with name '%s' in the registry with id '%s'",
		repository.Name, repository.Account)
}
