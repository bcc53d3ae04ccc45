package packages_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/ecdsa"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/google/go-cmp/cmp"
	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/pullpass/pullpass/internal/registry"
	"github.com/pullpass/pullpass/sandbox/internal/images"
	"github.com/pullpass/pullpass/sandbox/internal/packages"
	"github.com/pullpass/pullpass/sandbox/internal/state"
)

var (
	now = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	at  = registry.Registry{Account: "346438352937", Region: "us-west-2"}
)

func seed(t testing.TB, dir string, at registry.Registry) (*images.Store, map[string]*state.Repository) {
	t.Helper()
	store, err := images.Open(images.Config{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	world := state.NewWorld(make([]byte, 32))
	if err := packages.Seed(t.Context(), world, store, at, now); err != nil {
		t.Fatal(err)
	}
	stocked := world.Accounts[at.Account].Registries[at.Region]
	if !stocked.Packages {
		t.Error("the registry is not one of packages")
	}
	return store, stocked.Repositories
}

// TestDigestsNeverChange compares every tag with testdata/digests.txt: a digest that changes breaks whoever pinned it.
func TestDigestsNeverChange(t *testing.T) {
	_, repositories := seed(t, "", at)
	var got strings.Builder
	for _, repository := range state.Sorted(repositories) {
		for _, tag := range slices.Sorted(keys(repository.ImageTags)) {
			fmt.Fprintf(&got, "%s:%s %s\n", repository.Name, tag, repository.ImageTags[tag])
		}
	}
	golden := filepath.Join("testdata", "digests.txt")
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got.String()); diff != "" {
		t.Errorf("digests (-want +got):\n%s", diff)
	}
}

func keys(m map[string]string) func(func(string) bool) {
	return func(yield func(string) bool) {
		for key := range m {
			if !yield(key) {
				return
			}
		}
	}
}

func TestEveryRegistryHoldsTheKnownRepositories(t *testing.T) {
	_, repositories := seed(t, "", at)
	for _, name := range registry.Repositories() {
		repository := repositories[name]
		if repository == nil || len(repository.Images) == 0 {
			t.Errorf("%s is not there", name)
			continue
		}
		if _, ok := repository.ImageTags["latest"]; ok == (name == registry.BundleRepository) {
			t.Errorf("%s:latest is there: %t", name, ok)
		}
	}
	if probe := registry.Probe(); repositories[probe.Repository].ImageTags[probe.Tag] == "" {
		t.Errorf("%s, which verify pulls, is not there", probe)
	}
}

func TestSeedingAgainChangesNothing(t *testing.T) {
	store, err := images.Open(images.Config{})
	if err != nil {
		t.Fatal(err)
	}
	world := state.NewWorld(make([]byte, 32))
	for _, at := range []registry.Registry{at, at, {Account: "331113665574", Region: "us-east-1"}} {
		if err := packages.Seed(t.Context(), world, store, at, now); err != nil {
			t.Fatal(err)
		}
	}
	one := world.Accounts["346438352937"].Registries["us-west-2"].Repositories
	other := world.Accounts["331113665574"].Registries["us-east-1"].Repositories
	if len(one) != len(other) {
		t.Errorf("%d and %d repositories", len(one), len(other))
	}
}

// bundle is as much of a PackageBundle as is checked here.
type bundle struct {
	Kind     string
	Metadata struct {
		Name        string
		Annotations map[string]string
	}
	Spec struct {
		Packages []struct {
			Name   string
			Source struct {
				Repository string
				Versions   []struct {
					Name, Digest string
					Images       []struct{ Repository, Digest string }
				}
			}
		}
	}
}

func TestABundleNamesWhatIsThere(t *testing.T) {
	store, repositories := seed(t, "", at)
	for minor := 27; minor <= 35; minor++ {
		text := layerOf(t, store, repositories, registry.Bundle(1, minor))
		var b bundle
		if err := yaml.Unmarshal(text, &b); err != nil {
			t.Fatal(err)
		}
		if want := fmt.Sprintf("v1-%d-101", minor); b.Kind != "PackageBundle" || b.Metadata.Name != want {
			t.Errorf("%s %s, want %s", b.Kind, b.Metadata.Name, want)
		}
		for _, p := range b.Spec.Packages {
			version := p.Source.Versions[0]
			if repositories[p.Source.Repository].ImageTags[version.Name] != version.Digest {
				t.Errorf("package %s: no chart %s:%s at %s", p.Name, p.Source.Repository, version.Name, version.Digest)
			}
			for _, image := range version.Images {
				if repositories[image.Repository].Images[image.Digest] == nil {
					t.Errorf("package %s: no image %s at %s", p.Name, image.Repository, image.Digest)
				}
			}
		}
		if len(b.Spec.Packages) != 13 {
			t.Errorf("%d packages", len(b.Spec.Packages))
		}
		verifySignature(t, string(text), b.Metadata.Annotations["eksa.aws.com/signature"])
	}
}

// verifySignature checks what the packages controller checks: that it takes a signature for good was tried with its own
// pkg/signature at v0.4.17, for which these replacements stand.
func verifySignature(t *testing.T, text, signature string) {
	t.Helper()
	key, err := packages.PublicKey()
	if err != nil {
		t.Fatal(err)
	}
	signed := regexp.MustCompile(`annotations:\n.*\n`).ReplaceAllString(text, "annotations: {}\n")
	signed = strings.Replace(signed, "  minControllerVersion: v0.4.4\n", "", 1)
	raw, err := base64.StdEncoding.DecodeString(signature)
	if err != nil {
		t.Fatal(err)
	}
	digest := sha256.Sum256([]byte(signed))
	if !ecdsa.VerifyASN1(key, digest[:], raw) {
		t.Error("the signature does not match")
	}
}

func TestChartsAreArchivesThatHelmReads(t *testing.T) {
	store, repositories := seed(t, "", at)
	text := layerOf(t, store, repositories, registry.Artifact{Repository: "harbor/harbor-helm", Tag: "2.14.0"})
	compressed, err := gzip.NewReader(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]string{}
	for r := tar.NewReader(compressed); ; {
		header, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		files[header.Name] = string(content)
	}
	var chart struct{ APIVersion, Name, Version string }
	if err := yaml.Unmarshal([]byte(files["harbor-helm/Chart.yaml"]), &chart); err != nil {
		t.Fatal(err)
	}
	if chart.APIVersion != "" && chart.APIVersion != "v2" || chart.Name != "harbor-helm" || chart.Version != "2.14.0" {
		t.Errorf("Chart.yaml is %+v", chart)
	}
	core := repositories["harbor/harbor-core"].ImageTags["v2.14.0"]
	if !strings.Contains(files["harbor-helm/templates/harbor-core.yaml"], "/harbor/harbor-core@"+core) {
		t.Errorf("the Deployment runs another image:\n%s", files["harbor-helm/templates/harbor-core.yaml"])
	}
}

// layerOf returns layer 0 of an artifact.
func layerOf(
	t *testing.T, store *images.Store, repositories map[string]*state.Repository, a registry.Artifact,
) []byte {
	t.Helper()
	repository := repositories[a.Repository]
	digest, err := v1.NewHash(repository.ImageTags[a.Tag])
	if err != nil {
		t.Fatalf("%s: %v", a, err)
	}
	manifest, err := store.Manifest(t.Context(), images.PlaceOf(repository), digest)
	if err != nil {
		t.Fatal(err)
	}
	layer, err := store.Layer(t.Context(), images.PlaceOf(repository), manifest.Layers()[1].Digest)
	if err != nil {
		t.Fatal(err)
	}
	content, err := io.ReadAll(layer)
	if err := errors.Join(err, layer.Close()); err != nil {
		t.Fatal(err)
	}
	return content
}

// BenchmarkSeed measures one Region, once the content is made; ready within 100 ms leaves room for 20 ms of it.
func BenchmarkSeed(b *testing.B) {
	for name, dir := range map[string]func() string{"memory": func() string { return "" }, "directory": b.TempDir} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				seed(b, dir(), at)
			}
		})
	}
}
