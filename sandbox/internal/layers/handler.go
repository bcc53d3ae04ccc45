package layers

import (
	"encoding/xml"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/pullpass/pullpass/sandbox/internal/images"
	"github.com/pullpass/pullpass/sandbox/internal/requestlog"
	"github.com/pullpass/pullpass/sandbox/internal/token"
)

// refusal is an error as S3 writes it
// (https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html).
type refusal struct {
	XMLName       xml.Name `xml:"Error"`
	Code          string
	Message       string
	ArgumentName  string `xml:",omitempty"`
	ArgumentValue string `xml:",omitempty"`
	status        int
}

// ServeHTTP serves GET of a granted layer, whole or in ranges.
func (s *Store) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p := &passage{store: s, http: r, entry: requestlog.Entry{Time: s.config.Clock(), Service: service, Outcome: requestlog.Cut}}
	if p.digest, p.refused = s.granted(r); p.refused == nil {
		p.entry.Action, p.entry.Resources = "s3:"+operation, []string{p.digest.String()}
	}
	s.config.Weather.Through(w, r, p)
}

// answer serves a granted layer, or refuses it. It returns the outcome for the log.
func (s *Store) answer(w http.ResponseWriter, r *http.Request, digest v1.Hash, refused *refusal) string {
	if refused != nil {
		refused.write(w)
		return refused.Code
	}
	layer, err := s.config.Images.Content(r.Context(), digest)
	if err != nil {
		refused := openRefusal(err)
		refused.write(w)
		return refused.Code
	}
	serve(w, r, digest, layer)
	// The layer was only read from, so that nothing is lost if it cannot be closed.
	_ = layer.Close()
	return requestlog.OK
}

// granted returns the digest that the request may read.
func (s *Store) granted(r *http.Request) (v1.Hash, *refusal) {
	if value := r.Header.Get("Authorization"); value != "" {
		return v1.Hash{}, twoMechanisms(value)
	}
	if r.Method != http.MethodGet {
		// The method is part of what S3's signature is made over, so that an address is good for one alone
		// (https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html); the text is S3's [seen].
		return v1.Hash{}, &refusal{Code: "SignatureDoesNotMatch", status: http.StatusForbidden,
			Message: "The request signature we calculated does not match the signature you provided. " +
				"Check your key and signing method."}
	}
	denied := &refusal{Code: "AccessDenied", Message: "Access Denied", status: http.StatusForbidden}
	grant, err := token.Open[token.Layer](s.config.Sealer, r.URL.Query().Get(grantParameter))
	if err != nil {
		return v1.Hash{}, denied
	}
	digest, err := images.ParseDigest(grant.Digest)
	if err != nil || r.URL.Path != "/"+digest.Hex {
		return v1.Hash{}, denied
	}
	if !s.config.Clock().Before(grant.Expires) {
		denied.Message = "Request has expired"
		return v1.Hash{}, denied
	}
	return digest, nil
}

// twoMechanisms is what S3 says to a client that follows the redirect with the registry's password still on it [seen].
// The value is shown without what may be a secret: only the scheme stays.
func twoMechanisms(value string) *refusal {
	scheme, _, _ := strings.Cut(value, " ")
	return &refusal{
		Code: "InvalidArgument",
		Message: "Only one auth mechanism allowed; only the X-Amz-Algorithm query parameter, Signature query string " +
			"parameter or the Authorization header should be specified",
		ArgumentName: "Authorization", ArgumentValue: scheme, status: http.StatusBadRequest,
	}
}

func openRefusal(err error) *refusal {
	if errors.Is(err, images.ErrNotFound) {
		return &refusal{Code: "NoSuchKey", Message: "The specified key does not exist.", status: http.StatusNotFound}
	}
	return internalError()
}

func internalError() *refusal {
	return &refusal{Code: "InternalError", Message: "We encountered an internal error. Please try again.",
		status: http.StatusInternalServerError}
}

func (e *refusal) write(w http.ResponseWriter) {
	// Strings always have a form in XML.
	body, _ := xml.Marshal(e)
	w.Header().Set("Content-Type", "application/xml")
	w.WriteHeader(e.status)
	// A failed write means that the client has gone: there is nobody to tell.
	_, _ = w.Write(append([]byte(xml.Header), body...))
}

func serve(w http.ResponseWriter, r *http.Request, digest v1.Hash, layer *images.Layer) {
	h := w.Header()
	h.Set("Content-Type", "application/octet-stream")
	h.Set("Etag", strconv.Quote(digest.Hex))
	if r.Header.Get("Range") != "" {
		http.ServeContent(w, r, "", time.Time{}, layer)
		return
	}
	h.Set("Accept-Ranges", "bytes")
	h.Set("Content-Length", strconv.FormatInt(layer.Size, 10))
	w.WriteHeader(http.StatusOK)
	// io.Copy with the reader itself, not one that counts: a file then goes to the socket by sendfile, bytes in one write.
	// A failed write means that the client has gone.
	_, _ = io.Copy(w, layer.ReadSeekCloser)
}
