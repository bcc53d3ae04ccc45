// Package packages stocks the registries of EKS Anywhere Curated Packages.
//
// What it puts there is small and real: bundles that the packages controller can read, charts that Helm can install,
// images that a container runtime can pull. None of it does anything.
package packages

import (
	"context"
	"fmt"
	"time"

	"github.com/pullpass/pullpass/internal/registry"
	"github.com/pullpass/pullpass/sandbox/internal/images"
	"github.com/pullpass/pullpass/sandbox/internal/state"
)

// Seed makes a packages registry of one, and puts into it what every one of them holds, always with the same digests. A
// registry that was stocked before is stocked anew, for another version of this program may have done it; when its
// repositories were made, and what policies and tags they have, is kept.
func Seed(
	ctx context.Context, world *state.World, store *images.Store, at registry.Registry, now time.Time,
) error {
	all, err := contents()
	if err != nil {
		return err
	}
	stocked := world.AddAccount(at.Account).AddRegistry(at.Region)
	repositories := map[string]*state.Repository{}
	for _, name := range all.repositories() {
		repository := renewed(stocked.Repositories[name], now)
		repository.Account, repository.Region, repository.Name = at.Account, at.Region, name
		for _, a := range all[name] {
			if err := store.Stock(ctx, repository, a.manifest, a.blobs, a.tags, repository.Created); err != nil {
				return fmt.Errorf("stocking repository %s of %s: %w", name, at, err)
			}
		}
		repositories[name] = repository
	}
	stocked.Packages, stocked.Repositories = true, repositories
	return nil
}

// renewed returns an empty repository that is otherwise as the old one was, if there was one.
func renewed(old *state.Repository, now time.Time) *state.Repository {
	fresh := &state.Repository{Created: now, Images: map[string]*state.Image{}, ImageTags: map[string]string{}}
	if old != nil {
		fresh.Created, fresh.Policy, fresh.Tags = old.Created, old.Policy, old.Tags
	}
	return fresh
}
