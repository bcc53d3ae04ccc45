package cluster

import "github.com/pullpass/pullpass/internal/credential"

// namespace is where the packages controller and the Secret live. Its consumers fix it.
const namespace = credential.SecretNamespace

func secretObject(namespace, name string) object {
	return object{
		words: "Secret " + namespace + "/" + name,
		path:  []string{"api", "v1", "namespaces", namespace, "secrets", name},
	}
}
