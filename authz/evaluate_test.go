package authz_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pullpass/pullpass/authz"
	"github.com/pullpass/pullpass/iampolicy"
)

func compile(t testing.TB, kind iampolicy.Kind, src string) *authz.Policy {
	t.Helper()
	d, err := iampolicy.Parse([]byte(src), kind)
	if err != nil {
		t.Fatal(err)
	}
	p, err := authz.Compile(d)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestNothingIsAllowedByDefault(t *testing.T) {
	allowAll := compile(t, iampolicy.Identity, `{"Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}`)
	tests := map[string]struct {
		req      *authz.Request
		policies *authz.Policies
	}{
		"the zero request":           {&authz.Request{}, &authz.Policies{}},
		"no request":                 {nil, &authz.Policies{Identity: []*authz.Policy{allowAll}}},
		"no policies":                {&authz.Request{Principal: authz.Principal{Kind: authz.User}, Action: "s3:GetObject"}, nil},
		"no principal":               {&authz.Request{Action: "s3:GetObject", Resource: "*"}, &authz.Policies{Identity: []*authz.Policy{allowAll}}},
		"policies that are missing":  {&authz.Request{Principal: authz.Principal{Kind: authz.User}}, &authz.Policies{Identity: []*authz.Policy{nil}}},
		"a level of missing SCPs":    {&authz.Request{Principal: authz.Principal{Kind: authz.User}}, &authz.Policies{Identity: []*authz.Policy{allowAll}, SCPs: [][]*authz.Policy{{nil}}}},
		"an allow without principal": {&authz.Request{}, &authz.Policies{Resource: allowAll}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if d := authz.Evaluate(test.req, test.policies); d.Allowed() || d.Outcome != authz.ImplicitDeny {
				t.Errorf("got %v", d.Outcome)
			}
		})
	}
	if (authz.Decision{}).Allowed() {
		t.Error("the zero Decision allows")
	}
}

