package registry

import "fmt"

// BundleRepository holds the package bundles, one tag for each Kubernetes version.
const BundleRepository = "eks-anywhere-packages-bundles"

// Bundle returns the newest package bundle for Kubernetes major.minor, the artifact from which the packages controller
// learns which packages exist.
func Bundle(major, minor int) Artifact {
	return Artifact{Repository: BundleRepository, Tag: fmt.Sprintf("v%d-%d-latest", major, minor)}
}

// Probe returns the artifact that verify pulls unless told otherwise: the bundle for Kubernetes 1.31. Bundles are the
// one thing that every packages registry holds under a tag that does not move with package versions, and the bundle of
// an old Kubernetes version stays when newer ones come. So a subscriber to whom it answers 404 has no working access.
// (`eksctl anywhere` itself probes a `latest` tag that does not exist and takes 404 for success, which proves nothing.)
func Probe() Artifact { return Bundle(1, 31) }

// Repositories returns the names of the repositories that every packages registry is known to hold besides the images
// that their charts name: those of the packages machinery first, then the charts of the packages.
func Repositories() []string {
	return []string{
		BundleRepository,
		"eks-anywhere-packages",
		"eks-anywhere-packages-crds",
		"eks-anywhere-packages-migrations",
		"credential-provider-package",
		"ecr-token-refresher",
		"hello-eks-anywhere",
		"harbor/harbor-helm",
		"cert-manager/cert-manager",
		"emissary-ingress/emissary",
		"cluster-autoscaler/charts/cluster-autoscaler",
		"metrics-server/charts/metrics-server",
		"metallb/metallb",
		"prometheus/charts/prometheus",
		"adot/charts/aws-otel-collector",
	}
}
