package images

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// go-containerregistry's registry can be reached as an HTTP handler alone: what follows are the requests to it. The name
// of a repository there begins with its account and its Region, so that registries do not mix.

// Manifest returns a manifest that a place holds, or ErrNotFound.
func (s *Store) Manifest(ctx context.Context, place Place, digest v1.Hash) (*Manifest, error) {
	reply, err := s.request(ctx, http.MethodGet, place, "manifests", digest, nil, "")
	if err != nil {
		return nil, err
	}
	return ParseManifest(reply.body.Bytes(), types.MediaType(reply.header.Get("Content-Type")))
}

func (s *Store) putManifest(ctx context.Context, place Place, m *Manifest) error {
	_, err := s.request(ctx, http.MethodPut, place, "manifests", m.Digest, m.Content, string(m.MediaType))
	return err
}

func (s *Store) deleteManifest(ctx context.Context, place Place, digest v1.Hash) error {
	_, err := s.request(ctx, http.MethodDelete, place, "manifests", digest, nil, "")
	return err
}

// Referrers returns the images of a place of which the manifest names that one as its subject, sorted by digest.
func (s *Store) Referrers(ctx context.Context, place Place, subject v1.Hash) ([]v1.Descriptor, error) {
	reply, err := s.request(ctx, http.MethodGet, place, "referrers", subject, nil, "")
	if errors.Is(err, ErrNotFound) {
		return nil, nil // the place holds no manifest at all
	}
	if err != nil {
		return nil, err
	}
	var index v1.IndexManifest
	if err := json.Unmarshal(reply.body.Bytes(), &index); err != nil {
		return nil, fmt.Errorf("reading the referrers of %s: %w", subject, err)
	}
	slices.SortFunc(index.Manifests, func(a, b v1.Descriptor) int { return strings.Compare(a.Digest.Hex, b.Digest.Hex) })
	return index.Manifests, nil
}

func (s *Store) request(
	ctx context.Context, method string, place Place, kind string, digest v1.Hash, body []byte, mediaType string,
) (*reply, error) {
	path := "/v2/" + string(place.Account) + "/" + string(place.Region) + "/" + place.Name + "/" + kind + "/" + digest.String()
	request := (&http.Request{
		Method: method, URL: &url.URL{Path: path}, Header: http.Header{"Content-Type": {mediaType}},
		Body: reader(body), ContentLength: int64(len(body)),
	}).WithContext(ctx)
	reply := &reply{header: http.Header{}}
	s.manifests.ServeHTTP(reply, request)
	switch {
	case reply.status == http.StatusNotFound:
		return nil, fmt.Errorf("%s %s of %s: %w", kind, digest, place.Name, ErrNotFound)
	case reply.status >= http.StatusBadRequest:
		return nil, fmt.Errorf("%s %s of %s: the registry answered %d: %s", kind, digest, place.Name, reply.status, &reply.body)
	}
	return reply, nil
}

// reply keeps a response.
type reply struct {
	status int
	header http.Header
	body   bytes.Buffer
}

func (r *reply) Header() http.Header { return r.header }

func (r *reply) WriteHeader(status int) { r.status = status }

func (r *reply) Write(b []byte) (int, error) { return r.body.Write(b) }
