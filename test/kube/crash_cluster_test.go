package kube

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"regexp"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/pullpass/pullpass/test/kube/lab"
)

// clear takes out of the clusters what the last world left, and starts a controller with nothing.
func (w *crashWorld) clear() {
	w.Helper()
	for _, secret := range deliveredSecrets(w.stage) {
		err := secret.of.Client.CoreV1().Secrets(lab.Namespace).Delete(w.Context(), secret.name, metav1.DeleteOptions{})
		if !apierrors.IsNotFound(err) {
			w.must(err)
		}
	}
	state := "upgrade available"
	if w.copies {
		state = "active"
	}
	w.stage.hub.SetStatus(w, lab.PackageBundleControllers, lab.Namespace, edgeName, map[string]any{"state": state})
	w.forgetRestarts()
	w.startController()
}

// forgetRestarts takes the annotations away by which the controller was restarted in the last world.
func (w *crashWorld) forgetRestarts() {
	w.Helper()
	patch := fmt.Sprintf(`{"spec":{"template":{"metadata":{"annotations":{%q:null,"pullpass.dev/access-key-id":null}}}}}`, restartedAt)
	_, err := w.stage.hub.Client.AppsV1().Deployments(lab.Namespace).Patch(
		w.Context(), lab.Controller, types.MergePatchType, []byte(patch), metav1.PatchOptions{FieldManager: "lab"})
	w.must(err)
}

// A deliveredSecret is one that exists because something was delivered.
type deliveredSecret struct {
	of   *lab.Cluster
	name string
}

func deliveredSecrets(s *stage) []deliveredSecret {
	return []deliveredSecret{{s.hub, lab.Secret}, {s.hub, mirrorSecret}, {s.edge, lab.Secret}}
}

// A controllerPod is the pod of the packages controller.
type controllerPod struct {
	since time.Time
	// config is what it has read when it started.
	config []byte
}

// later lets the time between two visits pass. Pods that were asked to restart have in the meantime, the controller has fetched
// a token with what it has read, and the bundle manager has copied.
func (w *crashWorld) later() {
	w.Helper()
	for _, secret := range deliveredSecrets(w.stage) {
		w.ageSecret(secret.of, secret.name, oneVisit)
	}
	w.clock.Elapse(oneVisit)
	if w.restartAsked().After(w.controller.since) {
		w.startController()
	}
	if token, err := w.token(w.controller.config); err == nil {
		w.keepToken(token)
	}
	w.copy()
	w.look("a while")
}

// startController makes the pod anew, half an hour ago, and lets it read.
func (w *crashWorld) startController() {
	w.Helper()
	w.controller.since = w.clock.Now().Add(-30 * time.Minute)
	config, err := w.secretOf(w.stage.hub)(w.Context())
	w.must(err)
	w.controller.config = config
	for _, c := range w.consumers {
		if c.pod {
			c.config = config
		}
	}
	w.stage.hub.RunController(w, w.controller.since)
}

// keepToken writes what the controller writes once it has a token.
func (w *crashWorld) keepToken(token string) {
	w.Helper()
	secrets := w.stage.hub.Client.CoreV1().Secrets(lab.Namespace)
	content := map[string][]byte{"config.json": fmt.Appendf(nil, `{"auths":{%q:{"auth":%q}}}`, registryHost, token)}
	secret := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: mirrorSecret}, Data: content}
	_, err := secrets.Update(w.Context(), secret, metav1.UpdateOptions{FieldManager: "package-manager"})
	if apierrors.IsNotFound(err) {
		_, err = secrets.Create(w.Context(), secret, metav1.CreateOptions{FieldManager: "package-manager"})
	}
	w.must(err)
}

const (
	mirrorSecret = "registry-mirror-cred"
	restartedAt  = "kubectl.kubernetes.io/restartedAt"
)

// restartAsked is when a restart of the controller was last asked for; the zero time for never.
func (w *crashWorld) restartAsked() time.Time {
	w.Helper()
	deployment, err := w.stage.hub.Client.AppsV1().Deployments(lab.Namespace).Get(w.Context(), lab.Controller, metav1.GetOptions{})
	w.must(err)
	text, there := deployment.Spec.Template.Annotations[restartedAt]
	if !there {
		return time.Time{}
	}
	at, err := time.Parse(time.RFC3339, text)
	w.must(err)
	return at
}

// ageSecret makes older what the API server remembers of who wrote when, for its clock cannot be set. It takes such a change
// only together with one of the object itself.
func (w *crashWorld) ageSecret(of *lab.Cluster, name string, by time.Duration) {
	w.Helper()
	secrets := of.Client.CoreV1().Secrets(lab.Namespace)
	secret, err := secrets.Get(w.Context(), name, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return
	}
	w.must(err)
	for i := range secret.ManagedFields {
		then := metav1.NewTime(secret.ManagedFields[i].Time.Add(-by))
		secret.ManagedFields[i].Time = &then
	}
	if secret.Labels == nil {
		secret.Labels = map[string]string{}
	}
	secret.Labels["aged"] += "x"
	_, err = secrets.Update(w.Context(), secret, metav1.UpdateOptions{FieldManager: ager})
	w.must(err)
}

// ager is who makes Secrets older.
const ager = "lab"

// writtenAt is what an API server says of when something was written.
var writtenAt = regexp.MustCompile(`"time":"([^"]+)"`)

// timed passes requests on to a server whose clock is the world's: what it says of when something was written is moved by as
// much as the world is ahead of the real clock.
func (s *stage) timed(onwards http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		request.Header.Del("Accept-Encoding") // What is compressed cannot be read here.
		answer := httptest.NewRecorder()
		onwards.ServeHTTP(answer, request)
		s.mu.Lock()
		ahead := s.clock.Ahead()
		s.mu.Unlock()
		moved := writtenAt.ReplaceAllFunc(answer.Body.Bytes(), func(found []byte) []byte {
			at, err := time.Parse(time.RFC3339, string(writtenAt.FindSubmatch(found)[1]))
			if err != nil {
				return found // It is something else of that name.
			}
			return fmt.Appendf(nil, `"time":%q`, at.Add(ahead).UTC().Format(time.RFC3339))
		})
		answer.Body = bytes.NewBuffer(moved)
		answer.Header().Del("Content-Length")
		give(w, answer)
	})
}
