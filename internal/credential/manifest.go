package credential

import (
	"encoding/base64"
	"fmt"
	"maps"
	"slices"
)

// Where EKS Anywhere looks for the Secret. Each is fixed by its consumers.
const (
	SecretName      = "aws-secret"
	SecretNamespace = "eksa-packages"
)

// The keys of the Secret's data. The first three must be there, empty or not: the pod of the packages controller does
// not start without them. The session token is read where it is present.
const (
	KeyAccessKeyID     = "AWS_ACCESS_KEY_ID"
	KeySecretAccessKey = "AWS_SECRET_ACCESS_KEY"
	KeySessionToken    = "AWS_SESSION_TOKEN"
	KeyRegion          = "REGION"
	KeyConfig          = "config"
)

// RenderManifest writes the Secret in the shape of AWS's page "Share access to EKS Anywhere Curated Packages", step 7:
// three empty keys and the config file in base64 on one line, however long. The result holds the secret.
func RenderManifest(config []byte) []byte {
	return []byte(`apiVersion: v1
kind: Secret
metadata:
  name: ` + SecretName + `
  namespace: ` + SecretNamespace + `
type: Opaque
data:
  ` + KeyAccessKeyID + `: ""
  ` + KeySecretAccessKey + `: ""
  ` + KeyRegion + `: ""
  ` + KeyConfig + `: ` + base64.StdEncoding.EncodeToString(config) + `
`)
}

// DecodeData decodes the data of a Secret as it stands in a manifest, base64 by key. The error names the key that is not
// base64 and the offset, never the value.
func DecodeData(data map[string]string) (map[string]Secret, error) {
	decoded := make(map[string]Secret, len(data))
	for _, key := range slices.Sorted(maps.Keys(data)) {
		value, err := base64.StdEncoding.Strict().DecodeString(data[key])
		if err != nil {
			return nil, fmt.Errorf("decoding key %q of the Secret: %w", key, err)
		}
		decoded[key] = NewSecret(string(value))
	}
	return decoded, nil
}
