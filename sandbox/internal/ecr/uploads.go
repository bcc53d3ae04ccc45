package ecr

import (
	"bytes"
	"errors"

	"github.com/pullpass/pullpass/arn"
	"github.com/pullpass/pullpass/sandbox/internal/api"
	"github.com/pullpass/pullpass/sandbox/internal/images"
	"github.com/pullpass/pullpass/sandbox/internal/state"
	"github.com/pullpass/pullpass/sandbox/internal/wire"
)

// uploadOperations change no state: a layer belongs to none before a manifest names it.
func (s *service) uploadOperations() []api.Operation {
	return []api.Operation{
		read(s, "InitiateLayerUpload", s.initiateLayerUpload),
		read(s, "UploadLayerPart", s.uploadLayerPart),
		read(s, "CompleteLayerUpload", s.completeLayerUpload),
	}
}

const (
	// partSize is the size of parts that ECR asks for, in bytes
	// (https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_InitiateLayerUpload.html).
	partSize = 10 << 20
	// smallestPart is the least that ECR takes for any part but the last: "Layer parts must be at least 5 MiB in size".
	smallestPart = 5 << 20
)

type initiateLayerUploadOutput struct {
	UploadID string `json:"uploadId"`
	PartSize int64  `json:"partSize"`
}

func (s *service) initiateLayerUpload(
	call *api.Call, repository *state.Repository, _ *repositoryInput,
) (*initiateLayerUploadOutput, error) {
	id, err := images.NewUploadID(call.Random)
	if err != nil {
		return nil, err
	}
	if err := s.images.BeginUpload(images.PlaceOf(repository), id); err != nil {
		return nil, uploadError(err)
	}
	return &initiateLayerUploadOutput{UploadID: id, PartSize: partSize}, nil
}

type uploadLayerPartInput struct {
	repositoryRef
	UploadID      string `json:"uploadId"`
	PartFirstByte int64  `json:"partFirstByte"`
	PartLastByte  int64  `json:"partLastByte"`
	LayerPartBlob []byte `json:"layerPartBlob"`
}

// uploadOutput is what UploadLayerPart and CompleteLayerUpload answer: each sets one of the last two.
type uploadOutput struct {
	RegistryID       arn.AccountID `json:"registryId"`
	RepositoryName   string        `json:"repositoryName"`
	UploadID         string        `json:"uploadId"`
	LastByteReceived *int64        `json:"lastByteReceived,omitempty"`
	LayerDigest      string        `json:"layerDigest,omitempty"`
}

func (s *service) uploadLayerPart(
	_ *api.Call, repository *state.Repository, in *uploadLayerPartInput,
) (*uploadOutput, error) {
	if in.PartFirstByte < 0 || len(in.LayerPartBlob) == 0 ||
		in.PartLastByte-in.PartFirstByte != int64(len(in.LayerPartBlob))-1 {
		return nil, uploadError(images.ErrOutOfOrder)
	}
	size, err := s.images.AppendUpload(
		images.PlaceOf(repository), in.UploadID, in.PartFirstByte, bytes.NewReader(in.LayerPartBlob))
	if err != nil {
		return nil, uploadError(err)
	}
	last := size - 1
	return &uploadOutput{
		RegistryID: repository.Account, RepositoryName: repository.Name, UploadID: in.UploadID, LastByteReceived: &last,
	}, nil
}

type completeLayerUploadInput struct {
	repositoryRef
	UploadID     string   `json:"uploadId"`
	LayerDigests []string `json:"layerDigests"`
}

func (s *service) completeLayerUpload(
	call *api.Call, repository *state.Repository, in *completeLayerUploadInput,
) (*uploadOutput, error) {
	if len(in.LayerDigests) != 1 {
		return nil, invalid("layerDigests", "Member must have length equal to 1")
	}
	digest, err := images.ParseDigest(in.LayerDigests[0])
	if err != nil {
		return nil, invalidDigest("layerDigests")
	}
	place := images.PlaceOf(repository)
	if _, err := s.images.LayerSize(call.Context, place, digest); err == nil {
		return nil, wire.Errorf("LayerAlreadyExistsException", "The layer with digest '%s' already exists in the "+
			"repository with name '%s' in registry with id '%s'", digest, place.Name, place.Account)
	}
	if err := s.images.FinishUpload(call.Context, place, in.UploadID, digest, smallestPart); err != nil {
		return nil, uploadError(err)
	}
	return &uploadOutput{
		RegistryID: repository.Account, RepositoryName: repository.Name, UploadID: in.UploadID, LayerDigest: digest.String(),
	}, nil
}

// uploadError says what went wrong in the words of the API reference [doc].
func uploadError(err error) error {
	switch {
	case errors.Is(err, images.ErrUploadUnknown):
		return wire.Errorf("UploadNotFoundException",
			"The upload could not be found, or the specified upload ID is not valid for this repository.")
	case errors.Is(err, images.ErrOutOfOrder):
		return wire.Errorf("InvalidLayerPartException", "The layer part size is not valid, or the first byte specified is "+
			"not consecutive to the last byte of a previous layer part upload.")
	case errors.Is(err, images.ErrDigest):
		return wire.Errorf("InvalidLayerException", "The layer digest calculation performed by Amazon ECR upon receipt of "+
			"the image layer does not match the digest specified.")
	case errors.Is(err, images.ErrPartTooSmall):
		return wire.Errorf("LayerPartTooSmallException", "Layer parts must be at least 5 MiB in size.")
	case errors.Is(err, images.ErrEmpty):
		return wire.Errorf("EmptyUploadException", "The specified layer upload does not contain any layer parts.")
	case errors.Is(err, images.ErrTooLarge):
		return wire.Errorf("LimitExceededException", "The operation did not succeed because it would have exceeded a "+
			"service limit for your account.")
	}
	return err
}
