package share

import (
	"fmt"
	"maps"
	"slices"

	"github.com/pullpass/pullpass/arn"
	"github.com/pullpass/pullpass/iampolicy"
	"github.com/pullpass/pullpass/internal/credential"
	"github.com/pullpass/pullpass/internal/registry"
)

// Desired derives what should exist for the share when its packages are in the given registry, which the caller has
// looked up. It is an error, of type *Error, if the registry is not the one that the document names.
func (d *Document) Desired(reg registry.Registry) (Desired, error) {
	want := d.Spec.Registry
	if reg.Region != want.Region {
		return Desired{}, d.ErrorAt("spec.registry.region", fmt.Sprintf("the registry %s is in another Region", reg), "")
	}
	if want.Account != "" && reg.Account != want.Account {
		return Desired{}, d.ErrorAt("spec.registry.account",
			fmt.Sprintf("the subscription's packages are in registry account %s", reg.Account), "correct the account or leave it out")
	}
	b := builder{doc: d, reg: reg}
	var err error
	switch d.Spec.Posture {
	case Documented:
		err = b.documented()
	case Hardened:
		err = b.hardened()
	default:
		err = d.ErrorAt("spec.posture", fmt.Sprintf("unknown posture %q", d.Spec.Posture), "")
	}
	if err != nil {
		return Desired{}, fmt.Errorf("deriving what share %s should make: %w", d.Metadata.Name, err)
	}
	return Desired{
		Share: d.Metadata.Name, Registry: reg, Posture: d.Spec.Posture, Source: b.source, Destinations: b.destinations,
	}, nil
}

type builder struct {
	doc          *Document
	reg          registry.Registry
	source       SourceSide
	destinations []DestinationSide
}

// path is where everything lives in IAM. The hardened posture adds the share's name, which its trust relies on.
func (b *builder) path() string {
	if b.doc.Spec.Posture == Hardened {
		return b.doc.Spec.IAM.Path + b.doc.Metadata.Name + "/"
	}
	return b.doc.Spec.IAM.Path
}

// tags returns the share's own tags with pullpass's, of which further ones are given as key, value, key, value.
func (b *builder) tags(pairs ...string) map[string]string {
	tags := map[string]string{TagShare: b.doc.Metadata.Name}
	maps.Copy(tags, b.doc.Spec.IAM.Tags)
	for pair := range slices.Chunk(pairs, 2) {
		tags[pair[0]] = pair[1]
	}
	return tags
}

func (b *builder) policy(account arn.AccountID, name string, doc *iampolicy.Document, tags ...string) Policy {
	return Policy{Account: account, Path: b.path(), Name: name, Document: doc, Tags: b.tags(tags...)}
}

func (b *builder) role(name string, trust *iampolicy.Document, policy arn.ARN, destinations []arn.AccountID, tags ...string) Role {
	account := b.doc.Spec.Source.Account
	return Role{
		Account:      account,
		Path:         b.path(),
		Name:         name,
		Trust:        trust,
		Policies:     []arn.ARN{policy},
		Boundary:     b.doc.Spec.IAM.PermissionsBoundary.In(account),
		Tags:         b.tags(tags...),
		Destinations: slices.Clone(destinations),
	}
}

func (b *builder) user(account arn.AccountID, name string, policy arn.ARN, tags ...string) User {
	return User{
		Account:  account,
		Path:     b.path(),
		Name:     name,
		Policies: []arn.ARN{policy},
		Boundary: b.doc.Spec.IAM.PermissionsBoundary.In(account),
		Tags:     b.tags(append([]string{TagDestination, string(account)}, tags...)...),
	}
}

// deliveries returns what a cluster is given, and then each workload cluster whose copy can be seen through it.
func (b *builder) deliveries(cluster Cluster, user User, role arn.ARN) []ClusterDelivery {
	first := ClusterDelivery{
		Cluster: cluster.Name,
		User:    user.Name,
		Config: credential.Config{
			Region:      b.reg.Region,
			RoleARN:     role,
			UserProfile: user.Name,
		},
		Directory:  cluster.Directory,
		Kubernetes: cluster.Kubernetes,
	}
	if b.doc.Spec.Posture == Hardened {
		first.Config.RoleSessionName = user.Name
		first.Config.ExternalID = b.doc.Spec.ExternalID
	}
	all := []ClusterDelivery{first}
	if cluster.Kubernetes == nil {
		return all
	}
	for _, workload := range cluster.WorkloadClusters {
		copied := first
		copied.Cluster, copied.ManagedBy = workload, cluster.Name
		all = append(all, copied)
	}
	return all
}
