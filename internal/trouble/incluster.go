package trouble

import (
	"regexp"
	"strings"

	"github.com/pullpass/pullpass/internal/explain"
	"github.com/pullpass/pullpass/internal/verify"
)

// inCluster is what kubelet and the API server say: of a Secret that lacks what a pod mounts, of kubelet's credential
// provider, and of a pull that failed, whose reason is elsewhere. eksctl anywhere's own line is of
// https://github.com/aws/eks-anywhere/issues/7336 [seen].
var inCluster = regexp.MustCompile(`secrets? "aws-secret" not found|couldn't find key \w+ in Secret [\w-]+/aws-secret|` +
	`references non-existent secret key: \w+|namespaces "eksa-packages" not found|` +
	`error execing credential provider plugin|(?i:failed getting credential from external registry credential provider)|` +
	`Error running credential provider plugin|FailedToRetrieveImagePullSecret|Unable to retrieve some image pull secrets|` +
	`Using fallback registry|\bErrImagePull\b|\bImagePullBackOff\b|Back-off pulling image|Failed to pull image|failed to pull and unpack image|` +
	`\bCreateContainerConfigError\b`)

func readInCluster(h hit) (Finding, bool) {
	words := spoken(h)
	f := Finding{Said: explain.Answer{Message: words}, Host: h.host()}
	switch {
	case strings.Contains(words, "aws-secret"), strings.Contains(words, "secret key"), strings.Contains(words, "namespaces"):
		f.Link, f.Kind, f.Conclusion = verify.LinkConfig, explain.ConfigFile, explain.Certain
		f.Meaning = "The Secret aws-secret of namespace eksa-packages is not there, or lacks a key that the pods mount."
		if strings.Contains(words, "key") {
			f.Rules = existing("PP107")
		} else {
			f.Rules = existing("PP301")
		}
		f.Next = append(lintSteps(f.Rules), Step{Text: "have it written", Command: "pullpass apply"})
	case strings.Contains(words, "fallback registry"):
		f.Link, f.Conclusion, f.vague = verify.LinkManifest, explain.Open, true
		f.Proven = []verify.Link{}
		f.Meaning = "eksctl anywhere did not get into the regional registry and goes on with another one, without failing."
		f.Next = []Step{{Text: "see what eksctl anywhere was given", Command: "pullpass lint --environment aws-config"}}
	case strings.Contains(strings.ToLower(words), "credential"):
		f.Link, f.Conclusion, f.vague = verify.LinkToken, explain.Open, true
		f.Proven = []verify.Link{}
		f.Meaning = "Kubelet's credential provider gave no password. The reason stands behind this, or in kubelet's log on the node."
		f.Next = []Step{{Text: "read it on the node", Command: "journalctl -u kubelet | grep -i credential"}}
	default:
		f.Conclusion, f.vague, f.Proven = explain.Open, true, []verify.Link{}
		f.Meaning = "A pod's image could not be pulled. This says that it failed, and not why."
		f.Next = []Step{{Text: "read the reason in the pod's events", Command: "kubectl -n eksa-packages get events --field-selector reason=Failed"}}
	}
	return f, true
}
