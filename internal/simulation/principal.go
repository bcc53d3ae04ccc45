package simulation

import (
	"errors"
	"fmt"
	"strings"

	"github.com/pullpass/pullpass/arn"
	"github.com/pullpass/pullpass/authz"
)

// ErrPrincipal is wrapped by the errors of Compile about a principal that cannot be one, or whose policies cannot be its.
var ErrPrincipal = errors.New("invalid principal")

// caller makes of the request's principal what a decision needs. A principal's ARN does not tell all of it: the path of a
// session's role is in aws:PrincipalArn, unique ids are in aws:userid. Both are taken where they fit the principal, and
// are mere condition keys where they do not.
func (r *Request) caller() (authz.Principal, error) {
	switch {
	case r.Principal == "":
		return authz.Principal{}, fmt.Errorf("%w: the request has none", ErrPrincipal)
	case r.Principal == Anonymous:
		return authz.Principal{Kind: authz.Anonymous}, nil
	case strings.HasPrefix(string(r.Principal), "arn:"):
		return r.signer()
	case strings.HasSuffix(strings.TrimSuffix(string(r.Principal), ".cn"), ".amazonaws.com"):
		return authz.Principal{Kind: authz.Service, Service: string(r.Principal)}, nil
	}
	return authz.Principal{}, fmt.Errorf("%w %q: want an ARN, a service's name such as ec2.amazonaws.com, or %s",
		ErrPrincipal, r.Principal, `{"type": "Anonymous"}`)
}

// signer reads the ARN of a principal that belongs to an account.
func (r *Request) signer() (authz.Principal, error) {
	name, err := arn.Parse(string(r.Principal))
	if err != nil {
		return authz.Principal{}, fmt.Errorf("%w: %w", ErrPrincipal, err)
	}
	if _, err := arn.ParseAccountID(string(name.Account)); err != nil {
		return authz.Principal{}, fmt.Errorf("%w %q: %w", ErrPrincipal, r.Principal, err)
	}
	p := authz.Principal{Account: name.Account, ARN: string(r.Principal)}
	switch kind := name.Service + ":" + name.Kind(); {
	case kind == "iam:root" && name.Resource == "root":
		p.Kind = authz.AccountRoot
	case kind == "iam:user" && name.Name() != "":
		p.Kind, p.ID = authz.User, r.userID()
	case kind == "sts:assumed-role" && name.Name() != "" && name.Session() != "":
		p.Kind, p.RoleARN = authz.RoleSession, r.role(name)
		p.ID = r.roleID(name.Session())
	case kind == "sts:federated-user" && name.Name() != "":
		p.Kind, p.RoleARN = authz.FederatedUser, iamARN(name, "user")
	case kind == "iam:role":
		return authz.Principal{}, fmt.Errorf("%w %q: a role makes no requests, its sessions do: arn:%s:sts::%s:assumed-role/%s/SESSION",
			ErrPrincipal, r.Principal, name.Partition, name.Account, name.Name())
	default:
		return authz.Principal{}, fmt.Errorf("%w %q: want the ARN of a user, a session or an account's root", ErrPrincipal, r.Principal)
	}
	return p, nil
}

// iamARN names what a session stems from, taken to have no path.
func iamARN(session arn.ARN, kind string) string {
	name := arn.IAM(session.Account, kind, "/", session.Name())
	name.Partition = session.Partition
	return name.String()
}

// role returns the ARN of a session's role, which holds the path that the session's ARN lacks.
func (r *Request) role(session arn.ARN) string {
	plain := iamARN(session, "role")
	given, err := arn.Parse(r.value("aws:PrincipalArn"))
	if err != nil || given.Service != "iam" || given.Kind() != "role" {
		return plain
	}
	if given.Partition != session.Partition || given.Account != session.Account || given.Name() != session.Name() {
		return plain
	}
	return given.String()
}

// userID returns the unique id of a user, which is what aws:userid holds for it
// (reference_policies_variables.html#principaltable in the IAM User Guide).
func (r *Request) userID() string {
	if id := r.value("aws:userid"); strings.HasPrefix(id, "AIDA") && !strings.Contains(id, ":") {
		return id
	}
	return ""
}

// roleID returns the unique id of a session's role, which in aws:userid stands before the session's name.
func (r *Request) roleID(session string) string {
	id, name, _ := strings.Cut(r.value("aws:userid"), ":")
	if strings.HasPrefix(id, "AROA") && name == session {
		return id
	}
	return ""
}

// value returns the value of a condition key that has one, whose name is in any case.
func (r *Request) value(key string) string {
	for name, values := range r.ContextVariables {
		if len(values) == 1 && strings.EqualFold(name, key) {
			return values[0]
		}
	}
	return ""
}
