package main

import (
	"fmt"
	"io"

	core "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/apimachinery/pkg/util/yaml"
)

// decode reads a manifest of one Secret as kubectl and the API server do: YAML to JSON, then JSON to the type.
func decode(manifest io.Reader) error {
	src, err := io.ReadAll(manifest)
	if err != nil {
		return fmt.Errorf("reading the manifest: %w", err)
	}
	asJSON, err := yaml.ToJSON(src)
	if err != nil {
		return fmt.Errorf("error converting YAML to JSON: %w", err)
	}
	scheme := runtime.NewScheme()
	if err := core.AddToScheme(scheme); err != nil {
		return fmt.Errorf("making the scheme: %w", err)
	}
	if _, _, err := serializer.NewCodecFactory(scheme).UniversalDeserializer().Decode(asJSON, nil, &core.Secret{}); err != nil {
		return fmt.Errorf("decoding the Secret: %w", err)
	}
	return nil
}
