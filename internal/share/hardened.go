package share

import (
	"crypto/sha256"
	"encoding/hex"

	"github.com/pullpass/pullpass/arn"
)

// hardenedPrefix begins every name of the hardened posture.
const hardenedPrefix = "pullpass-"

// hardened makes one policy, and for each destination a role of its own, a policy, and a user for each cluster.
func (b *builder) hardened() error {
	source := b.doc.Spec.Source.Account
	read, err := hardenedRead(b.reg)
	if err != nil {
		return err
	}
	policy := b.policy(source, b.named("read"), read)
	b.source = SourceSide{Account: source, Policies: []Policy{policy}}
	for _, dest := range b.doc.Spec.Destinations {
		trust, err := hardenedTrust(fences{
			destination:  dest.Account,
			userPath:     b.path(),
			organization: b.doc.Spec.Organization,
			externalID:   b.doc.Spec.ExternalID,
		})
		if err != nil {
			return err
		}
		role := b.role(b.named(string(dest.Account)), trust, policy.ARN(), []arn.AccountID{dest.Account}, TagDestination, string(dest.Account))
		b.source.Roles = append(b.source.Roles, role)
		if err := b.hardenedDestination(dest, role.ARN()); err != nil {
			return err
		}
	}
	return nil
}

func (b *builder) hardenedDestination(dest Destination, role arn.ARN) error {
	assume, err := assumeRole(role)
	if err != nil {
		return err
	}
	policy := b.policy(dest.Account, b.named("assume-role"), assume, TagDestination, string(dest.Account))
	side := DestinationSide{Account: dest.Account, Policies: []Policy{policy}}
	for _, cluster := range dest.Clusters {
		user := b.user(dest.Account, userName(b.doc.Metadata.Name, cluster.Name), policy.ARN(), TagCluster, cluster.Name)
		side.Users = append(side.Users, user)
		side.Clusters = append(side.Clusters, b.deliveries(cluster, user, role)...)
	}
	b.destinations = append(b.destinations, side)
	return nil
}

// userName names the user of a cluster. Cluster names belong to other people and may have 80 characters, so a name too
// long for IAM is cut and told apart by a hash of the whole: always the same for the same share and cluster.
func userName(share, cluster string) string {
	name := hardenedPrefix + share + "-" + cluster
	if len(name) <= maxUserName {
		return name
	}
	sum := sha256.Sum256([]byte(name))
	suffix := "-" + hex.EncodeToString(sum[:5])
	return name[:maxUserName-len(suffix)] + suffix
}

// named makes the name of a thing in the hardened posture.
func (b *builder) named(what string) string {
	return hardenedPrefix + b.doc.Metadata.Name + "-" + what
}
