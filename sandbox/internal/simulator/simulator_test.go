package simulator_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pullpass/pullpass/authz"
	"github.com/pullpass/pullpass/iampolicy"
	"github.com/pullpass/pullpass/sandbox/internal/simulator"
)

const (
	caller = "arn:aws:iam::111111111111:user/team/alice"
	role   = "arn:aws:iam::111111111111:role/team/puller"
	bucket = "arn:aws:s3:::shared/a"

	allowGet = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:GetObject","Resource":"*"}]}`
	allowPut = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:PutObject","Resource":"*"}]}`
	denyGet  = `{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"s3:GetObject","Resource":"*"}]}`
	allowAll = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}`
)

func policy(t *testing.T, kind iampolicy.Kind, id, text string) simulator.Policy {
	t.Helper()
	document, err := iampolicy.Parse([]byte(text), kind)
	if err != nil {
		t.Fatal(err)
	}
	compiled, err := authz.Compile(document)
	if err != nil {
		t.Fatal(err)
	}
	return simulator.Policy{ID: id, Text: text, Compiled: compiled}
}

// sharing is a resource's policy that lets a principal get what is in the bucket.
func sharing(effect, principal string) string {
	return `{"Version":"2012-10-17","Statement":[{"Effect":"` + effect + `","Action":"s3:GetObject",` +
		`"Resource":"arn:aws:s3:::shared/*","Principal":{"AWS":"` + principal + `"}}]}`
}

// asked is a simulation of s3:GetObject on the bucket, by the texts of its policies.
type asked struct {
	caller   authz.Principal // alice, where there is none
	identity []string
	boundary string
	resource string
	scps     [][]string
	owner    string
	given    []simulator.Entry
}

func (a asked) decide(t *testing.T, action, resource string) simulator.Verdict {
	t.Helper()
	c := simulator.Case{Caller: a.caller, Owner: "", Given: a.given, Organized: a.scps != nil}
	if c.Caller.Kind == authz.Anonymous {
		c.Caller = authz.Principal{Kind: authz.User, Account: "111111111111", ARN: caller, ID: "AIDA"}
	}
	if a.owner != "" {
		c.Owner = "222222222222"
	}
	for _, text := range a.identity {
		c.Identity = append(c.Identity, policy(t, iampolicy.Identity, "own", text))
	}
	if a.boundary != "" {
		p := policy(t, iampolicy.Boundary, "fence", a.boundary)
		c.Boundary = &p
	}
	if a.resource != "" {
		p := policy(t, iampolicy.Resource, "ResourcePolicy", a.resource)
		c.Resource = &p
	}
	for _, level := range a.scps {
		var policies []*authz.Policy
		for _, text := range level {
			policies = append(policies, policy(t, iampolicy.SCP, "", text).Compiled)
		}
		c.SCPs = append(c.SCPs, policies)
	}
	return simulator.New(c).Decide(action, resource)
}

func decision(d simulator.Decision) *simulator.Decision { return &d }

// line is a span in a policy of one line.
func line(start, end int) simulator.Span {
	return simulator.Span{Start: simulator.Position{Line: 1, Column: start}, End: simulator.Position{Line: 1, Column: end}}
}

func TestWhatASimulationComesTo(t *testing.T) {
	const (
		allowed      = simulator.Allowed
		implicitDeny = simulator.ImplicitDeny
		explicitDeny = simulator.ExplicitDeny
	)
	own := func(start, end int) simulator.Statement {
		return simulator.Statement{PolicyID: "own", SourceType: "IAM Policy", Span: line(start, end)}
	}
	fence := simulator.Statement{PolicyID: "fence", SourceType: "Permissions Boundary Policy", Span: line(38, 94)}
	// The one statement of such a policy ends two characters before the policy does.
	shared := func(effect, principal string) simulator.Statement {
		return simulator.Statement{
			PolicyID: "ResourcePolicy", SourceType: "Resource Policy", Span: line(38, len(sharing(effect, principal))-1),
		}
	}
	details := func(identity, resource simulator.Decision) map[simulator.SourceType]simulator.Decision {
		return map[simulator.SourceType]simulator.Decision{"IAM Policy": identity, "Resource Policy": resource}
	}
	bounded := func(d map[simulator.SourceType]simulator.Decision, boundary simulator.Decision) map[simulator.SourceType]simulator.Decision {
		d["Permissions Boundary Policy"] = boundary
		return d
	}
	root := "arn:aws:iam::111111111111:root"
	aRole := authz.Principal{Kind: authz.RoleSession, Account: "111111111111", RoleARN: role}
	for sentence, test := range map[string]struct {
		asked asked
		want  simulator.Verdict
	}{
		"nothing allows": {asked{}, simulator.Verdict{Decision: implicitDeny}},
		"a policy allows": {
			asked{identity: []string{allowGet}}, simulator.Verdict{Decision: allowed, Matched: []simulator.Statement{own(38, 95)}},
		},
		"every statement that allows is named": {
			asked{identity: []string{allowGet, allowAll, allowPut}},
			simulator.Verdict{Decision: allowed, Matched: []simulator.Statement{own(38, 95), own(38, 84)}},
		},
		"a deny is named alone": {
			asked{identity: []string{allowGet, denyGet}},
			simulator.Verdict{Decision: explicitDeny, Matched: []simulator.Statement{own(38, 94)}},
		},
		"a boundary that allows adds no statement": {
			asked{identity: []string{allowGet}, boundary: allowGet},
			simulator.Verdict{Decision: allowed, Matched: []simulator.Statement{own(38, 95)}, ByBoundary: decision(allowed)},
		},
		"a boundary that leaves it out": {
			asked{identity: []string{allowGet}, boundary: allowPut},
			simulator.Verdict{Decision: implicitDeny, ByBoundary: decision(implicitDeny)},
		},
		"a boundary that denies is named": {
			asked{identity: []string{allowGet}, boundary: denyGet},
			simulator.Verdict{Decision: explicitDeny, Matched: []simulator.Statement{fence}, ByBoundary: decision(explicitDeny)},
		},
		"a boundary alone allows nothing": {
			asked{boundary: allowGet}, simulator.Verdict{Decision: implicitDeny, ByBoundary: decision(allowed)},
		},
		"the resource's policy names the user": {
			asked{resource: sharing("Allow", caller)},
			simulator.Verdict{Decision: allowed, Matched: []simulator.Statement{shared("Allow", caller)}},
		},
		"the resource's policy names another user": {
			asked{resource: sharing("Allow", caller+"2")}, simulator.Verdict{Decision: implicitDeny},
		},
		"the resource's policy names the account, which is enough for the simulator": {
			asked{resource: sharing("Allow", root)},
			simulator.Verdict{Decision: allowed, Matched: []simulator.Statement{shared("Allow", root)}},
		},
		"the resource's policy names the role": {
			asked{caller: aRole, resource: sharing("Allow", role)},
			simulator.Verdict{Decision: allowed, Matched: []simulator.Statement{shared("Allow", role)}},
		},
		"inside one account a resource's policy is past what a boundary leaves out": {
			asked{boundary: allowPut, resource: sharing("Allow", caller)},
			simulator.Verdict{Decision: allowed, Matched: []simulator.Statement{shared("Allow", caller)}, ByBoundary: decision(implicitDeny)},
		},
		"it is not past what a boundary denies": {
			asked{boundary: denyGet, resource: sharing("Allow", caller)},
			simulator.Verdict{Decision: explicitDeny, Matched: []simulator.Statement{fence}, ByBoundary: decision(explicitDeny)},
		},
		"it is not past what the user's own policy denies": {
			asked{identity: []string{denyGet}, resource: sharing("Allow", caller)},
			simulator.Verdict{Decision: explicitDeny, Matched: []simulator.Statement{own(38, 94)}},
		},
		"the resource's policy denies": {
			asked{identity: []string{allowGet}, resource: sharing("Deny", caller)},
			simulator.Verdict{Decision: explicitDeny, Matched: []simulator.Statement{shared("Deny", caller)}},
		},
		"across accounts the resource's policy alone is one side": {
			asked{resource: sharing("Allow", caller), owner: "222222222222"},
			simulator.Verdict{Decision: implicitDeny, Details: details(implicitDeny, allowed)},
		},
		"across accounts the user's policy alone is one side": {
			asked{identity: []string{allowGet}, resource: sharing("Allow", root), owner: "222222222222",
				caller: authz.Principal{Kind: authz.User, Account: "333333333333", ARN: "arn:aws:iam::333333333333:user/eve"}},
			simulator.Verdict{Decision: implicitDeny, Details: details(allowed, implicitDeny)},
		},
		"across accounts both sides allow": {
			asked{identity: []string{allowGet}, resource: sharing("Allow", root), owner: "222222222222"},
			simulator.Verdict{
				Decision: allowed, Details: details(allowed, allowed), Matched: []simulator.Statement{shared("Allow", root), own(38, 95)},
			},
		},
		"across accounts the boundary has its say": {
			asked{identity: []string{allowGet}, boundary: allowPut, resource: sharing("Allow", caller), owner: "222222222222"},
			simulator.Verdict{
				Decision: implicitDeny, ByBoundary: decision(implicitDeny), Details: bounded(details(allowed, allowed), implicitDeny),
			},
		},
		"across accounts the boundary denies": {
			asked{identity: []string{allowGet}, boundary: denyGet, resource: sharing("Allow", caller), owner: "222222222222"},
			simulator.Verdict{
				Decision: explicitDeny, ByBoundary: decision(explicitDeny), Matched: []simulator.Statement{fence},
				Details: bounded(details(allowed, allowed), explicitDeny),
			},
		},
		"across accounts the resource's policy denies": {
			asked{identity: []string{allowGet}, resource: sharing("Deny", caller), owner: "222222222222"},
			simulator.Verdict{
				Decision: explicitDeny, Matched: []simulator.Statement{shared("Deny", caller)}, Details: details(allowed, explicitDeny),
			},
		},
		"without the resource's policy there is one account": {
			asked{identity: []string{allowGet}, owner: "222222222222"},
			simulator.Verdict{Decision: allowed, Matched: []simulator.Statement{own(38, 95)}},
		},
		"SCPs that allow at every level": {
			asked{identity: []string{allowGet}, scps: [][]string{{allowAll}, {allowPut, allowGet}}},
			simulator.Verdict{Decision: allowed, ByOrganization: decision(allowed), Matched: []simulator.Statement{own(38, 95)}},
		},
		"an organization without policies": {
			asked{identity: []string{allowGet}, scps: [][]string{}},
			simulator.Verdict{Decision: allowed, ByOrganization: decision(allowed), Matched: []simulator.Statement{own(38, 95)}},
		},
		"a level of SCPs that leaves it out ends the simulation": {
			asked{identity: []string{denyGet}, boundary: denyGet, resource: sharing("Allow", caller), owner: "222222222222",
				scps: [][]string{{allowAll}, {allowPut}}},
			simulator.Verdict{Decision: implicitDeny, ByOrganization: decision(implicitDeny)},
		},
		"an SCP that denies ends the simulation": {
			asked{identity: []string{allowGet}, scps: [][]string{{denyGet, allowAll}, {allowAll}}},
			simulator.Verdict{Decision: explicitDeny, ByOrganization: decision(explicitDeny)},
		},
	} {
		t.Run(sentence, func(t *testing.T) {
			if diff := cmp.Diff(test.want, test.asked.decide(t, "s3:GetObject", bucket)); diff != "" {
				t.Errorf("the verdict (-want +got):\n%s", diff)
			}
		})
	}
}

// conditional allows s3:GetObject under a condition.
func conditional(condition string) string {
	return `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:GetObject","Resource":"*",` +
		`"Condition":` + condition + `}]}`
}

