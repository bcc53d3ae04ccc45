package simulation_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pullpass/pullpass/authz"
	"github.com/pullpass/pullpass/iampolicy"
	"github.com/pullpass/pullpass/internal/simulation"
)

// The accounts of these tests: 1… holds the principals, 3… the registry.
const (
	user     = "arn:aws:iam::111111111111:user/team/ci"
	session  = "arn:aws:sts::111111111111:assumed-role/reader/s1"
	here     = "arn:aws:ecr:us-west-2:111111111111:repository/app"
	there    = "arn:aws:ecr:us-west-2:333333333333:repository/app"
	role     = "arn:aws:iam::111111111111:role/reader"
	allowAll = `{"Version":"2012-10-17","Statement":{"Sid":"All","Effect":"Allow","Action":"*","Resource":"*"}}`
	denyAll  = `{"Version":"2012-10-17","Statement":{"Sid":"None","Effect":"Deny","Action":"*","Resource":"*"}}`
)

// A change makes a case of another.
type change func(*simulation.Simulation)

// as makes a case in which a principal without any policies pulls an image from its own account.
func as(principal simulation.Principal, changes ...change) simulation.Case {
	s := simulation.Simulation{Request: simulation.Request{
		Principal: principal, Action: "ecr:BatchGetImage", Resource: simulation.Resource{Resource: here, AccountID: "111111111111"},
	}}
	for _, c := range changes {
		c(&s)
	}
	return simulation.Case{ID: "x", Simulation: s}
}

func does(action, resource, account string) change {
	return func(s *simulation.Simulation) {
		s.Request.Action, s.Request.Resource = action, simulation.Resource{Resource: resource, AccountID: account}
	}
}

func pullsThere(s *simulation.Simulation) { does("ecr:BatchGetImage", there, "333333333333")(s) }
func assumes(s *simulation.Simulation)    { does("sts:AssumeRole", role, "111111111111")(s) }

func with(key string, values ...string) change {
	return func(s *simulation.Simulation) {
		if s.Request.ContextVariables == nil {
			s.Request.ContextVariables = make(map[string]simulation.Values)
		}
		s.Request.ContextVariables[key] = values
	}
}

func named(name, policy string) simulation.NamedPolicy {
	return simulation.NamedPolicy{Name: name, Policy: json.RawMessage(policy)}
}

func identity(policies ...string) change {
	return func(s *simulation.Simulation) {
		for _, p := range policies {
			s.IdentityPolicies = append(s.IdentityPolicies, named("id", p))
		}
	}
}

func resource(policy string) change {
	return func(s *simulation.Simulation) { s.ResourcePolicy = json.RawMessage(policy) }
}

// trusts writes a resource policy without a Resource that allows everything of STS, or of ECR, to a principal.
func trusts(service, principal string) change {
	return resource(`{"Version":"2012-10-17","Statement":{"Sid":"Named","Effect":"Allow","Principal":` + principal + `,"Action":"` + service + `:*"}}`)
}

func passes(policy string) change {
	return func(s *simulation.Simulation) { s.SessionPolicy = json.RawMessage(policy) }
}

func bounded(policies ...string) change {
	return func(s *simulation.Simulation) {
		for _, p := range policies {
			s.PermissionBoundaryPolicies = append(s.PermissionBoundaryPolicies, named("pb", p))
		}
	}
}

// level makes a level of an organization of policies.
func level(name string, policies ...string) simulation.OrgPolicies {
	l := simulation.OrgPolicies{OrgIdentifier: name}
	for _, p := range policies {
		l.Policies = append(l.Policies, named(name+"-policy", p))
	}
	return l
}

func scps(levels ...simulation.OrgPolicies) change {
	return func(s *simulation.Simulation) { s.ServiceControlPolicies = levels }
}

func rcps(levels ...simulation.OrgPolicies) change {
	return func(s *simulation.Simulation) { s.ResourceControlPolicies = levels }
}

