package peers

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"io"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// modelFile finds the EKS model in what an AWS CLI says when it is asked to explain itself.
var modelFile = regexp.MustCompile(`Loading JSON file: (\S+/eks/2017-11-01/service-2\.json(?:\.gz)?)`)

// teachPackageRegistry gives the AWS CLI a model of EKS that has the member packageRegistry, as AWS's page supposes it: no
// published model has it, so that the stock CLI drops it from the answer. It is the CLI's own model with that member, or,
// where the CLI is older than the subscriptions, a model of this one call. It returns which of them.
func (s *scene) teachPackageRegistry(t *testing.T) string {
	t.Helper()
	explained := s.admin(t, source, "--debug", "eks", "describe-eks-anywhere-subscription", "--generate-cli-skeleton")
	if explained.code != 0 {
		if !strings.Contains(explained.stderr, "Invalid choice") {
			t.Fatalf("the AWS CLI did not say whether it knows subscriptions: %s", lastLine(explained.stderr))
		}
		s.addModel(t, readFile(t, filepath.Join("testdata", "eks-model.json")))
		return "with the call added, which this version lacks"
	}
	found := modelFile.FindStringSubmatch(explained.stderr)
	if found == nil {
		t.Fatal("the AWS CLI did not say where its model of EKS is")
	}
	s.addModel(t, withPackageRegistry(t, readModel(t, found[1])))
	return "with the member added"
}

func (s *scene) addModel(t *testing.T, model []byte) {
	t.Helper()
	file := filepath.Join(s.home, "eks.json")
	writeFile(t, file, string(model))
	s.admin(t, source, "configure", "add-model", "--service-name", "eks", "--service-model", "file://"+file).succeeded(t)
}

// readModel reads a model, which newer versions keep compressed.
func readModel(t *testing.T, path string) []byte {
	t.Helper()
	content := readFile(t, path)
	if filepath.Ext(path) != ".gz" {
		return content
	}
	unpacked, err := gzip.NewReader(bytes.NewReader(content))
	if err != nil {
		t.Fatal(err)
	}
	model, err := io.ReadAll(unpacked)
	if err != nil {
		t.Fatal(err)
	}
	return model
}

func withPackageRegistry(t *testing.T, model []byte) []byte {
	t.Helper()
	var parsed map[string]any
	if err := json.Unmarshal(model, &parsed); err != nil {
		t.Fatal(err)
	}
	members := object(t, object(t, object(t, parsed, "shapes"), "EksAnywhereSubscription"), "members")
	members["packageRegistry"] = map[string]string{"shape": "String"}
	taught, err := json.Marshal(parsed)
	if err != nil {
		t.Fatal(err)
	}
	return taught
}

func object(t *testing.T, parent map[string]any, name string) map[string]any {
	t.Helper()
	child, ok := parent[name].(map[string]any)
	if !ok {
		t.Fatalf("the model of EKS has no %s", name)
	}
	return child
}

func lastLine(text string) string {
	text = strings.TrimSpace(text)
	return text[strings.LastIndexByte(text, '\n')+1:]
}
