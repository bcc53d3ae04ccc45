package lint

import (
	"cmp"
	"slices"
)

// A Code names a rule. Codes are never given to another rule: PP001 and on are about AWS config files, PP101 about
// Secrets, PP201 about the environment in which a cluster is made, PP301 about running clusters.
type Code string

// A Mark says what a statement rests on; ARCHITECTURE.md has the list.
type Mark string

// The marks in use.
const (
	Run  Mark = "run"  // tried with the real program
	Doc  Mark = "doc"  // documented by AWS or Kubernetes
	Read Mark = "code" // read in the consumer's source
)

// A Consumer is a program that reads the credential.
type Consumer string

// The consumers whose words are quoted. Each has a test that makes it say them.
const (
	// Controller is the ECR credential injector of the packages controller, aws/eks-anywhere-packages.
	Controller Consumer = "packages controller"
	// Kubelet is the credential provider that kubelet calls, kubernetes/cloud-provider-aws.
	Kubelet Consumer = "ecr-credential-provider"
	// Kubernetes is what decodes manifests, k8s.io/api.
	Kubernetes Consumer = "kubectl and the API server"
)

// A Quote is a part of what a consumer says where the rule is broken.
type Quote struct {
	By   Consumer `json:"by"`
	Text string   `json:"text"`
}

// A Rule is one known mistake.
type Rule struct {
	Code     Code     `json:"code"`
	Severity Severity `json:"severity"`
	// Title names the mistake in a few words.
	Title string `json:"title"`
	// Today says what the consumers do with it.
	Today string `json:"today"`
	// Fix says what to do.
	Fix string `json:"fix"`
	// Quotes are what to search logs for.
	Quotes []Quote `json:"quotes,omitempty"`
	// Mark and Source say how it is known.
	Mark   Mark   `json:"mark"`
	Source string `json:"source"`
	// Safe is true where --fix may mend it.
	Safe bool `json:"safe"`
}

// Rules returns every rule, sorted by code.
func Rules() []Rule {
	rules := slices.Concat(fileRules(), chainRules(), keyRules(), secretRules(), newClusterRules(), clusterRules())
	slices.SortFunc(rules, func(a, b Rule) int { return cmp.Compare(a.Code, b.Code) })
	return rules
}

// Find returns the rule of a code.
func Find(code Code) (Rule, bool) {
	rules := Rules()
	i := slices.IndexFunc(rules, func(r Rule) bool { return r.Code == code })
	if i < 0 {
		return Rule{}, false
	}
	return rules[i], true
}
