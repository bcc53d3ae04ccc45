package cluster

import (
	"context"
	"errors"
	"fmt"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/lexer"
	corev1 "k8s.io/api/core/v1"

	"github.com/pullpass/pullpass/internal/credential"
	"github.com/pullpass/pullpass/internal/lint"
	"github.com/pullpass/pullpass/internal/yamldepth"
)

// What the packages controller keeps in a cluster
// (https://github.com/aws/eks-anywhere-packages/tree/v0.4.17/charts/eks-anywhere-packages/templates).
const (
	theSecretName        = credential.SecretName
	packagesGroup        = "packages.eks.amazonaws.com"
	providerPackageName  = "ecr-credential-provider-package"
	mirrorSecretName     = "registry-mirror-secret"
	mirrorEndpointKey    = "ENDPOINT"
	mirrorCredentialName = "registry-mirror-cred"
	mirrorCredentialKey  = "config.json"
)

// ErrAbsent says that the cluster has no such object: what would make it was not installed, or has not run yet.
var ErrAbsent = errors.New("not there")

// packagesNamespace is where the management cluster keeps the Packages of a cluster.
func packagesNamespace(cluster string) string { return namespace + "-" + cluster }

// bundleController is what counts of a PackageBundleController.
type bundleController struct {
	Spec struct {
		DefaultRegistry      string `json:"defaultRegistry"`
		DefaultImageRegistry string `json:"defaultImageRegistry"`
		ActiveBundle         string `json:"activeBundle"`
	} `json:"spec"`
	Status struct {
		State  string `json:"state"`
		Detail string `json:"detail"`
	} `json:"status"`
}

// packageObject is what counts of a Package.
type packageObject struct {
	Metadata struct {
		Name string `json:"name"`
	} `json:"metadata"`
	Spec struct {
		Config string `json:"config"`
	} `json:"spec"`
	Status struct {
		State  string `json:"state"`
		Detail string `json:"detail"`
	} `json:"status"`
}

// maxProviderDepth bounds the nesting of the provider's settings; tolerations need four levels.
const maxProviderDepth = 32

// parseProvider reads the settings. What kubelet is to match is that of the entries for our Secret.
func parseProvider(config string) (*lint.CredentialProvider, error) {
	if tk := yamldepth.Beyond(maxProviderDepth, lexer.Tokenize(config)); tk != nil {
		return nil, fmt.Errorf("reading the config of Package %s: line %d: more than %d levels deep", providerPackageName, tk.Position.Line, maxProviderDepth)
	}
	var parsed struct {
		SourceRegistry string `yaml:"sourceRegistry"`
		Credential     []struct {
			MatchImages []string `yaml:"matchImages"`
			SecretName  string   `yaml:"secretName"`
		} `yaml:"credential"`
	}
	if err := yaml.Unmarshal([]byte(config), &parsed); err != nil {
		return nil, fmt.Errorf("reading the config of Package %s: %w", providerPackageName, err)
	}
	found := &lint.CredentialProvider{SourceRegistry: printable(parsed.SourceRegistry)}
	for _, c := range parsed.Credential {
		if c.SecretName == theSecretName {
			found.MatchImages = append(found.MatchImages, c.MatchImages...)
		}
	}
	return found, nil
}

// mirrorEndpoint returns the registry mirror that the packages controller was told of for a cluster, empty for none.
func (c *Cluster) mirrorEndpoint(ctx context.Context, name string) (string, error) {
	where := namespace
	if c.manager != nil {
		where = packagesNamespace(name)
	}
	var secret corev1.Secret
	err := c.keeper().get(ctx, secretObject(where, mirrorSecretName), nil, &secret)
	if isMissing(err) {
		return "", nil
	}
	return printable(string(secret.Data[mirrorEndpointKey])), err
}

// MirrorCredential returns the Docker config file in which the packages controller keeps its token for the registry;
// ErrAbsent where there is none yet. It is a secret.
func (c *Cluster) MirrorCredential(ctx context.Context) ([]byte, error) {
	var secret corev1.Secret
	what := secretObject(namespace, mirrorCredentialName)
	err := c.get(ctx, what, nil, &secret)
	if err == nil && len(secret.Data[mirrorCredentialKey]) == 0 || isMissing(err) {
		return nil, fmt.Errorf("reading %s of %s in %s: %w", mirrorCredentialKey, what.words, c, ErrAbsent)
	}
	return secret.Data[mirrorCredentialKey], err
}

// A Package is one that is installed in a cluster, or should be.
type Package struct{ Name, State, Detail string }

// Packages returns the Packages of an EKS Anywhere cluster, sorted by name as the API server does. Those of a workload
// cluster are kept by its management cluster.
func (c *Cluster) Packages(ctx context.Context, cluster string) ([]Package, error) {
	var list struct {
		Items []packageObject `json:"items"`
	}
	if err := c.keeper().get(ctx, packageObjects(cluster), nil, &list); err != nil {
		return nil, err
	}
	packages := make([]Package, 0, len(list.Items))
	for _, p := range list.Items {
		packages = append(packages, Package{
			Name: printable(p.Metadata.Name), State: printable(p.Status.State), Detail: printable(p.Status.Detail),
		})
	}
	return packages, nil
}

// keeper is the cluster that keeps the settings and Packages of a cluster: the management cluster of a workload cluster.
func (c *Cluster) keeper() *Cluster {
	if c.manager != nil {
		return c.manager
	}
	return c
}
