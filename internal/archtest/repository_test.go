package archtest

import (
	"os"
	"testing"
)

// root is the main module's root, seen from this package.
const root = "../.."

func TestRepositoryHoldsItsRules(t *testing.T) {
	tree, err := Load(os.DirFS(root))
	if err != nil {
		t.Fatal(err)
	}
	if len(tree.Files) == 0 {
		t.Fatal("found no Go files: the rules were held against nothing")
	}
	text, err := CheckText(os.DirFS(root))
	if err != nil {
		t.Fatal(err)
	}
	for name, violations := range map[string][]Violation{
		"imports run one way":            CheckImports(tree, ImportRules()),
		"what belongs to main stays so":  CheckUses(tree, UseRules()),
		"files are finished and named":   CheckShape(tree),
		"no path of a machine is spoken": text,
	} {
		t.Run(name, func(t *testing.T) {
			for _, violation := range violations {
				t.Error(violation)
			}
		})
	}
}
