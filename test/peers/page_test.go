package peers

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// What the page speaks of. It is AWS's "Share access to EKS Anywhere Curated Packages"
// (https://anywhere.eks.amazonaws.com/docs/clustermgmt/support/share-packages/). Its documents and its table are in
// testdata/page, word for word.
const (
	source      = "111111111111"
	destination = "999999999999"
	stranger    = "888888888888"
	region      = "us-west-2"

	subscription = "e29fd0d2-d8a8-4ed4-be54-c6c0dd0f7964"

	policyName       = "curated-packages-policy"
	roleName         = "curated-packages-role"
	assumePolicyName = "curated-packages-assume-role-policy"
	userName         = "curated-packages-user"
)

// A page is the page as somebody follows it. The fields are what can be filled in wrong.
type page struct {
	registry  string // the account in the policy of step 2
	trusted   string // the account in the trust of step 3
	recipient string // the account that does steps 4 to 6
}

// byTheBook is the page as it is meant.
func byTheBook(t *testing.T) page {
	t.Helper()
	return page{registry: registryByTable(t, region), trusted: destination, recipient: destination}
}

// registryByTable reads the page's own table.
func registryByTable(t *testing.T, region string) string {
	t.Helper()
	for line := range strings.Lines(verbatim(t, "step-1-table.txt")) {
		if account, ok := strings.CutPrefix(strings.TrimSpace(line), region+" "); ok {
			return account
		}
	}
	t.Fatalf("the page's table has no Region %s", region)
	return ""
}

func registryHost(account string) string { return account + ".dkr.ecr." + region + ".amazonaws.com" }

// verbatim is one of the page's texts with the replacements that the page asks for, given as pairs.
func verbatim(t *testing.T, name string, replacements ...string) string {
	t.Helper()
	text := string(readFile(t, filepath.Join("testdata", "page", name)))
	for i := 0; i < len(replacements); i += 2 {
		if !strings.Contains(text, replacements[i]) {
			t.Fatalf("the page's %s has no %q to replace", name, replacements[i])
		}
		text = strings.ReplaceAll(text, replacements[i], replacements[i+1])
	}
	return text
}

func (p page) policy(t *testing.T) string {
	return verbatim(t, "step-2-policy.json", "<packages-account-id>", p.registry)
}

func (p page) trust(t *testing.T) string {
	return verbatim(t, "step-3-trust.json", destination, p.trusted)
}

func (p page) assumePolicy(t *testing.T) string { return verbatim(t, "step-4-policy.json") }

// createPolicy is step 2.
func (p page) createPolicy(t *testing.T, s *scene) string {
	return printed(t, s.admin(t, source, "iam", "create-policy",
		"--policy-name", policyName, "--policy-document", p.policy(t), "--query", "Policy.Arn"))
}

// createRole is step 3.
func (p page) createRole(t *testing.T, s *scene, policy string) string {
	role := printed(t, s.admin(t, source, "iam", "create-role",
		"--role-name", roleName, "--assume-role-policy-document", p.trust(t), "--query", "Role.Arn"))
	s.admin(t, source, "iam", "attach-role-policy", "--role-name", roleName, "--policy-arn", policy).succeeded(t)
	return role
}

// createUser is step 4.
func (p page) createUser(t *testing.T, s *scene) string {
	policy := printed(t, s.admin(t, p.recipient, "iam", "create-policy",
		"--policy-name", assumePolicyName, "--policy-document", p.assumePolicy(t), "--query", "Policy.Arn"))
	user := printed(t, s.admin(t, p.recipient, "iam", "create-user", "--user-name", userName, "--query", "User.Arn"))
	s.admin(t, p.recipient, "iam", "attach-user-policy", "--user-name", userName, "--policy-arn", policy).succeeded(t)
	return user
}

// A key is what step 5 gives.
type key struct{ AccessKeyID, SecretAccessKey string }

// createKey is step 5.
func (p page) createKey(t *testing.T, s *scene) key {
	made := s.admin(t, p.recipient, "iam", "create-access-key", "--user-name", userName, "--query", "AccessKey").succeeded(t)
	var k key
	if err := json.Unmarshal(made.stdout, &k); err != nil {
		t.Fatalf("reading the access key: %v", err)
	}
	return k
}

// writeConfig is step 6. It returns the file's path.
func (p page) writeConfig(t *testing.T, s *scene, k key) string {
	file := filepath.Join(s.home, "aws-config")
	writeFile(t, file, verbatim(t, "step-6-config",
		"region-code", region,
		"AKIAIOSFODNN7EXAMPLE", k.AccessKeyID,
		"wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", k.SecretAccessKey))
	return file
}

