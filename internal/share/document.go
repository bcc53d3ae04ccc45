// Package share reads the share document, which declares who may pull curated packages from where.
package share

import (
	"time"

	"github.com/pullpass/pullpass/arn"
)

// The one version and kind of the document.
const (
	APIVersion = "pullpass.dev/v1alpha1"
	Kind       = "Share"
)

// Document is a share document that holds no mistake: Parse gives no other. The json tags are the names of the fields in
// the document; the decoder, the published schema and this type are held together by them.
type Document struct {
	APIVersion string   `json:"apiVersion"`
	Kind       string   `json:"kind"`
	Metadata   Metadata `json:"metadata"`
	Spec       Spec     `json:"spec"`

	source positions
}

// Metadata names the share.
type Metadata struct {
	// Name is a lower case DNS label of at most 42 characters, so that the names made from it fit into IAM's limits.
	Name string `json:"name"`
}

// Spec is what the share declares.
type Spec struct {
	Registry RegistrySpec `json:"registry"`
	Source   Source       `json:"source"`
	// Organization is the AWS organization that fences the trust, or empty. Hardened posture only.
	Organization string  `json:"organization"`
	Posture      Posture `json:"posture"`
	IAM          IAM     `json:"iam"`
	Keys         Keys    `json:"keys"`
	// ExternalID is what every AssumeRole call must bring along, or empty. Hardened posture only.
	ExternalID string `json:"externalID"`
	// Names override the page's names. Documented posture only.
	Names        Names         `json:"names"`
	Destinations []Destination `json:"destinations"`
}

// RegistrySpec says how the packages registry is found: Subscription is looked up with EKS, Account is given outright,
// neither leaves it to the Region table. With both, what EKS says must be Account.
type RegistrySpec struct {
	Region       arn.Region    `json:"region"`
	Subscription string        `json:"subscription"`
	Account      arn.AccountID `json:"account"`
}

// Source is the account that owns the subscription.
type Source struct {
	Account arn.AccountID `json:"account"`
	// Access is nil where this side is planned and handed over instead of applied.
	Access *Access `json:"access"`
}

// Access is how pullpass gets into an account: by the SDK's own chain (Default, written as the word `default`), by a
// profile of the AWS configuration files, or by a role. Exactly one of Default, Profile and RoleARN is set.
type Access struct {
	Default bool    `json:"-"`
	Profile string  `json:"profile"`
	RoleARN arn.ARN `json:"roleARN"`
	// ExternalID goes with RoleARN where the role asks for one.
	ExternalID string `json:"externalID"`
	// SourceProfile assumes RoleARN; empty means the SDK's own chain.
	SourceProfile string `json:"sourceProfile"`
}

// Posture is how closely the share follows AWS's page.
type Posture string

// The postures.
const (
	// Documented is exactly what the page makes.
	Documented Posture = "documented"
	// Hardened is the default: least privilege, one role for each destination, one user for each cluster.
	Hardened Posture = "hardened"
)

// IAM holds what a company's own rules demand of every IAM entity.
type IAM struct {
	// Path begins and ends with a slash. Default: "/" in the documented posture, "/pullpass/" in the hardened one, where
	// the share's name is appended to it.
	Path string `json:"path"`
	// PermissionsBoundary is put on every role and user.
	PermissionsBoundary Boundary `json:"permissionsBoundary"`
	// Tags go on everything, beside pullpass's own.
	Tags map[string]string `json:"tags"`
}

// Boundary names the policy that bounds permissions: either a policy managed by AWS, by its ARN, or a policy that every
// account of the share has under the same path and name. The zero Boundary is none.
type Boundary struct {
	aws        arn.ARN
	path, name string
}

// In returns the boundary's ARN in an account, nil for none.
func (b Boundary) In(account arn.AccountID) *arn.ARN {
	a := b.aws
	if b.name != "" {
		a = arn.IAM(account, "policy", b.path, b.name)
	}
	if a.IsZero() {
		return nil
	}
	return &a
}

// Keys says how access keys live.
type Keys struct {
	// MaxAge is the age at which a key is due for rotation. Default: 90 days.
	MaxAge time.Duration `json:"maxAge"`
	// Idle is for how long a key must not have been used, where nothing else tells that its users have moved to another,
	// before a rotation deactivates it. Default: 24 hours.
	Idle time.Duration `json:"idle"`
}

// DefaultIdle is the Idle of a document that gives none. A program that refreshes a registry token does so twice in its
// 12 hours.
const DefaultIdle = 24 * time.Hour

// DefaultMaxAge is the MaxAge of a document that gives none.
const DefaultMaxAge = 90 * 24 * time.Hour

// Names are what the documented posture calls things. Parse fills in the page's names.
type Names struct {
	Policy           string `json:"policy"`
	Role             string `json:"role"`
	AssumeRolePolicy string `json:"assumeRolePolicy"`
	User             string `json:"user"`
}

// Destination is an account that receives access.
type Destination struct {
	Account arn.AccountID `json:"account"`
	// Access is nil where this side is planned and handed over instead of applied.
	Access   *Access   `json:"access"`
	Clusters []Cluster `json:"clusters"`
}

// Cluster is one standalone or management cluster of a destination. Exactly one of Kubernetes and Directory is set.
type Cluster struct {
	Name       string      `json:"name"`
	Kubernetes *Kubernetes `json:"kubernetes"`
	// WorkloadClusters are the clusters that this one manages and hands copies of the Secret to. With Kubernetes, each copy
	// is a delivery of its own; with Directory nobody but the cluster's administrator sees them.
	WorkloadClusters []string `json:"workloadClusters"`
	// Directory is where the credential's files go, relative to the share file unless absolute.
	Directory string `json:"directory"`
}

// Kubernetes is a delivery into the cluster itself.
type Kubernetes struct {
	// Kubeconfig is a file; empty means kubectl's own rules.
	Kubeconfig string `json:"kubeconfig"`
	// Context is one of its contexts, always named: the current context is no property of a share.
	Context string `json:"context"`
	// InCluster is the cluster that pullpass itself runs in, reached as its service account. Exactly one of Context and
	// InCluster is set.
	InCluster bool `json:"inCluster"`
	// Restart says that the packages controller is restarted after its Secret has changed. Default: true.
	Restart bool `json:"restart"`
}

// Place names the cluster among those that are reached from here, for people.
func (k Kubernetes) Place() string {
	if k.InCluster {
		return "this cluster"
	}
	return "context " + k.Context
}
