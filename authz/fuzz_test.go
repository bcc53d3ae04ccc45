package authz_test

import (
	"hash/fnv"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/pullpass/pullpass/authz"
	"github.com/pullpass/pullpass/iampolicy"
)

// A decision must not depend on what a document looks like, nor ever be an Allow past a Deny, nor rest on a document that
// cannot be read.
func FuzzEvaluate(f *testing.F) {
	f.Add([]byte(`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"sts:*","Resource":"arn:aws:iam::*:role/${aws:username, 'x'}"}}`),
		[]byte(`{"Statement":{"Effect":"Allow","Principal":{"AWS":"999999999999"},"Action":"sts:AssumeRole","Condition":{"ForAnyValue:StringLike":{"k":"v*"}}}}`),
		"sts:AssumeRole", "arn:aws:iam::111111111111:role/x", "k", "v1", uint8(2))
	f.Add([]byte(`{"Version":"2012-10-17","Statement":{"Effect":"Deny","NotAction":"a:*","NotResource":"arn:aws:s3:::${*}","Condition":{"DateLessThan":{"k":"2020"},"NotIpAddress":{"k":"10.0.0.0/8"},"BinaryEquals":{"k":""}}}}`),
		[]byte(`{"Statement":{"Effect":"Deny","NotPrincipal":{"AWS":"AIDAALICE00000000001"},"Action":"*"}}`),
		"s3:GetObject", "arn:aws:s3:::*", "k", "10.1.1.1", uint8(3))
	never := []byte(`{"Statement":{"Effect":"Deny","Principal":"*","Resource":"*","Action":["s3:*"]}}`)
	f.Fuzz(func(t *testing.T, identity, resource []byte, action, name, key, value string, kind uint8) {
		c := &drawn{
			request: &authz.Request{
				Principal: authz.Principal{
					Kind: authz.PrincipalKind(kind % 6), Account: "999999999999", ARN: "arn:aws:iam::999999999999:user/u",
					RoleARN: "arn:aws:iam::999999999999:role/r", ID: "AIDAALICE00000000001", Service: "ec2.amazonaws.com",
				},
				Action: action, Resource: name, ResourceAccount: "111111111111",
			},
			context:  map[string][]string{key: {value}},
			identity: []*iampolicy.Document{read(identity, iampolicy.Identity)},
			resource: read(resource, iampolicy.Resource),
			boundary: read(identity, iampolicy.Boundary),
		}
		d := c.evaluate(t, form{same, written})
		checkDecision(t, d)
		for name, form := range forms() {
			sameDecision(t, name, d, c.evaluate(t, form))
		}
		needs := c.request.Principal.Kind == authz.User || c.request.Principal.Kind == authz.RoleSession
		if d.Allowed() && (c.resource == nil || needs && c.identity[0] == nil) {
			t.Errorf("a request across accounts is allowed although a side of it cannot be read\n%s", reasons(d))
		}
		c.request.Action, c.rcps = "s3:GetObject", [][]*iampolicy.Document{{read(never, iampolicy.RCP)}}
		if d := c.evaluate(t, form{same, written}); d.Outcome != authz.ExplicitDeny {
			t.Errorf("%v past a Deny", d.Outcome)
		}
	})
}

// read returns nil for what is no document.
func read(src []byte, kind iampolicy.Kind) *iampolicy.Document {
	d, err := iampolicy.Parse(src, kind)
	if err != nil {
		return nil
	}
	return d
}