func TestWhatTheSimulatorKnowsOfTheCaller(t *testing.T) {
	equals := func(key, value string) string { return conditional(`{"StringEquals":{"` + key + `":"` + value + `"}}`) }
	nobody := authz.Principal{Kind: authz.User, Account: "111111111111"}
	aRole := authz.Principal{Kind: authz.RoleSession, Account: "111111111111", RoleARN: role, ID: "AROA"}
	aGroup := authz.Principal{Kind: authz.User, Account: "111111111111", ARN: "arn:aws:iam::111111111111:group/readers"}
	given := []simulator.Entry{{Key: "AWS:UserName", Values: []string{"bob"}}}
	for sentence, test := range map[string]struct {
		asked asked
		want  simulator.Decision
	}{
		"the user's ARN, with its path": {asked{identity: []string{equals("aws:PrincipalArn", caller)}}, simulator.Allowed},
		"the user's name":               {asked{identity: []string{equals("aws:username", "alice")}}, simulator.Allowed},
		"the account":                   {asked{identity: []string{equals("aws:PrincipalAccount", "111111111111")}}, simulator.Allowed},
		"the user id is the ARN":        {asked{identity: []string{equals("aws:userid", caller)}}, simulator.Allowed},
		"the user id is no unique id":   {asked{identity: []string{equals("aws:userid", "AIDA")}}, simulator.ImplicitDeny},
		"the request knows better": {
			asked{identity: []string{equals("aws:username", "bob")}, given: given}, simulator.Allowed,
		},
		"a role's ARN":        {asked{caller: aRole, identity: []string{equals("aws:PrincipalArn", role)}}, simulator.Allowed},
		"a role has no name":  {asked{caller: aRole, identity: []string{equals("aws:username", "puller")}}, simulator.ImplicitDeny},
		"a group has no name": {asked{caller: aGroup, identity: []string{equals("aws:username", "readers")}}, simulator.ImplicitDeny},
		"nobody has an id": {
			asked{caller: nobody, identity: []string{equals("aws:userid", "STUB_PRINCIPAL_FOR_POLICY_SIMULATOR")}}, simulator.Allowed,
		},
		"nobody has no ARN": {
			asked{caller: nobody, identity: []string{conditional(`{"Null":{"aws:PrincipalArn":"false"}}`)}}, simulator.ImplicitDeny,
		},
		"nobody has an account": {
			asked{caller: nobody, identity: []string{equals("aws:PrincipalAccount", "111111111111")}}, simulator.Allowed,
		},
		"SCPs know the caller too": {
			asked{identity: []string{allowAll}, scps: [][]string{{equals("aws:username", "bob")}}}, simulator.ImplicitDeny,
		},
	} {
		t.Run(sentence, func(t *testing.T) {
			if got := test.asked.decide(t, "s3:GetObject", bucket).Decision; got != test.want {
				t.Errorf("decision %q, want %q", got, test.want)
			}
		})
	}
}

