package packages

import (
	"encoding/json"
	"fmt"
	"path"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// The media types of charts in registries (https://helm.sh/docs/topics/registries/, "Helm chart manifest").
const (
	chartConfig  = "application/vnd.cncf.helm.config.v1+json"
	chartContent = "application/vnd.cncf.helm.chart.content.v1.tar+gzip"
)

// chartMetadata is Chart.yaml (https://helm.sh/docs/topics/charts/). As JSON, which YAML takes too, it is also the config
// of the chart's manifest.
type chartMetadata struct {
	APIVersion  string `json:"apiVersion"`
	AppVersion  string `json:"appVersion"`
	Description string `json:"description"`
	Name        string `json:"name"`
	Type        string `json:"type"`
	Version     string `json:"version"`
}

// newChart returns a chart that installs one Deployment for each image, or a ConfigMap where there is none.
func newChart(s software, digests []v1.Hash) (artifact, error) {
	metadata := chartMetadata{
		APIVersion: "v2", AppVersion: s.version, Description: "A stand-in for " + s.name, Name: path.Base(s.repository),
		Type: "application", Version: s.version,
	}
	config, err := json.Marshal(metadata)
	if err != nil {
		return artifact{}, err
	}
	files := []file{
		{metadata.Name + "/Chart.yaml", fmt.Sprintf(
			"apiVersion: %s\nappVersion: %q\ndescription: %s\nname: %s\ntype: %s\nversion: %s\n", metadata.APIVersion,
			metadata.AppVersion, metadata.Description, metadata.Name, metadata.Type, metadata.Version)},
		{metadata.Name + "/values.yaml", "# sourceRegistry is the registry that the images come from.\nsourceRegistry: \"\"\n"},
	}
	for i, repository := range s.images {
		name := path.Base(repository)
		files = append(files, file{metadata.Name + "/templates/" + name + ".yaml", deployment(name, repository, digests[i])})
	}
	if len(s.images) == 0 {
		files = append(files, file{metadata.Name + "/templates/configmap.yaml", configMap})
	}
	content, err := archive(files)
	if err != nil {
		return artifact{}, err
	}
	compressed, err := compress(content)
	if err != nil {
		return artifact{}, err
	}
	return newArtifact(part{mediaType: chartConfig, content: config}, part{mediaType: chartContent, content: compressed},
		map[string]string{
			"org.opencontainers.image.description": metadata.Description,
			"org.opencontainers.image.title":       metadata.Name,
			"org.opencontainers.image.version":     metadata.Version,
		}, s.version)
}

func deployment(name, repository string, digest v1.Hash) string {
	return strings.NewReplacer("NAME", name, "REPOSITORY", repository, "DIGEST", digest.String()).Replace(
		`apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ .Release.Name }}-NAME
spec:
  selector:
    matchLabels: {app: {{ .Release.Name }}-NAME}
  template:
    metadata:
      labels: {app: {{ .Release.Name }}-NAME}
    spec:
      containers:
        - name: NAME
          image: {{ .Values.sourceRegistry }}/REPOSITORY@DIGEST
`)
}

const configMap = `apiVersion: v1
kind: ConfigMap
metadata:
  name: {{ .Release.Name }}
`
