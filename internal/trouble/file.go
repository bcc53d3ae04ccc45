package trouble

import (
	"regexp"
	"slices"
	"strings"

	"github.com/pullpass/pullpass/internal/explain"
	"github.com/pullpass/pullpass/internal/lint"
	"github.com/pullpass/pullpass/internal/verify"
)

// fileFault is what the AWS SDK for Go, the packages controller and Kubernetes say of a config file or a Secret with a
// mistake: the quotes of internal/lint, which its tests and test/peers make the real programs say [run]. The last rows are the
// AWS CLI's and the AWS SDK for JavaScript's [run], eksctl anywhere's (https://github.com/aws/eks-anywhere-packages/issues/685)
// [seen], and AWS's own for a Region that is none [run].
var fileFault = regexp.MustCompile(`Invalid Configuration: Missing Region|no EC2 IMDS role found|unsupported expression|` +
	`invalid state with ASTKind|failed to get shared config profile|failed to load assume role|failed to load shared config file|` +
	`Unable to load AWS config from file|partial credentials found|credential type source_profile requires role_arn|` +
	`error fetching config from profile|assume role with MFA enabled|static credentials are empty|process provider error|` +
	`failed to read cached SSO token file|could not find expected ':'|illegal base64 data at input byte|expected '\]'|` +
	`Failed to parse uri: https://api\.ecr\.|invalid header field value for "?Authorization|/tmp/aws-secret/\w+: no such file|` +
	`(?i:unable to locate credentials)|The config profile \([^)]*\) could not be found|You must specify a region|` +
	`Partial credentials found in|Could not load credentials from any providers|NoCredentialProviders|` +
	`unable to detect AWS authentication credentials|Credential should be scoped to a valid region`)

func readFileFault(h hit) (Finding, bool) {
	words := h.around()
	rules := rulesQuoting(words)
	f := Finding{
		Link: verify.LinkConfig, Kind: explain.ConfigFile, Conclusion: explain.Certain, Rules: rules,
		Said: explain.Answer{Message: spoken(h)},
	}
	if strings.HasPrefix(spoken(h), "Credential should be scoped") {
		rules = existing("PP012")
		f.Rules = rules
	}
	f.Meaning = "No call was signed as it should be: the program found no usable credential or Region in the file or the Secret."
	for i, code := range rules {
		rule, _ := lint.Find(code)
		switch {
		case len(rules) == 1:
			f.Meaning = "The file or the Secret has a mistake: " + rule.Title + " (" + string(code) + ")."
		case i == 0:
			f.Meaning += " Known to end so: " + rule.Title + " (" + string(code) + ")"
		default:
			f.Meaning += ", " + rule.Title + " (" + string(code) + ")"
		}
	}
	if len(rules) > 1 {
		f.Meaning += "."
		f.Conclusion = explain.Likely
	}
	f.Next = lintSteps(rules)
	return f, true
}

// spoken is the part of a message that is the program's own words.
func spoken(h hit) string {
	return veil(strings.Join(strings.Fields(h.text[h.at[0]:h.at[1]]), " "))
}

func lintSteps(rules []lint.Code) []Step {
	steps := []Step{{
		Text:    "look for the mistake in what the cluster has; secrets are not shown",
		Command: "kubectl -n eksa-packages get secret aws-secret -o yaml | pullpass lint -",
	}}
	if len(rules) == 1 {
		steps = append(steps, Step{Text: "read what is known about it", Command: "pullpass lint --explain " + string(rules[0])})
	}
	return steps
}

// general are quotes that stand in messages of other causes too: AWS's answers. They tell rules apart that share another
// quote, and say nothing alone.
func general(quote string) bool {
	return slices.ContainsFunc([]string{
		"operation error STS: AssumeRole", "InvalidClientTokenId", "SignatureDoesNotMatch", "InvalidSignatureException",
		"ValidationError", "is not authorized to perform",
	}, func(part string) bool { return strings.Contains(quote, part) })
}

// rulesQuoting are the rules of lint that quote the most of a message. Quotes that are general count only beside others.
func rulesQuoting(message string) []lint.Code {
	var best []lint.Code
	most := 0
	for _, rule := range lint.Rules() {
		texts, telling := map[string]bool{}, false
		for _, q := range rule.Quotes {
			if !strings.Contains(strings.ReplaceAll(message, "\n", " "), strings.TrimSpace(q.Text)) {
				continue
			}
			texts[q.Text] = true
			telling = telling || !general(q.Text)
		}
		switch {
		case !telling || len(texts) < most:
		case len(texts) > most:
			most, best = len(texts), []lint.Code{rule.Code}
		default:
			best = append(best, rule.Code)
		}
	}
	return best
}
