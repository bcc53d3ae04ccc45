package packages

import (
	"fmt"
	"maps"
	"slices"
	"sync"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/pullpass/pullpass/internal/registry"
	"github.com/pullpass/pullpass/sandbox/internal/images"
)

// software is one thing that a packages registry offers: a chart, with the images that it runs. The repositories are
// those of registry.Repositories; the repositories of the images are those of the projects. Versions are of one moment,
// and mean nothing.
type software struct {
	name       string // in the bundle
	repository string
	version    string
	images     []string // repositories
}

func offered() []software {
	return []software{
		{"eks-anywhere-packages", "eks-anywhere-packages", "0.4.17", []string{"eks-anywhere-packages", "ecr-token-refresher"}},
		{"eks-anywhere-packages-crds", "eks-anywhere-packages-crds", "0.4.17", nil},
		{"eks-anywhere-packages-migrations", "eks-anywhere-packages-migrations", "0.4.17", nil},
		{"credential-provider-package", "credential-provider-package", "0.4.17", []string{"credential-provider-package"}},
		{"hello-eks-anywhere", "hello-eks-anywhere", "0.1.2", []string{"hello-eks-anywhere"}},
		{"harbor", "harbor/harbor-helm", "2.14.0", []string{"harbor/harbor-core", "harbor/harbor-portal"}},
		{"cert-manager", "cert-manager/cert-manager", "1.18.2", []string{"cert-manager/cert-manager-controller"}},
		{"emissary", "emissary-ingress/emissary", "3.12.2", []string{"emissary-ingress/emissary"}},
		{"cluster-autoscaler", "cluster-autoscaler/charts/cluster-autoscaler", "9.46.6",
			[]string{"kubernetes/autoscaler/cluster-autoscaler"}},
		{"metrics-server", "metrics-server/charts/metrics-server", "0.8.0", []string{"kubernetes-sigs/metrics-server"}},
		{"metallb", "metallb/metallb", "0.15.2", []string{"metallb/controller", "metallb/speaker"}},
		{"prometheus", "prometheus/charts/prometheus", "3.5.0", []string{"prometheus/prometheus"}},
		{"adot", "adot/charts/aws-otel-collector", "0.45.0", []string{"aws-observability/aws-otel-collector"}},
	}
}

// artifact is a manifest with its blobs, the config first, and the tags that lead to it.
type artifact struct {
	manifest *images.Manifest
	blobs    [][]byte
	tags     []string
}

// catalog is what every packages registry holds, by repository. It is the same in every Region, made once for a process,
// and never changed.
type catalog map[string][]artifact

// contents makes the catalog.
var contents = sync.OnceValues(func() (catalog, error) {
	c := catalog{}
	var packages []bundled
	for _, s := range offered() {
		made, err := c.addSoftware(s)
		if err != nil {
			return nil, fmt.Errorf("making package %s: %w", s.name, err)
		}
		packages = append(packages, made)
	}
	for minor := oldestMinor; minor <= newestMinor; minor++ {
		if err := c.addBundle(minor, packages); err != nil {
			return nil, fmt.Errorf("making the bundle for Kubernetes 1.%d: %w", minor, err)
		}
	}
	return c, nil
})

// repositories are the names in the catalog, sorted.
func (c catalog) repositories() []string { return slices.Sorted(maps.Keys(c)) }

func (c catalog) add(repository string, a artifact) {
	// "latest" leads to what came first: the chart, where a repository holds a chart and an image.
	if repository != registry.BundleRepository && len(c[repository]) == 0 {
		a.tags = append(a.tags, "latest")
	}
	c[repository] = append(c[repository], a)
}

func (c catalog) addSoftware(s software) (bundled, error) {
	made := bundled{software: s}
	var running []artifact
	for _, repository := range s.images {
		image, err := newImage(repository, "v"+s.version)
		if err != nil {
			return bundled{}, err
		}
		running = append(running, image)
		made.digests = append(made.digests, image.manifest.Digest)
	}
	chart, err := newChart(s, made.digests)
	if err != nil {
		return bundled{}, err
	}
	made.chart = chart.manifest.Digest
	c.add(s.repository, chart)
	for i, image := range running {
		c.add(s.images[i], image)
	}
	return made, nil
}

func (c catalog) addBundle(minor int, packages []bundled) error {
	bundle, err := newBundle(minor, packages)
	if err != nil {
		return err
	}
	c.add(registry.BundleRepository, bundle)
	return nil
}

// bundled is a package as a bundle names it.
type bundled struct {
	software
	chart   v1.Hash
	digests []v1.Hash // of software.images, in that order
}
