package lint

import (
	"path"
	"slices"
	"strings"
	"time"

	"github.com/pullpass/pullpass/internal/credential"
	"github.com/pullpass/pullpass/internal/registry"
)

// A Live is what was read from a running cluster. What could not be read, or was not asked for, is nil or zero, and
// nothing is said about it: an unreachable cluster is unknown, never empty.
type Live struct {
	// Name is the cluster's, and stands for the file in positions.
	Name string
	// Registry is the packages registry that the cluster should use.
	Registry registry.Registry
	// Secret is the Secret aws-secret.
	Secret *LiveSecret
	// Bundles is the cluster's PackageBundleController.
	Bundles *BundleController
	// Provider is the Package ecr-credential-provider-package of the cluster.
	Provider *CredentialProvider
	// ControllerStarted is when the oldest running pod of the packages controller started.
	ControllerStarted time.Time
	// Workloads are the workload clusters whose copy of the Secret was read.
	Workloads []Workload
}

// A LiveSecret is a Secret as the API server gives it.
type LiveSecret struct {
	// Exists is false where the API server says that there is none.
	Exists bool
	// Data is decoded, by key.
	Data map[string]credential.Secret
	// Written is when the data was changed last, as managedFields or our annotation tell.
	Written time.Time
}

// A BundleController is what counts of a PackageBundleController (packages.eks.amazonaws.com/v1alpha1).
type BundleController struct {
	// DefaultRegistry and DefaultImageRegistry are of the spec: a host, which a path may follow.
	DefaultRegistry, DefaultImageRegistry string
	// ActiveBundle is of the spec, such as v1-31-40.
	ActiveBundle string
	// State and Detail are of the status. State is active, ignored, upgrade available, disconnected, or empty.
	State, Detail string
}

// stateActive is the state in which the bundle manager works.
const stateActive = "active"

// A CredentialProvider is what counts of the Package of the credential provider: both are in its config, a text of YAML.
type CredentialProvider struct {
	MatchImages    []string
	SourceRegistry string
}

// A Workload is a workload cluster and its copy of the Secret.
type Workload struct {
	Name   string
	Secret LiveSecret
}

// CheckLive lints a running cluster: the Secret by all rules for Secrets, then its settings.
func CheckLive(l Live) []Finding {
	out := newReport()
	at := Position{File: l.Name}
	if l.Secret != nil {
		checkLiveSecret(out, at, *l.Secret)
	}
	if l.Bundles != nil {
		checkBundles(out, at, *l.Bundles, l.Registry)
	}
	if l.Provider != nil {
		checkProvider(out, at, *l.Provider, l.Registry)
	}
	if l.Secret != nil && !l.ControllerStarted.IsZero() && l.ControllerStarted.Before(l.Secret.Written) {
		out.add("PP307", at, "the packages controller started at %s, the Secret was written at %s",
			l.ControllerStarted.UTC().Format(time.RFC3339), l.Secret.Written.UTC().Format(time.RFC3339))
	}
	if l.Secret != nil && l.Secret.Exists {
		for _, w := range l.Workloads {
			checkCopy(out, Position{File: l.Name + "/" + w.Name}, l.Secret.Data, w.Secret)
		}
	}
	return out.sorted()
}

func checkLiveSecret(out *report, at Position, secret LiveSecret) {
	if !secret.Exists {
		out.add("PP301", at, "there is no Secret %s in namespace %s", credential.SecretName, credential.SecretNamespace)
		return
	}
	s := secretData{entries: map[string]entry{}, complete: true, at: at}
	for key, value := range secret.Data {
		t := newText(value.Reveal())
		s.entries[key] = entry{text: t, source: inCluster{place: at, key: key, text: t}}
	}
	checkData(out, s)
}

// An inCluster is a source that is one key of a Secret in a cluster. It is changed by deliveries alone.
type inCluster struct {
	place Position
	key   string
	text  text
}

func (s inCluster) at(offset int) Position {
	at := s.place
	at.Key = s.key
	at.KeyLine, _ = s.text.place(offset)
	return at
}

func (inCluster) replace(int, int, string, string) *Edit { return nil }

// host takes off a path.
func host(registryName string) string {
	before, _, _ := strings.Cut(registryName, "/")
	return before
}

// isMirror tells a registry of the cluster's owner from AWS's.
func isMirror(name string) bool {
	h := host(name)
	return h != "" && !strings.HasSuffix(h, ".amazonaws.com") && h != "public.ecr.aws"
}

func checkBundles(out *report, at Position, b BundleController, want registry.Registry) {
	switch {
	case isMirror(b.DefaultRegistry):
		out.add("PP310", at, "defaultRegistry is %s", b.DefaultRegistry)
	default:
		checkRegistry(out, at, "PP302", "defaultRegistry", b.DefaultRegistry, want)
		checkRegistry(out, at, "PP303", "defaultImageRegistry", b.DefaultImageRegistry, want)
	}
	if b.State != stateActive {
		state := b.State
		if state == "" {
			state = "empty"
		}
		found := out.add("PP308", at, "the state is %s, activeBundle is %q", state, b.ActiveBundle)
		if b.Detail != "" {
			found.Message += ": " + b.Detail
		}
	}
}

func checkRegistry(out *report, at Position, code Code, setting, name string, want registry.Registry) {
	switch h := host(name); {
	case h == want.Host() || isMirror(name):
	case h == registry.Legacy().Host():
		out.add("PP304", at, "%s is %s", setting, h)
	default:
		out.add(code, at, "%s is %q and should be %s", setting, h, want.Host())
	}
}

func checkProvider(out *report, at Position, p CredentialProvider, want registry.Registry) {
	covers := func(pattern string) bool { return matchesHost(pattern, want.Host()) }
	if !slices.ContainsFunc(p.MatchImages, covers) {
		out.add("PP305", at, "no entry of matchImages matches %s", want.Host())
	}
	if p.SourceRegistry != "" && !isMirror(p.SourceRegistry) && host(p.SourceRegistry) != want.Host() {
		out.add("PP306", at, "sourceRegistry is %s and should be %s", host(p.SourceRegistry), want.Host())
	}
}

// matchesHost tells whether kubelet takes a pattern for all images of a host: as many labels, each of which may hold
// globs. A pattern with a port or a path is for fewer images
// (https://kubernetes.io/docs/tasks/administer-cluster/kubelet-credential-provider/#configure-image-matching).
func matchesHost(pattern, host string) bool {
	globs, labels := strings.Split(pattern, "."), strings.Split(host, ".")
	if len(globs) != len(labels) || strings.ContainsAny(pattern, "/:") {
		return false
	}
	for i, glob := range globs {
		if ok, err := path.Match(glob, labels[i]); err != nil || !ok {
			return false
		}
	}
	return true
}

func checkCopy(out *report, at Position, want map[string]credential.Secret, copied LiveSecret) {
	const code Code = "PP309"
	if !copied.Exists {
		out.add(code, at, "there is no copy of Secret %s", credential.SecretName)
		return
	}
	for _, key := range read() {
		if !want[key].Equal(copied.Data[key]) {
			out.add(code, at, "its %s is another one", key)
		}
	}
}
