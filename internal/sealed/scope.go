package sealed

import (
	"fmt"

	"github.com/pullpass/pullpass/internal/credential"
)

// A Scope is where a sealed value can be unsealed; it is part of what is sealed
// (https://github.com/bitnami-labs/sealed-secrets#scopes).
type Scope string

// The scopes.
const (
	// Strict binds to the Secret's namespace and name.
	Strict Scope = "strict"
	// NamespaceWide binds to its namespace: whoever may create a SealedSecret there can have it unsealed under any name.
	NamespaceWide Scope = "namespace-wide"
	// ClusterWide binds to nothing but the controller's key.
	ClusterWide Scope = "cluster-wide"
)

// ParseScope reads a scope by its name.
func ParseScope(s string) (Scope, error) {
	switch scope := Scope(s); scope {
	case Strict, NamespaceWide, ClusterWide:
		return scope, nil
	}
	return "", fmt.Errorf("want %s, %s or %s", Strict, NamespaceWide, ClusterWide)
}

// label is what a value's session key is bound to (sealed-secrets, pkg/apis/sealedsecrets/v1alpha1: EncryptionLabel).
func (s Scope) label() []byte {
	switch s {
	case NamespaceWide:
		return []byte(credential.SecretNamespace)
	case ClusterWide:
		return []byte{}
	case Strict:
	}
	return []byte(credential.SecretNamespace + "/" + credential.SecretName)
}

// annotation is what tells the controller the scope; empty for the one that it assumes.
func (s Scope) annotation() string {
	switch s {
	case NamespaceWide:
		return "sealedsecrets.bitnami.com/namespace-wide"
	case ClusterWide:
		return "sealedsecrets.bitnami.com/cluster-wide"
	case Strict:
	}
	return ""
}
