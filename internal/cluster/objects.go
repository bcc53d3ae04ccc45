package cluster

import "github.com/pullpass/pullpass/internal/credential"

// namespace is where the packages controller and the Secret live. Its consumers fix it.
const namespace = credential.SecretNamespace

func secretObject(namespace, name string) object {
	return object{
		words: "Secret " + namespace + "/" + name,
		path:  []string{"api", "v1", "namespaces", namespace, "secrets", name},
		kind:  "Secret", name: name,
	}
}

// theSecret is the one that is delivered.
func theSecret() object { return secretObject(namespace, credential.SecretName) }

func namespaces() object {
	return object{words: "Namespace " + namespace, path: []string{"api", "v1", "namespaces"}, kind: "Namespace", name: namespace}
}

func namespaceObject() object {
	return object{
		words: "Namespace " + namespace, path: []string{"api", "v1", "namespaces", namespace}, kind: "Namespace", name: namespace,
	}
}

func deploymentObject() object {
	return object{
		words: "Deployment " + namespace + "/" + controllerName,
		path:  []string{"apis", "apps", "v1", "namespaces", namespace, "deployments", controllerName},
		kind:  "Deployment", name: controllerName,
	}
}

func podsOfController() object {
	return object{
		words: "the pods of Deployment " + namespace + "/" + controllerName,
		path:  []string{"api", "v1", "namespaces", namespace, "pods"},
		kind:  "PodList",
	}
}

func bundleControllerObject(cluster string) object {
	return object{
		words: "PackageBundleController " + namespace + "/" + cluster,
		path:  []string{"apis", packagesGroup, "v1alpha1", "namespaces", namespace, "packagebundlecontrollers", cluster},
		kind:  "PackageBundleController", name: cluster,
	}
}

func bundleControllers() object {
	return object{
		words: "the PackageBundleControllers of namespace " + namespace,
		path:  []string{"apis", packagesGroup, "v1alpha1", "namespaces", namespace, "packagebundlecontrollers"},
		kind:  "PackageBundleControllerList",
	}
}

func packageObjects(cluster string) object {
	return object{
		words: "the Packages of cluster " + cluster,
		path:  []string{"apis", packagesGroup, "v1alpha1", "namespaces", packagesNamespace(cluster), "packages"},
		kind:  "PackageList",
	}
}

func providerObject(cluster string) object {
	return object{
		words: "Package " + packagesNamespace(cluster) + "/" + providerPackageName,
		path:  append(packageObjects(cluster).path, providerPackageName),
		kind:  "Package", name: providerPackageName,
	}
}