// Every statement of every policy has its say, in the order of the types, whatever was found before.
func TestReasons(t *testing.T) {
	req := &authz.Request{
		Principal:       authz.Principal{Kind: authz.User, Account: "999999999999", ARN: "arn:aws:iam::999999999999:user/u"},
		Action:          "sts:AssumeRole",
		Resource:        "arn:aws:iam::111111111111:role/r",
		ResourceAccount: "111111111111",
	}
	req.Context.Set("k", "v")
	d := authz.Evaluate(req, &authz.Policies{
		Identity: []*authz.Policy{compile(t, iampolicy.Identity, `{"Statement":[
{"Effect":"Deny","Action":"sts:*","Resource":"*"},
{"Sid":"Mine","Effect":"Allow","Action":"s3:*","Resource":"*"},
{"Effect":"Allow","NotAction":"sts:Assume*","Resource":"*"},
{"Effect":"Allow","Action":"*","Resource":"arn:aws:iam::111111111111:role/R"},
{"Effect":"Allow","Action":"*","NotResource":"*"}]}`).Named("arn:aws:iam::999999999999:policy/p")},
		Resource: compile(t, iampolicy.Trust, `{"Statement":[
{"Effect":"Allow","Principal":{"AWS":"888888888888"},"Action":"sts:AssumeRole"},
{"Effect":"Allow","Principal":{"AWS":"999999999999"},"Action":"sts:AssumeRole","Condition":{"StringEquals":{"K":"v","sts:ExternalId":"x"}}},
{"Effect":"Allow","Principal":{"AWS":"999999999999"},"Action":"sts:AssumeRole","Condition":{"StringLike":{"k":"w*"}}},
{"Effect":"Allow","Principal":{"AWS":"999999999999"},"Action":"sts:AssumeRole"}]}`).Named("role r"),
		Trust:    true,
		Boundary: compile(t, iampolicy.Boundary, `{"Statement":{"Effect":"Allow","Action":"s3:*","Resource":"*"}}`),
		Session:  []*authz.Policy{compile(t, iampolicy.Session, `{"Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}`)},
		SCPs:     [][]*authz.Policy{{compile(t, iampolicy.SCP, `{"Statement":{"Sid":"Full","Effect":"Allow","Action":"*","Resource":"*"}}`)}},
		RCPs:     [][]*authz.Policy{{compile(t, iampolicy.RCP, `{"Statement":{"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":"*"}}`)}},
	})
	if d.Outcome != authz.ExplicitDeny || d.BlockedBy != authz.Identity {
		t.Errorf("%v by %v; want an explicit deny by the identity-based policy", d.Outcome, d.BlockedBy)
	}
	var got []string
	for _, r := range d.Reasons {
		got = append(got, r.String())
	}
	want := []string{
		`statement 1 (line 1) of the resource control policy would deny: Action does not hold the action`,
		`statement 1 (Full, line 1) of the service control policy allows it`,
		`statement 1 (line 2) of the role trust policy "role r" would allow: Principal does not name the caller`,
		`statement 2 (line 3) of the role trust policy "role r" would allow: the request has no sts:ExternalId, which StringEquals wants`,
		`statement 3 (line 4) of the role trust policy "role r" would allow: the request's k fails StringLike`,
		`statement 4 (line 5) of the role trust policy "role r" allows it`,
		`statement 1 (line 2) of the identity-based policy "arn:aws:iam::999999999999:policy/p" denies it`,
		`statement 2 (Mine, line 3) of the identity-based policy "arn:aws:iam::999999999999:policy/p" would allow: Action does not hold the action`,
		`statement 3 (line 4) of the identity-based policy "arn:aws:iam::999999999999:policy/p" would allow: NotAction exempts the action`,
		`statement 4 (line 5) of the identity-based policy "arn:aws:iam::999999999999:policy/p" would allow: Resource does not hold the resource`,
		`statement 5 (line 6) of the identity-based policy "arn:aws:iam::999999999999:policy/p" would allow: NotResource exempts the resource`,
		`statement 1 (line 1) of the permissions boundary would allow: Action does not hold the action`,
		`statement 1 (line 1) of the session policy allows it`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestCompileRefuses(t *testing.T) {
	statements := map[string]iampolicy.Statement{
		"no effect":              {Action: []string{"*"}},
		"no action":              {Effect: iampolicy.Allow},
		"a condition of no test": {Effect: iampolicy.Deny, Action: []string{"*"}, Conditions: []iampolicy.Condition{{Key: "k"}}},
		"an allow with NotPrincipal": {
			Effect: iampolicy.Allow, Action: []string{"*"}, NotPrincipal: &iampolicy.Principals{AWS: []string{"111111111111"}},
		},
	}
	for name, s := range statements {
		t.Run(name, func(t *testing.T) {
			_, err := authz.Compile(&iampolicy.Document{Statements: []iampolicy.Statement{s}})
			if !errors.Is(err, authz.ErrIncomplete) {
				t.Errorf("got %v; want ErrIncomplete", err)
			}
		})
	}
}

func TestNamed(t *testing.T) {
	p := compile(t, iampolicy.Identity, `{"Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}`)
	named := p.Named("x")
	if p.Name() != "" || named.Name() != "x" || named.Document() != p.Document() {
		t.Errorf("got %q and %q", p.Name(), named.Name())
	}
}

func TestContext(t *testing.T) {
	var missing *authz.Context
	if missing.Get("k") != nil {
		t.Error("a nil Context has values")
	}
	var c authz.Context
	if c.Get("k") != nil {
		t.Error("the zero Context has values")
	}
	c.Set("aws:UserName", "a")
	c.Set("AWS:username", "b", "c")
	if diff := cmp.Diff([]string{"b", "c"}, c.Get("Aws:Username")); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// What looks like a variable and is none has no value: it lets nothing through, and gets nobody round a Deny that
// negates it.
func TestMalformedVariables(t *testing.T) {
	for name, variable := range map[string]string{
		"no end":            "${aws:username",
		"no key":            "${}",
		"no key, a default": "${, 'x'}",
		"no quotes":         "${k, x}",
		"no second quote":   "${k, 'x}",
		"text after quotes": "${k, 'x' y}",
	} {
		t.Run(name, func(t *testing.T) {
			req := &authz.Request{Principal: authz.Principal{Kind: authz.User}, Action: "s3:GetObject", Resource: "arn:aws:s3:::x"}
			req.Context.Set("k", "x")
			evaluate := func(statements string) authz.Outcome {
				p := compile(t, iampolicy.Identity, `{"Version":"2012-10-17","Statement":[`+statements+`]}`)
				return authz.Evaluate(req, &authz.Policies{Identity: []*authz.Policy{p}}).Outcome
			}
			for _, element := range []string{
				`"Resource":"arn:aws:s3:::` + variable + `"`,
				`"NotResource":"arn:aws:s3:::` + variable + `"`,
				`"Resource":"*","Condition":{"StringEquals":{"k":"` + variable + `"}}`,
				`"Resource":"*","Condition":{"StringNotLike":{"k":"` + variable + `"}}`,
			} {
				if got := evaluate(`{"Effect":"Allow","Action":"*",` + element + `}`); got != authz.ImplicitDeny {
					t.Errorf("%v with %s", got, element)
				}
			}
			const allow = `{"Effect":"Allow","Action":"*","Resource":"*"},`
			deny := `{"Effect":"Deny","Action":"*","Resource":"*","Condition":{"StringNotEquals":{"k":"` + variable + `"}}}`
			if got := evaluate(allow + deny); got != authz.ExplicitDeny {
				t.Errorf("%v past a Deny", got)
			}
		})
	}
}
