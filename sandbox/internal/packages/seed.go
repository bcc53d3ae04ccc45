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

// Seed makes a packages registry of one, and puts into it what every one of them holds. The digests are always the same.
// A repository that is there already is left as it is.
func Seed(
	ctx context.Context, world *state.World, store *images.Store, at registry.Registry, now time.Time,
) error {
	all, err := contents()
	if err != nil {
		return err
	}
	stocked := world.AddAccount(at.Account).AddRegistry(at.Region)
	stocked.Packages = true
	for _, name := range all.repositories() {
		if stocked.Repositories[name] != nil {
			continue
		}
		repository := &state.Repository{
			Account: at.Account, Region: at.Region, Name: name, Created: now,
			Images: map[string]*state.Image{}, ImageTags: map[string]string{},
		}
		for _, a := range all[name] {
			if err := a.push(ctx, store, repository, now); err != nil {
				return fmt.Errorf("stocking repository %s of %s: %w", name, at, err)
			}
		}
		stocked.Repositories[name] = repository
	}
	return nil
}

func (a artifact) push(ctx context.Context, store *images.Store, repository *state.Repository, now time.Time) error {
	for i, blob := range a.manifest.Layers() {
		if err := store.AddLayer(ctx, images.PlaceOf(repository), blob.Digest, a.blobs[i]); err != nil {
			return err
		}
	}
	for _, tag := range a.tags {
		if _, err := store.Push(ctx, repository, a.manifest, tag, now); err != nil {
			return err
		}
	}
	return nil
}
