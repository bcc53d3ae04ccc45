package oci

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	"github.com/pullpass/pullpass/sandbox/internal/images"
)

// fault is an error that goes to the client in the form of the OCI distribution specification ("Error Codes").
type fault struct {
	status        int
	code, message string
	// challenge asks for a password; the answer has then a plain body, as ECR's has [seen].
	challenge bool
}

func (f *fault) Error() string { return f.code + ": " + f.message }

func faultf(status int, code, format string, args ...any) *fault {
	return &fault{status: status, code: code, message: fmt.Sprintf(format, args...)}
}

// unauthorized is the answer to a request without credentials that could be a token [seen].
func unauthorized() *fault {
	return &fault{status: http.StatusUnauthorized, message: "Not Authorized", challenge: true}
}

func denied(text string) *fault { return faultf(http.StatusForbidden, "DENIED", "%s", text) }

func unsupported() *fault {
	return faultf(http.StatusMethodNotAllowed, "UNSUPPORTED", "The operation is unsupported.")
}

// nameUnknown is the answer about a repository that does not exist [seen].
func nameUnknown(place images.Place) *fault {
	return faultf(http.StatusNotFound, "NAME_UNKNOWN",
		"The repository with name '%s' does not exist in the registry with id '%s'", place.Name, place.Account)
}

// manifestUnknown is the answer about an image that does not exist [seen].
func manifestUnknown() *fault {
	return faultf(http.StatusNotFound, "MANIFEST_UNKNOWN", "Requested image not found")
}

func blobUnknown() *fault {
	return faultf(http.StatusNotFound, "BLOB_UNKNOWN", "blob unknown to registry")
}

func uploadUnknown() *fault {
	return faultf(http.StatusNotFound, "BLOB_UPLOAD_UNKNOWN", "blob upload unknown to registry")
}

// storeFault says what the image store did not take. What is no fault of the client's comes back as it is.
func storeFault(place images.Place, tag string, err error) error {
	var missing *images.MissingError
	switch {
	case errors.As(err, &missing) && len(missing.Layers) > 0:
		return faultf(http.StatusBadRequest, "BLOB_UNKNOWN", "%s", images.LackText("Layers", missing.Layers, place))
	case errors.As(err, &missing):
		return faultf(http.StatusBadRequest, "MANIFEST_UNKNOWN", "%s", images.LackText("Images", missing.Images, place))
	case errors.Is(err, images.ErrImmutable):
		return faultf(http.StatusBadRequest, "TAG_INVALID", "%s", images.ImmutableText(place, tag))
	case errors.Is(err, images.ErrManifest):
		return faultf(http.StatusBadRequest, "MANIFEST_INVALID", "%v", err)
	case errors.Is(err, images.ErrUploadUnknown):
		return uploadUnknown()
	case errors.Is(err, images.ErrOutOfOrder):
		return faultf(http.StatusRequestedRangeNotSatisfiable, "BLOB_UPLOAD_INVALID", "%v", err)
	case errors.Is(err, images.ErrDigest):
		return faultf(http.StatusBadRequest, "DIGEST_INVALID", "%v", err)
	case errors.Is(err, images.ErrEmpty):
		return faultf(http.StatusBadRequest, "BLOB_UPLOAD_INVALID", "%v", err)
	case errors.Is(err, images.ErrTooLarge):
		return faultf(http.StatusRequestEntityTooLarge, "SIZE_INVALID", "%v", err)
	case errors.Is(err, images.ErrNotFound):
		return blobUnknown()
	}
	return err
}

type errorBody struct {
	Errors []errorEntry `json:"errors"`
}

type errorEntry struct {
	Code    string `json:"code"`
	Message string `json:"message"`
}

// refuse writes an error and returns its code. One that is no fault is this program's: its text goes to the log alone.
func (h *handler) refuse(w http.ResponseWriter, r *http.Request, err error) (code string) {
	var f *fault
	if !errors.As(err, &f) {
		h.config.Log.ErrorContext(r.Context(), "fault of the registry", "error", err)
		f = faultf(http.StatusInternalServerError, "UNKNOWN", "An unknown error has occurred.")
	}
	if f.challenge {
		w.Header().Set("Www-Authenticate", fmt.Sprintf(`Basic realm="https://%s/",service="ecr.amazonaws.com"`, r.Host))
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		w.WriteHeader(f.status)
		// A failed write means that the client has gone: there is nobody to tell.
		_, _ = w.Write([]byte(f.message + "\n"))
		return "UNAUTHORIZED"
	}
	sendJSON(w, f.status, "application/json; charset=utf-8", errorBody{[]errorEntry{{f.code, f.message}}})
	return f.code
}

func sendJSON(w http.ResponseWriter, status int, mediaType string, v any) {
	// What is sent is made of strings, numbers and slices, which always have a form in JSON.
	body, _ := json.Marshal(v)
	w.Header().Set("Content-Type", mediaType)
	w.WriteHeader(status)
	_, _ = w.Write(body)
}
