package archtest

import "slices"

// What several rules speak of.
const (
	awsSDK   = "github.com/aws"
	yaml     = "github.com/goccy/go-yaml"
	k8sAPIs  = "k8s.io"
	k8sSIGs  = "sigs.k8s.io"
	here     = "./"
	anywhere = "..."

	storageKnows = "one choke point authenticates, then authorizes; the storage below it does neither, knows no HTTP"
)

// pure lists the packages that decide: the same input gives the same output, with no file, network or clock.
func pure() []string {
	return []string{
		"arn", "internal/strictjson", "iampolicy", "authz", "internal/simulation",
		"internal/hallmark", "internal/leak", "internal/awsid", "internal/registry", "internal/credential", "internal/yamldepth", "internal/share", "internal/plan",
		"internal/status", "internal/revoke",
		"internal/lint",
		"internal/eksa", "internal/sops",
	}
}

// dependencies lists the modules that the product is built of.
func dependencies() []string {
	return []string{
		"std", here, "golang.org/x", yaml, k8sAPIs, k8sSIGs,
		"github.com/spf13/cobra", "github.com/spf13/pflag",
		"github.com/aws/aws-sdk-go-v2", "github.com/aws/smithy-go",
		"github.com/google/go-containerregistry",
		"filippo.io/age", "github.com/prometheus/client_golang",
	}
}

// testDependencies lists what tests use beside that.
func testDependencies() []string {
	return []string{"github.com/google/go-cmp", "github.com/rogpeppe/go-internal"}
}

// ImportRules is the import rules of ARCHITECTURE.md.
func ImportRules() []ImportRule {
	return slices.Concat(pureRules(), sideRules(), kubernetesRules(), dependencyRules())
}

// pureRules let imports run one way: arn, strictjson ← iampolicy ← authz ← simulation, and arn, iampolicy, registry,
// credential ← share ← plan.
func pureRules() []ImportRule {
	const oneWay = "decisions rest on the standard library, and imports run one way"
	return []ImportRule{
		{Who: []string{"arn"}, Only: []string{"std"}, Why: oneWay},
		{Who: []string{"internal/strictjson"}, Only: []string{"std"}, Why: oneWay},
		{Who: []string{"iampolicy"}, Only: []string{"std", "./arn", "./internal/strictjson"}, Why: oneWay},
		{Who: []string{"authz"}, Only: []string{"std", "./arn", "./iampolicy"}, Why: oneWay},
		{Who: []string{"internal/simulation"}, Only: []string{
			"std", "./arn", "./iampolicy", "./authz", "./internal/strictjson",
		}, Why: oneWay},
		{Who: []string{"internal/hallmark"}, Only: []string{"std"}, Why: oneWay},
		{Who: []string{"internal/leak"}, Only: []string{"std", "./internal/hallmark"}, Why: oneWay},
		{Who: []string{"internal/awsid"}, Only: []string{"std", "./arn", "./internal/hallmark"}, Why: oneWay},
		{Who: []string{"internal/registry"}, Only: []string{"std", "./arn"}, Why: oneWay},
		{Who: []string{"internal/credential"}, Only: []string{"std", "./arn", "./internal/awsid", "./internal/registry"}, Why: oneWay},
		{Who: []string{"internal/eksa"}, Only: []string{"std", "./arn"}, Why: oneWay},
		{Who: []string{"internal/sealed", "internal/sops"}, Only: []string{"std", "./internal/credential"}, Why: oneWay},
		{Who: []string{"internal/share"}, Only: []string{
			"std", yaml, "./arn", "./iampolicy", "./internal/awsid", "./internal/registry", "./internal/credential",
			"./internal/yamldepth",
		}, Why: oneWay},
		{Who: []string{"internal/plan"}, Only: []string{
			"std", "./arn", "./iampolicy", "./internal/awsid", "./internal/registry", "./internal/credential", "./internal/share",
		}, Why: oneWay},
		{Who: []string{"internal/status"}, Only: []string{
			"std", "./arn", "./internal/awsid", "./internal/registry", "./internal/share", "./internal/plan",
		}, Why: oneWay},
		{Who: []string{"internal/revoke"}, Only: []string{
			"std", "./arn", "./iampolicy", "./internal/awsid", "./internal/share", "./internal/plan",
		}, Why: oneWay},
		{Who: []string{"internal/lint"}, Except: []string{"internal/lint/sarif"}, Only: []string{
			"std", yaml, "./arn", "./internal/awsid", "./internal/registry", "./internal/credential", "./internal/yamldepth",
			"./internal/eksa",
		}, Why: oneWay},
		{Who: []string{"internal/trouble"}, Only: []string{
			"std", "./arn", "./internal/registry", "./internal/lint", "./internal/verify", "./internal/explain",
		}, Why: "a text that was pasted is read, and nobody is asked"},
		{
			Who: pure(), Never: []string{"os", "net/http", awsSDK, k8sAPIs, k8sSIGs}, Deep: true,
			Why: "a decision reads no file and calls no server",
		},
	}
}

