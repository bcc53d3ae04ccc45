// Package ecr is the API of Amazon ECR's private registries.
//
// Errors are those of the API reference (https://docs.aws.amazon.com/AmazonECR/latest/APIReference/).
package ecr

import (
	"fmt"
	"time"

	"github.com/pullpass/pullpass/arn"
	"github.com/pullpass/pullpass/sandbox/internal/access"
	"github.com/pullpass/pullpass/sandbox/internal/api"
	"github.com/pullpass/pullpass/sandbox/internal/guard"
	"github.com/pullpass/pullpass/sandbox/internal/images"
	"github.com/pullpass/pullpass/sandbox/internal/layers"
	"github.com/pullpass/pullpass/sandbox/internal/state"
	"github.com/pullpass/pullpass/sandbox/internal/wire"
)

// skew is how far a client's clock may be off [seen].
const skew = 5 * time.Minute

// service is what the handlers need beside the call.
type service struct {
	images *images.Store
	layers *layers.Store
	rules  access.Rules
}

// Service returns the service, on the images that the registries serve too.
func Service(store *images.Store, layers *layers.Store) *api.Service {
	s := &service{images: store, layers: layers}
	return api.NewService("ecr", wire.JSON11{TargetPrefix: "AmazonEC2ContainerRegistry_V20150921"}, skew,
		registryOperations(), s.repositoryOperations(), s.policyOperations(), s.imageOperations(), s.layerOperations(),
		s.uploadOperations(), s.reportOperations(), s.tagOperations())
}

// repositoryRef is how a request names a repository; an empty registry is the caller's.
type repositoryRef struct {
	RegistryID     arn.AccountID `json:"registryId"`
	RepositoryName string        `json:"repositoryName"`
}

func (r *repositoryRef) ref() *repositoryRef { return r }

// place returns where the repository is, if it exists.
func (r *repositoryRef) place(call *api.Call) (images.Place, error) {
	owner, err := ownerOf(call, r.RegistryID)
	if err != nil {
		return images.Place{}, err
	}
	if !images.ValidName(r.RepositoryName) {
		return images.Place{}, invalidName()
	}
	return images.Place{Account: owner, Region: call.Scene.Region, Name: r.RepositoryName}, nil
}

// ownerOf returns the account that a registry id means.
func ownerOf(call *api.Call, registry arn.AccountID) (arn.AccountID, error) {
	if registry == "" {
		return call.Account().ID, nil
	}
	owner, err := arn.ParseAccountID(string(registry))
	if err != nil {
		return "", invalid("registryId", "must satisfy regular expression '[0-9]{12}'")
	}
	return owner, nil
}

// locator is an input that names a repository.
type locator[In any] interface {
	*In
	ref() *repositoryRef
}

// onRepository decides on the repository that a request names, whether it exists or not.
func onRepository[In any, P locator[In]](s *service) api.Targets[In] {
	return func(call *api.Call, in *In) ([]guard.Target, error) {
		place, err := P(in).ref().place(call)
		if err != nil {
			return nil, err
		}
		target, err := s.rules.Target(call.World, call.Account().ID, place, "", call.Now())
		return []guard.Target{target}, err
	}
}

// handler acts on a repository that exists.
type handler[In, Out any] func(*api.Call, *state.Repository, *In) (*Out, error)

// read is the row of an operation that changes nothing of a repository; its images may change.
func read[In, Out any, P locator[In]](s *service, name string, handle handler[In, Out]) api.Operation {
	return api.Read(name, onRepository[In, P](s), existing[In, Out, P](handle))
}

// write is the row of an operation that changes a repository.
func write[In, Out any, P locator[In]](s *service, name string, handle handler[In, Out]) api.Operation {
	return api.Write(name, onRepository[In, P](s), existing[In, Out, P](handle))
}

func existing[In, Out any, P locator[In]](handle handler[In, Out]) func(*api.Call, *In) (*Out, error) {
	return func(call *api.Call, in *In) (*Out, error) {
		place, err := P(in).ref().place(call)
		if err != nil {
			return nil, err
		}
		repository, err := call.World.Repository(place.Account, place.Region, place.Name)
		if err != nil {
			// The one error is that there is none.
			return nil, repositoryNotFound(place)
		}
		return handle(call, repository, in)
	}
}

// invalid is ECR's error for a parameter [seen].
func invalid(parameter, constraint string, args ...any) *wire.Error {
	return wire.Errorf("InvalidParameterException", "Invalid parameter at '%s' failed to satisfy constraint: '%s'",
		parameter, fmt.Sprintf(constraint, args...))
}

// mostNames is how many repositories a request may name by their names or prefixes, in the API reference.
const mostNames = 100

// atMost refuses a list that is longer than the API reference lets it be, so that a short request makes no long answer.
func atMost(parameter string, length, most int) error {
	if length > most {
		return invalid(parameter, "Member must have length less than or equal to %d", most)
	}
	return nil
}

func invalidName() *wire.Error {
	return invalid("repositoryName", "must satisfy regular expression '%s'", images.NamePattern)
}

// repositoryNotFound has the text that the registry gives too [seen].
func repositoryNotFound(place images.Place) *wire.Error {
	return wire.Errorf("RepositoryNotFoundException",
		"The repository with name '%s' does not exist in the registry with id '%s'", place.Name, place.Account)
}
