package ecr

import (
	"encoding/base64"
	"time"

	"github.com/pullpass/pullpass/arn"
	"github.com/pullpass/pullpass/internal/registry"
	"github.com/pullpass/pullpass/sandbox/internal/api"
	"github.com/pullpass/pullpass/sandbox/internal/guard"
	"github.com/pullpass/pullpass/sandbox/internal/token"
	"github.com/pullpass/pullpass/sandbox/internal/wire"
)

// tokenLifetime is how long a registry token is good, whatever becomes of the session that asked for it
// (https://docs.aws.amazon.com/AmazonECR/latest/userguide/registry_auth.html).
const tokenLifetime = 12 * time.Hour

// mostRegistries is how many registries a request may name
// (https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_GetAuthorizationToken.html).
const mostRegistries = 10

// registryOperations are about a registry as a whole.
func registryOperations() []api.Operation {
	return []api.Operation{
		api.Read("GetAuthorizationToken", api.OnEverything, getAuthorizationToken),
		api.Read("DescribeRegistry", api.OnEverything, describeRegistry),
		api.Read("DescribePullThroughCacheRules", onRegistry, describePullThroughCacheRules),
	}
}

type getAuthorizationTokenInput struct {
	RegistryIDs []arn.AccountID `json:"registryIds"`
}

type getAuthorizationTokenOutput struct {
	AuthorizationData wire.List[authorizationData] `json:"authorizationData"`
}

type authorizationData struct {
	AuthorizationToken string     `json:"authorizationToken"`
	ExpiresAt          wire.Epoch `json:"expiresAt"`
	ProxyEndpoint      string     `json:"proxyEndpoint"`
}

// getAuthorizationToken gives one token, once for each registry that was asked for: it is good for any registry that the
// principal may read, so that asking for one grants nothing.
func getAuthorizationToken(call *api.Call, in *getAuthorizationTokenInput) (*getAuthorizationTokenOutput, error) {
	if err := atMost("registryIds", len(in.RegistryIDs), mostRegistries); err != nil {
		return nil, err
	}
	if len(in.RegistryIDs) == 0 {
		in.RegistryIDs = []arn.AccountID{call.Account().ID}
	}
	expires := call.Now().Add(tokenLifetime)
	password, err := token.Seal(call.Sealer, token.Registry{
		Region: call.Scene.Region, Expires: expires, KeyID: call.Caller.KeyID, Session: call.Caller.Session,
	})
	if err != nil {
		return nil, err
	}
	out := &getAuthorizationTokenOutput{}
	for _, id := range in.RegistryIDs {
		account, err := ownerOf(call, id)
		if err != nil {
			return nil, err
		}
		out.AuthorizationData = append(out.AuthorizationData, authorizationData{
			AuthorizationToken: base64.StdEncoding.EncodeToString([]byte("AWS:" + password)),
			ExpiresAt:          wire.Epoch{Time: expires},
			ProxyEndpoint:      "https://" + registry.Registry{Account: account, Region: call.Scene.Region}.Host(),
		})
	}
	return out, nil
}

type describeRegistryOutput struct {
	RegistryID               arn.AccountID `json:"registryId"`
	ReplicationConfiguration struct {
		Rules wire.List[struct{}] `json:"rules"`
	} `json:"replicationConfiguration"`
}

// describeRegistry answers for a registry that replicates nothing: nobody can ask it to.
func describeRegistry(call *api.Call, _ *struct{}) (*describeRegistryOutput, error) {
	return &describeRegistryOutput{RegistryID: call.Account().ID}, nil
}

type describePullThroughCacheRulesInput struct {
	RegistryID            arn.AccountID `json:"registryId"`
	EcrRepositoryPrefixes []string      `json:"ecrRepositoryPrefixes"`
}

type describePullThroughCacheRulesOutput struct {
	PullThroughCacheRules wire.List[struct{}] `json:"pullThroughCacheRules"`
}

// onRegistry decides on a registry: the actions know no resource, but no other account's registry lets anybody in.
func onRegistry(call *api.Call, in *describePullThroughCacheRulesInput) ([]guard.Target, error) {
	if err := atMost("ecrRepositoryPrefixes", len(in.EcrRepositoryPrefixes), mostNames); err != nil {
		return nil, err
	}
	owner, err := ownerOf(call, in.RegistryID)
	return []guard.Target{{Owner: owner}}, err
}

// describePullThroughCacheRules answers for a registry that caches nothing: nobody can ask it to.
func describePullThroughCacheRules(
	call *api.Call, in *describePullThroughCacheRulesInput,
) (*describePullThroughCacheRulesOutput, error) {
	if len(in.EcrRepositoryPrefixes) > 0 {
		return nil, wire.Errorf("PullThroughCacheRuleNotFoundException",
			"No pull through cache rule found for the repository prefix '%s' in the registry with id '%s'",
			in.EcrRepositoryPrefixes[0], call.Account().ID)
	}
	return &describePullThroughCacheRulesOutput{}, nil
}
