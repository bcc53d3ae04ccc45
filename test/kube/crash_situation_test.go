package kube

import (
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/pullpass/pullpass/test/kube/lab"
)

// A situation is a world at rest, of which copies can be made: the directory of AWS and of the machines, and what is in the
// clusters.
type situation struct {
	stage   *stage
	dir     string
	ahead   time.Duration
	copies  bool
	secrets []keptSecret
}

// A keptSecret is one as somebody wrote it.
type keptSecret struct {
	of      *lab.Cluster
	secret  *corev1.Secret
	manager string
	applied bool
}

// kept takes down what is in the clusters.
func (w *crashWorld) kept() situation {
	w.Helper()
	found := situation{stage: w.stage, dir: w.dir, ahead: w.clock.Ahead(), copies: w.copies}
	for _, delivered := range deliveredSecrets(w.stage) {
		list, err := delivered.of.Client.CoreV1().Secrets(lab.Namespace).List(w.Context(), metav1.ListOptions{FieldSelector: "metadata.name=" + delivered.name})
		w.must(err)
		for _, secret := range list.Items {
			by := secret.ManagedFields[slices.IndexFunc(secret.ManagedFields, func(by metav1.ManagedFieldsEntry) bool { return by.Manager != ager })]
			found.secrets = append(found.secrets, keptSecret{
				of: delivered.of, manager: by.Manager, applied: by.Operation == metav1.ManagedFieldsOperationApply,
				secret: &corev1.Secret{
					TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "Secret"},
					ObjectMeta: metav1.ObjectMeta{Name: secret.Name, Namespace: lab.Namespace, Annotations: secret.Annotations},
					Data:       secret.Data, Type: secret.Type,
				},
			})
		}
	}
	return found
}

// again makes a copy of the world, a day later: what was written then is old, and the controller has read it.
func (s situation) again(t *testing.T) *crashWorld {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "world")
	if err := copyTree(dir, s.dir); err != nil {
		t.Fatal(err)
	}
	w := s.stage.open(t, dir, s.ahead, s.copies)
	w.clear()
	for _, kept := range s.secrets {
		w.restore(kept)
	}
	w.startController()
	return w
}

// restore writes a Secret as it was written then, and as long ago.
func (w *crashWorld) restore(kept keptSecret) {
	w.Helper()
	secrets, name := kept.of.Client.CoreV1().Secrets(lab.Namespace), kept.secret.Name
	var err error
	if kept.applied {
		text, marshalErr := json.Marshal(kept.secret)
		w.must(marshalErr)
		_, err = secrets.Patch(w.Context(), name, types.ApplyPatchType, text, metav1.PatchOptions{FieldManager: kept.manager})
	} else {
		_, err = secrets.Create(w.Context(), kept.secret, metav1.CreateOptions{FieldManager: kept.manager})
	}
	w.must(err)
	w.ageSecret(kept.of, name, oneVisit)
}

// copyTree copies a directory in which nothing is at work, with the modes of its files.
func copyTree(to, from string) error {
	return filepath.WalkDir(from, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		target := filepath.Join(to, strings.TrimPrefix(path, from))
		if d.IsDir() {
			return os.Mkdir(target, info.Mode().Perm())
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		return os.WriteFile(target, text, info.Mode().Perm())
	})
}
