package verify

import (
	"context"
	"fmt"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"
)

// proveManifest reads the artifact's manifest. An index of several platforms is followed to one of its images.
func (w *walk) proveManifest(ctx context.Context) (string, error) {
	reference := w.in.Artifact.Reference(w.in.Registry)
	ref, err := name.ParseReference(reference, name.StrictValidation)
	if err != nil {
		return "", &Fault{Side: Cluster, Hint: "name a repository and a tag", Err: fmt.Errorf("naming the artifact: %w", err)}
	}
	// Waiting helps a role whose policy is new, and not against a subscription that has ended.
	var mends []string
	if !w.in.Subscription.Ended(w.Now()) {
		mends = []string{codeRegistryDenied}
	}
	var digest v1.Hash
	err = w.patiently(ctx, func() error {
		descriptor, err := remote.Get(ref, remote.WithContext(ctx), remote.WithTransport(w.puller))
		if err != nil {
			return w.registryFault(fmt.Errorf("reading the manifest of %s: %w", reference, err))
		}
		digest = descriptor.Digest
		w.image, err = onePlatform(descriptor)
		if err != nil {
			return w.registryFault(fmt.Errorf("reading an image of the index %s: %w", reference, err))
		}
		return nil
	}, mends...)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%s is %s", w.in.Artifact, digest), nil
}

// onePlatform picks the first image of an index: any of them proves the same. Attestations, which hang in an index under
// the platform unknown/unknown, are images too.
func onePlatform(descriptor *remote.Descriptor) (v1.Image, error) {
	if !descriptor.MediaType.IsIndex() {
		return descriptor.Image()
	}
	index, err := descriptor.ImageIndex()
	if err != nil {
		return nil, err
	}
	manifest, err := index.IndexManifest()
	if err != nil {
		return nil, err
	}
	for _, entry := range manifest.Manifests {
		if entry.MediaType.IsImage() {
			return index.Image(entry.Digest)
		}
	}
	return nil, fmt.Errorf("%w: the index lists no image", ErrNoArtifact)
}
