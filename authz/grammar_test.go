package authz_test

import (
	"strings"

	"github.com/pullpass/pullpass/arn"
	"github.com/pullpass/pullpass/authz"
	"github.com/pullpass/pullpass/iampolicy"
)

// A grammar turns bytes into a request and its policies: each choice takes one byte, and the first of its options where
// the bytes have run out. Requests and policies choose from the same few words, so that they meet often.
type grammar struct {
	bytes []byte
}

// A drawn is the case that a grammar makes of its bytes. Its documents keep the rules of their kinds.
type drawn struct {
	request *authz.Request
	context map[string][]string

	identity, session  []*iampolicy.Document
	resource, boundary *iampolicy.Document
	scps, rcps         [][]*iampolicy.Document
	trust              bool
}

func (g *grammar) number(n int) int {
	if len(g.bytes) == 0 {
		return 0
	}
	b := g.bytes[0]
	g.bytes = g.bytes[1:]
	return int(b) % n
}

// chance is true once in n times.
func (g *grammar) chance(n int) bool { return g.number(n) == n-1 }

func pick[T any](g *grammar, options []T) T { return options[g.number(len(options))] }

// some picks one or two of the options.
func some(g *grammar, options ...string) []string {
	out := []string{pick(g, options)}
	if second := pick(g, options); g.chance(3) && second != out[0] {
		out = append(out, second)
	}
	return out
}

const (
	ownAccount   = "111122223333"
	otherAccount = "222222222222"
	userARN      = "arn:aws:iam::111122223333:user/dev/alice"
	roleARN      = "arn:aws:iam::111122223333:role/app/r"
	sessionARN   = "arn:aws:sts::111122223333:assumed-role/r/s1"
	guestARN     = "arn:aws:sts::111122223333:federated-user/guest"
	userID       = "AIDAALICE00000000001"
	roleID       = "AROAEXAMPLE000000001"
	serviceName  = "ec2.amazonaws.com"
)

func (g *grammar) principal() authz.Principal {
	return pick(g, []authz.Principal{
		{Kind: authz.User, Account: ownAccount, ARN: userARN, ID: userID},
		{Kind: authz.RoleSession, Account: ownAccount, ARN: sessionARN, RoleARN: roleARN, ID: roleID},
		{Kind: authz.FederatedUser, Account: ownAccount, ARN: guestARN, RoleARN: userARN, ID: userID},
		{Kind: authz.AccountRoot, Account: ownAccount, ARN: "arn:aws:iam::111122223333:root", ID: ownAccount},
		{
			Kind: authz.RoleSession, Account: ownAccount, ID: "AROALINKED0000000001",
			ARN:     "arn:aws:sts::111122223333:assumed-role/AWSServiceRoleForX/s1",
			RoleARN: "arn:aws:iam::111122223333:role/aws-service-role/x.amazonaws.com/AWSServiceRoleForX",
		},
		{Kind: authz.Service, Service: serviceName},
		{Kind: authz.Anonymous},
	})
}

// A key of a condition, and the values that requests and policies give it.
type drawnKey struct {
	name   string
	values []string
	tests  []iampolicy.Test
}

