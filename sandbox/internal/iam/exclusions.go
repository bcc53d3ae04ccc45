package iam

import (
	"fmt"
	"slices"
	"strings"

	"github.com/pullpass/pullpass/arn"
)

// exclusion is a PolicyIdentifier, by which a simulation leaves out policies: by their type, a managed one by its ARN, or
// an inline one by its name and holder (API_PolicyIdentifier).
type exclusion struct {
	PolicyType string           `query:"PolicyType"`
	PolicyARN  string           `query:"PolicyArn"`
	Inline     *inlineExclusion `query:"InlinePolicyIdentifier"`
}

type inlineExclusion struct {
	PolicyName     string `query:"PolicyName"`
	AttachmentType string `query:"AttachmentType"`
	// AttachmentName may hold one * and any number of ?.
	AttachmentName string `query:"AttachmentName"`
}

// mostExclusions is the longest PolicyExclusionList of API_SimulatePrincipalPolicy.
const mostExclusions = 256

func checkExclusions(exclusions []exclusion) error {
	if len(exclusions) > mostExclusions {
		return invalidValue("policyExclusionList", fmt.Sprintf("Member must have length less than or equal to %d", mostExclusions))
	}
	for i, e := range exclusions {
		if err := e.check(fmt.Sprintf("policyExclusionList.%d.member.", i+1)); err != nil {
			return err
		}
	}
	return nil
}

// check holds the API reference: "malformed ARNs or wildcards in disallowed positions, cause the request to fail with an
// InvalidInput error", the text of which is not recorded.
func (e exclusion) check(place string) error {
	// The order is AWS's own [seen].
	err := checkChoice(place+"policyType", e.PolicyType, "scp", "permission-boundary", "aws-managed", "inline", "user-managed", "rcp")
	if err != nil {
		return err
	}
	if _, ok := asPolicyARN(e.PolicyARN); !ok && e.PolicyARN != "" {
		return invalidInput("Invalid ARN provided in the request: %s", e.PolicyARN)
	}
	if e.Inline == nil {
		return nil
	}
	place += "inlinePolicyIdentifier."
	if strings.Trim(e.Inline.AttachmentName, "*?") == "" {
		return invalidValue(place+"attachmentName", `Member must satisfy regular expression pattern: .*[\w+=,.@-]+.*`)
	}
	if strings.Count(e.Inline.AttachmentName, "*") > 1 {
		return invalidInput("Invalid inline policy identifier: %s has more than one wildcard.", e.Inline.AttachmentName)
	}
	return firstError(
		checkName(place+"policyName", e.Inline.PolicyName, longestPolicyName),
		checkChoice(place+"attachmentType", e.Inline.AttachmentType, "user", "role", "group"),
	)
}

// excludes reports whether a policy of a user or role is left out. "Syntactically valid identifiers that don't match any
// attached policy are ignored" (API_SimulatePrincipalPolicy).
func excludes(exclusions []exclusion, held heldPolicy) bool {
	return slices.ContainsFunc(exclusions, func(e exclusion) bool {
		if held.inline == "" {
			ours := held.managed.Account == awsOwned
			return e.PolicyARN == held.managed.String() || e.PolicyType == "aws-managed" && ours || e.PolicyType == "user-managed" && !ours
		}
		return e.PolicyType == "inline" || e.Inline != nil && e.Inline.matches(held)
	})
}

func (e *inlineExclusion) matches(held heldPolicy) bool {
	return e.PolicyName == held.inline && e.AttachmentType == held.holder.Kind &&
		arn.NewPattern(e.AttachmentName).Match(held.holder.Name)
}

// excludesType reports whether all policies of a type are left out. A boundary goes this way alone, not by its ARN [seen].
func excludesType(exclusions []exclusion, policyType string) bool {
	return slices.ContainsFunc(exclusions, func(e exclusion) bool { return e.PolicyType == policyType })
}
