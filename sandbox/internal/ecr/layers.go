package ecr

import (
	"errors"

	"github.com/pullpass/pullpass/sandbox/internal/api"
	"github.com/pullpass/pullpass/sandbox/internal/images"
	"github.com/pullpass/pullpass/sandbox/internal/state"
	"github.com/pullpass/pullpass/sandbox/internal/wire"
)

func (s *service) layerOperations() []api.Operation {
	return []api.Operation{
		read(s, "BatchCheckLayerAvailability", s.batchCheckLayerAvailability),
		read(s, "GetDownloadUrlForLayer", s.getDownloadURLForLayer),
	}
}

type batchCheckLayerAvailabilityInput struct {
	repositoryRef
	LayerDigests []string `json:"layerDigests"`
}

type batchCheckLayerAvailabilityOutput struct {
	Layers   wire.List[layerShape]   `json:"layers"`
	Failures wire.List[layerFailure] `json:"failures"`
}

type layerShape struct {
	Digest       string `json:"layerDigest"`
	Availability string `json:"layerAvailability"`
	Size         *int64 `json:"layerSize,omitempty"` // bytes
}

type layerFailure struct {
	Digest string `json:"layerDigest"`
	Code   string `json:"failureCode"`
	Reason string `json:"failureReason"`
}

// mostLayers is how many layers a request may name.
const mostLayers = 100

func (s *service) batchCheckLayerAvailability(
	call *api.Call, repository *state.Repository, in *batchCheckLayerAvailabilityInput,
) (*batchCheckLayerAvailabilityOutput, error) {
	if len(in.LayerDigests) < 1 || len(in.LayerDigests) > mostLayers {
		return nil, invalid("layerDigests", "Member must have length between 1 and %d", mostLayers)
	}
	out := &batchCheckLayerAvailabilityOutput{}
	for _, name := range in.LayerDigests {
		digest, err := images.ParseDigest(name)
		if err != nil {
			out.Failures = append(out.Failures, layerFailure{name, "InvalidLayerDigest",
				"Invalid request parameters: layer digest should satisfy the regex '[a-zA-Z0-9-_+.]+:[a-fA-F0-9]+'"})
			continue
		}
		layer := layerShape{Digest: name, Availability: "UNAVAILABLE"}
		size, err := s.images.LayerSize(call.Context, images.PlaceOf(repository), digest)
		switch {
		case err == nil:
			layer.Availability, layer.Size = "AVAILABLE", &size
		case !errors.Is(err, images.ErrNotFound):
			return nil, err
		}
		out.Layers = append(out.Layers, layer)
	}
	return out, nil
}

type getDownloadURLForLayerInput struct {
	repositoryRef
	LayerDigest string `json:"layerDigest"`
}

type getDownloadURLForLayerOutput struct {
	DownloadURL string `json:"downloadUrl"`
	LayerDigest string `json:"layerDigest"`
}

func (s *service) getDownloadURLForLayer(
	call *api.Call, repository *state.Repository, in *getDownloadURLForLayerInput,
) (*getDownloadURLForLayerOutput, error) {
	digest, err := images.ParseDigest(in.LayerDigest)
	if err != nil {
		return nil, invalidDigest("layerDigest")
	}
	place := images.PlaceOf(repository)
	_, err = s.images.LayerSize(call.Context, place, digest)
	if errors.Is(err, images.ErrNotFound) {
		return nil, wire.Errorf("LayersNotFoundException",
			"The layer with digest '%s' does not exist in the repository with name '%s' in the registry with id '%s'",
			digest, place.Name, place.Account)
	}
	if err != nil {
		return nil, err
	}
	address, err := s.layers.Address(call.Host, place.Region, digest)
	return &getDownloadURLForLayerOutput{address, in.LayerDigest}, err
}

func invalidDigest(parameter string) *wire.Error {
	return invalid(parameter, "must satisfy regular expression 'sha256:[0-9a-f]{64}'")
}