func drawnKeys() []drawnKey {
	strings := []iampolicy.Test{
		iampolicy.StringEquals, iampolicy.StringNotEquals, iampolicy.StringEqualsIgnoreCase,
		iampolicy.StringNotEqualsIgnoreCase, iampolicy.StringLike, iampolicy.StringNotLike, iampolicy.Null,
	}
	return []drawnKey{
		{"aws:username", []string{"alice", "Alice", "al*", "${aws:PrincipalTag/t}", "${aws:username, 'x'}", ""}, strings},
		{"aws:TagKeys", []string{"a", "b", "A", "${*}", "*"}, strings},
		{"aws:PrincipalTag/t", []string{"alice", "*", "a?", "${aws:TagKeys}"}, strings},
		{"aws:PrincipalArn", []string{userARN, roleARN, "arn:aws:iam::*:user/*", "arn:aws:iam::${aws:PrincipalTag/t}:*"}, []iampolicy.Test{
			iampolicy.ARNEquals, iampolicy.ARNLike, iampolicy.ARNNotEquals, iampolicy.ARNNotLike, iampolicy.StringLike,
		}},
		{"s3:max-keys", []string{"10", "9", "11.5", "-1"}, []iampolicy.Test{
			iampolicy.NumericEquals, iampolicy.NumericNotEquals, iampolicy.NumericLessThan, iampolicy.NumericLessThanEquals,
			iampolicy.NumericGreaterThan, iampolicy.NumericGreaterThanEquals,
		}},
		{"aws:CurrentTime", []string{"2020-01-01T00:00:00Z", "2020", "1577836800", "2021-06-01"}, []iampolicy.Test{
			iampolicy.DateEquals, iampolicy.DateNotEquals, iampolicy.DateLessThan, iampolicy.DateLessThanEquals,
			iampolicy.DateGreaterThan, iampolicy.DateGreaterThanEquals,
		}},
		{"aws:SourceIp", []string{"10.1.2.3", "10.0.0.0/8", "2001:db8::1", "2001:db8::/32"}, []iampolicy.Test{
			iampolicy.IPAddress, iampolicy.NotIPAddress,
		}},
		{"aws:SecureTransport", []string{"true", "false"}, []iampolicy.Test{iampolicy.Bool, iampolicy.Null}},
		{"x:blob", []string{"QUFB", "QUFC"}, []iampolicy.Test{iampolicy.BinaryEquals}},
	}
}

// draw makes the whole case.
func (g *grammar) draw() *drawn {
	d := &drawn{request: &authz.Request{
		Principal:       g.principal(),
		Action:          pick(g, []string{"s3:GetObject", "S3:getobject", "s3:PutObject", "sts:AssumeRole"}),
		ResourceAccount: arn.AccountID(pick(g, []string{ownAccount, otherAccount, ""})),
		Resource:        pick(g, []string{"arn:aws:s3:::b/alice", "arn:aws:s3:::b/x:y", "arn:aws:iam::111122223333:role/app/r", "*"}),
	}}
	d.context = g.context()
	d.trust = g.chance(4)
	if d.resource = g.optional(iampolicy.Resource); d.trust {
		d.resource = g.document(iampolicy.Trust)
	}
	d.identity = g.policies(iampolicy.Identity)
	if g.chance(3) {
		d.boundary = g.document(iampolicy.Boundary)
	}
	if g.chance(3) {
		d.session = g.policies(iampolicy.Session)
	}
	d.scps, d.rcps = g.levels(iampolicy.SCP), g.levels(iampolicy.RCP)
	return d
}

func (g *grammar) context() map[string][]string {
	out := make(map[string][]string)
	for _, key := range drawnKeys() {
		if !g.chance(3) {
			out[key.name] = some(g, append(key.values, "odd")...)
		}
	}
	return out
}

func (g *grammar) optional(kind iampolicy.Kind) *iampolicy.Document {
	if g.chance(3) {
		return nil
	}
	return g.document(kind)
}

func (g *grammar) policies(kind iampolicy.Kind) []*iampolicy.Document {
	var out []*iampolicy.Document
	for range 1 + g.number(2) {
		out = append(out, g.document(kind))
	}
	return out
}

func (g *grammar) levels(kind iampolicy.Kind) [][]*iampolicy.Document {
	var out [][]*iampolicy.Document
	for range g.number(3) {
		level := []*iampolicy.Document{{Kind: kind, Version: iampolicy.Version2012, Statements: []iampolicy.Statement{everything(kind)}}}
		if g.chance(2) {
			level = append(level, g.document(kind))
		}
		if g.chance(8) {
			level = level[1:]
		}
		out = append(out, level)
	}
	return out
}

