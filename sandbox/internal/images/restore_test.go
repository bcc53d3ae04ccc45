package images_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/pullpass/pullpass/sandbox/internal/images"
	"github.com/pullpass/pullpass/sandbox/internal/state"
)

func TestADirectoryKeepsImages(t *testing.T) {
	dir := t.TempDir()
	store, r := open(t, dir), repository("111111111111", "app")
	first := push(t, store, r, "v1", "one")
	second := push(t, store, r, "v2", "two")
	index := indexOf(t, first, second)
	if _, err := store.Push(t.Context(), r, index, "both", now); err != nil {
		t.Fatal(err)
	}
	stray := addLayer(t, store, images.PlaceOf(r), "no manifest names it")

	again := open(t, dir)
	if err := again.Restore(t.Context(), worldOf(r)); err != nil {
		t.Fatal(err)
	}
	for _, m := range []*images.Manifest{first, second, index} {
		if _, err := again.Manifest(t.Context(), images.PlaceOf(r), m.Digest); err != nil {
			t.Error(err)
		}
	}
	if _, err := again.Layer(t.Context(), images.PlaceOf(r), images.Digest([]byte("one"))); err != nil {
		t.Error(err)
	}
	if _, err := again.Content(t.Context(), stray); !errors.Is(err, images.ErrNotFound) {
		t.Errorf("what nothing names is still there: %v", err)
	}
}

func TestRestoreSaysWhatIsDamaged(t *testing.T) {
	blob := func(dir, content string) string {
		return filepath.Join(dir, "sha256", images.Digest([]byte(content)).Hex)
	}
	for sentence, damage := range map[string]func(dir string, m *images.Manifest) error{
		"a manifest that is gone": func(dir string, m *images.Manifest) error {
			return os.Remove(blob(dir, string(m.Content)))
		},
		"a manifest that is torn": func(dir string, m *images.Manifest) error {
			return os.WriteFile(blob(dir, string(m.Content)), m.Content[:10], 0o600)
		},
		"a layer that is gone": func(dir string, _ *images.Manifest) error { return os.Remove(blob(dir, "layer")) },
		"a layer that is torn": func(dir string, _ *images.Manifest) error { return os.Truncate(blob(dir, "layer"), 2) },
	} {
		t.Run(sentence, func(t *testing.T) {
			dir := t.TempDir()
			r := repository("111111111111", "app")
			m := push(t, open(t, dir), r, "v1", "layer")
			if err := damage(dir, m); err != nil {
				t.Fatal(err)
			}
			if err := open(t, dir).Restore(t.Context(), worldOf(r)); !errors.Is(err, images.ErrDamaged) {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestRestoreLeavesAloneWhatNeverWasADigest(t *testing.T) {
	dir := t.TempDir()
	r := repository("111111111111", "app")
	r.Images["../../etc/passwd"] = &state.Image{Digest: "../../etc/passwd"}
	if err := open(t, dir).Restore(t.Context(), worldOf(r)); !errors.Is(err, images.ErrDigest) {
		t.Errorf("got %v", err)
	}
}

func TestOpenClearsAwayWhatWasBegun(t *testing.T) {
	dir := t.TempDir()
	store := open(t, dir)
	if err := store.BeginUpload(images.Place{Name: "app"}, "upload"); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "upload-1"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	open(t, dir)
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		t.Errorf("%s is still there", entry.Name())
	}
}

func TestWhatIsStockedIsNotKept(t *testing.T) {
	dir := t.TempDir()
	store, r := open(t, dir), repository("346438352937", "app")
	m := imageOf(t, "{}", "layer")
	err := store.Stock(t.Context(), r, m, [][]byte{[]byte("{}"), []byte("layer")}, []string{"v1", "latest"}, now)
	if err != nil {
		t.Fatal(err)
	}
	if r.ImageTags["v1"] != m.Digest.String() || r.ImageTags["latest"] != m.Digest.String() {
		t.Errorf("the tags are %v", r.ImageTags)
	}
	layer, err := store.Layer(t.Context(), images.PlaceOf(r), images.Digest([]byte("layer")))
	if err != nil {
		t.Fatal(err)
	}
	if got := read(t, layer); got != "layer" {
		t.Errorf("the layer is %q", got)
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) > 0 {
		t.Errorf("the directory holds %v, %v", entries, err)
	}
	world := worldOf(r)
	world.Accounts[r.Account].Registries[r.Region].Packages = true
	if err := open(t, dir).Restore(t.Context(), world); err != nil {
		t.Errorf("without it: %v", err)
	}
}

func TestAPushedLayerIsKeptEvenIfItWasStocked(t *testing.T) {
	dir := t.TempDir()
	store, stocked, pushed := open(t, dir), repository("346438352937", "app"), repository("111111111111", "app")
	blobs := [][]byte{[]byte("{}"), []byte("layer")}
	if err := store.Stock(t.Context(), stocked, imageOf(t, "{}", "layer"), blobs, nil, now); err != nil {
		t.Fatal(err)
	}
	push(t, store, pushed, "v1", "layer")
	if err := open(t, dir).Restore(t.Context(), worldOf(pushed)); err != nil {
		t.Error(err)
	}
}
