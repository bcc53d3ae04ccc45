package guard

import (
	"fmt"

	"github.com/pullpass/pullpass/arn"
	"github.com/pullpass/pullpass/authz"
	"github.com/pullpass/pullpass/iampolicy"
)

// Denial returns AWS's sentence for a denied target: IAM User Guide, "Troubleshoot access denied error messages"
// (https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html) [doc]. Inside one account it ends
// with the type of policy that denied. Across accounts it does not, so that neither account learns of the other's
// policies: AssumeRole's text is the same for a missing permission, a trust that says no, and a role that does not exist
// [seen]. Between accounts of one organization some services say more ("Enhanced access denied error messages with policy
// ARNs", AWS Security Blog); which ones is not documented, so that here none does.
func Denial(caller *Caller, target Target, decision authz.Decision) string {
	resource := target.Resource
	if resource == "" {
		resource = "*"
	}
	text := fmt.Sprintf("User: %s is not authorized to perform: %s on resource: %s", caller.Principal.ARN, target.Action, resource)
	if target.owner(caller) != caller.Account.ID {
		return text
	}
	return text + suffix(target.Action, decision)
}

func suffix(action string, decision authz.Decision) string {
	if decision.Outcome == authz.ExplicitDeny {
		return fmt.Sprintf(" with an explicit deny in %s %s%s", article(decision.BlockedBy), decision.BlockedBy, denier(decision))
	}
	return fmt.Sprintf(" because no %s allows the %s action", decision.BlockedBy, action)
}

// article is the word that stands before the type of a policy; a role has but one trust policy.
func article(policy authz.PolicyType) string {
	switch policy {
	case authz.Identity:
		return "an"
	case authz.Trust:
		return "the"
	case authz.NoPolicy, authz.RCP, authz.SCP, authz.Resource, authz.Boundary, authz.Session:
	}
	return "a"
}

// denier names the policy that denies, where it is one with an ARN of its own: ": arn:aws:organizations::…". AWS does so
// for policies of IAM and of Organizations since 2026 (https://aws.amazon.com/blogs/security/enhanced-access-denied-error-messages-with-policy-arns).
func denier(decision authz.Decision) string {
	switch decision.BlockedBy {
	case authz.RCP, authz.SCP, authz.Identity, authz.Boundary:
	case authz.NoPolicy, authz.Resource, authz.Trust, authz.Session:
		return ""
	}
	for _, reason := range decision.Reasons {
		if reason.Type != decision.BlockedBy || !reason.Matched || reason.Effect() != iampolicy.Deny {
			continue
		}
		// An inline policy's name is no ARN: it has none.
		if name, err := arn.Parse(reason.Policy.Name()); err == nil && name.Kind() == "policy" {
			return ": " + name.String()
		}
		return ""
	}
	return ""
}
