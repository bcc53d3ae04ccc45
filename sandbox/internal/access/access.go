// Package access says which policy decides about an ECR repository.
package access

import (
	"fmt"
	"slices"
	"strconv"
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
	compiled map[compiledFrom]*state.Document
	// unbound is the policy of a repository that does not exist.
	unbound *state.Document
}

// compiledFrom is what an effective policy is made of: the repository's own, nil for none, and the subscriber that is let
// in beside it.
type compiledFrom struct {
	own        *state.Document
	subscriber arn.AccountID
}

// mostCompiled bounds what is remembered. Making one anew is cheap, so that nothing clever need decide what to drop.
const mostCompiled = 1024

// Target is what an action of a caller of that account does to the repository at a place. A repository that does not
// exist has no policy that could keep a caller of another account out: that the caller may ask is then for its own side
// alone to say, and the answer is that there is no such repository. So it must be for whoever may read everything in a
// registry, as a subscriber may; what AWS says to a stranger is neither documented nor seen.
func (r *Rules) Target(
	world *state.World, caller arn.AccountID, at images.Place, action string, now time.Time,
) (guard.Target, error) {
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
	target.Policy, err = r.Policy(world, caller, repository, now)
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

// Policy returns as much of a repository's effective policy as can concern callers of one account, nil for none: its own
// and, in a registry of packages, a statement that lets the account in if it has an open subscription in the Region at
// that instant. That other accounts are let in too is nothing to this one, and a registry may have thousands of them.
func (r *Rules) Policy(
	world *state.World, caller arn.AccountID, repository *state.Repository, now time.Time,
) (*state.Document, error) {
	if !holdsPackages(world, repository) || !subscribes(world, caller, repository.Region, now) {
		return repository.Policy, nil
	}
	from := compiledFrom{repository.Policy, caller}
	r.mu.Lock()
	defer r.mu.Unlock()
	if document, ok := r.compiled[from]; ok {
		return document, nil
	}
	document, err := merge(repository.Policy, caller)
	if err != nil {
		return nil, fmt.Errorf("making the policy of repository %s: %w", repository.Name, err)
	}
	if r.compiled == nil || len(r.compiled) >= mostCompiled {
		r.compiled = map[compiledFrom]*state.Document{}
	}
	r.compiled[from] = document
	return document, nil
}

func holdsPackages(world *state.World, repository *state.Repository) bool {
	owner, ok := world.Accounts[repository.Account]
	if !ok {
		return false
	}
	registry, ok := owner.Registries[repository.Region]
	return ok && registry.Packages
}

// subscribes reports whether an account has an open subscription in a Region.
func subscribes(world *state.World, id arn.AccountID, region arn.Region, now time.Time) bool {
	account, ok := world.Accounts[id]
	if !ok {
		return false
	}
	for _, subscription := range account.Subscriptions {
		if subscription.Region == region && subscription.Opens(now) {
			return true
		}
	}
	return false
}

// readActions are those of AWS's page "Share access to EKS Anywhere Curated Packages" that concern a repository. They
// stand in the generated statement because the page gives them to a role of the subscriber's account, which is of use
// only if the repository gives them to the account.
const readActions = `"ecr:BatchCheckLayerAvailability","ecr:BatchGetImage","ecr:DescribeImageReplicationStatus",` +
	`"ecr:DescribeImages","ecr:DescribeImageScanFindings","ecr:DescribeRepositories","ecr:GetDownloadUrlForLayer",` +
	`"ecr:ListImages","ecr:ListTagsForResource"`

// merge adds the statement that lets a subscriber in. The statement has no Sid, for the repository's own policy may have
// any, and no two of one policy may be the same.
func merge(own *state.Document, subscriber arn.AccountID) (*state.Document, error) {
	text := `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":` +
		strconv.Quote(arn.Root(subscriber).String()) + `},"Action":[` + readActions + `]}]}`
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
