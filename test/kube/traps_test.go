package kube

import (
	"context"
	"encoding/base64"
	"maps"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/pullpass/pullpass/internal/credential"
	"github.com/pullpass/pullpass/test/kube/lab"
)

// TestTrapsInClusters spoils what a working cluster holds, one trap at a time: lint and verify must both name it.
func TestTrapsInClusters(t *testing.T) {
	l := lab.Start(t, "hub", "edge")
	hub, edge := l.Cluster(t, "hub"), l.Cluster(t, "edge")
	installed(t, hub)
	installed(t, edge)
	managedBy(t, hub, edge)
	o := l.Operator(t)
	o.WriteShareOf(t, `{name: hub, kubernetes: {kubeconfig: "`+l.Kubeconfig+`", context: hub}, workloadClusters: [edge]}`)
	o.Exits(t, 0, "apply", "--sandbox", lab.Box, "--yes")
	hub.RunController(t, time.Now().Add(2*time.Second))
	o.Exits(t, 0, "lint", "--live")
	o.Exits(t, 0, "verify", "--sandbox", lab.Box)
	good := dataOf(t, hub)
	config := string(good[credential.KeyConfig])
	changed := func(key, value string) map[string][]byte {
		data := maps.Clone(good)
		data[key] = []byte(value)
		return data
	}
	without := func(key string) map[string][]byte {
		data := maps.Clone(good)
		delete(data, key)
		return data
	}
	for trap, test := range map[string]struct {
		code string
		data map[string][]byte
	}{
		"an empty config":           {"PP001", changed(credential.KeyConfig, "")},
		"a config in base64 twice":  {"PP002", changed(credential.KeyConfig, base64.StdEncoding.EncodeToString([]byte(config)))},
		"no region":                 {"PP003", changed(credential.KeyConfig, strings.Replace(config, "region=us-west-2\n", "", 1))},
		"no word profile":           {"PP004", changed(credential.KeyConfig, strings.Replace(config, "[profile ", "[", 1))},
		"an unknown source_profile": {"PP008", changed(credential.KeyConfig, strings.Replace(config, "source_profile=", "source_profile=x", 1))},
		"empty keys and no config":  {"PP105", without(credential.KeyConfig)},
		"a newline after REGION":    {"PP106", changed(credential.KeyRegion, "us-west-2\n")},
		"no key REGION":             {"PP107", without(credential.KeyRegion)},
	} {
		t.Run(trap, func(t *testing.T) {
			hold(t, hub, test.data)
			defer hold(t, hub, good)
			linted := o.Pullpass(t, "lint", "--live")
			if !strings.Contains(string(linted.Stdout), test.code) {
				t.Errorf("lint does not name %s:\n%s%s", test.code, linted.Stdout, linted.Stderr)
			}
			verified := o.Pullpass(t, "verify", "--sandbox", lab.Box)
			if !strings.Contains(string(verified.Stdout), test.code) {
				t.Errorf("verify does not name %s; it ended with %d:\n%s", test.code, verified.Code, verified.Stdout)
			}
		})
	}
	for trap, test := range map[string]struct {
		code  string
		spoil func(t *testing.T)
	}{
		"another defaultRegistry":    {"PP302", setting(hub, "defaultRegistry", "public.ecr.aws/eks-anywhere")},
		"another image registry":     {"PP303", setting(hub, "defaultImageRegistry", "public.ecr.aws/eks-anywhere")},
		"the legacy registry":        {"PP304", setting(hub, "defaultImageRegistry", "783794618700.dkr.ecr.us-west-2.amazonaws.com")},
		"a controller that is older": {"PP307", func(t *testing.T) { hub.RunController(t, time.Now().Add(-time.Hour)) }},
		"a bundle manager that waits": {"PP308", func(t *testing.T) {
			hub.SetStatus(t, lab.PackageBundleControllers, lab.Namespace, hub.Name, map[string]any{"state": "disconnected", "detail": "403"})
		}},
		"a copy with another key": {"PP309", func(t *testing.T) {
			hold(t, edge, changed(credential.KeyConfig, strings.Replace(config, "AKIA", "AKIB", 1)))
		}},
	} {
		t.Run(trap, func(t *testing.T) {
			test.spoil(t)
			linted := o.Pullpass(t, "lint", "--live")
			if !strings.Contains(string(linted.Stdout), test.code) {
				t.Errorf("lint does not name %s:\n%s%s", test.code, linted.Stdout, linted.Stderr)
			}
			if verified := o.Pullpass(t, "verify", "--sandbox", lab.Box); verified.Code != 4 {
				t.Errorf("verify ended with %d:\n%s", verified.Code, verified.Stdout)
			}
			explained := o.Pullpass(t, "explain", "--sandbox", lab.Box)
			if out := string(explained.Stdout); explained.Code != 1 || !strings.Contains(out, "the cluster does not use it") && !strings.Contains(out, "denied at link") {
				t.Errorf("explain ended with %d:\n%s", explained.Code, out)
			}
			// As it was.
			hold(t, edge, good)
			setting(hub, "defaultRegistry", registryHost)(t)
			setting(hub, "defaultImageRegistry", registryHost)(t)
			hub.RunController(t, time.Now().Add(2*time.Second))
			hub.SetStatus(t, lab.PackageBundleControllers, lab.Namespace, hub.Name, map[string]any{"state": "active"})
		})
	}
}

// setting changes a setting of the cluster's PackageBundleController.
func setting(c *lab.Cluster, name, value string) func(*testing.T) {
	return func(t *testing.T) {
		t.Helper()
		c.Kubectl(t, "-n", lab.Namespace, "patch", string(lab.PackageBundleControllers), c.Name, "--type=merge",
			"-p", `{"spec":{"`+name+`":"`+value+`"}}`).Succeeded(t)
	}
}

func dataOf(t *testing.T, c *lab.Cluster) map[string][]byte {
	t.Helper()
	secret, err := c.Client.CoreV1().Secrets(lab.Namespace).Get(t.Context(), lab.Secret, metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return secret.Data
}

// hold has a cluster hold data in its Secret, as somebody would have it who made it by hand. The controller's start stays
// after that, so that its age is no matter.
func hold(t *testing.T, c *lab.Cluster, data map[string][]byte) {
	t.Helper()
	secrets := c.Client.CoreV1().Secrets(lab.Namespace)
	ctx := context.WithoutCancel(t.Context())
	_ = secrets.Delete(ctx, lab.Secret, metav1.DeleteOptions{}) // The first time there may be none.
	secret := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: lab.Secret}, Data: data}
	if _, err := secrets.Create(ctx, secret, metav1.CreateOptions{FieldManager: "kubectl-create"}); err != nil {
		t.Fatal(err)
	}
}