// sideRules keep the embedded AWS and the product that is tested against it apart.
func sideRules() []ImportRule {
	return []ImportRule{
		{
			Who: []string{"sandbox"}, Except: []string{"sandbox/sandboxtest"}, Never: []string{awsSDK}, Deep: true,
			Why: "the sandbox speaks AWS's protocols itself: sharing the client's code would hide the client's mistakes",
		},
		{
			Who: []string{"sandbox"}, Except: []string{"sandbox/sandboxtest"}, Deep: true,
			Never: []string{
				"./internal/share", "./internal/plan", "./internal/provision", "./internal/verify",
				"./internal/cluster", "./internal/awsclient", "./internal/simulation", "./internal/cli",
			},
			Why: "the sandbox is AWS, and AWS knows nothing of pullpass",
		},
		{
			Who:   []string{"sandbox/internal/state"},
			Never: []string{"net/http", "./sandbox/internal/sigv4"},
			Why:   storageKnows,
		},
		{
			Who: []string{"internal/provision", "internal/verify", "internal/fieldcheck", "internal/explain"}, Never: []string{"./sandbox"}, Deep: true,
			Why: "what runs against AWS cannot tell the sandbox from it",
		},
		{
			Who: []string{"internal/explain"}, Except: []string{"internal/explain/read"}, Never: []string{"./internal/awsclient"}, Deep: true,
			Why: "who explains asks nobody: what was read is given to it",
		},
		{
			Who: []string{"internal/verify"}, Never: []string{"./authz"}, Deep: true,
			Why: "a proof is done on the wire, never computed",
		},
		{
			Who: []string{anywhere}, Except: []string{"internal/awsclient", "sandbox/sandboxtest", "test"},
			Never: []string{"github.com/aws/aws-sdk-go-v2/config", "github.com/aws/aws-sdk-go-v2/credentials"},
			Why:   "SDK clients are made in one place, internal/awsclient",
		},
	}
}

func kubernetesRules() []ImportRule {
	return []ImportRule{
		{
			Who:    []string{anywhere},
			Except: []string{"api", "internal/cluster", "internal/controller", "cmd/pullpass-controller", "test"},
			Never:  []string{k8sAPIs, k8sSIGs},
			Why:    "Kubernetes code stays in api, internal/cluster, internal/controller and its main",
		},
		{
			Who: []string{anywhere}, Except: []string{"cmd", "internal/cli", "internal/controller", "test/crash", "test/kube"}, Tests: true,
			Never: []string{"./internal/cli", "./internal/controller"},
			Why:   "only mains import a front end, and what runs mains until they die",
		},
	}
}

// dependencyRules make a new dependency a decision: it is added here together with its reason.
func dependencyRules() []ImportRule {
	return []ImportRule{
		{
			Who: []string{anywhere}, Except: []string{"test"}, Tests: true, Only: slices.Concat(dependencies(), testDependencies()),
			Why: "dependencies are few, each made for its job",
		},
		{
			Who: []string{anywhere}, Except: []string{"test"}, Never: testDependencies(),
			Why: "test dependencies stay out of the program",
		},
	}
}

// UseRules says which functions are used where.
func UseRules() []UseRule {
	return []UseRule{
		{
			Never: []string{
				"os.Getenv", "os.LookupEnv", "os.Environ", "os.ExpandEnv", "os.Setenv", "os.Unsetenv", "os.Args",
				"os.Exit", "log.Fatal", "log.Fatalf", "log.Fatalln",
			},
			Except: []string{"cmd", "test"},
			Why:    "only main reads the environment or exits",
		},
		{
			Never:  []string{"os.Stdin", "os.Stdout", "os.Stderr", "fmt.Print", "fmt.Printf", "fmt.Println"},
			Except: []string{"cmd", "test"},
			Why:    "main hands out the standard streams",
		},
		{
			Never:  []string{"context.Background", "context.TODO"},
			Except: []string{"cmd", "test"},
			Why:    "a caller can end everything that was begun for it",
		},
		{
			Never: []string{"time.Now", "time.Since", "time.Until"}, Only: pure(),
			Why: "a decision is told the time",
		},
		{
			Never: []string{"time.Sleep"}, Tests: true,
			Why: "a wait that nothing can end delays whoever cancels, and in a test it is a guess about speed",
		},
		{
			Never: []string{"./authz.Evaluate"}, Only: []string{"sandbox/internal/state"},
			Why: storageKnows,
		},
	}
}
