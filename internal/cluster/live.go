package cluster

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/pullpass/pullpass/internal/credential"
	"github.com/pullpass/pullpass/internal/lint"
	"github.com/pullpass/pullpass/internal/registry"
)

// migration is the order in which the settings of a cluster are mended: what nodes match comes before what they then pull,
// and what rolls the nodes' package comes last. A registry that is the legacy one takes its setting's place.
func migration() []lint.Code {
	return []lint.Code{"PP305", "PP302", "PP303", "PP304", stateCode, "PP306"}
}

const (
	// stateCode is the rule for a PackageBundleController that is not active, mirrorCode that for a registry mirror.
	stateCode  lint.Code = "PP308"
	mirrorCode lint.Code = "PP310"
)

// settings are those by which a cluster finds its packages, as read: nil is what is not there or could not be read.
type settings struct {
	endpoint string
	bundles  *lint.BundleController
	provider *lint.CredentialProvider
}

// settings reads the settings of an EKS Anywhere cluster side by side, one request in sequence. What was read is returned
// beside an error.
func (c *Cluster) settings(ctx context.Context, name string) (settings, error) {
	var found settings
	var errs [3]error
	var wg sync.WaitGroup
	wg.Go(func() { found.endpoint, errs[0] = c.mirrorEndpoint(ctx, name) })
	wg.Go(func() { found.bundles, errs[1] = c.bundles(ctx, name) })
	wg.Go(func() { found.provider, errs[2] = c.provider(ctx, name) })
	wg.Wait()
	return found, errors.Join(errs[:]...)
}

func (c *Cluster) bundles(ctx context.Context, name string) (*lint.BundleController, error) {
	var b bundleController
	if err := c.keeper().get(ctx, bundleControllerObject(name), nil, &b); err != nil {
		return nil, unlessMissing(err)
	}
	return &lint.BundleController{
		DefaultRegistry: printable(b.Spec.DefaultRegistry), DefaultImageRegistry: printable(b.Spec.DefaultImageRegistry),
		ActiveBundle: b.Spec.ActiveBundle, State: printable(b.Status.State), Detail: printable(b.Status.Detail),
	}, nil
}

func (c *Cluster) provider(ctx context.Context, name string) (*lint.CredentialProvider, error) {
	var p packageObject
	if err := c.keeper().get(ctx, providerObject(name), nil, &p); err != nil {
		return nil, unlessMissing(err)
	}
	return parseProvider(p.Spec.Config)
}

// unlessMissing takes a kind that was never installed for an object that is not there.
func unlessMissing(err error) error {
	if isMissing(err) || isUnknownKind(err) {
		return nil
	}
	return err
}

// findings are what lint says of the settings, in the order of migration. Where the cluster has a registry mirror its
// registries are its own affair, and where no registry is wanted there is nothing to compare with.
func (s settings) findings(want registry.Registry) []lint.Finding {
	if want.IsZero() {
		return nil
	}
	all := lint.CheckLive(lint.Live{Registry: want, Bundles: s.bundles, Provider: s.provider})
	mirrored := s.mirror(all) != ""
	order := migration()
	all = slices.DeleteFunc(all, func(f lint.Finding) bool {
		return !slices.Contains(order, f.Rule.Code) || mirrored && f.Rule.Code != stateCode
	})
	slices.SortStableFunc(all, func(a, b lint.Finding) int {
		return cmp.Compare(slices.Index(order, a.Rule.Code), slices.Index(order, b.Rule.Code))
	})
	return all
}

// mirror is the registry mirror that the cluster pulls from, by what the packages controller was told or by its registry,
// empty for none.
func (s settings) mirror(all []lint.Finding) string {
	isMirror := slices.ContainsFunc(all, func(f lint.Finding) bool { return f.Rule.Code == mirrorCode })
	if s.endpoint == "" && isMirror {
		host, _, _ := strings.Cut(s.bundles.DefaultRegistry, "/")
		return host
	}
	return s.endpoint
}

// notes say what keeps a cluster from using the registry.
func notes(findings []lint.Finding) []string {
	var all []string
	for _, f := range findings {
		all = append(all, f.Message+" ("+string(f.Rule.Code)+")")
	}
	return all
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

// Settings reads the cluster's settings and compares them with the registry; ErrAbsent where there is no
// PackageBundleController of the cluster. Nothing here ever changes them.
//
// One request in sequence.
func (d Delivery) Settings(ctx context.Context) (Settings, error) {
	found, err := d.Cluster.settings(ctx, d.Name)
	if err != nil {
		return Settings{}, err
	}
	if found.bundles == nil {
		return Settings{}, fmt.Errorf("reading %s in %s: %w", bundleControllerObject(d.Name).words, d.Cluster.keeper(), ErrAbsent)
	}
	all := found.findings(d.Registry)
	differs := slices.DeleteFunc(slices.Clone(all), func(f lint.Finding) bool { return f.Rule.Code == stateCode })
	mirror := found.mirror(lint.CheckLive(lint.Live{Registry: d.Registry, Bundles: found.bundles}))
	return Settings{Mirror: mirror, Differs: notes(differs), State: found.bundles.State, Detail: found.bundles.Detail}, nil
}

// Live reads what lint says something about: the Secret, the settings, the packages controller, and the copies of
// workload clusters. What could not be read is left out and is in the error, beside what could.
//
// Three requests in sequence with workload clusters, two without.
func (d Delivery) Live(ctx context.Context, workloads ...string) (lint.Live, error) {
	live := lint.Live{Name: d.Name, Registry: d.Registry}
	var f *found
	var secretErr, settingsErr, controllerErr error
	var running controller
	var found settings
	copies := make([]*lint.Workload, len(workloads))
	copyErrs := make([]error, len(workloads))
	var wg sync.WaitGroup
	wg.Go(func() { f, secretErr = d.secret(ctx) })
	wg.Go(func() { found, settingsErr = d.Cluster.settings(ctx, d.Name) })
	wg.Go(func() { running, controllerErr = d.Cluster.controller(ctx) })
	for i, name := range workloads {
		wg.Go(func() { copies[i], copyErrs[i] = d.liveWorkload(ctx, name) })
	}
	wg.Wait()
	live.Bundles, live.Provider = found.bundles, found.provider
	if secretErr == nil {
		live.Secret = liveSecret(f)
	}
	if f != nil && running.stale(f.written(), f.keyID()) {
		live.ControllerStarted = slices.MinFunc(running.started, time.Time.Compare)
	}
	for _, c := range copies {
		if c != nil {
			live.Workloads = append(live.Workloads, *c)
		}
	}
	return live, errors.Join(append(copyErrs, secretErr, settingsErr, controllerErr)...)
}

func (d Delivery) liveWorkload(ctx context.Context, name string) (*lint.Workload, error) {
	workload, err := d.Cluster.Workload(ctx, name)
	if err != nil {
		return nil, err
	}
	f, err := Delivery{Cluster: workload}.secret(ctx)
	if err != nil {
		return nil, err
	}
	return &lint.Workload{Name: name, Secret: *liveSecret(f)}, nil
}

// liveSecret is a Secret as lint takes it; nil is one that is not there.
func liveSecret(f *found) *lint.LiveSecret {
	if f == nil {
		return &lint.LiveSecret{}
	}
	live := &lint.LiveSecret{Exists: true, Data: map[string]credential.Secret{}, Written: f.written()}
	for key, value := range f.secret.Data {
		live.Data[key] = credential.NewSecret(string(value))
	}
	return live
}
