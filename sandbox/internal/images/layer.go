package images

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"

	"github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// Layer is an open layer. ReadSeekCloser is what go-containerregistry's blob handler gave, a file or a reader of bytes,
// so that io.Copy can pass it to a socket without a buffer between.
type Layer struct {
	io.ReadSeekCloser
	Size int64 // bytes
}

// Layer opens a layer that a place holds, or returns ErrNotFound.
func (s *Store) Layer(ctx context.Context, place Place, digest v1.Hash) (*Layer, error) {
	if !s.linked(place, digest, layerLink) {
		return nil, fmt.Errorf("layer %s of %s: %w", digest, place.Name, ErrNotFound)
	}
	return s.Content(ctx, digest)
}

// Content opens a blob whatever place holds it: for those who have been granted that very blob.
func (s *Store) Content(ctx context.Context, digest v1.Hash) (*Layer, error) {
	content, err := s.blobs.Get(ctx, "", digest)
	if isNotFound(err) {
		content, err = s.stock.Get(ctx, "", digest)
	}
	if isNotFound(err) {
		return nil, fmt.Errorf("blob %s: %w", digest, ErrNotFound)
	}
	if err != nil {
		return nil, fmt.Errorf("opening blob %s: %w", digest, err)
	}
	layer, err := seekable(content)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("opening blob %s: %w", digest, err), content.Close())
	}
	return layer, nil
}

// isNotFound knows the answers of both of go-containerregistry's handlers.
func isNotFound(err error) bool {
	return errors.Is(err, registry.ErrNotFound) || errors.Is(err, fs.ErrNotExist)
}

func seekable(content io.ReadCloser) (*Layer, error) {
	seeker, ok := content.(io.ReadSeekCloser)
	if !ok {
		return nil, fmt.Errorf("%T cannot seek", content)
	}
	size, err := seeker.Seek(0, io.SeekEnd)
	if err != nil {
		return nil, err
	}
	if _, err := seeker.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	return &Layer{seeker, size}, nil
}

// LayerSize returns the size in bytes of a layer that a place holds, or ErrNotFound.
func (s *Store) LayerSize(ctx context.Context, place Place, digest v1.Hash) (int64, error) {
	layer, err := s.Layer(ctx, place, digest)
	if err != nil {
		return 0, err
	}
	return layer.Size, layer.Close()
}

func verify(content []byte, want v1.Hash) error {
	if got := Digest(content); got != want {
		return fmt.Errorf("%w: the content is %s, not %s", ErrDigest, got, want)
	}
	return nil
}

// Digest returns the SHA-256 digest of a content.
func Digest(content []byte) v1.Hash {
	sum := sha256.Sum256(content)
	return v1.Hash{Algorithm: "sha256", Hex: hex.EncodeToString(sum[:])}
}

func reader(content []byte) io.ReadCloser { return io.NopCloser(bytes.NewReader(content)) }
