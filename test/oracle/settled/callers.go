package settled

import (
	"slices"
	"strings"

	"github.com/pullpass/pullpass/iampolicy"
	"github.com/pullpass/pullpass/test/oracle/cases"
)

// wholeExemptions empties each NotPrincipal that lists some of what a caller is, and not all of it.
func wholeExemptions(c *cases.Case) *cases.Case {
	return edit(c, func(_ cases.Slot, s *iampolicy.Statement) bool {
		if s.NotPrincipal == nil || c.Principal.Account == "" || whole(c.Principal, s.NotPrincipal) {
			return false
		}
		s.NotPrincipal = &iampolicy.Principals{Service: []string{"no-such-service.amazonaws.com"}}
		return true
	})
}

func whole(caller cases.Principal, p *iampolicy.Principals) bool {
	lists := func(names ...string) bool {
		return slices.ContainsFunc(names, func(name string) bool { return name != "" && slices.Contains(p.AWS, name) })
	}
	if p.Everyone || lists("*") {
		return true
	}
	if !lists(caller.Account, "arn:aws:iam::"+caller.Account+":root") {
		return false
	}
	switch caller.Form {
	case cases.User:
		return lists(caller.ARN, caller.ID)
	case cases.Role:
		return lists(caller.ARN) && lists(caller.Source, caller.ID)
	case cases.Federated:
		return lists(caller.ARN) && lists("arn:aws:iam::"+caller.Account+":user/"+caller.Session)
	case cases.Root, cases.Service, cases.Anonymous:
	}
	return true
}

// unbound takes the organization's policies away from a service-linked role, which IAM tells by its path.
func unbound(c *cases.Case) *cases.Case {
	if !strings.Contains(c.Principal.Source, ":role/aws-service-role/") || len(c.SCPs)+len(c.RCPs) == 0 {
		return nil
	}
	out := c.Clone()
	out.SCPs, out.RCPs = nil, nil
	return out
}

// noAction is one that no case asks for, of the service that trust policies are held to.
const noAction = "sts:NoSuchAction"

// statement is a policy of one statement about everything, or about an action that does not exist.
func statement(effect iampolicy.Effect, action string) *iampolicy.Document {
	return &iampolicy.Document{Version: iampolicy.Version2012, Statements: []iampolicy.Statement{
		{Effect: effect, Action: []string{action}, Resource: []string{"*"}},
	}}
}

// noRights gives a federated user without a session policy one that allows nothing that can be asked for.
func noRights(c *cases.Case) *cases.Case {
	if c.Principal.Form != cases.Federated || c.Session != nil {
		return nil
	}
	out := c.Clone()
	out.Session = statement(iampolicy.Allow, noAction)
	return out
}

// namedAlone leaves no other way to be allowed than a statement of the resource's policy that names the session itself or
// everyone, and then lets the session policy allow everything. What denies stays. If the oracle allows that, the original
// is allowed by what AWS says of such statements; if it does not, nothing is said of the original.
func namedAlone(c *cases.Case) *cases.Case {
	sessions := c.Principal.Form == cases.Role && c.Session != nil || c.Principal.Form == cases.Federated
	if !sessions || c.ResourcePolicy == nil || c.Owner != c.Principal.Account {
		return nil
	}
	out := c.Clone()
	for i, d := range out.Identity {
		out.Identity[i] = keep(d, func(s *iampolicy.Statement) bool { return s.Effect == iampolicy.Deny })
	}
	out.Identity = slices.DeleteFunc(out.Identity, func(d *iampolicy.Document) bool { return len(d.Statements) == 0 })
	out.ResourcePolicy = keep(c.ResourcePolicy, func(s *iampolicy.Statement) bool {
		return s.Effect == iampolicy.Deny || direct(c.Principal, s)
	})
	if len(out.ResourcePolicy.Statements) == 0 {
		return nil
	}
	out.Session = statement(iampolicy.Allow, "*")
	if c.Session != nil {
		out.Session.Statements = append(out.Session.Statements,
			keep(c.Session, func(s *iampolicy.Statement) bool { return s.Effect == iampolicy.Deny }).Statements...)
	}
	return out
}

// direct narrows a statement to the names that mean the session itself or everyone, and reports whether there are any.
func direct(caller cases.Principal, s *iampolicy.Statement) bool {
	if s.Principal == nil || s.Principal.Everyone {
		return s.Principal != nil
	}
	p := *s.Principal
	p.AWS = slices.DeleteFunc(slices.Clone(p.AWS), func(name string) bool { return name != "*" && name != caller.ARN })
	s.Principal = &p
	return len(p.AWS) > 0
}

// keep returns the document with the statements that are wanted, which wanted may change.
func keep(d *iampolicy.Document, wanted func(*iampolicy.Statement) bool) *iampolicy.Document {
	out := *d
	out.Statements = nil
	for _, s := range d.Statements {
		if wanted(&s) {
			out.Statements = append(out.Statements, s)
		}
	}
	return &out
}
