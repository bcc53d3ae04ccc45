package archtest

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
)

// TestImportRules holds the real table against made-up files, each importing the one thing that its sentence is about.
func TestImportRules(t *testing.T) {
	for sentence, test := range map[string]struct {
		files map[string]string // path → imports, separated by spaces
		want  []string
	}{
		"arn may import the standard library": {
			files: map[string]string{"arn/arn.go": "strings encoding/json"},
		},
		"arn may not import its user": {
			files: map[string]string{"arn/arn.go": "./iampolicy"},
			want:  []string{"arn/arn.go:2: imports ./iampolicy"},
		},
		"authz may import iampolicy and arn": {
			files: map[string]string{"authz/evaluate.go": "./arn ./iampolicy"},
		},
		"a pure package may not read files": {
			files: map[string]string{"internal/plan/diff.go": "os"},
			want:  []string{"internal/plan/diff.go:2: imports os"},
		},
		"a pure package may not run programs either": {
			files: map[string]string{"iampolicy/parse.go": "os/exec"},
			want:  []string{"iampolicy/parse.go:2: imports os/exec"},
		},
		"the test of a pure package may read files": {
			files: map[string]string{"internal/plan/diff_test.go": "os github.com/google/go-cmp/cmp"},
		},
		"share may import YAML": {
			files: map[string]string{"internal/share/decode.go": "github.com/goccy/go-yaml/ast"},
		},
		"plan may not import YAML": {
			files: map[string]string{"internal/plan/text.go": "github.com/goccy/go-yaml"},
			want:  []string{"internal/plan/text.go:2: imports github.com/goccy/go-yaml"},
		},
		"the sandbox may not import the AWS SDK": {
			files: map[string]string{"sandbox/internal/iam/user.go": "github.com/aws/aws-sdk-go-v2/service/iam"},
			want:  []string{"sandbox/internal/iam/user.go:2: imports github.com/aws/aws-sdk-go-v2/service/iam"},
		},
		"the sandbox may not import the AWS SDK by way of another package": {
			files: map[string]string{
				"sandbox/sandbox.go":      "./internal/signer",
				"internal/signer/sign.go": "./internal/clock github.com/aws/smithy-go",
			},
			want: []string{"sandbox/sandbox.go:2: imports ./internal/signer, which imports github.com/aws/smithy-go"},
		},
		"sandboxtest makes SDK clients": {
			files: map[string]string{"sandbox/sandboxtest/start.go": "./sandbox github.com/aws/aws-sdk-go-v2/config"},
		},
		"a test of the sandbox calls it through the SDK": {
			files: map[string]string{"sandbox/iam_test.go": "./sandbox/sandboxtest github.com/aws/aws-sdk-go-v2/service/iam"},
		},
		"provision may not import the sandbox": {
			files: map[string]string{"internal/provision/apply.go": "./sandbox"},
			want:  []string{"internal/provision/apply.go:2: imports ./sandbox"},
		},
		"a test of provision runs on the sandbox": {
			files: map[string]string{"internal/provision/apply_test.go": "./sandbox/sandboxtest"},
		},
		"verify may not compute its proofs": {
			files: map[string]string{"internal/verify/role.go": "./authz"},
			want:  []string{"internal/verify/role.go:2: imports ./authz"},
		},
		"provision may not make SDK clients": {
			files: map[string]string{"internal/provision/clients.go": "github.com/aws/aws-sdk-go-v2/config"},
			want:  []string{"internal/provision/clients.go:2: imports github.com/aws/aws-sdk-go-v2/config"},
		},
		"Kubernetes code stays in cluster": {
			files: map[string]string{
				"internal/cluster/secret.go": "k8s.io/client-go/kubernetes",
				"internal/cli/apply.go":      "k8s.io/client-go/kubernetes",
			},
			want: []string{"internal/cli/apply.go:2: imports k8s.io/client-go/kubernetes"},
		},
		"only mains import cli, tests included": {
			files: map[string]string{
				"cmd/pullpass/main.go":      "os ./internal/cli",
				"internal/verify/verify.go": "./internal/cli",
				"sandbox/sandbox_test.go":   "./internal/cli",
			},
			want: []string{
				"internal/verify/verify.go:2: imports ./internal/cli",
				"sandbox/sandbox_test.go:2: imports ./internal/cli",
			},
		},
		"a name that only starts like a package is another package": {
			files: map[string]string{"arnold/a.go": "os", "internal/verify/role.go": "./sandboxes"},
		},
		"an unlisted dependency is refused in tests too": {
			files: map[string]string{"arn/arn_test.go": "github.com/stretchr/testify/require"},
			want:  []string{"arn/arn_test.go:2: imports github.com/stretchr/testify/require"},
		},
		"a test dependency is refused in the program": {
			files: map[string]string{"internal/cli/diff.go": "github.com/google/go-cmp/cmp"},
			want:  []string{"internal/cli/diff.go:2: imports github.com/google/go-cmp/cmp"},
		},
		"a nested test module has dependencies of its own": {
			files: map[string]string{"test/kube/kube_test.go": "k8s.io/api/core/v1 github.com/cedar-policy/cedar-go"},
		},
	} {
		t.Run(sentence, func(t *testing.T) {
			fsys := fstest.MapFS{}
			for name, imports := range test.files {
				fsys[name] = &fstest.MapFile{Data: []byte(importing(imports))}
			}
			got := CheckImports(load(t, fsys), ImportRules())
			if diff := cmp.Diff(test.want, unique(got)); diff != "" {
				t.Errorf("violations (-want +got):\n%s", diff)
			}
		})
	}
}