func TestWhichKeysAreMissing(t *testing.T) {
	colour := conditional(`{"StringEquals":{"my:Colour":"${my:Shade}"}}`)
	putting := func(version, resource string) string {
		return `{"Version":"` + version + `","Statement":{"Effect":"Deny","Action":"s3:Put*",` + resource + `}}`
	}
	given := func(keys ...string) (entries []simulator.Entry) {
		for _, key := range keys {
			entries = append(entries, simulator.Entry{Key: key, Values: []string{"x"}})
		}
		return entries
	}
	for sentence, test := range map[string]struct {
		asked asked
		want  []string
	}{
		"keys and variables of conditions": {asked{identity: []string{colour}}, []string{"my:Colour", "my:Shade"}},
		"given in whatever case":           {asked{identity: []string{colour}, given: given("MY:colour")}, []string{"my:Shade"}},
		"those of statements on other actions": {
			asked{identity: []string{putting("2012-10-17", `"Resource":"arn:aws:s3:::${my:Home, 'x'}/*"`)}}, []string{"my:Home"},
		},
		"those of the boundary": {asked{identity: []string{allowGet}, boundary: colour}, []string{"my:Colour", "my:Shade"}},
		"those that the simulator fills in itself": {
			asked{identity: []string{conditional(`{"StringEquals":{"aws:username":"bob"}}`)}}, []string{"aws:username"},
		},
		"those of resources that are left out": {
			asked{identity: []string{putting("2012-10-17", `"NotResource":"arn:aws:s3:::${my:Home}/*"`)}}, []string{"my:Home"},
		},
		"none where it is allowed":           {asked{identity: []string{colour, allowGet}}, nil},
		"none where it is denied explicitly": {asked{identity: []string{colour, denyGet}}, nil},
		"none of the SCPs":                   {asked{scps: [][]string{{colour}}}, nil},
		"two spellings are two": {
			asked{identity: []string{colour, conditional(`{"StringEquals":{"MY:Colour":"x"}}`)}},
			[]string{"MY:Colour", "my:Colour", "my:Shade"},
		},
		"variables mean nothing to the old version": {
			asked{identity: []string{putting("2008-10-17", `"Resource":"arn:aws:s3:::${my:Home}/*"`)}}, nil,
		},
		"a special character is no key": {
			asked{identity: []string{conditional(`{"StringLike":{"my:Colour":"${*}${?}${$}${my:A}-${my:B}${"}}`)}},
			[]string{"my:A", "my:B", "my:Colour"},
		},
	} {
		t.Run(sentence, func(t *testing.T) {
			if diff := cmp.Diff(test.want, test.asked.decide(t, "s3:GetObject", bucket).Missing); diff != "" {
				t.Errorf("missing keys (-want +got):\n%s", diff)
			}
		})
	}
}

