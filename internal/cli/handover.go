package cli

import (
	"context"
	"errors"

	"github.com/pullpass/pullpass/arn"
	"github.com/pullpass/pullpass/internal/delivery"
	"github.com/pullpass/pullpass/internal/eksa"
	"github.com/pullpass/pullpass/internal/registry"
	"github.com/pullpass/pullpass/internal/share"
)

// handover is the credential of a cluster that eksctl anywhere is about to create.
type handover struct {
	cluster string
	// file is the AWS config file. It holds the secret.
	file []byte
	// region is that of the packages registry.
	region arn.Region
}

// handoverOf takes what was delivered to a cluster.
func (s *session) handoverOf(ctx context.Context, c share.ClusterDelivery) (handover, error) {
	config, err := s.credentialOf(ctx, c)
	if err != nil {
		return handover{}, beforeCreation(err, c)
	}
	file, err := config.Render()
	if err != nil {
		return handover{}, err
	}
	s.noteTable()
	return handover{cluster: c.Cluster, file: file, region: s.desired.Registry.Region}, nil
}

// beforeCreation says what to do where there is no credential, for a cluster that may not be there yet.
func beforeCreation(err error, c share.ClusterDelivery) error {
	switch {
	case c.Directory == "":
		return withHint(err, "a cluster that is not there yet cannot be delivered to: give it `directory: DIR` in the share "+
			"until it is, and run pullpass apply; or hand over a key of your own: pullpass secret --key-id ID")
	case errors.Is(err, delivery.ErrNothing):
		return withHint(err, "make its key and deliver it first: pullpass apply --cluster "+c.Cluster)
	default:
		return err
	}
}

// noteTable says where eksctl anywhere, which goes by the Region alone, takes another registry than the share's.
func (s *session) noteTable() {
	theirs, err := registry.ForRegion(s.desired.Registry.Region)
	switch {
	case err != nil:
		s.app.progress("note: eksctl may know no packages registry in %s, and take another without saying so: "+
			"compare defaultRegistry of the cluster's PackageBundleController with %s",
			s.desired.Registry.Region, s.desired.Registry.Host())
	case theirs != s.desired.Registry:
		s.app.progress("note: eksctl takes the registry of %s from a table, which has %s and not %s as the share", theirs.Region,
			theirs.Host(), s.desired.Registry.Host())
	}
}

// environment is what eksctl anywhere needs to be told, with the config file in a place.
func (h handover) environment(file string) []variable {
	var variables []variable
	for _, v := range (eksa.Environment{ConfigFile: file, Region: h.region}).Set() {
		variables = append(variables, set(v.Name, v.Value))
	}
	for _, name := range eksa.Unset() {
		variables = append(variables, variable{name: name})
	}
	return variables
}

// noteCopy says where the credential stays behind, which nobody would look for
// (https://github.com/aws/eks-anywhere, pkg/curatedpackages: the values of the chart are written to a file) [run].
func (a *app) noteCopy() {
	a.progress("note: eksctl keeps a copy of the credential, in base64, in <cluster>/generated/values.yaml: " +
		"keep that file out of git, and away from others")
}
