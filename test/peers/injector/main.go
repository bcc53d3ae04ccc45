// Command injector refreshes the registry credential of a cluster once, with the packages controller's own code.
//
// The cluster is a fake Kubernetes client that holds what the controller finds on a new cluster: the
// PackageBundleController, whose defaultRegistry is the first argument, and the Secret registry-mirror-cred, still empty.
// The code reads the Secret aws-secret from /tmp/aws-secret, the volume's place in the controller's pod, and nowhere else.
// What it wrote into registry-mirror-cred as config.json goes to stdout.
//
// With the argument -decode it does nothing but read a manifest of a Secret on stdin, with the code of Kubernetes.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	packages "github.com/aws/eks-anywhere-packages/api/v1alpha1"
	"github.com/aws/eks-anywhere-packages/pkg/authenticator"
	"github.com/aws/eks-anywhere-packages/pkg/registry"
	"github.com/go-logr/logr/funcr"
	core "k8s.io/api/core/v1"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
)

// dockerConfig is the key of registry-mirror-cred that the injector writes.
const dockerConfig = "config.json"

func main() {
	if err := run(context.Background(), os.Args[1:], os.Getenv("CLUSTER_NAME")); err != nil {
		fmt.Fprintln(os.Stderr, "injector:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, cluster string) error {
	if len(args) == 1 && args[0] == "-decode" {
		return decode(os.Stdin)
	}
	if len(args) != 1 || cluster == "" {
		return errors.New("usage: CLUSTER_NAME=NAME injector REGISTRY, or injector -decode")
	}
	kube, err := newCluster(cluster, args[0])
	if err != nil {
		return err
	}
	log := funcr.New(func(prefix, args string) { fmt.Fprintln(os.Stderr, prefix, args) }, funcr.Options{})
	injector, err := registry.NewECRCredInjector(ctx, kube, log)
	if err != nil {
		return fmt.Errorf("making the injector: %w", err)
	}
	if err := injector.Refresh(ctx); err != nil {
		return fmt.Errorf("refreshing the credential: %w", err)
	}
	return printDockerConfig(ctx, kube)
}

// newCluster is a new cluster as the controller finds it.
func newCluster(name, registryHost string) (client.Client, error) {
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{core.AddToScheme, packages.AddToScheme} {
		if err := add(scheme); err != nil {
			return nil, fmt.Errorf("making the cluster's scheme: %w", err)
		}
	}
	return fake.NewClientBuilder().WithScheme(scheme).WithObjects(
		&packages.PackageBundleController{
			ObjectMeta: meta.ObjectMeta{Namespace: packages.PackageNamespace, Name: name},
			Spec:       packages.PackageBundleControllerSpec{DefaultRegistry: registryHost},
		},
		&core.Secret{
			ObjectMeta: meta.ObjectMeta{Namespace: packages.PackageNamespace, Name: authenticator.MirrorCredName},
			Data:       map[string][]byte{dockerConfig: {}},
		},
	).Build(), nil
}

func printDockerConfig(ctx context.Context, kube client.Client) error {
	var written core.Secret
	key := client.ObjectKey{Namespace: packages.PackageNamespace, Name: authenticator.MirrorCredName}
	if err := kube.Get(ctx, key, &written); err != nil {
		return fmt.Errorf("reading the Secret %s: %w", key.Name, err)
	}
	if _, err := os.Stdout.Write(written.Data[dockerConfig]); err != nil {
		return fmt.Errorf("printing %s: %w", dockerConfig, err)
	}
	return nil
}
