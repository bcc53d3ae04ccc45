package images_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/pullpass/pullpass/sandbox/internal/images"
	"github.com/pullpass/pullpass/sandbox/internal/state"
)

func TestPushRecordsTheImage(t *testing.T) {
	store, r := open(t, ""), repository("111111111111", "app")
	first := push(t, store, r, "v1", "one")
	second := push(t, store, r, "v1", "of two")
	type record struct {
		MediaType, Config string
		Size              int64
	}
	got := map[string]record{}
	for digest, image := range r.Images {
		got[digest] = record{image.MediaType, image.ArtifactType, image.Size}
	}
	want := map[string]record{
		first.Digest.String():  {string(types.OCIManifestSchema1), string(types.OCIConfigJSON), 3},
		second.Digest.String(): {string(types.OCIManifestSchema1), string(types.OCIConfigJSON), 6},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("images (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(map[string]string{"v1": second.Digest.String()}, r.ImageTags); diff != "" {
		t.Errorf("tags (-want +got):\n%s", diff)
	}
}

func TestPushRefuses(t *testing.T) {
	for sentence, test := range map[string]struct {
		prepare func(*testing.T, *images.Store, *state.Repository) (m *images.Manifest, tag string)
		want    error
	}{
		"an image that is there under that tag": {
			func(t *testing.T, store *images.Store, r *state.Repository) (*images.Manifest, string) {
				return push(t, store, r, "v1", "layer"), "v1"
			}, images.ErrExists},
		"a digest that is there": {
			func(t *testing.T, store *images.Store, r *state.Repository) (*images.Manifest, string) {
				return push(t, store, r, "v1", "layer"), ""
			}, images.ErrExists},
		"a tag that cannot be moved": {
			func(t *testing.T, store *images.Store, r *state.Repository) (*images.Manifest, string) {
				push(t, store, r, "v1", "layer")
				addLayer(t, store, images.PlaceOf(r), "another")
				r.Immutable = true
				return imageOf(t, "{}", "another"), "v1"
			}, images.ErrImmutable},
		"a layer of another size than it says": {
			func(t *testing.T, store *images.Store, r *state.Repository) (*images.Manifest, string) {
				addLayer(t, store, images.PlaceOf(r), "{}")
				m := imageOf(t, "{}")
				content := strings.Replace(string(m.Content), `"size":2`, `"size":3`, 1)
				m, err := images.ParseManifest([]byte(content), m.MediaType)
				if err != nil {
					t.Fatal(err)
				}
				return m, "v1"
			}, images.ErrManifest},
	} {
		t.Run(sentence, func(t *testing.T) {
			store, r := open(t, ""), repository("111111111111", "app")
			m, tag := test.prepare(t, store, r)
			before := len(r.Images)
			if _, err := store.Push(t.Context(), r, m, tag, now); !errors.Is(err, test.want) {
				t.Errorf("got %v, want %v", err, test.want)
			}
			if len(r.Images) != before {
				t.Error("the refused image was recorded")
			}
		})
	}
}

func TestPushNamesWhatIsMissing(t *testing.T) {
	store, r := open(t, ""), repository("111111111111", "app")
	addLayer(t, store, images.Place{Account: r.Account, Region: r.Region, Name: "another"}, "layer")
	var missing *images.MissingError
	_, err := store.Push(t.Context(), r, imageOf(t, "{}", "layer"), "v1", now)
	if !errors.As(err, &missing) || len(missing.Layers) != 2 {
		t.Errorf("an image without its blobs: %v", err)
	}
	child := imageOf(t, "{}", "layer")
	_, err = store.Push(t.Context(), r, indexOf(t, child), "v1", now)
	if !errors.As(err, &missing) || len(missing.Images) != 1 || missing.Images[0] != child.Digest {
		t.Errorf("an index without its image: %v", err)
	}
}

func TestReferrers(t *testing.T) {
	store, r := open(t, ""), repository("111111111111", "app")
	place := images.PlaceOf(r)
	subject := push(t, store, r, "v1", "layer")
	if found, err := store.Referrers(t.Context(), place, subject.Digest); err != nil || len(found) != 0 {
		t.Errorf("before: %v, %v", found, err)
	}
	signature := parse(t, map[string]any{
		"schemaVersion": 2, "mediaType": types.OCIManifestSchema1, "config": descriptor("application/x-signature", "{}"),
		"layers": []any{}, "subject": descriptor(subject.MediaType, string(subject.Content)),
	}, types.OCIManifestSchema1)
	if _, err := store.Push(t.Context(), r, signature, "", now); err != nil {
		t.Fatal(err)
	}
	found, err := store.Referrers(t.Context(), place, subject.Digest)
	if err != nil {
		t.Fatal(err)
	}
	if len(found) != 1 || found[0].Digest != signature.Digest || found[0].ArtifactType != "application/x-signature" {
		t.Errorf("got %v", found)
	}
}

func TestParseManifestRefuses(t *testing.T) {
	for sentence, test := range map[string]struct {
		content   string
		mediaType types.MediaType
	}{
		"what is no JSON":                       {`{`, types.OCIManifestSchema1},
		"schema 1":                              {`{"schemaVersion":1,"name":"app"}`, types.DockerManifestSchema1Signed},
		"no media type at all":                  {`{"schemaVersion":2}`, ""},
		"two media types":                       {`{"schemaVersion":2,"mediaType":"` + string(types.OCIImageIndex) + `"}`, types.OCIManifestSchema1},
		"an image without a config":             {`{"schemaVersion":2,"layers":[]}`, types.OCIManifestSchema1},
		"an image with a config without digest": {`{"schemaVersion":2,"config":{}}`, types.OCIManifestSchema1},
		"an index with layers":                  {`{"schemaVersion":2,"config":{}}`, types.OCIImageIndex},
		"a digest that leads out of the store": {
			`{"schemaVersion":2,"config":{"digest":"sha256:../../etc/passwd"}}`, types.OCIManifestSchema1},
		"more than ECR takes": {strings.Repeat(" ", images.MaxManifest+1), types.OCIManifestSchema1},
	} {
		if _, err := images.ParseManifest([]byte(test.content), test.mediaType); !errors.Is(err, images.ErrManifest) {
			t.Errorf("%s: %v", sentence, err)
		}
	}
}

// FuzzParseManifest holds that a manifest which is taken can be taken again, and names digests alone.
func FuzzParseManifest(f *testing.F) {
	f.Add([]byte(`{"schemaVersion":2,"config":{"digest":"sha256:`+strings.Repeat("a", 64)+`"}}`), string(types.OCIManifestSchema1))
	f.Add([]byte(`{"schemaVersion":2,"manifests":[]}`), string(types.OCIImageIndex))
	f.Fuzz(func(t *testing.T, content []byte, mediaType string) {
		m, err := images.ParseManifest(content, types.MediaType(mediaType))
		if err != nil {
			return
		}
		again, err := images.ParseManifest(m.Content, m.MediaType)
		if err != nil || again.Digest != m.Digest {
			t.Fatalf("the second time: %v, %v", again, err)
		}
		for _, layer := range m.Layers() {
			if _, err := images.ParseDigest(layer.Digest.String()); err != nil && layer.Digest.Algorithm == "sha256" {
				t.Fatalf("layer %q", layer.Digest)
			}
		}
	})
}
