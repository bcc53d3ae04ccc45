package cluster

import (
	"context"
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/pullpass/pullpass/internal/awsid"
	"github.com/pullpass/pullpass/internal/credential"
	"github.com/pullpass/pullpass/internal/plan"
)

// attempts is how often a write begins anew that somebody else's write came before.
const attempts = 5

// Write delivers a credential by server-side apply, after reading who manages what: the config, the three keys that are
// missing or ours, and our annotations. Every other key, label and annotation stays as it is. The type of a new Secret is
// the one that Kubernetes gives by default, Opaque.
//
// The config is taken over from the managers by which people write it, or from any where Force is set; without, another
// manager is an ErrConflict that names it. What was read and what is written are held together by the resource version,
// so that nothing is taken over that was not looked at. A server that does not answer, or is overrun, is asked again for
// half a minute: applying the same twice does no harm.
//
// Two requests in sequence; three where the Secret's namespace is made.
func (d Delivery) Write(ctx context.Context, config credential.Config) error {
	rendered, err := config.Render()
	if err != nil {
		return d.writing(err)
	}
	return d.persist(ctx, func(ctx context.Context) error { return d.apply(ctx, rendered, config.Key.ID, nil) })
}

// Ready finds out whether Write can deliver, by letting the API server do everything but keep it: permissions, conflicts,
// the namespace, admission. It writes what is there already, or a config without a key.
//
// Two requests in sequence; three where the Secret's namespace would be made.
func (d Delivery) Ready(ctx context.Context) error {
	return d.apply(ctx, nil, "", params{"dryRun": "All"})
}

// apply reads and writes until nobody comes in between. A nil config stands for the one that is there.
func (d Delivery) apply(ctx context.Context, config []byte, key awsid.AccessKeyID, query params) error {
	var err error
	for range attempts {
		if err = d.applyOnce(ctx, config, key, query); err == nil || !isOutrun(err) {
			return err
		}
	}
	return err
}

func (d Delivery) applyOnce(ctx context.Context, config []byte, key awsid.AccessKeyID, query params) error {
	f, err := d.secret(ctx)
	if err != nil {
		return err
	}
	if err := d.mayWrite(f); err != nil {
		return d.writing(err)
	}
	if config == nil {
		config, key = f.standIn()
	}
	body, forced := d.intent(f, config, key)
	err = d.patchSecret(ctx, body, forced, query)
	if !isNamespaceMissing(err) {
		return err
	}
	if !d.CreateNamespace {
		return d.writing(ErrNoNamespace)
	}
	if err := d.createNamespace(ctx, query); err != nil || len(query) > 0 {
		return err
	}
	return d.patchSecret(ctx, body, forced, query)
}

func (d Delivery) writing(err error) error {
	return fmt.Errorf("writing %s in %s: %w", theSecret().words, d.Cluster, err)
}

// mayWrite refuses what the API server would refuse in other words, or accept although it should not be.
func (d Delivery) mayWrite(f *found) error {
	if f == nil {
		return nil
	}
	if err := f.refuses(); err != nil {
		return err
	}
	if _, conflicts := others(f.config, d.takeOver()); len(conflicts) > 0 && !d.Force {
		return fmt.Errorf("key %s is %w: %s", credential.KeyConfig, ErrConflict, strings.Join(conflicts, ", "))
	}
	return nil
}

// refuses returns why the Secret can never be written.
func (f *found) refuses() error {
	if f.secret.Immutable != nil && *f.secret.Immutable {
		return ErrImmutable
	}
	if f.secret.Type != corev1.SecretTypeOpaque {
		return fmt.Errorf("%w but %s", ErrType, f.secret.Type)
	}
	return nil
}

// standIn is what a dry run writes: the config that is there, or one that says nothing.
func (f *found) standIn() ([]byte, awsid.AccessKeyID) {
	if f != nil {
		if config := f.secret.Data[credential.KeyConfig]; len(config) > 0 {
			return config, awsid.AccessKeyID(f.secret.Annotations[annotationKey])
		}
	}
	return []byte("[default]\n"), ""
}

// applied is the Secret as we apply it. What it leaves out stays, unless it was ours.
type applied struct {
	APIVersion string            `json:"apiVersion"`
	Kind       string            `json:"kind"`
	Metadata   appliedMeta       `json:"metadata"`
	Data       map[string][]byte `json:"data"`
}

type appliedMeta struct {
	Name            string            `json:"name"`
	Namespace       string            `json:"namespace"`
	ResourceVersion string            `json:"resourceVersion,omitempty"`
	Annotations     map[string]string `json:"annotations"`
}

// intent returns what to apply, and whether it must be forced. It is forced wherever there is a Secret, because whom it is
// taken over from was decided by reading, and because nobody else may have our annotations.
func (d Delivery) intent(f *found, config []byte, key awsid.AccessKeyID) (body applied, forced bool) {
	body = applied{
		APIVersion: "v1", Kind: "Secret",
		Metadata: appliedMeta{Name: credential.SecretName, Namespace: namespace, Annotations: d.annotations(config, key)},
		Data:     map[string][]byte{credential.KeyConfig: config},
	}
	if f != nil {
		body.Metadata.ResourceVersion = f.secret.ResourceVersion
	}
	for _, name := range keyFields() {
		if f == nil || !f.has(name) || isOurs(f.keys[name]) {
			body.Data[name] = []byte{}
		}
	}
	return body, f != nil
}

func (f *found) has(key string) bool {
	_, there := f.secret.Data[key]
	return there
}

func (d Delivery) patchSecret(ctx context.Context, body applied, forced bool, query params) error {
	all := params{"fieldManager": plan.FieldManager}
	for name, value := range query {
		all[name] = value
	}
	if forced {
		all["force"] = "true"
	}
	return d.discreet(d.Cluster.patch(ctx, theSecret(), types.ApplyYAMLPatchType, all, body), body.Data[credential.KeyConfig])
}

// createNamespace makes the namespace; somebody else may have made it in between.
func (d Delivery) createNamespace(ctx context.Context, query params) error {
	err := d.Cluster.create(ctx, namespaces(), query, map[string]any{
		"apiVersion": "v1", "kind": "Namespace", "metadata": map[string]any{"name": namespace},
	})
	if isOutrun(err) {
		return nil
	}
	return err
}
