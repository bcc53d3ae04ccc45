package images

import (
	"encoding/json"
	"errors"
	"fmt"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// MaxManifest is the length in bytes that ECR allows for a manifest
// (https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_PutImage.html).
const MaxManifest = 4 << 20

// ErrManifest is wrapped by errors about a manifest that is none, or of a form that ECR does not keep.
var ErrManifest = errors.New("invalid manifest")

// Manifest is an image manifest or an index of such.
type Manifest struct {
	Content   []byte
	MediaType types.MediaType
	Digest    v1.Hash
	body      manifestBody
}

// manifestBody is what a registry reads of the OCI image manifest, of the OCI image index, and of the two of Docker
// that they came from.
type manifestBody struct {
	SchemaVersion int             `json:"schemaVersion"`
	MediaType     types.MediaType `json:"mediaType"`
	Config        *v1.Descriptor  `json:"config"`
	Layers        []v1.Descriptor `json:"layers"`
	Manifests     []v1.Descriptor `json:"manifests"`
	Subject       *v1.Descriptor  `json:"subject"`
}

// ParseManifest reads a manifest. Its media type is what the client says it is, or what the manifest says itself; where
// both do they must agree. Manifests of schema 1, which are signed and have no media type inside, are refused.
func ParseManifest(content []byte, mediaType types.MediaType) (*Manifest, error) {
	if len(content) > MaxManifest {
		return nil, fmt.Errorf("%w: longer than %d bytes", ErrManifest, MaxManifest)
	}
	m := &Manifest{Content: content, MediaType: mediaType, Digest: Digest(content)}
	if err := json.Unmarshal(content, &m.body); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrManifest, err)
	}
	if m.MediaType == "" {
		m.MediaType = m.body.MediaType
	}
	if err := m.check(); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrManifest, err)
	}
	return m, nil
}

func (m *Manifest) check() error {
	switch {
	case m.body.SchemaVersion != 2:
		return fmt.Errorf("schema version %d", m.body.SchemaVersion)
	case m.body.MediaType != "" && m.body.MediaType != m.MediaType:
		return fmt.Errorf("it says that it is %s, not %s", m.body.MediaType, m.MediaType)
	case m.MediaType.IsIndex():
		if m.body.Config != nil || len(m.body.Layers) > 0 {
			return errors.New("an index has no layers of its own")
		}
	case m.MediaType.IsImage():
		if m.body.Config == nil || m.body.Config.Digest == (v1.Hash{}) || len(m.body.Manifests) > 0 {
			return errors.New("an image has a config and no images within")
		}
	default:
		return fmt.Errorf("media type %q", m.MediaType)
	}
	return nil
}

// Children are the digests of the images that an index names.
func (m *Manifest) Children() []v1.Hash {
	var children []v1.Hash
	for _, child := range m.body.Manifests {
		if child.MediaType.IsDistributable() {
			children = append(children, child.Digest)
		}
	}
	return children
}

// Layers are the blobs that an image names and that its repository must hold, the config first.
func (m *Manifest) Layers() []v1.Descriptor {
	if m.body.Config == nil {
		return nil
	}
	layers := []v1.Descriptor{*m.body.Config}
	for _, layer := range m.body.Layers {
		if layer.MediaType.IsDistributable() {
			layers = append(layers, layer)
		}
	}
	return layers
}

// Subject is the image that this one is about, such as the one that it signs.
func (m *Manifest) Subject() (v1.Hash, bool) {
	if m.body.Subject == nil {
		return v1.Hash{}, false
	}
	return m.body.Subject.Digest, true
}

// size is the length of the layers in bytes, as they were pushed.
func (m *Manifest) size() int64 {
	var size int64
	for _, layer := range m.body.Layers {
		size += layer.Size
	}
	return size
}

func (m *Manifest) artifactType() string {
	if m.body.Config == nil {
		return ""
	}
	return string(m.body.Config.MediaType)
}
