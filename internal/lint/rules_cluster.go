package lint

const (
	readPackages = "aws/eks-anywhere-packages 0.4.17"
	readProvider = "aws/eks-anywhere-packages 0.4.17, credential-provider package; https://kubernetes.io/docs/tasks/administer-cluster/kubelet-credential-provider/"
)

// clusterRules are about running clusters.
func clusterRules() []Rule {
	return []Rule{
		{
			Code: "PP301", Severity: Error, Title: "no Secret aws-secret in the cluster",
			Today: "A cluster made by GitOps through the in-cluster controller gets neither credentials nor a Region: it falls back to the " +
				"public or the legacy registry until somebody delivers a Secret and changes its settings.",
			Fix:  "Deliver the Secret with pullpass apply; then PP302 to PP306 say which settings remain.",
			Mark: Read, Source: readPackages,
		},
		{
			Code: "PP302", Severity: Error, Title: "defaultRegistry is not the share's registry",
			Today: "The packages controller reads bundles and charts from defaultRegistry, and writes the registry's token for that host " +
				"alone: from the share's registry it pulls nothing.",
			Fix: "Set spec.defaultRegistry of the PackageBundleController to the registry's host, after matchImages (PP305) and " +
				"before the restart (PP307). The change reinstalls packages: plan it.",
			Mark: Read, Source: readPackages,
		},
		{
			Code: "PP303", Severity: Error, Title: "defaultImageRegistry is not the share's registry",
			Today: "Pods of packages are made to pull their images from another registry than the share's.",
			Fix:   "Set spec.defaultImageRegistry of the PackageBundleController to the registry's host, together with defaultRegistry.",
			Mark:  Read, Source: readPackages,
		},
		{
			Code: "PP304", Severity: Error, Title: "the legacy registry",
			Today: "783794618700 serves trials and subscriptions from before October 2023. A shared credential opens the registry of " +
				"the subscription's Region, another account.",
			Fix:  "Set defaultRegistry and defaultImageRegistry to the registry's host: pullpass registry prints it.",
			Mark: Read, Source: readPackages,
		},
		{
			Code: "PP305", Severity: Error, Title: "matchImages leaves the registry out",
			Today: "kubelet asks the credential provider for images alone whose name matches. For those of the registry it does not, " +
				"and pods end in ImagePullBackOff.",
			Fix: "Add the registry's host to matchImages in the config of Package ecr-credential-provider-package in " +
				"eksa-packages-CLUSTER. This rolls a DaemonSet that signals every kubelet. It comes first.",
			Mark: Read, Source: readProvider,
		},
		{
			Code: "PP306", Severity: Warning, Title: "sourceRegistry is not the share's registry",
			Today: "The credential-provider package itself is still pulled from elsewhere. It runs on until it is upgraded or moved.",
			Fix:   "Set sourceRegistry in the config of Package ecr-credential-provider-package to the registry's host, last of all.",
			Mark:  Read, Source: readProvider,
		},
		{
			Code: "PP307", Severity: Error, Title: "the packages controller is older than the Secret",
			Today: "It makes its client once, when it starts: it goes on with the credential that the Secret held then.",
			Fix:   "Restart it: kubectl rollout restart -n eksa-packages deployment/eks-anywhere-packages. pullpass apply does.",
			Mark:  Read, Source: readPackages,
		},
		{
			Code: "PP308", Severity: Warning, Title: "the PackageBundleController is not active",
			Today: "The bundle manager copies the Secret to workload clusters only while the state is active. In upgrade available it " +
				"waits for activeBundle; disconnected means that it cannot read the registry.",
			Fix: "upgrade available: set spec.activeBundle to the bundle that became available, which reinstalls every package. " +
				"disconnected: mend what the other findings say, then restart the controller.",
			Mark: Read, Source: readPackages,
		},
		{
			Code: "PP309", Severity: Error, Title: "a workload cluster's copy of the Secret is not the Secret",
			Today: "The bundle manager copies once a day, and only while its PackageBundleController is active. Until then the workload " +
				"cluster's nodes use what they have: an old key, or none.",
			Fix:  "Name the cluster under workloadClusters of the share: pullpass apply writes its copy.",
			Mark: Read, Source: readPackages,
		},
		{
			Code: "PP310", Severity: Info, Title: "a registry mirror",
			Today: "The cluster rightly pulls from a registry that is not AWS's; its settings are left alone. The credential is used by " +
				"whoever fills the mirror.",
			Fix:  "Nothing needs to be done.",
			Mark: Read, Source: readPackages,
		},
	}
}
