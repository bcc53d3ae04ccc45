package verify

import (
	"cmp"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/pullpass/pullpass/internal/registry"
)

// The links beyond the credential: whether a cluster uses it. They do not depend on each other.
const (
	LinkSecret     Link = "secret"     // the Secret has none of the mistakes that are known to stop its readers
	LinkController Link = "controller" // the packages controller has started since its Secret was written
	LinkMirror     Link = "mirror"     // the token that it keeps in Secret registry-mirror-cred reads a manifest
	LinkSettings   Link = "settings"   // the cluster's settings name the registry
	LinkBundles    Link = "bundles"    // its PackageBundleController is active
	LinkPackages   Link = "packages"   // none of its Packages is in an error state
)

// Unseen is the outcome of a link that could not be looked at: neither proven nor broken.
const Unseen Outcome = "not seen"

// ErrUnseen says that something which a proof needs is not there to be looked at, or that nobody may look.
var ErrUnseen = errors.New("not seen")

// A View looks into one cluster. An error of any of them leaves what it would have told unseen; one that is nil is of no
// concern there, and its link is left out.
type View struct {
	Secret     func(context.Context) (Mistakes, error)
	Controller func(context.Context) (Controller, error)
	// MirrorCredential gives the Docker config file in which the packages controller keeps its token.
	MirrorCredential func(context.Context) ([]byte, error)
	Settings         func(context.Context) (Settings, error)
	// Packages gives those of the cluster.
	Packages func(context.Context) ([]Package, error)
}

// Mistakes are those that are known from Secrets made by hand, a line each.
type Mistakes struct {
	// Errors stop a reader of the Secret; Warnings are things that work by luck.
	Errors, Warnings []string
}

// Controller is the packages controller as far as its start goes. Times are to the second.
type Controller struct {
	Installed bool
	// Written is when the Secret got its config.
	Written time.Time
	// Asked is when somebody last asked for a restart; the zero time for never.
	Asked time.Time
	// Started is when each running program started.
	Started []time.Time
}

// Settings are those by which a cluster finds its packages.
type Settings struct {
	// Mirror is the registry mirror that the cluster pulls from instead of AWS, empty for none.
	Mirror string
	// Differs says what does not lead to the registry, in the order in which to mend it.
	Differs []string
	// State and Detail are the PackageBundleController's.
	State, Detail string
}

// A Package is one that is installed, or should be.
type Package struct{ Name, State, Detail string }

// InCluster proves the links beyond the credential side by side, each by itself.
func InCluster(ctx context.Context, view View, in Input, cfg Config) []Proof {
	w := &walk{Config: cfg.withDefaults(), in: in}
	if w.in.Artifact == (registry.Artifact{}) {
		w.in.Artifact = registry.Probe()
	}
	links := view.links()
	proofs := make([]Proof, len(links))
	var group sync.WaitGroup
	for i, l := range links {
		group.Go(func() {
			own := *w // Each has what a walk leaves behind for itself.
			proofs[i] = own.prove(ctx, l)
		})
	}
	group.Wait()
	return proofs
}

func (v View) links() []step {
	var links []step
	if v.Secret != nil {
		links = append(links, step{LinkSecret, v.proveSecret})
	}
	if v.Controller != nil {
		links = append(links, step{LinkController, v.proveController})
	}
	if v.MirrorCredential != nil {
		links = append(links, step{LinkMirror, v.proveMirror})
	}
	if v.Settings != nil {
		links = append(links, step{LinkSettings, v.proveSettings}, step{LinkBundles, v.proveBundles})
	}
	if v.Packages != nil {
		links = append(links, step{LinkPackages, v.provePackages})
	}
	return links
}

func (v View) proveSecret(_ *walk, ctx context.Context) (string, error) {
	found, err := v.Secret(ctx)
	switch {
	case err != nil:
		return "", unseen(err)
	case len(found.Errors) > 0:
		return "", &Fault{Side: Cluster, Err: list(found.Errors), Hint: "pullpass apply writes the Secret anew; pullpass lint --live tells more"}
	case len(found.Warnings) > 0:
		return "its readers can use it, but " + strings.Join(found.Warnings, "; "), nil
	}
	return "none of the known mistakes is in it", nil
}

// restartTime is how long a restart may take before it counts as failed: the Deployment's strategy is Recreate, and the
// old pod has its grace period of ten seconds, the new one two images to pull.
const restartTime = 5 * time.Minute

func (v View) proveController(w *walk, ctx context.Context) (string, error) {
	c, err := v.Controller(ctx)
	switch {
	case err != nil:
		return "", unseen(err)
	case !c.Installed:
		return "", unseen(errors.New("the packages controller is not installed, and nothing else reads the Secret"))
	case len(c.Started) == 0:
		return "", &Fault{Side: Cluster, Err: errors.New("no pod of the packages controller runs"),
			Hint: "kubectl -n eksa-packages describe pods -l control-plane=controller-manager"}
	}
	for _, started := range c.Started {
		if started.After(c.Written) { // Both are to the second: in the same one it may have read what was there before.
			continue
		}
		err := fmt.Errorf("it runs since %s and the Secret was written at %s: it still uses what was there before",
			started.UTC().Format(time.RFC3339), c.Written.UTC().Format(time.RFC3339))
		if !c.Asked.Before(c.Written) && w.Now().Sub(c.Asked) < restartTime {
			return "", unseen(fmt.Errorf("%w; its restart was asked for at %s", err, c.Asked.UTC().Format(time.RFC3339)))
		}
		return "", &Fault{Side: Cluster, Err: err, Hint: "kubectl -n eksa-packages rollout restart deployment/eks-anywhere-packages"}
	}
	return fmt.Sprintf("started after %s, when the Secret was written", c.Written.UTC().Format(time.RFC3339)), nil
}

