package oci

import (
	"net/http"
	"strconv"
)

// getBlob sends the client to the layer store: the registry itself serves no blob.
func (h *handler) getBlob(x *exchange, w http.ResponseWriter) error {
	if _, err := h.config.Images.LayerSize(x.Context(), x.place, x.route.digest); err != nil {
		return storeFault(x.place, "", err)
	}
	address, err := h.config.Layers.Address(x.Host, x.place.Region, x.route.digest)
	if err != nil {
		return err
	}
	w.Header().Set("Docker-Content-Digest", x.route.digest.String())
	w.Header().Set("Location", address)
	w.WriteHeader(http.StatusTemporaryRedirect)
	return nil
}

func (h *handler) headBlob(x *exchange, w http.ResponseWriter) error {
	size, err := h.config.Images.LayerSize(x.Context(), x.place, x.route.digest)
	if err != nil {
		return storeFault(x.place, "", err)
	}
	header := w.Header()
	header.Set("Content-Type", "application/octet-stream")
	header.Set("Content-Length", strconv.FormatInt(size, 10))
	header.Set("Docker-Content-Digest", x.route.digest.String())
	w.WriteHeader(http.StatusOK)
	return nil
}