// The decisions follow from the documentation that package authz names. What is tested here is that every part of a case
// gets to where it counts.
func TestDecisions(t *testing.T) {
	const (
		denyECRToAll    = `{"Version":"2012-10-17","Statement":{"Sid":"Fence","Effect":"Deny","Principal":"*","Action":"ecr:*","Resource":"*"}}`
		allowPathedRole = `{"AWS":"arn:aws:iam::111111111111:role/deep/reader"}`
	)
	tests := map[string]struct {
		c         simulation.Case
		decision  simulation.Outcome
		blockedBy simulation.PolicyType
	}{
		"no policy allows":         {as(user), simulation.ImplicitlyDenied, simulation.TypeIdentity},
		"an identity policy does":  {as(user, identity(allowAll)), simulation.Allowed, ""},
		"another denies":           {as(user, identity(allowAll, denyAll)), simulation.ExplicitlyDenied, simulation.TypeIdentity},
		"a boundary withholds":     {as(user, identity(allowAll), bounded(strings.Replace(allowAll, `"*"`, `"s3:*"`, 1))), simulation.ImplicitlyDenied, simulation.TypeBoundary},
		"a session policy does":    {as(session, identity(allowAll), passes(strings.Replace(allowAll, `"*"`, `"s3:*"`, 1))), simulation.ImplicitlyDenied, simulation.TypeSession},
		"a null for a policy":      {as(session, identity(allowAll), passes("null"), resource("null")), simulation.Allowed, ""},
		"a root user":              {as("arn:aws:iam::111111111111:root"), simulation.Allowed, ""},
		"a federated user":         {as("arn:aws:sts::111111111111:federated-user/bob", identity(allowAll), passes(allowAll)), simulation.Allowed, ""},
		"one without a session's":  {as("arn:aws:sts::111111111111:federated-user/bob", identity(allowAll)), simulation.ImplicitlyDenied, simulation.TypeSession},
		"a service named":          {as("ecr.amazonaws.com", trusts("ecr", `{"Service":"ecr.amazonaws.com"}`)), simulation.Allowed, ""},
		"a service in China":       {as("ecr.amazonaws.com.cn", trusts("ecr", `{"Service":"ecr.amazonaws.com.cn"}`)), simulation.Allowed, ""},
		"another service":          {as("ec2.amazonaws.com", trusts("ecr", `{"Service":"ecr.amazonaws.com"}`)), simulation.ImplicitlyDenied, simulation.TypeResource},
		"anonymous, for everyone":  {as(simulation.Anonymous, trusts("ecr", `"*"`)), simulation.Allowed, ""},
		"anonymous, for a service": {as(simulation.Anonymous, trusts("ecr", `{"Service":"ecr.amazonaws.com"}`)), simulation.ImplicitlyDenied, simulation.TypeResource},

		"one side of two accounts":   {as(user, pullsThere, identity(allowAll)), simulation.ImplicitlyDenied, simulation.TypeResource},
		"the other side of two":      {as(user, pullsThere, trusts("ecr", `{"AWS":"111111111111"}`)), simulation.ImplicitlyDenied, simulation.TypeIdentity},
		"both sides of two accounts": {as(user, pullsThere, identity(allowAll), trusts("ecr", `{"AWS":"111111111111"}`)), simulation.Allowed, ""},

		"a user named by ARN":                     {as(user, trusts("ecr", `{"AWS":"`+user+`"}`)), simulation.Allowed, ""},
		"a user named by its id":                  {as(user, with("AWS:UserID", "AIDAAAAAAAAAAAAAAAAA"), trusts("ecr", `{"AWS":"AIDAAAAAAAAAAAAAAAAA"}`)), simulation.Allowed, ""},
		"the id of a user that is not known":      {as(user, trusts("ecr", `{"AWS":"AIDAAAAAAAAAAAAAAAAA"}`)), simulation.ImplicitlyDenied, simulation.TypeIdentity},
		"a session's role named":                  {as(session, trusts("ecr", `{"AWS":"`+role+`"}`)), simulation.Allowed, ""},
		"a session's role with its path":          {as(session, with("aws:PrincipalArn", "arn:aws:iam::111111111111:role/deep/reader"), trusts("ecr", allowPathedRole)), simulation.Allowed, ""},
		"a role with a path that is not known":    {as(session, trusts("ecr", allowPathedRole)), simulation.ImplicitlyDenied, simulation.TypeIdentity},
		"aws:PrincipalArn of another role":        {as(session, with("aws:PrincipalArn", "arn:aws:iam::111111111111:role/deep/writer"), trusts("ecr", `{"AWS":"arn:aws:iam::111111111111:role/deep/writer"}`)), simulation.ImplicitlyDenied, simulation.TypeIdentity},
		"aws:PrincipalArn of another account":     {as(session, with("aws:PrincipalArn", "arn:aws:iam::222222222222:role/deep/reader"), trusts("ecr", `{"AWS":"arn:aws:iam::222222222222:role/deep/reader"}`)), simulation.ImplicitlyDenied, simulation.TypeIdentity},
		"a session's role named by its id":        {as(session, with("aws:userid", "AROAAAAAAAAAAAAAAAAA:s1"), trusts("ecr", `{"AWS":"AROAAAAAAAAAAAAAAAAA"}`)), simulation.Allowed, ""},
		"the id of another session's role":        {as(session, with("aws:userid", "AROAAAAAAAAAAAAAAAAA:s2"), trusts("ecr", `{"AWS":"AROAAAAAAAAAAAAAAAAA"}`)), simulation.ImplicitlyDenied, simulation.TypeIdentity},
		"a federated user's IAM user named":       {as("arn:aws:sts::111111111111:federated-user/bob", passes(allowAll), trusts("ecr", `{"AWS":"arn:aws:iam::111111111111:user/bob"}`)), simulation.Allowed, ""},
		"aws:PrincipalArn as a condition's key":   {as(user, with("aws:principalarn", user), identity(`{"Statement":{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"ArnLike":{"AWS:PrincipalArn":"arn:aws:iam::*:user/team/*"}}}}`)), simulation.Allowed, ""},
		"nothing is filled in":                    {as(user, identity(`{"Statement":{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"ArnLike":{"aws:PrincipalArn":"*"}}}}`)), simulation.ImplicitlyDenied, simulation.TypeIdentity},
		"one of several values":                   {as(user, with("aws:TagKeys", "a", "b"), identity(`{"Statement":{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"ForAnyValue:StringEquals":{"aws:TagKeys":"b"}}}}`)), simulation.Allowed, ""},
		"a role's trust and the user's policy":    {as(user, assumes, identity(allowAll), trusts("sts", `{"AWS":"111111111111"}`)), simulation.Allowed, ""},
		"a role that trusts nobody, not known":    {as(user, assumes, identity(allowAll)), simulation.ImplicitlyDenied, simulation.TypeResource},
		"a role that trusts another account":      {as(user, assumes, identity(allowAll), trusts("sts", `{"AWS":"222222222222"}`)), simulation.ImplicitlyDenied, simulation.TypeResource},
		"a tag on a session, by trust":            {as(user, assumes, does("sts:TagSession", role, "111111111111"), identity(allowAll), trusts("sts", `{"AWS":"222222222222"}`)), simulation.ImplicitlyDenied, simulation.TypeResource},
		"what is not asked for permission":        {as(user, does("STS:getcalleridentity", "*", "111111111111"), identity(denyAll)), simulation.Allowed, ""},
		"an organization that allows":             {as(user, identity(allowAll), scps(level("r", allowAll), level("a", allowAll))), simulation.Allowed, ""},
		"an organization with a level of none":    {as(user, identity(allowAll), scps(level("r", allowAll), level("a"))), simulation.ImplicitlyDenied, simulation.TypeSCP},
		"an organization that denies":             {as(user, identity(allowAll), scps(level("r", allowAll, denyAll))), simulation.ExplicitlyDenied, simulation.TypeSCP},
		"an organization without RCPs of its own": {as(user, identity(allowAll), rcps(level("r"), level("a"))), simulation.Allowed, ""},
		"an RCP that denies":                      {as(user, identity(allowAll), rcps(level("r"), level("a", denyECRToAll))), simulation.ExplicitlyDenied, simulation.TypeRCP},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got := simulation.Run(test.c)
			if got.Decision != test.decision || got.BlockedBy != test.blockedBy || got.Error != "" || got.ID != "x" {
				t.Errorf("got %+v; want %s, blocked by %q", got, test.decision, test.blockedBy)
			}
		})
	}
}

