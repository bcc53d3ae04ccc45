package oci

import (
	"errors"
	"io"
	"net/http"
	"strconv"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/pullpass/pullpass/sandbox/internal/images"
	"github.com/pullpass/pullpass/sandbox/internal/state"
)

func (h *handler) getManifest(x *exchange, w http.ResponseWriter) error {
	digest, err := h.resolve(x)
	if err != nil {
		return err
	}
	m, err := h.config.Images.Manifest(x.Context(), x.place, digest)
	if errors.Is(err, images.ErrNotFound) {
		return manifestUnknown()
	}
	if err != nil {
		return err
	}
	header := w.Header()
	header.Set("Content-Type", string(m.MediaType))
	header.Set("Content-Length", strconv.Itoa(len(m.Content)))
	header.Set("Docker-Content-Digest", m.Digest.String())
	w.WriteHeader(http.StatusOK)
	if x.Method == http.MethodGet {
		// A failed write means that the client has gone: there is nobody to tell.
		_, _ = w.Write(m.Content)
	}
	return nil
}

// resolve returns the digest of the image that the request names, and notes that it was pulled.
func (h *handler) resolve(x *exchange) (digest v1.Hash, err error) {
	err = h.config.State.View(func(world *state.World) error {
		repository, err := x.repository(world)
		if err != nil {
			return err
		}
		name := x.route.digest.String()
		if x.route.tag != "" {
			name = repository.ImageTags[x.route.tag]
		}
		image, ok := repository.Images[name]
		if !ok {
			return manifestUnknown()
		}
		image.LastPulled.Note(state.Use{Time: h.config.Clock(), Region: x.place.Region, Service: "ecr"})
		digest, err = images.ParseDigest(image.Digest)
		return err
	})
	return digest, err
}

func (h *handler) putManifest(x *exchange, w http.ResponseWriter) error {
	content, err := io.ReadAll(http.MaxBytesReader(w, x.Body, images.MaxManifest))
	if err != nil {
		return faultf(http.StatusBadRequest, "MANIFEST_INVALID", "reading the manifest: %v", err)
	}
	m, err := images.ParseManifest(content, types.MediaType(x.Header.Get("Content-Type")))
	if err != nil {
		return storeFault(x.place, x.route.tag, err)
	}
	if x.route.tag == "" && x.route.digest != m.Digest {
		return faultf(http.StatusBadRequest, "DIGEST_INVALID", "The manifest is %s, not %s.", m.Digest, x.route.digest)
	}
	err = h.config.State.Update(func(world *state.World) error {
		repository, err := x.repository(world)
		if err != nil {
			return err
		}
		_, err = h.config.Images.Push(x.Context(), repository, m, x.route.tag, h.config.Clock())
		return err
	})
	if err != nil && !errors.Is(err, images.ErrExists) {
		return storeFault(x.place, x.route.tag, err)
	}
	w.Header().Set("Location", "/v2/"+x.place.Name+"/manifests/"+m.Digest.String())
	w.Header().Set("Docker-Content-Digest", m.Digest.String())
	if subject, ok := m.Subject(); ok {
		w.Header().Set("Oci-Subject", subject.String())
	}
	w.WriteHeader(http.StatusCreated)
	return nil
}
