package cluster

import (
	"context"
	"errors"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
)

// Where a management cluster keeps the kubeconfigs of its workload clusters
// (https://github.com/aws/eks-anywhere-packages/blob/v0.4.17/pkg/authenticator/target_cluster_client.go).
const (
	systemNamespace  = "eksa-system"
	kubeconfigSuffix = "-kubeconfig"
	kubeconfigKey    = "value"
)

var errForeignMeans = errors.New("it signs in by files or programs of this machine, which a kubeconfig out of a cluster must not")

// Workload reaches a workload cluster of a management cluster, through the kubeconfig that the management cluster keeps
// of it: Secret eksa-system/<name>-kubeconfig. The workload cluster itself is not asked anything, and may be out of reach
// from here.
//
// A kubeconfig that comes out of a cluster may hold keys and certificates only: a program that it names would be run, and
// a file that it names be sent.
func (c *Cluster) Workload(ctx context.Context, name string) (*Cluster, error) {
	var secret corev1.Secret
	if err := c.get(ctx, secretObject(systemNamespace, name+kubeconfigSuffix), nil, &secret); err != nil {
		return nil, err
	}
	workload, err := c.access.fromKubeconfig("workload cluster "+name, secret.Data[kubeconfigKey])
	if err != nil {
		return nil, fmt.Errorf("using the kubeconfig of workload cluster %s in %s: %w", name, c, err)
	}
	workload.manager = c
	return workload, nil
}

func (a Access) fromKubeconfig(name string, kubeconfig []byte) (*Cluster, error) {
	loaded, err := clientcmd.Load(kubeconfig)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrAccess, err)
	}
	if err := selfContained(loaded); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrAccess, err)
	}
	context, err := contextOf(loaded, "")
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrAccess, err)
	}
	config, err := clientcmd.NewNonInteractiveClientConfig(*loaded, context, &clientcmd.ConfigOverrides{}, nil).ClientConfig()
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrAccess, err)
	}
	return a.dial(name, config)
}

// selfContained refuses what leads out of the kubeconfig.
func selfContained(config *clientcmdapi.Config) error {
	for _, user := range config.AuthInfos {
		if user.Exec != nil || user.AuthProvider != nil || user.ClientCertificate != "" || user.ClientKey != "" || user.TokenFile != "" {
			return errForeignMeans
		}
	}
	for _, server := range config.Clusters {
		if server.CertificateAuthority != "" {
			return errForeignMeans
		}
	}
	return nil
}

// Managed returns the names of the clusters for which a management cluster keeps a PackageBundleController, its own among them:
// those that the bundle manager gives a copy of the Secret. There are none where packages were never installed.
func (c *Cluster) Managed(ctx context.Context) ([]string, error) {
	var list struct {
		Items []struct {
			Metadata struct {
				Name string `json:"name"`
			} `json:"metadata"`
		} `json:"items"`
	}
	err := c.get(ctx, bundleControllers(), nil, &list)
	if isMissing(err) {
		return nil, nil
	}
	names := make([]string, len(list.Items))
	for i, item := range list.Items {
		names[i] = printable(item.Metadata.Name)
	}
	return names, err
}
