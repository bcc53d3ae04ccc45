package cluster_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/pullpass/pullpass/arn"
	"github.com/pullpass/pullpass/internal/cluster"
	"github.com/pullpass/pullpass/internal/credential"
	"github.com/pullpass/pullpass/internal/plan"
)

// answering is a delivery to whatever answers there.
func answering(t *testing.T, handler http.HandlerFunc, wrap ...func(http.RoundTripper) http.RoundTripper) cluster.Delivery {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	path := filepath.Join(t.TempDir(), "config")
	text := fmt.Sprintf(`{apiVersion: v1, kind: Config, current-context: c, contexts: [{name: c, context: {cluster: c, user: u}}],
		clusters: [{name: c, cluster: {server: %q}}], users: [{name: u, user: {token: secret-token}}]}`, server.URL)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	access := cluster.Access{Kubeconfig: path}
	for _, w := range wrap {
		access.Wrap = w
	}
	c, err := cluster.Open(access)
	if err != nil {
		t.Fatal(err)
	}
	return cluster.Delivery{Cluster: c, Name: "c", Share: "packages"}
}

// always answers everything alike.
func always(code int, kind, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", kind)
		w.WriteHeader(code)
		_, _ = io.WriteString(w, body)
	}
}

func status(t *testing.T, code int, reason, message string) string {
	t.Helper()
	encoded, err := json.Marshal(message)
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf(`{"kind": "Status", "apiVersion": "v1", "status": "Failure", "code": %d, "reason": %q, "message": %s}`, code, reason, encoded)
}

// TestWhatIsNoAPIServerIsNotEmpty: what a cluster holds that could not be asked is unknown. A key that nobody seems to hold
// would be deleted, and another made.
func TestWhatIsNoAPIServerIsNotEmpty(t *testing.T) {
	elsewhere := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		t.Errorf("%s was followed with %q", r.URL, r.Header.Get("Authorization"))
	}))
	t.Cleanup(elsewhere.Close)
	for name, test := range map[string]struct {
		answer http.HandlerFunc
		state  plan.DeliveryState
		words  string
	}{
		"a cluster without the Secret": {always(http.StatusNotFound, "application/json", status(t, 404, "NotFound", "no")), plan.None, ""},
		"a load balancer that knows no such host": {
			always(http.StatusNotFound, "text/html", "<html>default backend - 404</html>"), plan.Unknown, "no API server",
		},
		"a service that answers in JSON of its own": {always(http.StatusNotFound, "application/json", `{"error": "no route"}`), plan.Unknown, "no API server"},
		"a page to sign in":                         {always(http.StatusOK, "text/html", "<html>"), plan.Unknown, "it speaks no JSON"},
		"a service that is content with anything":   {always(http.StatusOK, "application/json", `{"ok": true}`), plan.Unknown, "it gives no Secret"},
		"another Secret": {
			always(http.StatusOK, "application/json", `{"kind": "Secret", "metadata": {"name": "other"}}`), plan.Unknown, "it gives no Secret",
		},
		"a page to sign in, elsewhere": {
			http.RedirectHandler(elsewhere.URL+"/login", http.StatusFound).ServeHTTP, plan.Unknown, "it sends callers elsewhere",
		},
		"a page of refusal":        {always(http.StatusForbidden, "text/html", "<html>"+strings.Repeat("no ", 1000)), plan.Unknown, "…"},
		"words for the terminal":   {always(http.StatusForbidden, "application/json", status(t, 403, "Forbidden", "no\u001b[2J\nok  all")), plan.Unknown, "no [2J ok all"},
		"an answer without an end": {endless, plan.Unknown, "longer than 8 MiB"},
	} {
		t.Run(name, func(t *testing.T) {
			got := answering(t, test.answer).Observe(t.Context())
			if got.State != test.state || (got.Err == nil) != (test.words == "") {
				t.Fatalf("state %v, %v", got.State, got.Err)
			}
			if got.Err != nil && (!strings.Contains(got.Err.Error(), test.words) || len(got.Err.Error()) > 600) {
				t.Errorf("error %v, want %q", got.Err, test.words)
			}
		})
	}
}

