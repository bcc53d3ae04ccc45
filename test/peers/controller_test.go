package peers

import (
	"encoding/base64"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
)

// mountSecret gives a program a /tmp of its own, in which the controller's Secret is where the controller looks for it. $1 is
// what is to be /tmp, $2 the program, the rest its arguments.
const mountSecret = `set -eu
touch "$1/program"
mount --bind "$2" "$1/program"
mount --rbind "$1" /tmp
shift 2
exec /tmp/program "$@"`

// refreshMirror runs the packages controller's injector with the delivered Secret as the volume that its pod mounts.
func refreshMirror(t *testing.T, a attempt) outcome {
	t.Helper()
	tmp := filepath.Join(a.home, "tmp")
	volume := filepath.Join(tmp, "aws-secret")
	if err := os.MkdirAll(volume, 0o700); err != nil {
		t.Fatal(err)
	}
	for key, value := range secretData(t, a.secretFile) {
		writeFile(t, filepath.Join(volume, key), value)
	}
	writeFile(t, filepath.Join(tmp, "ca.pem"), string(readFile(t, a.cloud.ready.CA)))
	env := slices.DeleteFunc(a.env(t), func(variable string) bool { return strings.HasPrefix(variable, "AWS_CONFIG_FILE=") })
	env = append(env, "SSL_CERT_FILE=/tmp/ca.pem", "AWS_CA_BUNDLE=/tmp/ca.pem", "TMPDIR=/tmp", "CLUSTER_NAME=store-001")
	unshare := a.injector
	unshare.path = setting(t, "PEERS_UNSHARE")
	return unshare.run(t, env, nil, "--mount", "--", "/bin/sh", "-c", mountSecret, "sh", tmp, a.injector.path, a.host)
}

// secretData is what a manifest's Secret holds, decoded.
func secretData(t *testing.T, file string) map[string]string {
	t.Helper()
	var secret struct {
		Data map[string]string `yaml:"data"`
	}
	if err := yaml.Unmarshal(readFile(t, file), &secret); err != nil {
		t.Fatalf("the delivered Secret: %v", err)
	}
	for key, value := range secret.Data {
		decoded, err := base64.StdEncoding.DecodeString(value)
		if err != nil {
			t.Fatalf("the delivered Secret's %s: %v", key, err)
		}
		secret.Data[key] = string(decoded)
	}
	return secret.Data
}

func controllerOperation(injector program) operation {
	return operation{injector, "registry-mirror-cred from the Secret", pulls, refreshMirror,
		func(t *testing.T, a attempt, o outcome) string {
			t.Helper()
			var written struct {
				Auths map[string]struct {
					Auth string `json:"auth"`
				} `json:"auths"`
			}
			if err := json.Unmarshal(o.stdout, &written); err != nil {
				t.Fatalf("reading registry-mirror-cred: %v", err)
			}
			auth, err := base64.StdEncoding.DecodeString(written.Auths[a.host].Auth)
			if user, password, _ := strings.Cut(string(auth), ":"); err != nil || user != "AWS" || password == "" {
				t.Errorf("registry-mirror-cred has no credential of AWS for %s", a.host)
			}
			return "written for the registry's host"
		}, atToken}
}