func TestWhoOwnsAResource(t *testing.T) {
	const here, there = "arn:aws:sqs:us-west-2:111111111111:queue", "arn:aws:sqs:us-west-2:222222222222:queue"
	anyQueue := `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sqs:*","Resource":"arn:aws:sqs:*","Principal":"*"}]}`
	for sentence, test := range map[string]struct {
		owner, resource string
		across          bool
	}{
		"an ARN with the caller's account":         {"", here, false},
		"an ARN with another account":              {"", there, true},
		"an ARN knows better than the request":     {"222222222222", here, false},
		"an ARN that does not say, a named owner":  {"222222222222", "arn:aws:sqs:::queue", true},
		"an ARN that does not say, no owner named": {"", "arn:aws:sqs:::queue", false},
	} {
		t.Run(sentence, func(t *testing.T) {
			v := asked{resource: anyQueue, owner: test.owner}.decide(t, "sqs:SendMessage", test.resource)
			if across := v.Details != nil; across != test.across || across == (v.Decision == simulator.Allowed) {
				t.Errorf("%s, across accounts: %t", v.Decision, across)
			}
		})
	}
}

func TestAnActionOnAResourceThatItCannotConcern(t *testing.T) {
	all := asked{identity: []string{allowAll}}
	for sentence, test := range map[string]struct {
		action, resource string
		want             simulator.Decision
	}{
		"iam on a user":                {"iam:GetUser", caller, simulator.Allowed},
		"iam on a bucket":              {"iam:GetUser", bucket, simulator.ImplicitDeny},
		"iam on everything":            {"iam:GetUser", "*", simulator.Allowed},
		"sts on a role":                {"sts:AssumeRole", role, simulator.Allowed},
		"ecr on a repository":          {"ECR:BatchGetImage", "arn:aws:ecr:us-west-2:111111111111:repository/x", simulator.Allowed},
		"ecr on a role":                {"ecr:BatchGetImage", role, simulator.ImplicitDeny},
		"eks on a subscription":        {"eks:X", "arn:aws:eks:us-west-2:111111111111:eks-anywhere-subscription/x", simulator.Allowed},
		"an action nobody knows":       {"madeup:Action", role, simulator.Allowed},
		"a wildcard is a character":    {"s3:*", bucket, simulator.Allowed},
		"an action of a service apart": {"s3:GetObject", bucket, simulator.Allowed},
	} {
		t.Run(sentence, func(t *testing.T) {
			if got := all.decide(t, test.action, test.resource).Decision; got != test.want {
				t.Errorf("decision %q, want %q", got, test.want)
			}
		})
	}
	if got := (asked{identity: []string{allowGet}}).decide(t, "s3:*", bucket).Decision; got != simulator.ImplicitDeny {
		t.Errorf("s3:* is %q by a policy for s3:GetObject", got)
	}
}

