package ecr

import (
	"cmp"

	"github.com/pullpass/pullpass/sandbox/internal/api"
	"github.com/pullpass/pullpass/sandbox/internal/state"
	"github.com/pullpass/pullpass/sandbox/internal/wire"
)

// reportOperations are those about what ECR can do with an image and the sandbox does not: scanning and replication. They
// answer as for an image that was never scanned, in a registry that replicates nothing.
func (s *service) reportOperations() []api.Operation {
	return []api.Operation{
		read(s, "DescribeImageScanFindings", describeImageScanFindings),
		read(s, "DescribeImageReplicationStatus", describeImageReplicationStatus),
	}
}

type imageInput struct {
	repositoryRef
	ImageID imageID `json:"imageId"`
}

func describeImageScanFindings(_ *api.Call, repository *state.Repository, in *imageInput) (*api.None, error) {
	if _, failure := in.ImageID.find(repository); failure != nil {
		return nil, imageNotFound(repository, in.ImageID)
	}
	return nil, wire.Errorf("ScanNotFoundException", "Image scan does not exist for the image with "+
		"'{imageDigest:'%s', imageTag:'%s'}' in the repository with name '%s' in the registry with id '%s'",
		cmp.Or(in.ImageID.Digest, "null"), cmp.Or(in.ImageID.Tag, "null"), repository.Name, repository.Account)
}

type describeImageReplicationStatusOutput struct {
	RepositoryName      string              `json:"repositoryName"`
	ImageID             imageID             `json:"imageId"`
	ReplicationStatuses wire.List[struct{}] `json:"replicationStatuses"`
}

func describeImageReplicationStatus(
	_ *api.Call, repository *state.Repository, in *imageInput,
) (*describeImageReplicationStatusOutput, error) {
	image, failure := in.ImageID.find(repository)
	if failure != nil {
		return nil, imageNotFound(repository, in.ImageID)
	}
	return &describeImageReplicationStatusOutput{
		RepositoryName: repository.Name, ImageID: imageID{image.Digest, in.ImageID.Tag},
	}, nil
}
