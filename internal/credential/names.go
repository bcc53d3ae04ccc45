package credential

// The names of the files in which a credential is delivered to a directory.
const (
	// ConfigFileName is what AWS's page calls aws-config-file: the value for EKSA_AWS_CONFIG_FILE.
	ConfigFileName = "aws-config"
	// ManifestFileName is the page's name of the manifest that RenderManifest writes.
	ManifestFileName = "aws-secret.yaml"
)
