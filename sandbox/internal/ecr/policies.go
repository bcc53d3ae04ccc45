package ecr

import (
	"github.com/pullpass/pullpass/arn"
	"github.com/pullpass/pullpass/iampolicy"
	"github.com/pullpass/pullpass/internal/awsid"
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

// parsePolicy reads a repository policy. It takes no Resource, because the repository is the resource [seen], and stores
// users and roles as their unique ids, as policies of every service do.
func parsePolicy(world *state.World, repository *state.Repository, text string) (*state.Document, error) {
	if len(text) > longestPolicy {
		return nil, invalid("PolicyText", "Member must have length less than or equal to %d", longestPolicy)
	}
	document, err := state.NewDocument(iampolicy.Resource, repository.ARN().String(), text)
	if err != nil {
		return nil, invalid("PolicyText", "Invalid repository policy provided")
	}
	var unknown bool
	mapped := map[string]string{}
	document.Parsed.MapPrincipals(func(principal string) string {
		stored, ok := storedPrincipal(world, principal)
		unknown = unknown || !ok
		mapped[principal] = stored
		return stored
	})
	if unknown {
		return nil, invalid("PolicyText", "Principal not found") // [seen]
	}
	for _, statement := range document.Parsed.Statements {
		if statement.Resource != nil || statement.NotResource != nil {
			return nil, invalid("PolicyText", "Invalid repository policy provided")
		}
	}
	for principal, stored := range mapped {
		if principal != stored {
			return document.MapPrincipals(func(principal string) string { return mapped[principal] })
		}
	}
	return document, nil
}

// storedPrincipal returns the form in which a policy keeps a principal, or false for a user, role or account that does
// not exist.
func storedPrincipal(world *state.World, principal string) (string, bool) {
	if principal == "*" {
		return principal, true
	}
	if account, err := arn.ParseAccountID(principal); err == nil {
		return arn.Root(account).String(), world.Accounts[account] != nil
	}
	name, err := arn.Parse(principal)
	if err != nil {
		_, exists := world.PrincipalARN(awsid.UniqueID(principal))
		return principal, exists
	}
	switch name.Kind() {
	case "user", "role":
		id, exists := world.PrincipalID(name)
		return string(id), exists
	case "root":
		return principal, world.Accounts[name.Account] != nil
	}
	return principal, true
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

// shownPolicy returns the policy with the ARNs of users and roles in the place of their ids, as long as they exist.
func shownPolicy(world *state.World, repository *state.Repository) *policyOutput {
	text, named := repository.Policy.Text, false
	mapped := repository.Policy.Parsed.MapPrincipals(func(principal string) string {
		name, exists := world.PrincipalARN(awsid.UniqueID(principal))
		if !exists {
			return principal
		}
		named = true
		return name.String()
	})
	if named {
		text = string(mapped.JSON())
	}
	return &policyOutput{RegistryID: repository.Account, RepositoryName: repository.Name, PolicyText: text}
}

func policyNotFound(repository *state.Repository) *wire.Error {
	return wire.Errorf("RepositoryPolicyNotFoundException",
		"Repository policy does not exist for the repository with name '%s' in the registry with id '%s'",
		repository.Name, repository.Account)
}
