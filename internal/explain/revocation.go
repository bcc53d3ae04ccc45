package explain

import (
	"fmt"
	"time"

	"github.com/pullpass/pullpass/internal/plan"
	"github.com/pullpass/pullpass/internal/share"
	"github.com/pullpass/pullpass/internal/verify"
)

// revocationIn reads a policy as one by which pullpass revoke denies sessions of a role; ok is false for any other policy.
func revocationIn(role *Entity, d *Document) (deny plan.Deny, ok bool) {
	if d.ARN != "" || d.Holder.IsZero() || d.Holder != role.ARN && d.Holder != role.Asked {
		return plan.Deny{}, false
	}
	return plan.ParseDeny(role.Tags[share.TagShare], d.Name, d.Parsed)
}

// findRevocation is for an access that somebody took away on purpose: nothing is delivered, or the key is gone, and the role
// still denies the sessions that were made before.
func (e *Evidence) findRevocation(broken verify.Proof) (finding, bool) {
	answer := answered(broken)
	gone := e.File.Missing || answer != nil && answer.Code == "InvalidClientTokenId"
	if !gone || e.Role == nil || !e.Role.Exists {
		return finding{}, false
	}
	session := string(e.Role.ID) + ":" + e.sessionName()
	for _, d := range e.Role.Identity {
		deny, ok := revocationIn(e.Role, d)
		if ok && deny.InForce(session, e.Now) {
			return certain(revoked(broken.Link, e.Role, d, deny), readmit(e.Role, deny)), true
		}
	}
	return finding{}, false
}

// revoked says that a deny is that of a revocation.
func revoked(link verify.Link, role *Entity, d *Document, deny plan.Deny) Cause {
	cause := Cause{Link: link, Account: role.ARN.Account, Kind: Revoked, Policy: &d.Policy, Text: fmt.Sprintf(
		"pullpass revoke took this access away at %s, on purpose: %s of account %s denies its sessions until %s.",
		deny.At.Format(time.RFC3339), describe(role.ARN), role.ARN.Account, deny.At.Add(plan.DenyAge).Format(time.RFC3339))}
	if len(d.Parsed.Statements) > 0 {
		cause.Statement = (&place{document: d, statement: &d.Parsed.Statements[0]}).at()
	}
	return cause
}

// readmit names what gives access again. It is no command to be run without a thought: somebody wanted this access to end.
func readmit(role *Entity, deny plan.Deny) *Fix {
	return &Fix{Account: role.ARN.Account, Text: fmt.Sprintf("take the cluster out of the share document. If it is to have access again: "+
		"pullpass apply after %s; or now, with pullpass apply --lift-denies, and what was given before the revocation may then work again, too",
		deny.At.Add(plan.DenyAge).Format(time.RFC3339))}
}
