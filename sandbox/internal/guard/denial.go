package guard

import (
	"fmt"
	"strings"

	"github.com/pullpass/pullpass/authz"
)

// Denial returns AWS's sentence for a denied target
// (https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html). Inside one account it ends with
// the type of policy that denied; across accounts it does not, so that neither account learns of the other's policies:
// the text is the same for a missing permission, a trust that says no, and a role that does not exist [seen].
func Denial(caller *Caller, target Target, decision authz.Decision) string {
	text := fmt.Sprintf("User: %s is not authorized to perform: %s", caller.Principal.ARN, target.Action)
	if target.Resource != "" && target.Resource != "*" {
		text += " on resource: " + target.Resource
	} else {
		text += " on resource: *"
	}
	if target.owner(caller) != caller.Account.ID {
		return text
	}
	return text + suffix(target.Action, decision)
}

func suffix(action string, decision authz.Decision) string {
	policy := decision.BlockedBy
	if policy == authz.Trust {
		policy = authz.Resource
	}
	name := policy.String()
	if decision.Outcome == authz.ExplicitDeny {
		return fmt.Sprintf(" with an explicit deny in %s %s", article(name), name)
	}
	return fmt.Sprintf(" because no %s allows the %s action", name, action)
}

func article(noun string) string {
	if strings.ContainsRune("aeiou", rune(noun[0])) {
		return "an"
	}
	return "a"
}
