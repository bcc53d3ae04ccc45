// Package access says which policy decides about an ECR repository.
package access

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/pullpass/pullpass/arn"
	"github.com/pullpass/pullpass/iampolicy"
	"github.com/pullpass/pullpass/sandbox/internal/guard"
	"github.com/pullpass/pullpass/sandbox/internal/images"
	"github.com/pullpass/pullpass/sandbox/internal/state"
)

// Rules makes the policies of repositories, and remembers what it compiled. The zero Rules is ready. It is safe for
// concurrent use.
type Rules struct {
	mu       sync.Mutex
	compiled []compiled
	// unbound is the policy of a repository that does not exist.
	unbound *state.Document
}

// compiled is an effective policy with what it was made of: the repository's own, and the accounts that are let in.
type compiled struct {
	own      *state.Document
	accounts []arn.AccountID
	document *state.Document
}

// mostCompiled bounds what is remembered: whenever a repository's policy or the set of subscribers changes there is one
// more, and the oldest is of no use.
const mostCompiled = 64

// Target is what an action does to the repository at a place. A repository that does not exist has no policy that could
// keep a caller of another account out: that the caller may ask is then for its own side alone to say, and the answer is
// that there is no such repository [seen: wrong image names in the registries of Amazon EKS].
func (r *Rules) Target(world *state.World, at images.Place, action string, now time.Time) (guard.Target, error) {
	target := guard.Target{
		Action: action, Resource: arn.Repository(at.Region, at.Account, at.Name).String(), Owner: at.Account,
	}
	repository, err := world.Repository(at.Account, at.Region, at.Name)
	if err != nil {
		// The one error is that there is none.
		target.Policy, err = r.unboundPolicy()
		return target, err
	}
	target.Tags = repository.Tags
	target.Keys = tagKeys(repository)
	target.Policy, err = r.Policy(world, repository, now)
	return target, err
}

// tagKeys are the tags of a repository under ECR's own condition key
// (https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonelasticcontainerregistry.html).
func tagKeys(repository *state.Repository) map[string][]string {
	keys := make(map[string][]string, len(repository.Tags))
	for _, tag := range repository.Tags {
		keys["ecr:ResourceTag/"+tag.Key] = []string{tag.Value}
	}
	return keys
}

// Policy returns the effective policy of a repository, nil for none: its own and, in a registry of packages, a statement
// that lets in the accounts that have an open subscription in the Region at that instant.
func (r *Rules) Policy(world *state.World, repository *state.Repository, now time.Time) (*state.Document, error) {
	accounts := subscribers(world, repository, now)
	if len(accounts) == 0 {
		return repository.Policy, nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, c := range r.compiled {
		if c.own == repository.Policy && slices.Equal(c.accounts, accounts) {
			return c.document, nil
		}
	}
	document, err := merge(repository.Policy, accounts)
	if err != nil {
		return nil, fmt.Errorf("making the policy of repository %s: %w", repository.Name, err)
	}
	if len(r.compiled) >= mostCompiled {
		r.compiled = slices.Delete(r.compiled, 0, 1)
	}
	r.compiled = append(r.compiled, compiled{repository.Policy, accounts, document})
	return document, nil
}

// subscribers are the accounts, sorted, that the registry of a repository lets in: none where it holds no packages.
func subscribers(world *state.World, repository *state.Repository, now time.Time) []arn.AccountID {
	owner, ok := world.Accounts[repository.Account]
	if !ok {
		return nil
	}
	if registry, ok := owner.Registries[repository.Region]; !ok || !registry.Packages {
		return nil
	}
	var accounts []arn.AccountID
	for id, account := range world.Accounts {
		for _, subscription := range account.Subscriptions {
			if subscription.Region == repository.Region && subscription.Opens(now) {
				accounts = append(accounts, id)
				break
			}
		}
	}
	slices.Sort(accounts)
	return accounts
}

// readActions are those of AWS's page "Share access to EKS Anywhere Curated Packages" that concern a repository. They
// stand in the generated statement because the page gives them to a role of the subscriber's account, which is of use
// only if the repository gives them to the account.
const readActions = `"ecr:BatchCheckLayerAvailability","ecr:BatchGetImage","ecr:DescribeImageReplicationStatus",` +
	`"ecr:DescribeImages","ecr:DescribeImageScanFindings","ecr:DescribeRepositories","ecr:GetDownloadUrlForLayer",` +
	`"ecr:ListImages","ecr:ListTagsForResource"`

func merge(own *state.Document, accounts []arn.AccountID) (*state.Document, error) {
	principals := make([]string, len(accounts))
	for i, account := range accounts {
		principals[i] = strconv.Quote(arn.Root(account).String())
	}
	text := `{"Version":"2012-10-17","Statement":[{"Sid":"Subscribers","Effect":"Allow","Principal":{"AWS":[` +
		strings.Join(principals, ",") + `]},"Action":[` + readActions + `]}]}`
	document, err := state.NewDocument(iampolicy.Resource, "repository policy", text)
	if err != nil || own == nil {
		return document, err
	}
	merged := *own.Parsed
	merged.Statements = slices.Concat(merged.Statements, document.Parsed.Statements)
	return state.NewDocument(iampolicy.Resource, own.Name, string(merged.JSON()))
}

func (r *Rules) unboundPolicy() (*state.Document, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.unbound != nil {
		return r.unbound, nil
	}
	// The account's own callers are named by nobody: what their own policies do not allow stays denied.
	const text = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"*"},"Action":"ecr:*",` +
		`"Condition":{"StringNotEquals":{"aws:ResourceAccount":"${aws:PrincipalAccount}"}}}]}`
	document, err := state.NewDocument(iampolicy.Resource, "no repository", text)
	if err != nil {
		return nil, fmt.Errorf("making the policy of no repository: %w", err)
	}
	r.unbound = document
	return document, nil
}
