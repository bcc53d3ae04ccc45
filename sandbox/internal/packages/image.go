package packages

import (
	"encoding/json"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/pullpass/pullpass/sandbox/internal/images"
)

// newImage returns an image for linux/amd64 of one layer, which holds one file that says what the image stands for.
func newImage(repository, version string) (artifact, error) {
	layer, err := archive([]file{{"etc/image", repository + ":" + version + "\n"}})
	if err != nil {
		return artifact{}, err
	}
	compressed, err := compress(layer)
	if err != nil {
		return artifact{}, err
	}
	config, err := json.Marshal(v1.ConfigFile{
		Architecture: "amd64", OS: "linux",
		RootFS: v1.RootFS{Type: "layers", DiffIDs: []v1.Hash{images.Digest(layer)}},
		Config: v1.Config{Labels: map[string]string{"org.opencontainers.image.version": version}},
	})
	if err != nil {
		return artifact{}, err
	}
	return newArtifact(part{mediaType: types.OCIConfigJSON, content: config},
		part{mediaType: types.OCILayer, content: compressed}, nil, version)
}
