package images_test

import (
	"errors"
	"testing"

	"github.com/pullpass/pullpass/arn"
	"github.com/pullpass/pullpass/sandbox/internal/images"
)

// inBoth runs a test on a store in memory and on one in a directory.
func inBoth(t *testing.T, test func(*testing.T, *images.Store)) {
	t.Helper()
	t.Run("in memory", func(t *testing.T) { test(t, open(t, "")) })
	t.Run("in a directory", func(t *testing.T) { test(t, open(t, t.TempDir())) })
}

func TestLayersBelongToTheirRepository(t *testing.T) {
	inBoth(t, func(t *testing.T, store *images.Store) {
		owner := images.Place{Account: "111111111111", Region: "us-west-2", Name: "team/app"}
		digest := addLayer(t, store, owner, "content")
		layer, err := store.Layer(t.Context(), owner, digest)
		if err != nil {
			t.Fatal(err)
		}
		if got := read(t, layer); got != "content" || layer.Size != 7 {
			t.Errorf("the layer is %q of %d bytes", got, layer.Size)
		}
		for sentence, place := range map[string]images.Place{
			"another account": {Account: "222222222222", Region: owner.Region, Name: owner.Name},
			"another Region":  {Account: owner.Account, Region: arn.Region("us-east-1"), Name: owner.Name},
			"another name":    {Account: owner.Account, Region: owner.Region, Name: "team/other"},
		} {
			if _, err := store.Layer(t.Context(), place, digest); !errors.Is(err, images.ErrNotFound) {
				t.Errorf("the layer is there for %s: %v", sentence, err)
			}
		}
	})
}

func TestAManifestIsNoLayer(t *testing.T) {
	inBoth(t, func(t *testing.T, store *images.Store) {
		r := repository("111111111111", "app")
		m := push(t, store, r, "v1", "layer")
		if _, err := store.Layer(t.Context(), images.PlaceOf(r), m.Digest); !errors.Is(err, images.ErrNotFound) {
			t.Errorf("the manifest is served as a layer: %v", err)
		}
		got, err := store.Manifest(t.Context(), images.PlaceOf(r), m.Digest)
		if err != nil {
			t.Fatal(err)
		}
		if string(got.Content) != string(m.Content) || got.MediaType != m.MediaType {
			t.Errorf("the manifest is %s %s", got.MediaType, got.Content)
		}
	})
}

func TestDropForgetsARepositoryAlone(t *testing.T) {
	inBoth(t, func(t *testing.T, store *images.Store) {
		dropped, kept := repository("111111111111", "dropped"), repository("111111111111", "kept")
		m := push(t, store, dropped, "v1", "of both")
		push(t, store, kept, "v1", "of both")
		own := addLayer(t, store, images.PlaceOf(dropped), "of one")
		if err := store.BeginUpload(images.PlaceOf(dropped), "upload"); err != nil {
			t.Fatal(err)
		}
		if err := store.Drop(t.Context(), images.PlaceOf(dropped)); err != nil {
			t.Fatal(err)
		}
		if _, err := store.Manifest(t.Context(), images.PlaceOf(dropped), m.Digest); !errors.Is(err, images.ErrNotFound) {
			t.Errorf("the dropped manifest: %v", err)
		}
		if _, err := store.Layer(t.Context(), images.PlaceOf(dropped), own); !errors.Is(err, images.ErrNotFound) {
			t.Errorf("the dropped layer: %v", err)
		}
		if _, err := store.UploadSize(images.PlaceOf(dropped), "upload"); !errors.Is(err, images.ErrUploadUnknown) {
			t.Errorf("the dropped upload: %v", err)
		}
		if _, err := store.Manifest(t.Context(), images.PlaceOf(kept), m.Digest); err != nil {
			t.Error(err)
		}
		if _, err := store.Layer(t.Context(), images.PlaceOf(kept), images.Digest([]byte("of both"))); err != nil {
			t.Error(err)
		}
	})
}

func TestDropGivesMemoryBack(t *testing.T) {
	store := open(t, "")
	place := images.Place{Account: "111111111111", Region: "us-west-2", Name: "app"}
	digest := addLayer(t, store, place, "content")
	if err := store.Drop(t.Context(), place); err != nil {
		t.Fatal(err)
	}
	if _, err := store.Content(t.Context(), digest); !errors.Is(err, images.ErrNotFound) {
		t.Errorf("the blob of nobody is still held: %v", err)
	}
}

func TestNamesAndTags(t *testing.T) {
	for name, want := range map[string]bool{
		"app": true, "team/app": true, "a-b_c.d/e": true, "manifests/blobs": true,
		"": false, "a": false, "App": false, "a//b": false, "../etc": false, "a/../b": false, "a/..": false, "/app": false,
		"app/": false, "a b": false, "a\x00b": false, "a%2fb": false, "a:b": false, "-app": false,
		string(make([]byte, 257)): false,
	} {
		if got := images.ValidName(name); got != want {
			t.Errorf("name %q: %t", name, got)
		}
	}
	for tag, want := range map[string]bool{
		"latest": true, "v1.2-3_4": true, "": false, ".hidden": false, "-v": false, "a/b": false, "sha256:00": false,
	} {
		if got := images.ValidTag(tag); got != want {
			t.Errorf("tag %q: %t", tag, got)
		}
	}
}