func TestUseRules(t *testing.T) {
	for sentence, test := range map[string]struct {
		path, source string
		want         []string
	}{
		"main reads the environment and exits": {
			path: "cmd/pullpass/main.go", source: "package main\nimport \"os\"\nvar _, _ = os.Getenv, os.Exit",
		},
		"a package does not": {
			path: "internal/cli/x.go", source: "package cli\nimport \"os\"\nvar _, _ = os.Getenv, os.Exit",
			want: []string{"internal/cli/x.go:3: uses os.Exit", "internal/cli/x.go:3: uses os.Getenv"},
		},
		"not under another name either": {
			path: "internal/cli/x.go", source: "package cli\nimport env \"os\"\nvar _ = env.LookupEnv",
			want: []string{"internal/cli/x.go:3: uses os.LookupEnv"},
		},
		"another package's function of the same name is its own": {
			path: "internal/cli/x.go", source: "package cli\nimport \"example.com/os\"\nvar _ = os.Getenv",
		},
		"a test begins contexts": {
			path: "internal/cli/x_test.go", source: "package cli\nimport \"context\"\nvar _ = context.Background",
		},
		"a package is handed its context": {
			path: "internal/cli/x.go", source: "package cli\nimport \"context\"\nvar _ = context.Background",
			want: []string{"internal/cli/x.go:3: uses context.Background"},
		},
		"a test does not sleep": {
			path: "internal/cli/x_test.go", source: "package cli\nimport \"time\"\nfunc f() { time.Sleep(1) }",
			want: []string{"internal/cli/x_test.go:3: uses time.Sleep"},
		},
		"a decision is told the time": {
			path: "internal/plan/x.go", source: "package plan\nimport \"time\"\nvar _ = time.Now",
			want: []string{"internal/plan/x.go:3: uses time.Now"},
		},
		"the storage keeps compiled policies": {
			path: "sandbox/internal/state/x.go", source: "package state\nimport \"" + Module + "/authz\"\nvar _ = authz.Compile",
		},
		"the storage decides nothing by them": {
			path: "sandbox/internal/state/x.go", source: "package state\nimport \"" + Module + "/authz\"\nvar _ = authz.Evaluate",
			want: []string{"sandbox/internal/state/x.go:3: uses ./authz.Evaluate"},
		},
		"what acts may have a clock": {
			path: "sandbox/x.go", source: "package sandbox\nimport \"time\"\nvar _ = time.Now",
		},
	} {
		t.Run(sentence, func(t *testing.T) {
			tree := load(t, fstest.MapFS{test.path: {Data: []byte(test.source)}})
			if diff := cmp.Diff(test.want, unique(CheckUses(tree, UseRules()))); diff != "" {
				t.Errorf("violations (-want +got):\n%s", diff)
			}
		})
	}
}

// importing is a source file whose second line holds imports, written as the rules write them.
func importing(imports string) string {
	var src strings.Builder
	src.WriteString("package p\nimport (")
	for _, imported := range strings.Fields(imports) {
		if rest, ok := strings.CutPrefix(imported, "./"); ok {
			imported = Module + "/" + rest
		}
		src.WriteString("_ \"" + imported + "\";")
	}
	src.WriteString(")\n")
	return src.String()
}

func load(t *testing.T, fsys fstest.MapFS) *Tree {
	t.Helper()
	tree, err := Load(fsys)
	if err != nil {
		t.Fatal(err)
	}
	return tree
}

// unique is the violations without their reasons, each once: two rules may forbid the same import.
func unique(violations []Violation) []string {
	var lines []string
	for _, violation := range violations {
		line, _, _ := strings.Cut(violation.String(), " (")
		if len(lines) == 0 || lines[len(lines)-1] != line {
			lines = append(lines, line)
		}
	}
	return lines
}
