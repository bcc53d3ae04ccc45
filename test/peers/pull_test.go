package peers

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
)

// The bundle that the packages controller of a Kubernetes 1.31 cluster asks for.
const (
	bundleRepository = "eks-anywhere-packages-bundles"
	bundleTag        = "v1-31-latest"
	bundleName       = bundleRepository + ":" + bundleTag
)

// aPackage is the package whose chart and image are pulled, by the digests that the bundle gives.
const aPackage = "hello-eks-anywhere"

// address is where crane finds a registry, by its real host name.
func (s *scene) address(t *testing.T, host string) string {
	t.Helper()
	if s.way == realNames {
		return host
	}
	address, ok := strings.CutPrefix(s.cloud.ready.Registries[host], "http://")
	if !ok {
		t.Fatalf("the sandbox gives no URL for %s: %v", host, s.cloud.ready.Registries)
	}
	return address
}

// login is `aws ecr get-login-password | crane auth login`, the password taken with the config file alone.
func (s *scene) login(t *testing.T, configFile, host string) {
	t.Helper()
	password := s.holder(t, configFile, "ecr", "get-login-password").succeeded(t).text()
	s.puller(t, password, "auth", "login", "--username", "AWS", "--password-stdin", s.address(t, host)).succeeded(t)
}

// describe asks ECR itself for the digest of the bundle, with the config file alone.
func (s *scene) describe(t *testing.T, configFile, registry string) outcome {
	t.Helper()
	return s.holder(t, configFile, "ecr", "describe-images", "--registry-id", registry,
		"--repository-name", bundleRepository, "--image-ids", "imageTag="+bundleTag, "--query", "imageDetails[0].imageDigest")
}

// A manifest is as much of an OCI image manifest as leads to the layers.
type manifest struct {
	Layers []struct {
		Digest string `json:"digest"`
		Size   int64  `json:"size"`
	} `json:"layers"`
}

// pull pulls an artifact and holds what came against the manifest that the registry shows: the manifest's own digest, then
// each layer's digest and size. It returns the layers.
func (s *scene) pull(t *testing.T, host, artifact string) [][]byte {
	t.Helper()
	name := s.address(t, host) + "/" + artifact
	shown := s.puller(t, "", "manifest", name).succeeded(t).stdout
	if _, digest, ok := strings.Cut(artifact, "@"); ok {
		same(t, digestOf(shown), digest)
	}
	var m manifest
	if err := json.Unmarshal(shown, &m); err != nil {
		t.Fatalf("the manifest of %s: %v", name, err)
	}
	if len(m.Layers) == 0 {
		t.Fatalf("the manifest of %s has no layers: %s", name, shown)
	}
	layout := filepath.Join(t.TempDir(), "layout")
	s.puller(t, "", "pull", "--format", "oci", name, layout).succeeded(t)
	var layers [][]byte
	for _, layer := range m.Layers {
		pulled := readFile(t, filepath.Join(layout, "blobs", "sha256", strings.TrimPrefix(layer.Digest, "sha256:")))
		same(t, digestOf(pulled), layer.Digest)
		same(t, fmt.Sprint(len(pulled), " bytes"), fmt.Sprint(layer.Size, " bytes"))
		layers = append(layers, pulled)
	}
	return layers
}

func digestOf(content []byte) string {
	sum := sha256.Sum256(content)
	return "sha256:" + hex.EncodeToString(sum[:])
}

// A bundle is as much of a PackageBundle as leads to one version of each package.
type bundle struct {
	Spec struct {
		Packages []struct {
			Name   string `yaml:"name"`
			Source struct {
				Repository string `yaml:"repository"`
				Versions   []struct {
					Digest string `yaml:"digest"`
					Images []struct {
						Repository string `yaml:"repository"`
						Digest     string `yaml:"digest"`
					} `yaml:"images"`
				} `yaml:"versions"`
			} `yaml:"source"`
		} `yaml:"packages"`
	} `yaml:"spec"`
}

// find returns a package's chart and image, each as repository@digest.
func (b bundle) find(t *testing.T, name string) (chart, image string) {
	t.Helper()
	for _, p := range b.Spec.Packages {
		if p.Name != name || len(p.Source.Versions) == 0 || len(p.Source.Versions[0].Images) == 0 {
			continue
		}
		version := p.Source.Versions[0]
		return p.Source.Repository + "@" + version.Digest, version.Images[0].Repository + "@" + version.Images[0].Digest
	}
	t.Fatalf("the bundle has no package %s with a chart and an image", name)
	return "", ""
}

// pullPackages pulls as the packages controller does: the bundle by its tag, then what the bundle names by digest.
func (s *scene) pullPackages(t *testing.T, host string) {
	var chart, image string
	s.check(t, s.crane, "pull the bundle", func(t *testing.T) string {
		layers := s.pull(t, host, bundleName)
		var b bundle
		if err := yaml.Unmarshal(layers[0], &b); err != nil {
			t.Fatalf("the bundle: %v", err)
		}
		chart, image = b.find(t, aPackage)
		return layerCount(layers)
	})
	s.check(t, s.crane, "pull a chart that the bundle names", func(t *testing.T) string {
		return layerCount(s.pull(t, host, chart))
	})
	s.check(t, s.crane, "pull an image that the bundle names", func(t *testing.T) string {
		return layerCount(s.pull(t, host, image))
	})
}

func layerCount(layers [][]byte) string {
	return fmt.Sprintf("pulled, %d of %[1]d layers proven", len(layers))
}