func TestTheResourceOfAnActionIsCalledBy(t *testing.T) {
	for sentence, test := range map[string]struct {
		action    string
		resources []string
		want      string
	}{
		"everything":           {"iam:GetUser", []string{"*"}, "*"},
		"its name, if alone":   {"iam:GetUser", []string{caller}, caller},
		"the template of iam":  {"iam:GetUser", []string{caller, caller}, "arn:aws:iam::${Account}:${ResourceType}/${ResourceName}"},
		"the template of sts":  {"sts:AssumeRole", []string{role, role}, "arn:${Partition}:iam::${Account}:role/${RoleNameWithPath}"},
		"the template of ecr":  {"ecr:PutImage", []string{role, role}, "arn:${Partition}:ecr:${Region}:${Account}:repository/${RepositoryName}"},
		"the template of eks":  {"eks:X", []string{role, role}, "arn:${Partition}:eks:${Region}:${Account}:eks-anywhere-subscription/${UUID}"},
		"nothing of the kind":  {"madeup:Action", []string{role, role}, "*"},
		"an action of no form": {"iam", []string{role, role}, "arn:aws:iam::${Account}:${ResourceType}/${ResourceName}"},
	} {
		t.Run(sentence, func(t *testing.T) {
			if got := simulator.ResourceName(test.action, test.resources); got != test.want {
				t.Errorf("%q, want %q", got, test.want)
			}
		})
	}
}

