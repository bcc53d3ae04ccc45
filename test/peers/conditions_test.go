package peers

import "testing"

// A condition is what has become of a share.
type condition struct {
	name string
	// withoutPassword tells that the delivered file leads to no password, so that registries are asked without. In the
	// other conditions it is the one that was taken as the share was applied.
	withoutPassword bool
	spoil           func(t *testing.T, l *lending)
}

const (
	policyDetached = "policy detached"
	trustDropped   = "trust dropped"
	keyDeleted     = "key deleted"
)

var (
	asApplied = condition{name: "as applied"}
	// subscriptionExpired is in a sandbox of its own. The file leads to a password still, which opens nothing: it is the
	// registry's side that no longer lets the source account in.
	subscriptionExpired = condition{name: "subscription expired"}
)

// closesRegistry tells whether the registry refuses one who has a password, since one side or the other no longer allows it.
func (c condition) closesRegistry() bool {
	return c.name == policyDetached || c.name == subscriptionExpired.name
}

// spoiled are the conditions in which a share is broken. Each comes on top of the one before: AWS looks at the key first, then
// at the trust, then at the policy, so what was broken last is what shows.
func spoiled() []condition {
	return []condition{
		{name: policyDetached, spoil: detachPolicy},
		{name: trustDropped, withoutPassword: true, spoil: dropTrust},
		{name: keyDeleted, withoutPassword: true, spoil: deleteKey},
	}
}

func detachPolicy(t *testing.T, l *lending) {
	l.admin(t, source, "iam", "detach-role-policy", "--role-name", base(l.role), "--policy-arn", l.readPolicy).succeeded(t)
}

// dropTrust leaves a role that trusts its own account alone.
func dropTrust(t *testing.T, l *lending) {
	l.admin(t, source, "iam", "update-assume-role-policy", "--role-name", base(l.role), "--policy-document",
		`{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole",
		"Principal": {"AWS": "arn:aws:iam::`+source+`:root"}}]}`).succeeded(t)
}

func deleteKey(t *testing.T, l *lending) {
	l.admin(t, destination, "iam", "delete-access-key", "--user-name", base(l.user), "--access-key-id", l.keyID).succeeded(t)
}