func everything(kind iampolicy.Kind) iampolicy.Statement {
	s := iampolicy.Statement{Effect: iampolicy.Allow, Action: []string{"*"}, Resource: []string{"*"}}
	switch kind {
	case iampolicy.Resource, iampolicy.RCP:
		s.Principal = &iampolicy.Principals{Everyone: true}
	case iampolicy.Trust:
		s.Principal, s.Action, s.Resource = &iampolicy.Principals{Everyone: true}, []string{"sts:*"}, nil
	case iampolicy.Identity, iampolicy.SCP, iampolicy.Session, iampolicy.Boundary:
	}
	return s
}

func (g *grammar) document(kind iampolicy.Kind) *iampolicy.Document {
	d := &iampolicy.Document{Kind: kind, Version: pick(g, []string{iampolicy.Version2012, iampolicy.Version2012, iampolicy.Version2008, ""})}
	if g.chance(2) {
		d.Statements = append(d.Statements, everything(kind))
	}
	for range 1 + g.number(2) {
		d.Statements = append(d.Statements, g.statement(kind))
	}
	return d
}

func (g *grammar) statement(kind iampolicy.Kind) iampolicy.Statement {
	s := everything(kind)
	if g.chance(3) || kind == iampolicy.RCP {
		s.Effect = iampolicy.Deny
	}
	g.actions(&s, kind)
	if kind != iampolicy.Trust {
		g.resources(&s)
	}
	if kind == iampolicy.Resource || kind == iampolicy.Trust {
		g.principals(&s, kind)
	}
	s.Conditions = g.conditions()
	return s
}

func (g *grammar) actions(s *iampolicy.Statement, kind iampolicy.Kind) {
	switch {
	case kind == iampolicy.Trust:
		s.Action = some(g, "sts:AssumeRole", "sts:*", "sts:TagSession")
	case kind == iampolicy.RCP:
		s.Action = some(g, "s3:*", "s3:Put*", "sts:AssumeRole")
	case g.chance(5):
		s.Action, s.NotAction = nil, some(g, "s3:Put*", "iam:*", "s3:getobject")
	default:
		s.Action = some(g, "*", "s3:*", "S3:Get?bject", "sts:assumerole")
	}
}

func (g *grammar) resources(s *iampolicy.Statement) {
	named := some(g, "*", "arn:aws:s3:::b/*", "arn:aws:s3:::b/${aws:username}", "arn:aws:s3:*:*:b/x:*", "arn:aws:iam::*:role/*",
		"arn:aws:s3:::b/${aws:PrincipalTag/t, 'alice'}")
	if g.chance(5) {
		s.Resource, s.NotResource = nil, named
	} else {
		s.Resource = named
	}
}

func (g *grammar) principals(s *iampolicy.Statement, kind iampolicy.Kind) {
	named := &iampolicy.Principals{AWS: some(g, ownAccount, userARN, roleARN, sessionARN, guestARN, userID, roleID,
		"arn:aws:iam::111122223333:root", "arn:aws:iam::222222222222:root")}
	if g.chance(4) {
		named.Service = []string{serviceName}
	}
	switch {
	case kind == iampolicy.Resource && s.Effect == iampolicy.Deny && g.chance(3):
		s.Principal, s.NotPrincipal = nil, named
	case !g.chance(3):
		s.Principal = named
	}
}

// conditions draws up to two, never the same operator with the same key, which no document can hold.
func (g *grammar) conditions() []iampolicy.Condition {
	var out []iampolicy.Condition
	for range g.number(3) {
		key := pick(g, drawnKeys())
		operator := iampolicy.Operator{Test: pick(g, key.tests)}
		operator.Qualifier = pick(g, []iampolicy.Qualifier{iampolicy.Single, iampolicy.Single, iampolicy.ForAllValues, iampolicy.ForAnyValue})
		operator.IfExists = operator.Test != iampolicy.Null && g.chance(3)
		values := some(g, key.values...)
		if operator.Test == iampolicy.Null {
			values = some(g, "true", "false")
		}
		name := key.name
		if g.chance(4) {
			name = strings.ToUpper(name)
		}
		if len(out) == 0 || out[0].Operator != operator || !strings.EqualFold(out[0].Key, name) {
			out = append(out, iampolicy.Condition{Operator: operator, Key: name, Values: values})
		}
	}
	return out
}