func endless(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	_, _ = io.WriteString(w, `{"kind": "`)
	for piece := []byte(strings.Repeat("x", 1<<20)); ; {
		if _, err := w.Write(piece); err != nil {
			return
		}
	}
}

func deliverable(t *testing.T) credential.Config {
	t.Helper()
	role, err := arn.Parse("arn:aws:iam::111111111111:role/r")
	if err != nil {
		t.Fatal(err)
	}
	return credential.Config{
		Region: "us-west-2", UserProfile: "user", RoleARN: role,
		Key: credential.AccessKey{ID: "AKIAEXAMPLEEXAMPLE22", Secret: credential.NewSecret("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")},
	}
}

// TestNothingIsDeliveredToWhatIsNoAPIServer: the secret of a key that counts as delivered is forgotten.
func TestNothingIsDeliveredToWhatIsNoAPIServer(t *testing.T) {
	config := deliverable(t)
	secret := `{"kind": "Secret", "apiVersion": "v1", "metadata": {"name": "aws-secret"}}`
	for name, test := range map[string]struct {
		written string
		fails   bool
	}{
		"the Secret":        {secret, false},
		"a page to sign in": {"<html>", true},
		"anything":          {"{}", true},
	} {
		t.Run(name, func(t *testing.T) {
			d := answering(t, func(w http.ResponseWriter, r *http.Request) {
				if r.Method == http.MethodPatch {
					always(http.StatusOK, "application/json", test.written)(w, r)
					return
				}
				always(http.StatusNotFound, "application/json", status(t, 404, "NotFound", "no"))(w, r)
			})
			d.Wait = func(context.Context, time.Duration) error { return errors.New("waited enough") }
			if err := d.Write(t.Context(), config); (err != nil) != test.fails {
				t.Errorf("write: %v", err)
			}
			if err := d.Ready(t.Context()); (err != nil) != test.fails {
				t.Errorf("ready: %v", err)
			}
		})
	}
}

// TestAnAnswerThatQuotesTheSecret: what an admission webhook says may be the object that it refuses.
func TestAnAnswerThatQuotesTheSecret(t *testing.T) {
	config := deliverable(t)
	text, err := config.Render()
	if err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		message string
		shown   bool
	}{
		"its reasons alone":  {"admission webhook denied the request: no label team", true},
		"the object":         {"admission webhook denied: {data: {config: " + base64.StdEncoding.EncodeToString(text) + "}}", false},
		"part of the object": {"admission webhook denied: " + base64.StdEncoding.EncodeToString(text)[:100], false},
		"the file":           {"admission webhook denied: " + string(text), false},
		"the key":            {"bad value " + config.Key.Secret.Reveal(), false},
	} {
		t.Run(name, func(t *testing.T) {
			d := answering(t, func(w http.ResponseWriter, r *http.Request) {
				code, reason, message := http.StatusNotFound, "NotFound", "no"
				if r.Method == http.MethodPatch {
					code, reason, message = http.StatusForbidden, "Forbidden", test.message
				}
				always(code, "application/json", status(t, code, reason, message))(w, r)
			})
			err := d.Write(t.Context(), config)
			if !errors.Is(err, cluster.ErrForbidden) || strings.Contains(err.Error(), test.message) != test.shown {
				t.Errorf("error %v", err)
			}
			var inner apierrors.APIStatus
			if !errors.As(err, &inner) || !test.shown && inner.Status().Message != "" {
				t.Errorf("the error holds %v", inner)
			}
		})
	}
}

// TestWhoGivesUpIsHeard: a program that signs in knows nothing of those who wait for it.
func TestWhoGivesUpIsHeard(t *testing.T) {
	stuck := stuck{entered: make(chan struct{}), end: make(chan struct{})}
	t.Cleanup(func() { close(stuck.end) })
	d := answering(t, always(http.StatusOK, "text/plain", ""), func(http.RoundTripper) http.RoundTripper { return stuck })
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		<-stuck.entered
		cancel()
	}()
	if _, err := d.Cluster.MirrorCredential(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}

// stuck answers nothing until the test has ended, whatever becomes of who asked.
type stuck struct{ entered, end chan struct{} }

func (s stuck) RoundTrip(*http.Request) (*http.Response, error) {
	close(s.entered)
	<-s.end
	return nil, errors.New("the test has ended")
}
