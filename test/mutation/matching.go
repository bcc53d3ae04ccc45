package main

// matching returns the changes to: what a statement matches (authz/match.go, authz/policy.go).
func matching() []mutation {
	return []mutation{
		{
			"authz/match.go", "named, r.Cause = e.matchPrincipal(s, r.Type); r.Cause != NoCause",
			"named, r.Cause = e.matchPrincipal(s, r.Type); false",
			"Principal limits nobody",
		},
		{
			"authz/match.go", "if r.Cause = e.matchAction(s); r.Cause != NoCause",
			"if r.Cause = e.matchAction(s); false",
			"Action limits nothing",
		},
		{
			"authz/match.go", "if r.Cause = e.matchResource(s); r.Cause != NoCause",
			"if r.Cause = e.matchResource(s); false",
			"Resource limits nothing",
		},
		{
			"authz/match.go", "result == fails || result == odd && s.allow",
			"result == fails || result == odd",
			"what cannot be compared gets round a Deny",
		},
		{
			"authz/match.go", "result == fails || result == odd && s.allow",
			"result == fails",
			"what cannot be compared is allowed",
		},
		{
			"authz/match.go", "result == fails || result == odd && s.allow",
			"result == odd && s.allow",
			"a condition that is not met does not matter",
		},
		{"authz/match.go", "s.notPrincipal.exempts(&e.req.Principal, e.bounded)", "false", "NotPrincipal exempts nobody"},
		{"authz/match.go", "if anyMatches(s.notAction, e.action) {", "if false {", "NotAction exempts nothing"},
		{"authz/match.go", "if len(s.notAction) > 0 {", "if false {", "NotAction is Action without actions"},
		{"authz/match.go", "if len(s.notResource) > 0 {", "if false {", "NotResource exempts nothing"},
		{
			"authz/match.go", "found || unclear && s.allow",
			"found || unclear && false",
			"a variable that is none in NotResource exempts nothing",
		},
		{
			"authz/match.go", "r == resolved && p.MatchResource",
			"r != invalid && p.MatchResource",
			"a variable without a value is an empty text in a resource",
		},
		{
			"authz/match.go", "p.MatchResource(e.req.Resource)",
			"p.Match(e.req.Resource)",
			"a wildcard in a resource reaches over colons from anywhere",
		},
		{
			"authz/match.go", "p.MatchResource(e.req.Resource)",
			"p.MatchComponents(e.req.Resource)",
			"a wildcard at the end of a resource's segment stays within it",
		},
		{
			"authz/policy.go", "arn.NewPattern(strings.ToLower(a))",
			"arn.NewPattern(a)",
			"the case of an action in a policy matters",
		},
		{
			"authz/policy.go", `p.Everyone || slices.Contains(p.AWS, "*")`,
			`p.Everyone || slices.Contains(p.AWS, "**")`,
			`{"AWS": "*"} is not everyone`,
		},
		{
			"authz/policy.go", `p.Everyone || slices.Contains(p.AWS, "*")`,
			`slices.Contains(p.AWS, "*")`,
			`"Principal": "*" is not everyone`,
		},
		{"authz/policy.go", `a.Service == "iam" && a.Resource == "root"`, "false", "an account is named by its id alone"},
		{
			"authz/policy.go", "compileStatement(source, d.Variables())",
			"compileStatement(source, true)",
			"version 2008-10-17 has variables",
		},
	}
}
