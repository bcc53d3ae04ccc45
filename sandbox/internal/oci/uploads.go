package oci

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"

	"github.com/pullpass/pullpass/sandbox/internal/images"
)

// beginUpload opens an upload. A wish to mount a blob of another repository, or to send the blob with this very request,
// is answered as the specification allows, with an upload like any other: ECR mounts nothing.
func (h *handler) beginUpload(x *exchange, w http.ResponseWriter) error {
	id, err := images.NewUploadID(h.config.Random)
	if err != nil {
		return err
	}
	if err := h.config.Images.BeginUpload(x.place, id); err != nil {
		return storeFault(x.place, "", err)
	}
	accepted(w, x.place, id, 0, http.StatusAccepted)
	return nil
}

func (h *handler) uploadStatus(x *exchange, w http.ResponseWriter) error {
	size, err := h.config.Images.UploadSize(x.place, x.route.id)
	if err != nil {
		return storeFault(x.place, "", err)
	}
	accepted(w, x.place, x.route.id, size, http.StatusNoContent)
	return nil
}

func (h *handler) patchUpload(x *exchange, w http.ResponseWriter) error {
	size, err := h.receive(x)
	if err != nil {
		return err
	}
	accepted(w, x.place, x.route.id, size, http.StatusAccepted)
	return nil
}

// receive adds the body to the upload.
func (h *handler) receive(x *exchange) (size int64, err error) {
	offset, err := contentStart(x.Header.Get("Content-Range"))
	if err != nil {
		return 0, err
	}
	part := &sender{from: x.Body}
	size, err = h.config.Images.AppendUpload(x.place, x.route.id, offset, part)
	if part.failed {
		return size, faultf(http.StatusBadRequest, "BLOB_UPLOAD_INVALID", "the part ends early: %d bytes have come", size)
	}
	return size, storeFault(x.place, "", err)
}

// sender reads what a client sends, and notes where it fails to: that is no fault of the registry's.
type sender struct {
	from   io.Reader
	failed bool
}

// Read implements io.Reader.
func (s *sender) Read(p []byte) (int, error) {
	n, err := s.from.Read(p)
	s.failed = s.failed || err != nil && !errors.Is(err, io.EOF)
	return n, err
}

// contentStart reads where a chunk begins: "<start>-<end>" in the specification's own form.
func contentStart(header string) (int64, error) {
	if header == "" {
		return images.Anywhere, nil
	}
	first, _, ok := strings.Cut(header, "-")
	start, err := strconv.ParseUint(first, 10, 63)
	if !ok || err != nil {
		return 0, faultf(http.StatusRequestedRangeNotSatisfiable, "BLOB_UPLOAD_INVALID", "invalid Content-Range %q", header)
	}
	return int64(start), nil
}

// putUpload takes the last chunk, which may be empty, and closes the upload.
func (h *handler) putUpload(x *exchange, w http.ResponseWriter) error {
	digest, err := images.ParseDigest(x.URL.Query().Get("digest"))
	if err != nil {
		return storeFault(x.place, "", err)
	}
	if _, err := h.receive(x); err != nil {
		return err
	}
	if err := h.config.Images.FinishUpload(x.Context(), x.place, x.route.id, digest, 0); err != nil {
		return storeFault(x.place, "", err)
	}
	w.Header().Set("Location", "/v2/"+x.place.Name+"/blobs/"+digest.String())
	w.Header().Set("Docker-Content-Digest", digest.String())
	w.WriteHeader(http.StatusCreated)
	return nil
}

func accepted(w http.ResponseWriter, place images.Place, id string, size int64, status int) {
	header := w.Header()
	header.Set("Location", "/v2/"+place.Name+"/blobs/uploads/"+id)
	header.Set("Range", fmt.Sprintf("0-%d", max(size-1, 0)))
	header.Set("Docker-Upload-Uuid", id)
	w.WriteHeader(status)
}
