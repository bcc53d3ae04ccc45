// Package images keeps what is pushed to ECR repositories in go-containerregistry's registry.
//
// That registry stores; which repositories, images and tags there are is the state's to say. It can hold manifests in
// memory alone, so that a store with a directory keeps a copy of each as a blob, from which Restore fills the registry
// again. Its uploads are not used: they are held in memory without bound, under one lock that a slow client holds while
// it sends, and ECR's own operations upload in parts of another form. Upload holds both forms instead.
package images

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// ErrNotFound is wrapped by errors about a layer or manifest that the place does not hold.
var ErrNotFound = errors.New("not found")

// blobs is what is used of go-containerregistry's two blob handlers.
type blobs interface {
	registry.BlobHandler
	registry.BlobPutHandler
	registry.BlobDeleteHandler
}

// Store keeps manifests and layers. It is safe for concurrent use.
type Store struct {
	blobs     blobs // what was pushed
	stock     blobs // what Stock put there, in memory always
	manifests http.Handler
	dir       string // empty for a store in memory
	uploads   *uploads

	// sweep is held for reading while a blob is put, and for writing while blobs that nobody links go.
	sweep sync.RWMutex
	mu    sync.Mutex
	links map[Place]map[v1.Hash]link
}

// link says what a blob is in a place. A manifest is no layer: only as a manifest may it be read.
type link uint8

const (
	layerLink link = 1 << iota
	manifestLink
)

// Config says where a store is.
type Config struct {
	// Dir is made if it is not there; no other store may use it. Empty keeps everything in memory.
	Dir string
	// Clock tells how old an upload is; nil is the real time.
	Clock func() time.Time
}

// Open returns a store.
func Open(config Config) (*Store, error) {
	dir := config.Dir
	s := &Store{links: map[Place]map[v1.Hash]link{}, dir: dir}
	stock, pushed := registry.NewInMemoryBlobHandler(), registry.NewInMemoryBlobHandler()
	s.uploads = newUploads(config.Clock, memoryShare, newMemorySpool)
	if dir != "" {
		if err := prepare(dir); err != nil {
			return nil, fmt.Errorf("opening the image store: %w", err)
		}
		pushed = registry.NewDiskBlobHandler(dir)
		s.uploads = newUploads(config.Clock, diskShare, func() (spool, error) { return newFileSpool(dir) })
	}
	var ok [2]bool
	s.stock, ok[0] = stock.(blobs)
	s.blobs, ok[1] = pushed.(blobs)
	if ok != [2]bool{true, true} {
		return nil, fmt.Errorf("opening the image store: %T or %T cannot be written", stock, pushed)
	}
	s.manifests = registry.New(registry.WithBlobHandler(s.blobs), registry.WithReferrersSupport(true),
		registry.Logger(log.New(io.Discard, "", 0)))
	return s, nil
}

// prepare makes the directory, and clears away what a process left behind that ended while it wrote.
func prepare(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, entry := range entries {
		// "upload-" is the prefix of the disk handler's own temporary files.
		if strings.HasPrefix(entry.Name(), "upload-") || strings.HasPrefix(entry.Name(), spoolPrefix) {
			if err := os.Remove(filepath.Join(dir, entry.Name())); err != nil {
				return err
			}
		}
	}
	return nil
}

// put stores a blob, whose digest has been verified, unless it is there, and links it.
func (s *Store) put(
	ctx context.Context, in blobs, place Place, digest v1.Hash, as link, open func() (io.ReadCloser, error),
) error {
	s.sweep.RLock()
	defer s.sweep.RUnlock()
	if !holds(ctx, in, digest) {
		content, err := open()
		if err != nil {
			return fmt.Errorf("storing %s: %w", digest, err)
		}
		err = in.Put(ctx, "", digest, content)
		if err = errors.Join(err, content.Close()); err != nil {
			return fmt.Errorf("storing %s: %w", digest, err)
		}
	}
	s.link(place, digest, as)
	return nil
}

func holds(ctx context.Context, in blobs, digest v1.Hash) bool {
	content, err := in.Get(ctx, "", digest)
	if err != nil {
		return false
	}
	return content.Close() == nil
}

func (s *Store) link(place Place, digest v1.Hash, as link) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.links[place] == nil {
		s.links[place] = map[v1.Hash]link{}
	}
	s.links[place][digest] |= as
}

func (s *Store) linked(place Place, digest v1.Hash, as link) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.links[place][digest]&as != 0
}

// Drop forgets all that a place holds. Files stay until the next Restore: the state that no longer names them may not be
// on the disk yet, and a state must never name what is gone.
func (s *Store) Drop(ctx context.Context, place Place) error {
	s.uploads.remove(func(up *upload) bool { return up.place == place })
	s.sweep.Lock()
	defer s.sweep.Unlock()
	var failed []error
	for digest, as := range s.unlink(place) {
		if as&manifestLink != 0 {
			failed = append(failed, s.deleteManifest(ctx, place, digest))
		}
		if s.dir == "" && !s.linkedAnywhere(digest) && holds(ctx, s.blobs, digest) {
			failed = append(failed, s.blobs.Delete(ctx, "", digest))
		}
	}
	return errors.Join(failed...)
}

func (s *Store) unlink(place Place) map[v1.Hash]link {
	s.mu.Lock()
	defer s.mu.Unlock()
	links := s.links[place]
	delete(s.links, place)
	return links
}

func (s *Store) linkedAnywhere(digest v1.Hash) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, links := range s.links {
		if links[digest] != 0 {
			return true
		}
	}
	return false
}