// follow does steps 2 to 6 without looking left or right, and returns the config file's path.
func (p page) follow(t *testing.T, s *scene) string {
	t.Helper()
	p.createRole(t, s, p.createPolicy(t, s))
	p.createUser(t, s)
	return p.writeConfig(t, s, p.createKey(t, s))
}

// followThePage takes the page step by step, and looks at what each has made.
func followThePage(t *testing.T, s *scene) {
	p := byTheBook(t)
	var policy, configFile string
	s.check(t, s.aws, "step 1: the registry's account", func(t *testing.T) string { return p.findRegistry(t, s) })
	s.check(t, s.aws, "step 2: the policy", func(t *testing.T) string {
		policy = p.createPolicy(t, s)
		same(t, policy, "arn:aws:iam::111111111111:policy/curated-packages-policy")
		kept := s.admin(t, source, "iam", "get-policy-version", "--policy-arn", policy, "--version-id", "v1",
			"--query", "PolicyVersion.Document").succeeded(t)
		sameJSON(t, kept.text(), p.policy(t))
		return "made, kept word for word"
	})
	s.check(t, s.aws, "step 3: the role", func(t *testing.T) string {
		same(t, p.createRole(t, s, policy), "arn:aws:iam::111111111111:role/curated-packages-role")
		kept := s.admin(t, source, "iam", "get-role", "--role-name", roleName, "--query", "Role.AssumeRolePolicyDocument").succeeded(t)
		sameJSON(t, kept.text(), p.trust(t))
		return "made, kept word for word"
	})
	s.check(t, s.aws, "step 4: the user", func(t *testing.T) string {
		same(t, p.createUser(t, s), "arn:aws:iam::999999999999:user/curated-packages-user")
		kept := s.admin(t, destination, "iam", "get-policy-version", "--version-id", "v1", "--query", "PolicyVersion.Document",
			"--policy-arn", "arn:aws:iam::999999999999:policy/curated-packages-assume-role-policy").succeeded(t)
		sameJSON(t, kept.text(), p.assumePolicy(t))
		return "made, kept word for word"
	})
	s.check(t, s.aws, "steps 5 and 6: the key and the config file", func(t *testing.T) string {
		configFile = p.writeConfig(t, s, p.createKey(t, s))
		who := printed(t, s.holder(t, configFile, "sts", "get-caller-identity", "--query", "Arn"))
		if !strings.HasPrefix(who, "arn:aws:sts::111111111111:assumed-role/curated-packages-role/") {
			t.Errorf("with the file alone the caller is %s", who)
		}
		return "with the file alone the caller is the role"
	})
	s.check(t, s.aws, "the config file alone gets a password", func(t *testing.T) string {
		s.login(t, configFile, registryHost(p.registry))
		return "crane logged in"
	})
	s.pullPackages(t, registryHost(p.registry))
	s.check(t, s.aws, "ECR knows the bundle that crane pulled", func(t *testing.T) string {
		pulled := s.puller(t, "", "digest", s.address(t, registryHost(p.registry))+"/"+bundleName).succeeded(t).text()
		same(t, printed(t, s.describe(t, configFile, p.registry)), pulled)
		return "by the same digest"
	})
}

// pageQuery is the query of step 1.
func pageQuery() []string {
	return []string{"eks", "describe-eks-anywhere-subscription",
		"--region", region, "--id", subscription, "--query", "subscription.packageRegistry"}
}

// findRegistry is step 1, by the page's query.
func (p page) findRegistry(t *testing.T, s *scene) string {
	want := registryHost(p.registry)
	if _, ok := s.cloud.ready.Registries[want]; !ok {
		t.Fatalf("the sandbox has no registry %s, only %v", want, s.cloud.ready.Registries)
	}
	how := s.teachPackageRegistry(t)
	same(t, printed(t, s.admin(t, source, pageQuery()...)), want)
	return "its host, " + how
}

// printed returns the one JSON string that an AWS CLI printed.
func printed(t *testing.T, o outcome) string {
	t.Helper()
	var text string
	if err := json.Unmarshal(o.succeeded(t).stdout, &text); err != nil {
		t.Fatalf("the AWS CLI printed no string: %v", err)
	}
	return text
}

func same(t *testing.T, got, want string) {
	t.Helper()
	if got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func sameJSON(t *testing.T, got, want string) {
	t.Helper()
	var values [2]any
	for i, text := range []string{want, got} {
		if err := json.Unmarshal([]byte(text), &values[i]); err != nil {
			t.Fatalf("%v in %s", err, text)
		}
	}
	if diff := cmp.Diff(values[0], values[1]); diff != "" {
		t.Errorf("what IAM keeps is not what the page says (-page +kept):\n%s", diff)
	}
}
