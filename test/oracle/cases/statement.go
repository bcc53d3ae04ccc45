package cases

import (
	"strings"

	"github.com/pullpass/pullpass/iampolicy"
)

// attached makes a statement of a policy that is attached to the principal or to what it belongs to.
func (m *maker) attached(effect iampolicy.Effect) iampolicy.Statement {
	s := iampolicy.Statement{Effect: effect}
	m.actionElement(&s)
	m.resourceElement(&s)
	m.conditions(&s)
	return s
}

// onResource makes a statement of a policy that is attached to a resource.
func (m *maker) onResource(effect iampolicy.Effect) iampolicy.Statement {
	s := m.attached(effect)
	m.principalElement(&s)
	return s
}

// trust makes a statement of a role's trust policy, whose resource is the role.
func (m *maker) trust(effect iampolicy.Effect) iampolicy.Statement {
	s := iampolicy.Statement{Effect: effect}
	s.Action = []string{pick(m, []string{"sts:AssumeRole", "sts:AssumeRole", "sts:AssumeRole", "sts:*", "sts:assumerole", "sts:Assume*", "sts:TagSession"})}
	if m.chance(15) {
		s.Action = append(s.Action, pick(m, []string{"sts:TagSession", "sts:SetSourceIdentity"}))
	}
	if m.chance(5) {
		s.Action, s.NotAction = nil, []string{pick(m, []string{"sts:TagSession", "sts:AssumeRole", "sts:AssumeRoleWith*"})}
	}
	m.principalElement(&s)
	s.NotPrincipal = nil // which IAM refuses in a trust policy
	if s.Principal == nil {
		s.Principal = &iampolicy.Principals{Everyone: true}
	}
	m.conditions(&s)
	return s
}

// control makes a statement of an RCP, of which a customer's must deny, concern everyone and name its actions.
func (m *maker) control(iampolicy.Effect) iampolicy.Statement {
	s := m.attached(iampolicy.Deny)
	s.Action, s.NotAction = []string{m.actionPattern()}, nil
	if s.Action[0] == "*" {
		s.Action[0] = m.service() + ":*"
	}
	s.Principal = &iampolicy.Principals{Everyone: true}
	if len(s.Conditions) == 0 && m.chance(80) {
		s.Conditions = []iampolicy.Condition{m.condition()}
	}
	return s
}

func (m *maker) actionElement(s *iampolicy.Statement) {
	patterns := []string{m.actionPattern()}
	for m.chance(25) && len(patterns) < 3 {
		patterns = append(patterns, m.actionPattern())
	}
	if m.chance(10) {
		s.NotAction = patterns
		return
	}
	s.Action = patterns
}

func (m *maker) resourceElement(s *iampolicy.Statement) {
	patterns := []string{m.resourcePattern()}
	for m.chance(25) && len(patterns) < 3 {
		patterns = append(patterns, m.resourcePattern())
	}
	if m.chance(12) {
		s.NotResource = patterns
		return
	}
	s.Resource = patterns
}

func (m *maker) principalElement(s *iampolicy.Statement) {
	p := m.named()
	if s.Effect == iampolicy.Deny && m.chance(25) {
		s.NotPrincipal = p
		return
	}
	s.Principal = p
}

// named makes a Principal element. Exempting everyone would leave a NotPrincipal without a use.
func (m *maker) named() *iampolicy.Principals {
	if m.chance(12) {
		return &iampolicy.Principals{Everyone: true}
	}
	p := &iampolicy.Principals{}
	for n := 1 + m.IntN(3); n > 0; n-- {
		m.name(p)
	}
	return p
}

func (m *maker) name(p *iampolicy.Principals) {
	caller := m.c.Principal
	if caller.Form == Service && m.chance(70) {
		p.Service = append(p.Service, caller.ARN)
		return
	}
	switch m.IntN(20) {
	case 0:
		p.Service = append(p.Service, pick(m, []string{"ec2.amazonaws.com", "eks.amazonaws.com", "lambda.amazonaws.com"}))
	case 1:
		p.Federated = append(p.Federated, "arn:aws:iam::111122223333:saml-provider/idp")
	case 2:
		p.AWS = append(p.AWS, "*")
	case 3, 4, 5:
		p.AWS = append(p.AWS, m.otherName())
	default:
		p.AWS = append(p.AWS, m.ownName(caller))
	}
}

// ownName is one of the names by which a policy can mean the caller.
func (m *maker) ownName(caller Principal) string {
	if caller.Account == "" {
		return m.otherName()
	}
	names := []string{caller.ARN, caller.ARN, caller.Account, "arn:aws:iam::" + caller.Account + ":root"}
	if caller.Source != "" {
		names = append(names, caller.Source, caller.Source)
	}
	if caller.ID != "" {
		names = append(names, caller.ID)
	}
	if caller.Form == Federated {
		names = append(names, "arn:aws:iam::"+caller.Account+":user/"+caller.Session)
	}
	return pick(m, names)
}

// otherName names someone else, or the caller only almost.
func (m *maker) otherName() string {
	other := pick(m, principals())
	names := []string{
		"arn:aws:iam::" + pick(m, accounts()) + ":root", pick(m, accounts()),
		"arn:aws:iam::111122223333:user/bob", "arn:aws:iam::111122223333:user/dev/Alice", "arn:aws:iam::999999999999:user/dev/alice",
		"arn:aws:sts::111122223333:assumed-role/examplerole/s2", "arn:aws:sts::111122223333:assumed-role/examplerole/S1",
		"arn:aws:iam::111122223333:role/examplerole-2", "arn:aws:iam::111122223333:role/s1", "AIDABOB0000000000001",
		"arn:aws:sts::111122223333:federated-user/Guest",
	}
	if other.Account != "" {
		names = append(names, other.ARN, other.ARN)
	}
	return pick(m, names)
}

func (m *maker) service() string {
	service, _, _ := strings.Cut(m.c.Action, ":")
	return service
}