// dockerConfig is the part of a Docker config file that holds credentials
// (https://docs.docker.com/reference/cli/docker/login/).
type dockerConfig struct {
	Auths map[string]struct {
		Auth     string `json:"auth"`
		Username string `json:"username"`
		Password string `json:"password"`
	} `json:"auths"`
}

// proveMirror reads the artifact's manifest with the cluster's own token.
func (v View) proveMirror(w *walk, ctx context.Context) (string, error) {
	src, err := v.MirrorCredential(ctx)
	if err != nil {
		return "", unseen(err)
	}
	var config dockerConfig
	if err := json.Unmarshal(src, &config); err != nil {
		// The error is not passed on: it may quote what it stumbles over.
		return "", &Fault{Side: Cluster, Err: errors.New("config.json of Secret registry-mirror-cred is not JSON"), Hint: restartHint}
	}
	auth, found := config.Auths[w.in.Registry.Host()]
	if !found {
		if mirror := v.mirror(ctx); mirror != "" {
			return "", unseen(fmt.Errorf("packages come through the registry mirror %s, for which no token of AWS is needed", mirror))
		}
		return "", &Fault{Side: Cluster, Hint: restartHint + "; it looks up the registry in the PackageBundleController",
			Err: fmt.Errorf("the Secret registry-mirror-cred has no token for %s", w.in.Registry.Host())}
	}
	w.basic = auth.Auth
	if w.basic == "" {
		w.basic = base64.StdEncoding.EncodeToString([]byte(auth.Username + ":" + auth.Password))
	}
	if _, err := w.proveRegistry(ctx); err != nil {
		return "", err
	}
	detail, err := w.proveManifest(ctx)
	return "with the cluster's own token: " + detail, err
}

// mirror is the registry mirror that the cluster pulls from, empty where there is none or nothing is known of it.
func (v View) mirror(ctx context.Context) string {
	if v.Settings == nil {
		return ""
	}
	s, err := v.Settings(ctx)
	if err != nil {
		return ""
	}
	return s.Mirror
}

const restartHint = "the packages controller writes it within the hour, or 30 s after its start; its log says why it does not"

func (v View) proveSettings(w *walk, ctx context.Context) (string, error) {
	s, err := v.Settings(ctx)
	switch {
	case err != nil:
		return "", unseen(err)
	case s.Mirror != "":
		return fmt.Sprintf("packages come through the registry mirror %s, which is left alone", s.Mirror), nil
	case len(s.Differs) > 0:
		return "", &Fault{Side: Cluster, Err: list(s.Differs), Hint: "mend them in this order, in a maintenance window: nodes and packages restart"}
	}
	return "they name " + w.in.Registry.Host(), nil
}

func (v View) proveBundles(_ *walk, ctx context.Context) (string, error) {
	s, err := v.Settings(ctx)
	switch {
	case err != nil:
		return "", unseen(err)
	case s.State == "active", s.State == "upgrade available":
		return fmt.Sprintf("the PackageBundleController is %s%s", s.State, inParentheses(s.Detail)), nil
	}
	return "", &Fault{Side: Cluster, Err: fmt.Errorf("the PackageBundleController is %s%s", cmp.Or(s.State, "in no state yet"), inParentheses(s.Detail)),
		Hint: "kubectl -n eksa-packages get packagebundlecontrollers, and the packages controller's log"}
}

func (v View) provePackages(_ *walk, ctx context.Context) (string, error) {
	packages, err := v.Packages(ctx)
	if err != nil {
		return "", unseen(err)
	}
	var broken []string
	for _, p := range packages {
		// The other states are on the way, or there: api/v1alpha1/package_types.go of aws/eks-anywhere-packages.
		if p.State == "unknown" || p.Detail != "" && p.State != "installed" {
			broken = append(broken, fmt.Sprintf("%s is %s%s", p.Name, cmp.Or(p.State, "in no state yet"), inParentheses(p.Detail)))
		}
	}
	if len(broken) > 0 {
		return "", &Fault{Side: Cluster, Err: list(broken), Hint: "kubectl get packages -A, then describe the one that fails"}
	}
	return fmt.Sprintf("%d installed or under way, none with an error", len(packages)), nil
}

// unseen says that a link could not be looked at, and why.
func unseen(err error) error { return fmt.Errorf("%w: %w", ErrUnseen, err) }

// list makes one error of several findings.
func list(findings []string) error { return errors.New(strings.Join(findings, "; ")) }

func inParentheses(detail string) string {
	if detail == "" {
		return ""
	}
	return " (" + detail + ")"
}
