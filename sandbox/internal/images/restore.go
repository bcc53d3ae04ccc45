package images

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/pullpass/pullpass/sandbox/internal/state"
)

// ErrDamaged is wrapped by Restore where the directory does not hold what the state names.
var ErrDamaged = errors.New("the image store is incomplete")

// Restore fills the registry with the images that a loaded world names, from the copies in the directory, and removes
// what it does not name: layers whose manifest never came, which their clients upload again, and the blobs of repositories
// that were deleted. Registries of packages are left to whoever stocks them.
func (s *Store) Restore(ctx context.Context, world *state.World) error {
	for _, account := range world.Accounts {
		for _, registry := range account.Registries {
			if registry.Packages {
				continue
			}
			for _, repository := range registry.Repositories {
				if err := s.restore(ctx, repository); err != nil {
					return fmt.Errorf("restoring repository %s of account %s: %w", repository.Name, account.ID, err)
				}
			}
		}
	}
	return s.clear()
}

// clear removes the files that nothing names.
func (s *Store) clear() error {
	if s.dir == "" {
		return nil
	}
	s.sweep.Lock()
	defer s.sweep.Unlock()
	entries, err := os.ReadDir(filepath.Join(s.dir, "sha256"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("looking for blobs that nothing names: %w", err)
	}
	for _, entry := range entries {
		digest, err := ParseDigest("sha256:" + entry.Name())
		if err != nil || s.linkedAnywhere(digest) {
			continue
		}
		if err := os.Remove(filepath.Join(s.dir, "sha256", entry.Name())); err != nil {
			return fmt.Errorf("removing a blob that nothing names: %w", err)
		}
	}
	return nil
}

// restore takes an index after the images that it names, because the registry wants those first.
func (s *Store) restore(ctx context.Context, repository *state.Repository) error {
	waiting := map[v1.Hash]*Manifest{}
	for _, image := range repository.Images {
		m, err := s.copyOf(ctx, image)
		if err != nil {
			return err
		}
		waiting[m.Digest] = m
	}
	for len(waiting) > 0 {
		before := len(waiting)
		for _, m := range waiting {
			if slices.ContainsFunc(m.Children(), func(child v1.Hash) bool { return waiting[child] != nil }) {
				continue
			}
			if err := s.restoreImage(ctx, repository, m); err != nil {
				return err
			}
			delete(waiting, m.Digest)
		}
		if len(waiting) == before {
			// A digest cannot name what names it: only a broken state file gets here.
			return fmt.Errorf("%w: indexes %v name each other", ErrDamaged, slices.Collect(maps.Keys(waiting)))
		}
	}
	return nil
}

func (s *Store) copyOf(ctx context.Context, image *state.Image) (*Manifest, error) {
	digest, err := ParseDigest(image.Digest)
	if err != nil {
		return nil, fmt.Errorf("image %q: %w", image.Digest, err)
	}
	content, err := s.Content(ctx, digest)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	b, err := io.ReadAll(io.LimitReader(content, MaxManifest+1))
	if err := errors.Join(err, content.Close()); err != nil {
		return nil, fmt.Errorf("reading manifest %s: %w", digest, err)
	}
	if err := verify(b, digest); err != nil {
		return nil, fmt.Errorf("%w: manifest %s: %w", ErrDamaged, digest, err)
	}
	return ParseManifest(b, types.MediaType(image.MediaType))
}

func (s *Store) restoreImage(ctx context.Context, repository *state.Repository, m *Manifest) error {
	place := PlaceOf(repository)
	for _, layer := range m.Layers() {
		content, err := s.Content(ctx, layer.Digest)
		if err != nil {
			return fmt.Errorf("%w: %w", ErrDamaged, err)
		}
		size := content.Size
		if err := content.Close(); err != nil {
			return fmt.Errorf("reading layer %s: %w", layer.Digest, err)
		}
		if size != layer.Size {
			return fmt.Errorf("%w: layer %s has %d bytes, not %d", ErrDamaged, layer.Digest, size, layer.Size)
		}
		s.link(place, layer.Digest, layerLink)
	}
	return s.keep(ctx, place, m)
}
