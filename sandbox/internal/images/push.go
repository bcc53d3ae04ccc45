package images

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/pullpass/pullpass/sandbox/internal/state"
)

// Errors of Push, beside ErrManifest.
var (
	// ErrImmutable says that the tag is there, in a repository of which the tags cannot be moved.
	ErrImmutable = errors.New("the tag cannot be moved")
	// ErrExists says that the image is there already, under that very tag.
	ErrExists = errors.New("the image is there already")
)

// MissingError says that a manifest names what its repository does not hold.
type MissingError struct {
	// Layers are blobs, Images are manifests that an index names. One of the two is empty.
	Layers, Images []v1.Hash
}

func (e *MissingError) Error() string {
	kind, digests := "layers", e.Layers
	if len(digests) == 0 {
		kind, digests = "images", e.Images
	}
	words := make([]string, len(digests))
	for i, digest := range digests {
		words[i] = digest.String()
	}
	return fmt.Sprintf("the repository lacks the %s %s", kind, strings.Join(words, ", "))
}

// Push keeps a manifest under a tag, which is empty for none, and records the image in the state, which the caller holds
// for writing. ErrExists leaves everything as it was, and is what the client wanted.
func (s *Store) Push(
	ctx context.Context, repository *state.Repository, m *Manifest, tag string, now time.Time,
) (*state.Image, error) {
	if err := s.check(ctx, repository, m, tag); err != nil {
		return nil, err
	}
	if err := s.keep(ctx, PlaceOf(repository), m); err != nil {
		return nil, err
	}
	return record(repository, m, tag, now), nil
}

// Stock puts an image into a repository together with its blobs, the config first. Nothing of it is kept in the directory,
// nor restored from there: it is for what is the same in every process, and is put there anew by each.
func (s *Store) Stock(
	ctx context.Context, repository *state.Repository, m *Manifest, blobs [][]byte, tags []string, now time.Time,
) error {
	place := PlaceOf(repository)
	for _, blob := range blobs {
		open := func() (io.ReadCloser, error) { return reader(blob), nil }
		if err := s.put(ctx, s.stock, place, Digest(blob), layerLink, open); err != nil {
			return err
		}
	}
	if err := s.complete(ctx, place, repository, m); err != nil {
		return err
	}
	if err := s.register(ctx, place, m); err != nil {
		return err
	}
	record(repository, m, "", now)
	for _, tag := range tags {
		repository.ImageTags[tag] = m.Digest.String()
	}
	return nil
}

// record puts the image into the state.
func record(repository *state.Repository, m *Manifest, tag string, now time.Time) *state.Image {
	digest := m.Digest.String()
	image := repository.Images[digest]
	if image == nil {
		image = &state.Image{
			Digest: digest, MediaType: string(m.MediaType), ArtifactType: m.artifactType(), Size: m.size(), Pushed: now,
		}
		repository.Images[digest] = image
	}
	if tag != "" {
		repository.ImageTags[tag] = digest
	}
	return image
}

func (s *Store) check(ctx context.Context, repository *state.Repository, m *Manifest, tag string) error {
	if err := s.complete(ctx, PlaceOf(repository), repository, m); err != nil {
		return err
	}
	current, tagged := repository.ImageTags[tag]
	switch {
	case tagged && repository.Immutable:
		// Also the image that has the tag is refused, as pushing clients have found
		// (https://github.com/moby/buildkit/issues/3776) [seen].
		return fmt.Errorf("%w: %s of %s", ErrImmutable, tag, repository.Name)
	case tagged && current == m.Digest.String():
		return fmt.Errorf("%w: %s of %s", ErrExists, tag, repository.Name)
	case tag == "" && repository.Images[m.Digest.String()] != nil:
		return fmt.Errorf("%w: %s of %s", ErrExists, m.Digest, repository.Name)
	}
	return nil
}

// complete checks that the repository holds all that the manifest names, each of the size that it gives.
func (s *Store) complete(ctx context.Context, place Place, repository *state.Repository, m *Manifest) error {
	var missing MissingError
	for _, layer := range m.Layers() {
		size, err := s.LayerSize(ctx, place, layer.Digest)
		switch {
		case errors.Is(err, ErrNotFound):
			missing.Layers = append(missing.Layers, layer.Digest)
		case err != nil:
			return err
		case size != layer.Size:
			return fmt.Errorf("%w: %s has %d bytes, not %d", ErrManifest, layer.Digest, size, layer.Size)
		}
	}
	for _, child := range m.Children() {
		if repository.Images[child.String()] == nil {
			missing.Images = append(missing.Images, child)
		}
	}
	if len(missing.Layers)+len(missing.Images) > 0 {
		return &missing
	}
	return nil
}

// keep puts the manifest into the registry, and where that forgets, a copy beside the layers.
func (s *Store) keep(ctx context.Context, place Place, m *Manifest) error {
	if s.dir != "" {
		open := func() (io.ReadCloser, error) { return reader(m.Content), nil }
		if err := s.put(ctx, s.blobs, place, m.Digest, manifestLink, open); err != nil {
			return err
		}
	}
	return s.register(ctx, place, m)
}

func (s *Store) register(ctx context.Context, place Place, m *Manifest) error {
	if err := s.putManifest(ctx, place, m); err != nil {
		return err
	}
	s.link(place, m.Digest, manifestLink)
	return nil
}
