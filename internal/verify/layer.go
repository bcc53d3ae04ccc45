package verify

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"
)

// ErrOtherBytes says that a layer's bytes are not those that the manifest promises.
var ErrOtherBytes = errors.New("the layer's bytes are not those of the manifest")

// errBrokeOff is for a transfer that had begun: what fails before has been sent again already.
var errBrokeOff = errors.New("the layer broke off on its way")

// proveLayer fetches the smallest layer, which proves as much as the largest. ECR redirects to its layer store; the
// token stays with the registry's host. The bytes are streamed, their number and digest checked.
func (w *walk) proveLayer(ctx context.Context) (string, error) {
	manifest, err := w.image.Manifest()
	if err != nil {
		return "", w.registryFault(fmt.Errorf("reading the manifest of %s: %w", w.in.Artifact, err))
	}
	if len(manifest.Layers) == 0 {
		return "", &Fault{Side: Source, Hint: "prove with an artifact that has layers",
			Err: fmt.Errorf("fetching a layer of %s: %w: the manifest lists none", w.in.Artifact, ErrNoArtifact)}
	}
	layer := slices.MinFunc(manifest.Layers, func(a, b v1.Descriptor) int { return cmp.Compare(a.Size, b.Size) })
	err = w.fetch(ctx, layer)
	for attempt := 1; errors.Is(err, errBrokeOff) && attempt < w.Attempts && w.Wait(ctx, firstPause) == nil; attempt++ {
		err = w.fetch(ctx, layer) // What broke off on the way has proven nothing.
	}
	if err != nil {
		return "", w.layerFault(fmt.Errorf("fetching layer %s of %s: %w", layer.Digest, w.in.Artifact, err))
	}
	return fmt.Sprintf("%s, %d bytes, digest checked", layer.Digest, layer.Size), nil
}

func (w *walk) fetch(ctx context.Context, layer v1.Descriptor) error {
	repository := w.in.Registry.Host() + "/" + w.in.Artifact.Repository
	ref, err := name.NewDigest(repository+"@"+layer.Digest.String(), name.StrictValidation)
	if err != nil {
		return err
	}
	blob, err := remote.Layer(ref, remote.WithContext(ctx), remote.WithTransport(w.puller))
	if err != nil {
		return err
	}
	body, err := blob.Compressed() // its reader compares the digest at the end
	if err != nil {
		return err
	}
	defer func() { _ = body.Close() }()
	n, err := io.Copy(io.Discard, body)
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case isInterruption(err):
		return fmt.Errorf("%w: %w", errBrokeOff, err)
	case err != nil:
		return fmt.Errorf("%w: %w", ErrOtherBytes, err)
	case n != layer.Size:
		return fmt.Errorf("%w: %d bytes instead of %d", ErrOtherBytes, n, layer.Size)
	}
	return nil
}

// isInterruption tells a transfer that broke off from the reader's complaint, of an internal type, about the digest.
func isInterruption(err error) bool {
	var network net.Error
	return errors.Is(err, io.ErrUnexpectedEOF) || errors.As(err, &network)
}

// layerFault: a refusal of the registry is like that of a manifest; one of the layer store, another host, is not.
func (w *walk) layerFault(err error) *Fault {
	if errors.Is(err, ErrOtherBytes) {
		return &Fault{Side: Network, Err: err, Hint: "something between here and AWS changes what it carries; look for a proxy on the way"}
	}
	var refusal *transport.Error
	if errors.As(err, &refusal) && refusal.Request != nil && refusal.Request.URL.Host != w.in.Registry.Host() {
		return &Fault{Side: Network, Code: refusalCode(refusal), Err: err,
			Hint: "the registry let the layer go, its store " + refusal.Request.URL.Host + " did not; look for a proxy on the way"}
	}
	return w.registryFault(err)
}
