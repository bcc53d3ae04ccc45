package images_test

import (
	"encoding/json"
	"io"
	"strings"
	"testing"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/pullpass/pullpass/arn"
	"github.com/pullpass/pullpass/sandbox/internal/images"
	"github.com/pullpass/pullpass/sandbox/internal/state"
)

var now = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

func open(t *testing.T, dir string) *images.Store {
	t.Helper()
	store, err := images.Open(images.Config{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	return store
}

func repository(account arn.AccountID, name string) *state.Repository {
	return &state.Repository{
		Account: account, Region: "us-west-2", Name: name,
		Images: map[string]*state.Image{}, ImageTags: map[string]string{},
	}
}

// worldOf is a world with these repositories.
func worldOf(repositories ...*state.Repository) *state.World {
	world := state.NewWorld(make([]byte, 32))
	for _, r := range repositories {
		world.AddAccount(r.Account).AddRegistry(r.Region).Repositories[r.Name] = r
	}
	return world
}

func addLayer(t *testing.T, store *images.Store, place images.Place, content string) v1.Hash {
	t.Helper()
	if err := store.BeginUpload(place, content); err != nil {
		t.Fatal(err)
	}
	if _, err := store.AppendUpload(place, content, 0, strings.NewReader(content)); err != nil {
		t.Fatal(err)
	}
	digest := images.Digest([]byte(content))
	if err := store.FinishUpload(t.Context(), place, content, digest, 0); err != nil {
		t.Fatal(err)
	}
	return digest
}

func descriptor(mediaType types.MediaType, content string) v1.Descriptor {
	return v1.Descriptor{MediaType: mediaType, Size: int64(len(content)), Digest: images.Digest([]byte(content))}
}

func imageOf(t *testing.T, config string, layers ...string) *images.Manifest {
	t.Helper()
	c := descriptor(types.OCIConfigJSON, config)
	body := map[string]any{"schemaVersion": 2, "mediaType": types.OCIManifestSchema1, "config": c}
	var described []v1.Descriptor
	for _, layer := range layers {
		described = append(described, descriptor(types.OCILayer, layer))
	}
	body["layers"] = described
	return parse(t, body, types.OCIManifestSchema1)
}

func indexOf(t *testing.T, children ...*images.Manifest) *images.Manifest {
	t.Helper()
	var described []v1.Descriptor
	for _, child := range children {
		described = append(described, descriptor(child.MediaType, string(child.Content)))
	}
	return parse(t, map[string]any{
		"schemaVersion": 2, "mediaType": types.OCIImageIndex, "manifests": described,
	}, types.OCIImageIndex)
}

func parse(t *testing.T, body map[string]any, mediaType types.MediaType) *images.Manifest {
	t.Helper()
	content, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	m, err := images.ParseManifest(content, mediaType)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// push pushes an image of one layer, blobs first.
func push(t *testing.T, store *images.Store, r *state.Repository, tag, layer string) *images.Manifest {
	t.Helper()
	addLayer(t, store, images.PlaceOf(r), "{}")
	addLayer(t, store, images.PlaceOf(r), layer)
	m := imageOf(t, "{}", layer)
	if _, err := store.Push(t.Context(), r, m, tag, now); err != nil {
		t.Fatal(err)
	}
	return m
}

func read(t *testing.T, layer *images.Layer) string {
	t.Helper()
	content, err := io.ReadAll(layer)
	if err != nil {
		t.Fatal(err)
	}
	if err := layer.Close(); err != nil {
		t.Error(err)
	}
	return string(content)
}
