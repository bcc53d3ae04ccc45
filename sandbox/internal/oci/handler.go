// Package oci is the registry of an ECR account, as the OCI distribution specification has it.
//
// Every request is authorized anew, against the policies as they are at that moment, for the principal behind the token
// that it bears.
package oci

import (
	"io"
	"log/slog"
	"net/http"
	"time"

	"github.com/pullpass/pullpass/arn"
	"github.com/pullpass/pullpass/internal/awsid"
	"github.com/pullpass/pullpass/sandbox/internal/access"
	"github.com/pullpass/pullpass/sandbox/internal/caught"
	"github.com/pullpass/pullpass/sandbox/internal/images"
	"github.com/pullpass/pullpass/sandbox/internal/layers"
	"github.com/pullpass/pullpass/sandbox/internal/requestlog"
	"github.com/pullpass/pullpass/sandbox/internal/state"
	"github.com/pullpass/pullpass/sandbox/internal/token"
	"github.com/pullpass/pullpass/sandbox/internal/weather"
)

// Config is what a registry is made of. Every field is needed but where it says otherwise.
type Config struct {
	State  *state.Store
	Images *images.Store
	Layers *layers.Store
	Sealer *token.Sealer
	Clock  func() time.Time
	Random io.Reader // gives the ids of uploads
	Log    *slog.Logger
	// Weather is nil for fair weather, and Requests for no log of requests.
	Weather  *weather.Weather
	Requests *requestlog.Log
	// Registry tells the registry that a request is for, or false if it is for none.
	Registry func(*http.Request) (arn.AccountID, arn.Region, bool)
}

type handler struct {
	config     Config
	rules      access.Rules
	operations map[endpoint]operation
}

// Handler serves every registry that config.Registry knows, below /v2/.
func Handler(config Config) http.Handler {
	h := &handler{config: config}
	h.operations = h.table()
	return h
}

type endpoint struct {
	kind   kind
	method string
}

// operation is what a request does: the IAM action that it takes, and how it is answered.
type operation struct {
	action string
	serve  func(*exchange, http.ResponseWriter) error
}

// table is the operations with the actions that they take ("Amazon ECR repository policy examples" and the error texts
// of denied pulls [seen]). Deleting is ECR's API alone.
func (h *handler) table() map[endpoint]operation {
	return map[endpoint]operation{
		{base, http.MethodGet}:      {"", h.ping},
		{base, http.MethodHead}:     {"", h.ping},
		{manifest, http.MethodGet}:  {"ecr:BatchGetImage", h.getManifest},
		{manifest, http.MethodHead}: {"ecr:BatchGetImage", h.getManifest},
		{manifest, http.MethodPut}:  {"ecr:PutImage", h.putManifest},
		{blob, http.MethodGet}:      {"ecr:GetDownloadUrlForLayer", h.getBlob},
		{blob, http.MethodHead}:     {"ecr:BatchCheckLayerAvailability", h.headBlob},
		{uploads, http.MethodPost}:  {"ecr:InitiateLayerUpload", h.beginUpload},
		{upload, http.MethodGet}:    {"ecr:UploadLayerPart", h.uploadStatus},
		{upload, http.MethodPatch}:  {"ecr:UploadLayerPart", h.patchUpload},
		{upload, http.MethodPut}:    {"ecr:CompleteLayerUpload", h.putUpload},
		{tags, http.MethodGet}:      {"ecr:ListImages", h.listTags},
		{referrers, http.MethodGet}: {"ecr:BatchGetImage", h.listReferrers},
	}
}

// exchange is one request. Where it was refused on the way, what was to come is not set.
type exchange struct {
	*http.Request
	token     *token.Registry
	route     route
	place     images.Place
	operation operation
	entry     requestlog.Entry
}

// repository returns the repository that the request is about.
func (x *exchange) repository(world *state.World) (*state.Repository, error) {
	repository, err := world.Repository(x.place.Account, x.place.Region, x.place.Name)
	if err != nil {
		// The one error is that there is none.
		return nil, nameUnknown(x.place)
	}
	return repository, nil
}

// ServeHTTP implements http.Handler.
func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Docker-Distribution-Api-Version", "registry/2.0")
	x := &exchange{Request: r, entry: requestlog.Entry{Time: h.config.Clock(), Service: service, Outcome: requestlog.Cut}}
	h.config.Weather.Through(w, r, &passage{handler: h, exchange: x, refused: h.open(x)})
}

// open finds who asks for what.
func (h *handler) open(x *exchange) (err error) {
	defer caught.Into(&err)
	account, region, ok := h.config.Registry(x.Request)
	if !ok {
		return faultf(http.StatusNotFound, "NAME_UNKNOWN", "%s is not the name of a registry.", x.Host)
	}
	opened, err := h.authenticate(x.Request, region)
	if err != nil {
		return err
	}
	x.token, x.route = opened, parsePath(x.URL.Path)
	// A sealed token holds a key of the sandbox's own making.
	x.entry.Account, _ = awsid.Account(opened.KeyID)
	if x.route.kind == nothing {
		return faultf(http.StatusNotFound, "NAME_INVALID", "The path %q is not one of a registry.", x.URL.Path)
	}
	x.place = images.Place{Account: account, Region: region, Name: x.route.name}
	if x.operation, ok = h.operations[endpoint{x.route.kind, x.Method}]; !ok {
		return unsupported()
	}
	x.entry.Action = x.operation.action
	return nil
}

// answer serves a request that was opened, or refuses it.
func (h *handler) answer(w http.ResponseWriter, x *exchange, refused error) {
	answer := requestlog.Answer{ResponseWriter: w}
	err := refused
	if err == nil {
		err = h.serve(&answer, x)
	}
	x.entry.Outcome = requestlog.OK
	if err != nil {
		x.entry.Outcome = h.refuse(&answer, x.Request, err)
	}
	x.entry.Status = answer.Status
}

// serve decides on a request and does what it asks. A panic is a fault of the registry like any other.
func (h *handler) serve(w http.ResponseWriter, x *exchange) (err error) {
	defer caught.Into(&err)
	if err := h.permit(x, x.operation.action); err != nil {
		return err
	}
	return x.operation.serve(x, w)
}

// ping answers that the token is good for this registry, whatever it may then do.
func (h *handler) ping(_ *exchange, w http.ResponseWriter) error {
	sendJSON(w, http.StatusOK, "application/json; charset=utf-8", struct{}{})
	return nil
}