// evaluate decides the case in one of its forms.
func (d *drawn) evaluate(t testing.TB, f form) authz.Decision {
	t.Helper()
	one := func(document *iampolicy.Document) *authz.Policy {
		if document == nil {
			return nil
		}
		p, err := authz.Compile(f.document(t, document))
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	list := func(documents []*iampolicy.Document) (out []*authz.Policy) {
		for _, document := range documents {
			out = append(out, one(document))
		}
		return f.policies(out)
	}
	levels := func(documents [][]*iampolicy.Document) (out [][]*authz.Policy) {
		for _, level := range documents {
			out = append(out, list(level))
		}
		return f.levels(out)
	}
	req := *d.request
	for key, values := range d.context {
		req.Context.Set(key, f.values(values)...)
	}
	return authz.Evaluate(&req, &authz.Policies{
		Identity: list(d.identity), Resource: one(d.resource), Trust: d.trust, Boundary: one(d.boundary),
		Session: list(d.session), SCPs: levels(d.scps), RCPs: levels(d.rcps),
	})
}

// shuffled is an order that follows from the bytes.
func shuffled(src []byte) order {
	h := fnv.New64a()
	_, _ = h.Write(src)
	r := rand.New(rand.NewPCG(h.Sum64(), 0))
	return r.Perm
}

// A decision does not depend on the order of anything, nor on how documents are written; it follows from its reasons;
// and a value that cannot be read lets nothing through.
func FuzzEvaluateGrammar(f *testing.F) {
	f.Add([]byte{})
	f.Add([]byte("\x01\x00\x01\x00 session across accounts, what is named and what is not"))
	f.Add([]byte("\x02\x03\x00\x01 federated user, 0123456789 abcdefghijklmnopqrstuvwxyz"))
	f.Add([]byte("\x03\x02\x02\x02 root user, ZYXWVUTSRQPONMLKJIHGFEDCBA 9876543210 ........................"))
	f.Fuzz(func(t *testing.T, src []byte) {
		c := (&grammar{src}).draw()
		d := c.evaluate(t, form{same, written})
		checkDecision(t, d)
		for name, form := range forms() {
			sameDecision(t, name, d, c.evaluate(t, form))
		}
		by := shuffled(src)
		sameDecision(t, "shuffled", d, c.evaluate(t, form{reordered(by), by}))
		unreadable := *c
		unreadable.context = make(map[string][]string)
		for key := range c.context {
			unreadable.context[key] = []string{"\x00 unreadable"}
		}
		checkUnreadable(t, &unreadable)
		checkDenied(t, c)
	})
}

func sameDecision(t *testing.T, name string, want, got authz.Decision) {
	t.Helper()
	if got.Outcome != want.Outcome || got.BlockedBy != want.BlockedBy {
		t.Errorf("%v by %v, but %s %v by %v\n%s\n%s", want.Outcome, want.BlockedBy, name, got.Outcome, got.BlockedBy, reasons(want), reasons(got))
	}
}

// checkDecision holds a decision against its own reasons.
func checkDecision(t *testing.T, d authz.Decision) {
	t.Helper()
	if d.Allowed() != (d.BlockedBy == authz.NoPolicy) {
		t.Errorf("%v, blocked by %v", d.Outcome, d.BlockedBy)
	}
	denies := slices.ContainsFunc(d.Reasons, func(r authz.Reason) bool { return r.Matched && r.Effect() == iampolicy.Deny })
	if denies != (d.Outcome == authz.ExplicitDeny) {
		t.Errorf("%v although a statement denies: %t\n%s", d.Outcome, denies, reasons(d))
	}
	for _, r := range d.Reasons {
		if r.String() == "" || r.Matched != (r.Cause == authz.NoCause) {
			t.Errorf("a reason contradicts itself: %+v", r)
		}
	}
}

// checkUnreadable: no statement allows by a comparison with what cannot be compared.
func checkUnreadable(t *testing.T, c *drawn) {
	t.Helper()
	for _, r := range c.evaluate(t, form{same, written}).Reasons {
		for _, condition := range r.Source().Conditions {
			if typed(condition.Operator.Test) && r.Matched && r.Effect() == iampolicy.Allow && c.has(condition.Key) {
				t.Errorf("%s, by an unreadable %s", r, condition.Key)
			}
		}
	}
}

func (d *drawn) has(key string) bool {
	for k := range d.context {
		if strings.EqualFold(k, key) {
			return true
		}
	}
	return false
}

// typed reports whether a test compares something other than text.
func typed(t iampolicy.Test) bool {
	return t >= iampolicy.NumericEquals && t <= iampolicy.DateGreaterThanEquals ||
		t == iampolicy.BinaryEquals || t == iampolicy.IPAddress || t == iampolicy.NotIPAddress
}

// checkDenied: with one statement more that denies everything to everyone, the resource's policy denies.
func checkDenied(t *testing.T, c *drawn) {
	t.Helper()
	denied, document := *c, iampolicy.Document{Kind: iampolicy.Resource, Version: iampolicy.Version2012}
	if c.resource != nil {
		document = *c.resource
	}
	s := everything(document.Kind)
	s.Effect, s.Action = iampolicy.Deny, []string{"*"}
	document.Statements = append(slices.Clone(document.Statements), s)
	denied.resource = &document
	if d := denied.evaluate(t, form{same, written}); d.Outcome != authz.ExplicitDeny {
		t.Errorf("%v past a Deny of everything\n%s", d.Outcome, reasons(d))
	}
}

// The grammar is worth fuzzing with only if it reaches every outcome, and every type of policy that can block.
func TestGrammarReachesEveryDecision(t *testing.T) {
	const cases = 10_000
	r := rand.New(rand.NewPCG(1, 2))
	outcomes, blockers := make(map[authz.Outcome]int), make(map[authz.PolicyType]int)
	for range cases {
		src := make([]byte, r.IntN(200))
		for i := range src {
			src[i] = byte(r.Uint32())
		}
		d := (&grammar{src}).draw().evaluate(t, form{same, written})
		outcomes[d.Outcome]++
		blockers[d.BlockedBy]++
	}
	t.Log(outcomes, blockers)
	for _, o := range []authz.Outcome{authz.ImplicitDeny, authz.ExplicitDeny, authz.Allow} {
		if outcomes[o] < cases/10 {
			t.Errorf("%d of %d cases come to %v", outcomes[o], cases, o)
		}
	}
	for p := authz.RCP; p <= authz.Session; p++ {
		if blockers[p] < cases/1000 {
			t.Errorf("%d of %d cases are blocked by a %v", blockers[p], cases, p)
		}
	}
}
