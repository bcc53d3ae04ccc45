package iampolicy

import (
	"slices"
	"strings"
)

// checkStatement checks that the statement holds what its kind of policy needs, nothing that it forbids, and not both
// of an element and its negation.
func (p *parser) checkStatement(s *Statement, n node) error {
	fail := func(hint, format string, args ...any) error { return p.errorf(n.Offset(), hint, format, args...) }
	switch {
	case s.Effect == "":
		return fail("", "the statement has no Effect")
	case s.Action != nil && s.NotAction != nil:
		return fail("", "the statement has both Action and NotAction")
	case s.Action == nil && s.NotAction == nil:
		return fail("", "the statement has no Action")
	case s.Resource != nil && s.NotResource != nil:
		return fail("", "the statement has both Resource and NotResource")
	case s.Principal != nil && s.NotPrincipal != nil:
		return fail("", "the statement has both Principal and NotPrincipal")
	case s.NotPrincipal != nil && s.Effect == Allow:
		// `Using it with "Effect":"Allow" is not supported` (reference_policies_elements_notprincipal.html).
		return fail("", "NotPrincipal goes with the Effect %q only", Deny)
	}
	switch p.kind {
	case Identity, Session, Boundary, SCP:
		return checkAttached(s, p.kind, fail)
	case Trust:
		return checkTrust(s, fail)
	case RCP:
		return checkRCP(s, fail)
	case Resource:
		return checkPrincipal(s, p.kind, fail)
	}
	return nil
}

type failure func(hint, format string, args ...any) error

// checkAttached holds for policies that are attached to the principal: it goes without saying who that is.
func checkAttached(s *Statement, kind Kind, fail failure) error {
	if s.Principal != nil || s.NotPrincipal != nil {
		return fail("the principal is the one that the policy is attached to", "this %s takes no Principal", kind)
	}
	return checkResource(s, kind, fail)
}

func checkResource(s *Statement, kind Kind, fail failure) error {
	if s.Resource == nil && s.NotResource == nil {
		return fail(`write "Resource": "*" if it concerns all of them`, "a statement of this %s needs a Resource", kind)
	}
	return nil
}

func checkPrincipal(s *Statement, kind Kind, fail failure) error {
	if s.Principal == nil && s.NotPrincipal == nil {
		return fail("", "a statement of this %s needs a Principal", kind)
	}
	return nil
}

// checkTrust holds IAM's rules for trust policies: the role itself is the resource, and "AssumeRole policy may only
// specify STS AssumeRole actions".
func checkTrust(s *Statement, fail failure) error {
	if s.Resource != nil || s.NotResource != nil {
		return fail("the role that carries the policy is the resource", "this %s takes no Resource", Trust)
	}
	if s.NotPrincipal != nil {
		// "You cannot use the NotPrincipal element … in an IAM role trust policy" (reference_policies_elements_notprincipal.html).
		return fail("compare aws:PrincipalArn with ArnNotEquals", "this %s takes no NotPrincipal", Trust)
	}
	for _, a := range slices.Concat(s.Action, s.NotAction) {
		if service, _, _ := strings.Cut(a, ":"); !strings.EqualFold(service, "sts") {
			return fail(`write "sts:AssumeRole"`, "this %s takes sts actions only, not %q", Trust, a)
		}
	}
	return checkPrincipal(s, Trust, fail)
}

// checkRCP holds the rules of Organizations (orgs_manage_policies_rcps_syntax.html): customers' statements deny, concern
// every principal and name their actions. The one that allows is AWS's own RCPFullAWSAccess.
func checkRCP(s *Statement, fail failure) error {
	switch {
	case s.NotPrincipal != nil || s.NotAction != nil:
		return fail("", "this %s takes neither NotPrincipal nor NotAction", RCP)
	case s.Principal == nil || !s.Principal.everyone():
		return fail(`write "Principal": "*"`, "the Principal of this %s must be %q", RCP, "*")
	case s.Effect == Allow && (len(s.Conditions) > 0 || !star(s.Action) || !star(s.Resource)):
		return fail("", "a statement of this %s may allow nothing less than everything", RCP)
	case s.Effect == Deny && star(s.Action):
		return fail("name a service", "this %s takes no Action %q", RCP, "*")
	}
	return checkResource(s, RCP, fail)
}

func star(values []string) bool { return len(values) == 1 && values[0] == "*" }

// everyone reports whether p is one of the two forms that mean everybody.
func (p *Principals) everyone() bool {
	return p.Everyone || star(p.AWS) && len(p.Service)+len(p.Federated)+len(p.CanonicalUser) == 0
}