func TestSeveralResourcesTogether(t *testing.T) {
	one := simulator.Statement{PolicyID: "one", SourceType: simulator.IAMPolicy, Span: line(1, 2)}
	two := simulator.Statement{PolicyID: "two", SourceType: simulator.IAMPolicy, Span: line(1, 2)}
	yes := simulator.Verdict{
		Decision: simulator.Allowed, Matched: []simulator.Statement{one, two}, ByBoundary: decision(simulator.Allowed),
		ByOrganization: decision(simulator.Allowed),
	}
	silent := simulator.Verdict{
		Decision: simulator.ImplicitDeny, Missing: []string{"my:B", "my:A"}, ByBoundary: decision(simulator.ImplicitDeny),
		ByOrganization: decision(simulator.Allowed),
		Details:        map[simulator.SourceType]simulator.Decision{"IAM Policy": simulator.ImplicitDeny, "Resource Policy": simulator.Allowed},
	}
	other := simulator.Verdict{
		Decision: simulator.ImplicitDeny, Missing: []string{"my:A"},
		Details: map[simulator.SourceType]simulator.Decision{"IAM Policy": simulator.Allowed, "Resource Policy": simulator.ImplicitDeny},
	}
	no := simulator.Verdict{
		Decision: simulator.ExplicitDeny, Matched: []simulator.Statement{two}, ByOrganization: decision(simulator.ExplicitDeny),
	}
	for sentence, test := range map[string]struct {
		verdicts []simulator.Verdict
		want     simulator.Verdict
	}{
		"each statement once": {[]simulator.Verdict{yes, yes}, yes},
		"an implicit deny hides no statement": {[]simulator.Verdict{yes, silent}, simulator.Verdict{
			Decision: simulator.ImplicitDeny, Matched: yes.Matched, Missing: []string{"my:A", "my:B"},
			ByBoundary: decision(simulator.ImplicitDeny), ByOrganization: decision(simulator.Allowed), Details: silent.Details,
		}},
		"a deny is named alone": {[]simulator.Verdict{yes, no}, simulator.Verdict{
			Decision: simulator.ExplicitDeny, Matched: no.Matched, ByBoundary: decision(simulator.Allowed),
			ByOrganization: decision(simulator.ExplicitDeny),
		}},
		"the strictest of each type": {[]simulator.Verdict{silent, other}, simulator.Verdict{
			Decision: simulator.ImplicitDeny, Missing: []string{"my:A", "my:B"}, ByBoundary: decision(simulator.ImplicitDeny),
			ByOrganization: decision(simulator.Allowed),
			Details: map[simulator.SourceType]simulator.Decision{
				"IAM Policy": simulator.ImplicitDeny, "Resource Policy": simulator.ImplicitDeny,
			},
		}},
	} {
		t.Run(sentence, func(t *testing.T) {
			if diff := cmp.Diff(test.want, simulator.Together(test.verdicts)); diff != "" {
				t.Errorf("together (-want +got):\n%s", diff)
			}
		})
	}
}
