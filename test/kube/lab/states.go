package lab

import (
	"encoding/base64"
	"encoding/json"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/pullpass/pullpass/internal/credential"
)

// A State is how the Secret aws-secret may stand in a cluster before pullpass delivers, by who made it.
type State struct {
	Name string
	// Owners are who the API server then holds for the owners of the Secret's data, as [Cluster.Owners] gives them.
	Owners []Owner

	make func(t testing.TB, c *Cluster, config []byte)
}

// An Owner is one who wrote the Secret's data: an entry of managedFields.
type Owner struct {
	Manager   string
	Operation metav1.ManagedFieldsOperationType
	Keys      []string // of .data, sorted
}

// StartingStates are the states from which a delivery must come to the same end. Each is made by the program that makes it
// in real clusters, so that the managers are those which the program gives.
func StartingStates() []State {
	const update, apply = metav1.ManagedFieldsOperationUpdate, metav1.ManagedFieldsOperationApply
	all := []string{credential.KeyAccessKeyID, credential.KeySecretAccessKey, credential.KeyRegion, credential.KeyConfig}
	return []State{
		{"nothing", nil, func(testing.TB, *Cluster, []byte) {}},
		{"kubectl apply of the page's YAML", []Owner{{"kubectl-client-side-apply", update, all}}, applyThePage},
		{"kubectl create secret", []Owner{{"kubectl-create", update, []string{credential.KeyConfig}}}, createSecret},
		{"kubectl apply --server-side", []Owner{{"kubectl", apply, all}}, applyServerSide("kubectl")},
		{"Helm", []Owner{{"helm", update, all}}, installWithConfig},
		{"a previous pullpass", []Owner{{"pullpass", apply, all}}, applyServerSide("pullpass")},
	}
}

// Make brings a cluster with the packages controller's chart into the state: the Secret that is there goes first. config is
// the AWS config file that the Secret is to carry.
func (s State) Make(t testing.TB, c *Cluster, config []byte) {
	t.Helper()
	c.Kubectl(t, "delete", "secret", Secret, "--namespace", Namespace, "--ignore-not-found").Succeeded(t)
	s.make(t, c, config)
}

// applyThePage follows step 7 of AWS's page.
func applyThePage(t testing.TB, c *Cluster, config []byte) {
	t.Helper()
	c.Apply(t, string(credential.RenderManifest(config)))
}

func applyServerSide(manager string) func(testing.TB, *Cluster, []byte) {
	return func(t testing.TB, c *Cluster, config []byte) {
		t.Helper()
		c.Apply(t, string(credential.RenderManifest(config)), "--server-side", "--field-manager="+manager)
	}
}

func createSecret(t testing.TB, c *Cluster, config []byte) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "aws-config")
	writeFile(t, file, config)
	c.Kubectl(t, "create", "secret", "generic", Secret, "--namespace", Namespace, "--from-file=config="+file).Succeeded(t)
}

// installWithConfig is how the Secret comes to be when `eksctl anywhere create cluster` was given a config file.
func installWithConfig(t testing.TB, c *Cluster, config []byte) {
	t.Helper()
	c.InstallPackages(t, "awsSecret.config="+base64.StdEncoding.EncodeToString(config))
}

// Owners are who owns keys of the Secret's data, in the order in which the API server lists them. There is none where the
// Secret is not there.
func (c *Cluster) Owners(t testing.TB) []Owner {
	t.Helper()
	list, err := c.Client.CoreV1().Secrets(Namespace).List(t.Context(), metav1.ListOptions{FieldSelector: "metadata.name=" + Secret})
	if err != nil {
		t.Fatalf("cluster %s: %v", c.Name, err)
	}
	var owners []Owner
	for _, secret := range list.Items {
		for _, entry := range secret.ManagedFields {
			if keys := dataKeys(t, entry); len(keys) > 0 {
				owners = append(owners, Owner{entry.Manager, entry.Operation, keys})
			}
		}
	}
	return owners
}

// dataKeys takes "config" out of {"f:data":{".":{},"f:config":{}}}.
func dataKeys(t testing.TB, entry metav1.ManagedFieldsEntry) []string {
	t.Helper()
	var fields struct {
		Data map[string]json.RawMessage `json:"f:data"`
	}
	if err := json.Unmarshal(entry.FieldsV1.GetRawBytes(), &fields); err != nil {
		t.Fatalf("reading what %s manages: %v", entry.Manager, err)
	}
	var keys []string
	for field := range fields.Data {
		if key, ok := strings.CutPrefix(field, "f:"); ok {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	return keys
}
