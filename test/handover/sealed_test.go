package handover

import (
	"crypto/rand"
	"crypto/rsa"
	"encoding/pem"
	"testing"
	"time"

	"github.com/bitnami-labs/sealed-secrets/pkg/apis/sealedsecrets/v1alpha1"
	"github.com/bitnami-labs/sealed-secrets/pkg/crypto"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"sigs.k8s.io/yaml"

	"github.com/pullpass/pullpass/internal/credential"
	"github.com/pullpass/pullpass/internal/sealed"
)

const config = "[default]\nregion=us-west-2\n"

// controller is the part of the sealed-secrets controller that unseals, with a key pair as the controller makes it.
type controller struct {
	keys        map[string]*rsa.PrivateKey
	certificate sealed.Certificate
}

func newController(t *testing.T) controller {
	t.Helper()
	private, certificate, err := crypto.GeneratePrivateKeyAndCert(4096, 10*365*24*time.Hour, "")
	if err != nil {
		t.Fatal(err)
	}
	fingerprint, err := crypto.PublicKeyFingerprint(&private.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := sealed.ParseCertificate(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certificate.Raw}))
	if err != nil {
		t.Fatal(err)
	}
	if err := parsed.CheckTime(time.Now()); err != nil {
		t.Fatal(err)
	}
	return controller{map[string]*rsa.PrivateKey{fingerprint: private}, parsed}
}

// read takes the manifest as an API server does that knows the kind, and refuses what it does not know.
func read(t *testing.T, manifest []byte) *v1alpha1.SealedSecret {
	t.Helper()
	var found v1alpha1.SealedSecret
	if err := yaml.UnmarshalStrict(manifest, &found); err != nil {
		t.Fatal(err)
	}
	return &found
}

func (c controller) unseal(s *v1alpha1.SealedSecret) (*corev1.Secret, error) {
	return s.Unseal(serializer.NewCodecFactory(runtime.NewScheme()), c.keys)
}

func TestTheControllerMakesTheSecretOfThePage(t *testing.T) {
	var want corev1.Secret
	if err := yaml.UnmarshalStrict(credential.RenderManifest([]byte(config)), &want); err != nil {
		t.Fatal(err)
	}
	c := newController(t)
	for scope, others := range map[sealed.Scope]struct{ name, namespace bool }{
		sealed.Strict:        {false, false},
		sealed.NamespaceWide: {true, false},
		sealed.ClusterWide:   {true, true},
	} {
		t.Run(string(scope), func(t *testing.T) {
			manifest, err := c.certificate.Manifest([]byte(config), scope, rand.Reader)
			if err != nil {
				t.Fatal(err)
			}
			s := read(t, manifest)
			if got := s.Scope(); got.String() != string(scope) {
				t.Errorf("the scope of the template is %s", got.String())
			}
			if s.Kind != "SealedSecret" || s.APIVersion != v1alpha1.SchemeGroupVersion.String() {
				t.Errorf("it is a %s of %s", s.Kind, s.APIVersion)
			}
			got, err := c.unseal(s)
			if err != nil {
				t.Fatal(err)
			}
			if got.Name != want.Name || got.Namespace != want.Namespace || got.Type != want.Type {
				t.Errorf("it becomes %s/%s of type %s", got.Namespace, got.Name, got.Type)
			}
			// An empty value comes out as none, of which an API server makes an empty key [run, kube-apiserver 1.37].
			if diff := cmp.Diff(want.Data, got.Data, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if _, err := newController(t).unseal(s); err == nil {
				t.Error("another controller unseals it")
			}
			moved := s.DeepCopy()
			moved.Name = "another"
			if _, err := c.unseal(moved); (err == nil) != others.name {
				t.Errorf("under another name: %v", err)
			}
			moved = s.DeepCopy()
			moved.Namespace = "another"
			if _, err := c.unseal(moved); (err == nil) != others.namespace {
				t.Errorf("in another namespace: %v", err)
			}
		})
	}
}