func TestResultNamesTheStatementsThatDecide(t *testing.T) {
	const (
		near  = `{"Version":"2012-10-17","Statement":[{"Sid":"Other","Effect":"Allow","Action":"ecr:*","Resource":"arn:aws:ecr:*:*:repository/other"},{"Effect":"Deny","Action":"s3:*","Resource":"*"}]}`
		fence = `{"Version":"2012-10-17","Statement":{"Sid":"Fence","Effect":"Deny","Principal":"*","Action":"ecr:*","Resource":"*"}}`
	)
	tests := map[string]struct {
		c    simulation.Case
		want []simulation.Statement
	}{
		"those that allow, of every type": {
			as(user, pullsThere, identity(near, allowAll), trusts("ecr", `"*"`), scps(level("r-1", allowAll)), rcps(level("r-2"))),
			[]simulation.Statement{
				{Type: simulation.TypeSCP, OrgIdentifier: "r-1", Policy: "r-1-policy", Sid: "All", Effect: iampolicy.Allow, Matched: true},
				{Type: simulation.TypeResource, Sid: "Named", Effect: iampolicy.Allow, Matched: true},
				{Type: simulation.TypeIdentity, Policy: "id", Sid: "All", Effect: iampolicy.Allow, Matched: true},
			},
		},
		"those that deny": {
			as(user, identity(allowAll, denyAll), rcps(level("r-2", fence))),
			[]simulation.Statement{
				{Type: simulation.TypeRCP, OrgIdentifier: "r-2", Policy: "r-2-policy", Sid: "Fence", Effect: iampolicy.Deny, Matched: true},
				{Type: simulation.TypeIdentity, Policy: "id", Sid: "None", Effect: iampolicy.Deny, Matched: true},
			},
		},
		"those that would have allowed": {
			as(user, pullsThere, identity(near), trusts("ecr", `{"AWS":"111111111111"}`)),
			[]simulation.Statement{{
				Type: simulation.TypeIdentity, Policy: "id", Sid: "Other", Effect: iampolicy.Allow,
				Reason: `statement 1 (Other, line 1) of the identity-based policy "id" would allow: Resource does not hold the resource`,
			}},
		},
		"only those of the type that withholds": {
			as(user, pullsThere, identity(near), trusts("s3", `"*"`)),
			[]simulation.Statement{{
				Type: simulation.TypeResource, Sid: "Named", Effect: iampolicy.Allow,
				Reason: "statement 1 (Named, line 1) of the resource-based policy would allow: Action does not hold the action",
			}},
		},
		"none where there are none":     {as(user), []simulation.Statement{}},
		"none of a case with a mistake": {as("me", identity(allowAll)), []simulation.Statement{}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, simulation.Run(test.c).Statements); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

func TestMistakesAreNotDecided(t *testing.T) {
	broken := func(at string) change {
		return func(s *simulation.Simulation) {
			bad := named("p", `{"Statement": {}}`)
			switch at {
			case "identity":
				s.IdentityPolicies = []simulation.NamedPolicy{named("ok", allowAll), bad}
			case "resource":
				s.ResourcePolicy = bad.Policy
			case "session":
				s.SessionPolicy = bad.Policy
			case "boundary":
				s.PermissionBoundaryPolicies = []simulation.NamedPolicy{bad}
			case "scp":
				s.ServiceControlPolicies = []simulation.OrgPolicies{level("r", allowAll), {OrgIdentifier: "a", Policies: []simulation.NamedPolicy{bad}}}
			case "rcp":
				s.ResourceControlPolicies = []simulation.OrgPolicies{{Policies: []simulation.NamedPolicy{{Policy: bad.Policy}}}}
			}
		}
	}
	tests := map[string]struct {
		c    simulation.Case
		want string
		is   error
	}{
		"no principal":                 {as(""), "invalid principal: the request has none", simulation.ErrPrincipal},
		"a principal of no kind":       {as("me"), `invalid principal "me": want an ARN, a service's name such as ec2.amazonaws.com, or {"type": "Anonymous"}`, simulation.ErrPrincipal},
		"a principal's ARN cut short":  {as("arn:aws:iam::111111111111"), `invalid principal: invalid ARN "arn:aws:iam::111111111111": want arn:partition:service:region:account:resource`, simulation.ErrPrincipal},
		"a principal of no account":    {as("arn:aws:iam::aws:user/x"), `invalid principal "arn:aws:iam::aws:user/x": invalid account id "aws": want 12 digits`, simulation.ErrPrincipal},
		"a user without a name":        {as("arn:aws:iam::111111111111:user/"), `invalid principal "arn:aws:iam::111111111111:user/": want the ARN of a user, a session or an account's root`, simulation.ErrPrincipal},
		"a role as a principal":        {as(role), `invalid principal "` + role + `": a role makes no requests, its sessions do: arn:aws:sts::111111111111:assumed-role/reader/SESSION`, simulation.ErrPrincipal},
		"a session without a name":     {as("arn:aws:sts::111111111111:assumed-role/reader"), `invalid principal "arn:aws:sts::111111111111:assumed-role/reader": want the ARN of a user, a session or an account's root`, simulation.ErrPrincipal},
		"no action":                    {as(user, does("", here, "111111111111")), `invalid action "": want service:Name`, simulation.ErrAction},
		"an action with a wildcard":    {as(user, does("ecr:*", here, "111111111111")), `invalid action "ecr:*": want service:Name`, simulation.ErrAction},
		"an action of three words":     {as(user, does("ecr:a:b", here, "111111111111")), `invalid action "ecr:a:b": want service:Name`, simulation.ErrAction},
		"no owner of the resource":     {as(user, does("ecr:BatchGetImage", here, "")), `invalid resource: the accountId that owns it: invalid account id "": want 12 digits`, simulation.ErrResource},
		"an owner of eleven digits":    {as(user, does("ecr:BatchGetImage", "*", "11111111111")), `invalid resource: the accountId that owns it: invalid account id "11111111111": want 12 digits`, simulation.ErrResource},
		"a resource of no ARN":         {as(user, does("ecr:BatchGetImage", "app", "111111111111")), `invalid resource: invalid ARN "app": want arn:partition:service:region:account:resource`, simulation.ErrResource},
		"many resources":               {as(user, does("ecr:BatchGetImage", "arn:aws:ecr:us-west-2:111111111111:repository/*", "111111111111")), `invalid resource "arn:aws:ecr:us-west-2:111111111111:repository/*": want the ARN of one resource, or "*" for an action that concerns none`, simulation.ErrResource},
		"another's resource":           {as(user, does("ecr:BatchGetImage", there, "111111111111")), `invalid resource "` + there + `": the accountId says that 111111111111 owns it`, simulation.ErrResource},
		"a key in two cases":           {as(user, with("aws:SourceIp", "10.0.0.1"), with("AWS:sourceip", "10.0.0.2")), `invalid context: "aws:sourceip" is given twice; case makes no difference`, simulation.ErrContext},
		"a key without a name":         {as(user, with("", "x")), "invalid context: a condition key without a name", simulation.ErrContext},
		"two boundaries":               {as(user, bounded(allowAll, allowAll)), "policies that cannot be together: 2 permission boundaries, where a principal has one at most", simulation.ErrPolicies},
		"a session policy of a user":   {as(user, passes(allowAll)), "policies that cannot be together: a session policy goes with a role's or a federated user's session", simulation.ErrPolicies},
		"an organization of a service": {as("ecr.amazonaws.com", scps(level("r", allowAll))), "policies that cannot be together: a principal without an account has no identity policies, no boundary and no service control policies", simulation.ErrPolicies},
		"an identity policy of nobody": {as(simulation.Anonymous, identity(allowAll)), "policies that cannot be together: a principal without an account has no identity policies, no boundary and no service control policies", simulation.ErrPolicies},

		"a bad identity policy":         {c: as(user, broken("identity")), want: `identityPolicies[1] ("p"): line 1, column 15 of the policy: the statement has no Effect`},
		"a bad resource policy":         {c: as(user, broken("resource")), want: `resourcePolicy: line 1, column 15 of the policy: the statement has no Effect`},
		"a bad session policy":          {c: as(session, broken("session")), want: `sessionPolicy: line 1, column 15 of the policy: the statement has no Effect`},
		"a bad boundary":                {c: as(user, broken("boundary")), want: `permissionBoundaryPolicies[0] ("p"): line 1, column 15 of the policy: the statement has no Effect`},
		"a bad service control policy":  {c: as(user, broken("scp")), want: `serviceControlPolicies[1].policies[0] ("p"): line 1, column 15 of the policy: the statement has no Effect`},
		"a bad resource control policy": {c: as(user, broken("rcp")), want: `resourceControlPolicies[0].policies[0]: line 1, column 15 of the policy: the statement has no Effect`},
		"a mistake with a hint":         {c: as(user, identity(`{"Version":2012}`)), want: `identityPolicies[0] ("id"): line 1, column 12 of the policy: the Version must be "2012-10-17" or "2008-10-17" (write "2012-10-17")`},
		"a policy that is left out":     {c: as(user, identity("null")), want: `identityPolicies[0] ("id"): there is no policy`},
		"a trust policy of a resource":  {c: as(user, assumes, resource(allowAll)), want: `resourcePolicy: line 1, column 37 of the policy: this role trust policy takes no Resource (the role that carries the policy is the resource)`},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := simulation.Compile(test.c.Simulation)
			if err == nil || err.Error() != test.want {
				t.Fatalf("got  %v\nwant %s", err, test.want)
			}
			if test.is != nil && !errors.Is(err, test.is) {
				t.Errorf("%v is no %v", err, test.is)
			}
			if got := simulation.Run(test.c); got.Decision != simulation.Undecided || got.Error != test.want || got.BlockedBy != "" {
				t.Errorf("got %+v; want an error", got)
			}
		})
	}
}

func TestCompiledIsDecidedAnyNumberOfTimes(t *testing.T) {
	c, err := simulation.Compile(as(user, identity(allowAll)).Simulation)
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if d := c.Decide(); d.Outcome != authz.Allow {
			t.Errorf("got %s", d.Outcome)
		}
	}
}
