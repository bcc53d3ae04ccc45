package packages

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/pullpass/pullpass/sandbox/internal/images"
)

// file is a file of an archive.
type file struct {
	name string
	text string
}

// archive returns a tar archive. Its files have no time and no owner but root, so that the bytes are always the same.
func archive(files []file) ([]byte, error) {
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, f := range files {
		header := &tar.Header{Name: f.name, Typeflag: tar.TypeReg, Mode: 0o644, Size: int64(len(f.text)), Format: tar.FormatUSTAR}
		if err := w.WriteHeader(header); err != nil {
			return nil, fmt.Errorf("archiving %s: %w", f.name, err)
		}
		if _, err := w.Write([]byte(f.text)); err != nil {
			return nil, fmt.Errorf("archiving %s: %w", f.name, err)
		}
	}
	if err := w.Close(); err != nil {
		return nil, fmt.Errorf("archiving: %w", err)
	}
	return b.Bytes(), nil
}

// compress returns a gzip stream that does not compress: how well gzip does may change with every release of Go, and the
// digests with it.
func compress(content []byte) ([]byte, error) {
	var b bytes.Buffer
	w, err := gzip.NewWriterLevel(&b, gzip.NoCompression)
	if err != nil {
		return nil, err
	}
	_, err = w.Write(content)
	if err := errors.Join(err, w.Close()); err != nil {
		return nil, fmt.Errorf("compressing: %w", err)
	}
	return b.Bytes(), nil
}

// part is a blob that a manifest names.
type part struct {
	mediaType   types.MediaType
	content     []byte
	annotations map[string]string
}

func (p part) descriptor() v1.Descriptor {
	return v1.Descriptor{
		MediaType: p.mediaType, Size: int64(len(p.content)), Digest: images.Digest(p.content), Annotations: p.annotations,
	}
}

// newArtifact returns an OCI image manifest of one layer, which is the form of images, charts and bundles alike.
func newArtifact(config, layer part, annotations map[string]string, tags ...string) (artifact, error) {
	content, err := json.Marshal(v1.Manifest{
		SchemaVersion: 2, MediaType: types.OCIManifestSchema1, Config: config.descriptor(),
		Layers: []v1.Descriptor{layer.descriptor()}, Annotations: annotations,
	})
	if err != nil {
		return artifact{}, err
	}
	manifest, err := images.ParseManifest(content, types.OCIManifestSchema1)
	if err != nil {
		return artifact{}, err
	}
	return artifact{manifest: manifest, blobs: [][]byte{config.content, layer.content}, tags: tags}, nil
}
